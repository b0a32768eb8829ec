// The client's side of AWS's External Key Store Proxy API: a proxy holds keys outside of this installation and uses them for us.
// https://github.com/aws/aws-kms-xksproxy-api-spec
import { createHash } from 'node:crypto';
import { isRecord } from '../../base/record.ts';
import type { Secret } from '../../base/secret.ts';
import type { OutboundPort, OutboundReply } from '../../kit/ports.ts';
import type { XksProblem } from './xks-problems.ts';

export interface XksProxy {
  /** `https://xks.example.com`. */
  readonly endpoint: string;
  /** `/prefix/kms/xks/v1`. */
  readonly path: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly region: string;
}

/** Who asks, for the proxy's own rules and logs. */
export interface XksMetadata {
  readonly kmsOperation: string;
  readonly kmsRequestId: string;
  readonly awsPrincipalArn?: string | undefined;
  readonly kmsKeyArn?: string | undefined;
  readonly kmsViaService?: string | undefined;
}

export type XksAnswer<Value> = { readonly value: Value } | { readonly problem: XksProblem };

export interface XksCiphertext {
  readonly ciphertext: Uint8Array;
  readonly initializationVector: Uint8Array;
  readonly authenticationTag: Uint8Array;
  /** The proxy's own; empty when it gave none. */
  readonly metadata: Uint8Array;
}

export interface XksKeyMetadata {
  readonly keySpec: string;
  readonly keyUsage: readonly string[];
  readonly keyStatus: string;
}

type Members = Readonly<Record<string, unknown>>;

/** A connection to one proxy, for one request. */
export interface XksClient {
  /** Succeeds when at least one key manager behind the proxy can work. */
  health(): Promise<XksAnswer<true>>;
  keyMetadata(keyId: string): Promise<XksAnswer<XksKeyMetadata>>;
  encrypt(keyId: string, plaintext: Uint8Array, authenticated: Uint8Array): Promise<XksAnswer<XksCiphertext>>;
  decrypt(keyId: string, sealed: XksCiphertext, authenticated: Uint8Array): Promise<XksAnswer<Uint8Array>>;
}

export function xksClient(outbound: OutboundPort, proxy: XksProxy, requestMetadata: XksMetadata): XksClient {
  const ask = async <Value>(path: string, input: Members, read: (output: Members) => Value | undefined): Promise<XksAnswer<Value>> => {
    const body = JSON.stringify({ requestMetadata, ...input });
    const { accessKeyId, secretAccessKey, region } = proxy;
    const signing = { accessKeyId, secretAccessKey, region, service: 'kms-xks-proxy' };
    const reply = await outbound.post({ url: `${proxy.endpoint}${proxy.path}${path}`, body, signing });
    const output = outputOf(reply);
    if ('problem' in output) return output;
    const value = read(output.value);
    return value === undefined ? { problem: 'malformed' } : { value };
  };
  return {
    async health() {
      const answer = await ask('/health', {}, readHealth);
      if ('problem' in answer) return answer;
      return answer.value.some((status) => status !== 'UNAVAILABLE') ? { value: true } : { problem: 'unhealthy' };
    },
    keyMetadata: (keyId) => ask(`/keys/${keyId}/metadata`, {}, readKeyMetadata),
    encrypt: (keyId, plaintext, authenticated) =>
      ask(
        `/keys/${keyId}/encrypt`,
        {
          ...additional(authenticated),
          plaintext: base64(plaintext),
          encryptionAlgorithm: 'AES_GCM',
          ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
        },
        (output) => readCiphertext(output, plaintext.length, authenticated),
      ),
    decrypt: (keyId, { ciphertext, initializationVector, authenticationTag, metadata }, authenticated) =>
      ask(
        `/keys/${keyId}/decrypt`,
        {
          ...additional(authenticated),
          ciphertext: base64(ciphertext),
          ...(metadata.length === 0 ? {} : { ciphertextMetadata: base64(metadata) }),
          encryptionAlgorithm: 'AES_GCM',
          initializationVector: base64(initializationVector),
          authenticationTag: base64(authenticationTag),
        },
        ({ plaintext }) => bytesOf(plaintext, (length) => length === ciphertext.length),
      ),
  };
}

