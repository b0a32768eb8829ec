// Data keys and data key pairs: made here, handed out in plain and under a KMS key. https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#data-keys
import type { Context, Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import type { DataKeyPairSpec, DataKeySpec, GrantOperation, RecipientInfo } from './api.gen.ts';
import { recipientKeys } from './attestation.ts';
import type { EncryptionContext } from './ciphertext.ts';
import { encryptUnder, noteCryptography } from './encryption.ts';
import { randomInHardware } from './hardware-keys.ts';
import { useAccess } from './key-access.ts';
import { generateMaterial } from './key-material.ts';
import { keyArn, requireKey } from './key-names.ts';
import { requireUsable } from './key-states.ts';
import { answeredTo } from './recipients.ts';
import type { KeyRecord } from './records.ts';
import { refuseDryRun, requireContext } from './requests.ts';
import { fault, operation } from './service.ts';
import { isPairSpec } from './specs.ts';

interface DataKeyInput {
  readonly KeyId: string;
  readonly EncryptionContext?: EncryptionContext | undefined;
  readonly NumberOfBytes?: number | undefined;
  readonly KeySpec?: DataKeySpec | undefined;
  readonly GrantTokens?: readonly string[] | undefined;
  readonly DryRun?: boolean | undefined;
  readonly Recipient?: RecipientInfo | undefined;
}

interface PairInput {
  readonly KeyId: string;
  readonly EncryptionContext?: EncryptionContext | undefined;
  readonly KeyPairSpec: DataKeyPairSpec;
  readonly GrantTokens?: readonly string[] | undefined;
  readonly DryRun?: boolean | undefined;
  readonly Recipient?: RecipientInfo | undefined;
}

function access(scope: Scope, input: DataKeyInput | PairInput, name: GrantOperation): Promise<Access> {
  return useAccess(scope, input, name, {
    encryptionContext: input.EncryptionContext,
    context: {
      'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT',
      ...('KeyPairSpec' in input ? { 'kms:DataKeyPairSpec': input.KeyPairSpec } : {}),
      ...recipientKeys(scope, input.Recipient),
    },
  });
}

export const GenerateDataKey = operation('GenerateDataKey', {
  readOnly: true,
  access: (input, scope) => access(scope, input, 'GenerateDataKey'),
  async handle(input, context) {
    const { plaintext, ...output } = await dataKey(context, input, 'GenerateDataKey');
    return { ...output, ...answeredTo(context, input.Recipient, plaintext, 'Plaintext') };
  },
});

export const GenerateDataKeyWithoutPlaintext = operation('GenerateDataKeyWithoutPlaintext', {
  readOnly: true,
  access: (input, scope) => access(scope, input, 'GenerateDataKeyWithoutPlaintext'),
  async handle(input, context) {
    const { plaintext: _, ...output } = await dataKey(context, input, 'GenerateDataKeyWithoutPlaintext');
    return output;
  },
});

async function dataKey(context: Context, input: DataKeyInput, name: string) {
  const key = await requireKey(context, input.KeyId);
  const bytes = lengthOf(input);
  await requireForDataKeys(context, key, input, name);
  const plaintext = context.ids.bytes(bytes);
  const CiphertextBlob = await encryptUnder(context, key, plaintext, useOf(input, name));
  return { CiphertextBlob, plaintext, KeyId: keyArn(context, key), KeyMaterialId: key.currentMaterialId };
}

function useOf({ EncryptionContext: encryptionContext = {} }: DataKeyInput | PairInput, operationName: string) {
  return { operationName, algorithm: 'SYMMETRIC_DEFAULT', encryptionContext } as const;
}

/** @throws Fault ValidationException */
function lengthOf({ NumberOfBytes, KeySpec }: DataKeyInput): number {
  if ((NumberOfBytes === undefined) === (KeySpec === undefined)) {
    throw commonFault('ValidationException', 'Please specify either number of bytes or key spec.');
  }
  return NumberOfBytes ?? (KeySpec === 'AES_128' ? 16 : 32);
}

async function requireForDataKeys(context: Context, key: KeyRecord, input: DataKeyInput | PairInput, name: string): Promise<void> {
  noteCryptography(context, key, {});
  requireUsable(context, key, 'ENCRYPT_DECRYPT', name);
  if (key.spec !== 'SYMMETRIC_DEFAULT') {
    throw fault('InvalidKeyUsageException', `${keyArn(context, key)} key spec is ${key.spec} which is not valid for ${name}.`);
  }
  requireContext(input.EncryptionContext, 'SYMMETRIC_DEFAULT');
  refuseDryRun(input);
}

export const GenerateDataKeyPair = operation('GenerateDataKeyPair', {
  readOnly: true,
  access: (input, scope) => access(scope, input, 'GenerateDataKeyPair'),
  async handle(input, context) {
    const { plaintext, ...output } = await dataKeyPair(context, input, 'GenerateDataKeyPair');
    return { ...output, ...answeredTo(context, input.Recipient, plaintext, 'PrivateKeyPlaintext') };
  },
});

export const GenerateDataKeyPairWithoutPlaintext = operation('GenerateDataKeyPairWithoutPlaintext', {
  readOnly: true,
  access: (input, scope) => access(scope, input, 'GenerateDataKeyPairWithoutPlaintext'),
  async handle(input, context) {
    const { plaintext: _, ...output } = await dataKeyPair(context, input, 'GenerateDataKeyPairWithoutPlaintext');
    return output;
  },
});

async function dataKeyPair(context: Context, input: PairInput, name: string) {
  const key = await requireKey(context, input.KeyId);
  if (!isPairSpec(input.KeyPairSpec))
    throw fault('UnsupportedOperationException', `KeyPairSpec ${input.KeyPairSpec} is not supported in this region.`);
  await requireForDataKeys(context, key, input, name);
  if (key.customKeyStoreId !== undefined) {
    throw fault('UnsupportedOperationException', `${name} is not supported for KMS keys in a custom key store.`);
  }
  const { material, publicKey = '' } = await generateMaterial(context.ids, input.KeyPairSpec);
  const plaintext = material.revealBytes();
  return {
    PrivateKeyCiphertextBlob: await encryptUnder(context, key, plaintext, useOf(input, name)),
    plaintext,
    PublicKey: Buffer.from(publicKey, 'base64'),
    KeyId: keyArn(context, key),
    KeyPairSpec: input.KeyPairSpec,
    KeyMaterialId: key.currentMaterialId,
  };
}

export const GenerateRandom = operation('GenerateRandom', {
  readOnly: true,
  access: (input, scope) => ({ action: 'kms:GenerateRandom', resource: '*', context: recipientKeys(scope, input.Recipient) }),
  async handle(input, context) {
    if (input.NumberOfBytes === undefined) throw commonFault('ValidationException', 'NumberOfBytes is required.');
    if (input.CustomKeyStoreId !== undefined) {
      const drawn = await randomInHardware(context, input.CustomKeyStoreId, input.NumberOfBytes);
      return answeredTo(context, input.Recipient, drawn, 'Plaintext');
    }
    return answeredTo(context, input.Recipient, context.ids.bytes(input.NumberOfBytes), 'Plaintext');
  },
});

export const dataKeyOperations = [
  GenerateDataKey,
  GenerateDataKeyWithoutPlaintext,
  GenerateDataKeyPair,
  GenerateDataKeyPairWithoutPlaintext,
  GenerateRandom,
];
