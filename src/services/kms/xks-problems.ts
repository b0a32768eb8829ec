// What can be wrong between KMS and the proxy of an external key store, and what AWS says of it: one sentence, and a code that depends on what
// was asked for. https://docs.aws.amazon.com/kms/latest/developerguide/xks-troubleshooting.html
import type { Fault } from '../../base/fault.ts';
import type { ConnectionErrorCodeType } from './api.gen.ts';
import { fault } from './service.ts';

/** The names of the proxy's own errors, and what can go wrong without it. */
export type XksProblem =
  | 'InvalidStateException'
  | 'InvalidCiphertextException'
  | 'InvalidKeyUsageException'
  | 'AuthenticationFailedException'
  | 'AccessDeniedException'
  | 'KeyNotFoundException'
  | 'InvalidUriPathException'
  | 'UnsupportedOperationException'
  | 'DependencyTimeoutException'
  | 'ThrottlingException'
  | 'InternalException'
  | 'malformed'
  | 'unreachable'
  | 'insecure'
  | 'timed-out'
  | 'unhealthy';

type ManagementCode =
  | 'XksProxyInvalidResponseException'
  | 'XksProxyIncorrectAuthenticationCredentialException'
  | 'XksProxyInvalidConfigurationException'
  | 'XksProxyUriUnreachableException';
type CreateKeyCode =
  | 'CustomKeyStoreInvalidStateException'
  | 'UnsupportedOperationException'
  | 'XksKeyInvalidConfigurationException'
  | 'XksKeyNotFoundException';

interface Words {
  readonly sentence: string;
  /** Of CreateCustomKeyStore and UpdateCustomKeyStore. */
  readonly management: ManagementCode;
  /** Of CreateKey; by default CustomKeyStoreInvalidStateException. */
  readonly createKey?: CreateKeyCode;
  /** After ConnectCustomKeyStore. */
  readonly connection: ConnectionErrorCodeType;
}

const malformed: Words = {
  sentence:
    'AWS KMS cannot interpret the response from the external key store proxy. If you see this error repeatedly, report it to your external key store proxy administrator.',
  management: 'XksProxyInvalidResponseException',
  connection: 'XKS_PROXY_INVALID_RESPONSE',
};
const unreachable = { management: 'XksProxyUriUnreachableException', connection: 'XKS_PROXY_NOT_REACHABLE' } as const;
const timedOut = { management: 'XksProxyUriUnreachableException', connection: 'XKS_PROXY_TIMED_OUT' } as const;
const response = { management: 'XksProxyInvalidResponseException', connection: 'XKS_PROXY_INVALID_RESPONSE' } as const;

const words: Readonly<Record<XksProblem, Words>> = {
  malformed,
  InvalidStateException: {
    ...response,
    sentence:
      'The external key associated with this KMS key in an external key store is not enabled in the external key manager. Enable the external key in the external key manager and retry the request.',
    createKey: 'XksKeyInvalidConfigurationException',
  },
  InvalidCiphertextException: {
    ...response,
    sentence:
      'The external key store proxy rejected the request because the specified ciphertext or encryption context is corrupted, missing, or otherwise invalid.',
  },
  InvalidKeyUsageException: {
    ...response,
    sentence:
      'The external key associated with this KMS key in an external key store does not support the requested operation. Enable the operation on the key in your external key manager, and try the request again.',
    createKey: 'XksKeyInvalidConfigurationException',
  },
  AuthenticationFailedException: {
    sentence:
      'The external key store proxy rejected the request because it could not authenticate AWS KMS. Verify the XKS proxy authentication credentials for your external key store and update if necessary.',
    management: 'XksProxyIncorrectAuthenticationCredentialException',
    connection: 'INVALID_CREDENTIALS',
  },
  AccessDeniedException: {
    sentence:
      'The external key store proxy denied access to the operation. Verify that the user and the external key are both authorized for this operation, and try the request again.',
    management: 'XksProxyInvalidConfigurationException',
    connection: 'XKS_PROXY_ACCESS_DENIED',
  },
  KeyNotFoundException: {
    ...response,
    sentence:
      'The external key associated with this KMS key in an external key store was not found in its external key manager. If the external key ID associated with this KMS key is incorrect, create a new KMS key with the correct external key ID.',
    createKey: 'XksKeyNotFoundException',
  },
  InvalidUriPathException: {
    sentence:
      'The external key store proxy rejected the request because of an invalid URI path. Verify the URI path for your external key store and update if necessary.',
    management: 'XksProxyInvalidConfigurationException',
    connection: 'XKS_PROXY_INVALID_CONFIGURATION',
  },
  UnsupportedOperationException: {
    ...response,
    sentence:
      'The external key store proxy rejected the request because it does not support the requested operation. If you see this error repeatedly, report it to your external key store proxy administrator.',
    createKey: 'UnsupportedOperationException',
  },
  DependencyTimeoutException: {
    ...timedOut,
    sentence:
      'The external key store proxy did not respond to the request in the time allotted. Retry the request. If you see this error repeatedly, report it to your external key store proxy administrator.',
  },
  ThrottlingException: {
    ...unreachable,
    sentence:
      'The external key store proxy rejected the request due to a very high request rate. Reduce the frequency of your calls using KMS keys in this external key store.',
  },
  InternalException: {
    ...response,
    sentence:
      'The external key store proxy rejected the request because it cannot communicate with the external key manager. Verify that the external key store proxy configuration is correct and that the external key manager is available.',
  },
  unreachable: {
    ...unreachable,
    sentence:
      'AWS KMS cannot communicate with the external key store proxy. This might be a transient network issue. If you see this error repeatedly, verify that your external key store proxy is active and is connected to the network, and that its endpoint URI is correct in your external key store.',
  },
  insecure: {
    management: 'XksProxyUriUnreachableException',
    connection: 'XKS_PROXY_INVALID_TLS_CONFIGURATION',
    sentence:
      'AWS KMS cannot establish a TLS connection to the external key store proxy. Verify the TLS configuration, including its certificate.',
  },
  'timed-out': {
    ...timedOut,
    sentence:
      'AWS KMS rejected the request because the external key store proxy did not respond in time. Retry the request. If you see this error repeatedly, report it to your external key store proxy administrator.',
  },
  unhealthy: {
    ...unreachable,
    sentence:
      'The external key store proxy is in an unhealthy state. If you see this message repeatedly, notify your external key store proxy administrator.',
  },
};

export const notConnected =
  'This KMS key is in a custom key store that is not connected to its external key store proxy. Connect the external key store and try the request again.';

/** KMS has no error of its own for uses of keys in custom key stores: the sentence tells. */
export function useFault(problem: XksProblem): Fault {
  return fault('KMSInvalidStateException', words[problem].sentence);
}

export function managementFault(problem: XksProblem): Fault {
  return fault(words[problem].management, words[problem].sentence);
}

export function createKeyFault(problem: XksProblem): Fault {
  return fault(words[problem].createKey ?? 'CustomKeyStoreInvalidStateException', words[problem].sentence);
}

export function connectionError(problem: XksProblem): ConnectionErrorCodeType {
  return words[problem].connection;
}