const errorNames: ReadonlySet<string> = new Set<XksProblem>([
  'InvalidStateException',
  'InvalidCiphertextException',
  'InvalidKeyUsageException',
  'AuthenticationFailedException',
  'AccessDeniedException',
  'KeyNotFoundException',
  'InvalidUriPathException',
  'UnsupportedOperationException',
  'DependencyTimeoutException',
  'ThrottlingException',
  'InternalException',
]);

function isErrorName(name: unknown): name is XksProblem {
  return typeof name === 'string' && errorNames.has(name);
}

function outputOf(reply: OutboundReply): XksAnswer<Members> {
  if (reply.kind === 'refused') return { problem: 'unreachable' };
  if (reply.kind !== 'answered') return { problem: reply.kind };
  const output = parsed(reply.body);
  if (output === undefined) return { problem: 'malformed' };
  if (reply.status === 200) return { value: output };
  const { errorName } = output;
  return { problem: isErrorName(errorName) ? errorName : 'malformed' };
}

function parsed(body: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const managersMax = 10;

/** The health of each key manager behind the proxy. */
function readHealth({ ekmFleetDetails }: Members): readonly string[] | undefined {
  if (!Array.isArray(ekmFleetDetails) || ekmFleetDetails.length === 0 || ekmFleetDetails.length > managersMax) return undefined;
  const statuses = ekmFleetDetails.map((manager: unknown) => (isRecord(manager) ? manager['healthStatus'] : undefined));
  return statuses.every(isHealth) ? statuses : undefined;
}

function isHealth(status: unknown): status is string {
  return status === 'ACTIVE' || status === 'DEGRADED' || status === 'UNAVAILABLE';
}

const usagesMax = 10;

function readKeyMetadata({ keySpec, keyUsage, keyStatus }: Members): XksKeyMetadata | undefined {
  if (typeof keySpec !== 'string' || typeof keyStatus !== 'string' || !Array.isArray(keyUsage) || keyUsage.length > usagesMax)
    return undefined;
  return keyUsage.every((usage): usage is string => typeof usage === 'string') ? { keySpec, keyUsage, keyStatus } : undefined;
}

const metadataBytesMax = 20;

/** What does not have the right lengths, or does not match its own integrity value, is no ciphertext. */
function readCiphertext(output: Members, plaintextBytes: number, authenticated: Uint8Array): XksCiphertext | undefined {
  const ciphertext = bytesOf(output['ciphertext'], (length) => length === plaintextBytes);
  const initializationVector = bytesOf(output['initializationVector'], (length) => length === 12 || length === 16);
  const authenticationTag = bytesOf(output['authenticationTag'], (length) => length === 16);
  const metadata =
    output['ciphertextMetadata'] === undefined
      ? new Uint8Array(0)
      : bytesOf(output['ciphertextMetadata'], (length) => length <= metadataBytesMax);
  if (ciphertext === undefined || initializationVector === undefined || authenticationTag === undefined || metadata === undefined) {
    return undefined;
  }
  const integrity = createHash('sha256');
  for (const part of [authenticated, metadata, initializationVector, ciphertext, authenticationTag]) integrity.update(part);
  if (output['ciphertextDataIntegrityValue'] !== integrity.digest('base64')) return undefined;
  return { ciphertext, initializationVector, authenticationTag, metadata };
}

function additional(authenticated: Uint8Array): { readonly additionalAuthenticatedData?: string } {
  return authenticated.length === 0 ? {} : { additionalAuthenticatedData: base64(authenticated) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function bytesOf(text: unknown, isLength: (length: number) => boolean): Uint8Array | undefined {
  if (typeof text !== 'string' || !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return isLength(bytes.length) ? bytes : undefined;
}
