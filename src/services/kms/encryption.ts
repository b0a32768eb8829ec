// Encrypt, Decrypt and ReEncrypt. https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#encrypt_context
import { constants, privateDecrypt, publicEncrypt } from 'node:crypto';
import { Fault } from '../../base/fault.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import { ofCiphertext, unknownCiphertextMessage } from '../../policy/message.ts';
import type { DecryptRequest, EncryptionAlgorithmSpec, ReEncryptRequest } from './api.gen.ts';
import { recipientKeys } from './attestation.ts';
import { decryptWith, type EncryptionContext, encryptWith, readHeader } from './ciphertext.ts';
import { decryptInHardware, encryptInHardware } from './hardware-keys.ts';
import { resolvedAccess, useAccess } from './key-access.ts';
import { privateKeyOf, secretKeyOf, verifyingKeyOf } from './key-material.ts';
import { keyArn, type ResolvedKey, requireKey, resolveKey } from './key-names.ts';
import { requireUsable } from './key-states.ts';
import { currentMaterial, materialNamed } from './materials.ts';
import { answeredTo } from './recipients.ts';
import { type KeyRecord, keys } from './records.ts';
import { dryRunFault, refuseDryRun, requireContext } from './requests.ts';
import { fault, operation } from './service.ts';
import { rsaPlaintextBytesMax, specs } from './specs.ts';
import { decryptInStore, encryptInStore, type StoreUse } from './stored-keys.ts';

const oaepHashes = { RSAES_OAEP_SHA_1: 'sha1', RSAES_OAEP_SHA_256: 'sha256' } as const;

export const Encrypt = operation('Encrypt', {
  readOnly: true,
  access: (input, scope) =>
    useAccess(scope, input, 'Encrypt', {
      encryptionContext: input.EncryptionContext,
      context: { 'kms:EncryptionAlgorithm': input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT' },
    }),
  async handle(input, context) {
    const key = await requireKey(context, input.KeyId);
    const algorithm = input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT';
    noteCryptography(context, key, { plaintext: undefined });
    requireEncryption(context, key, algorithm, input.EncryptionContext, 'Encrypt');
    refuseDryRun(input);
    const CiphertextBlob = await encryptUnder(context, key, input.Plaintext, {
      operationName: 'Encrypt',
      algorithm,
      encryptionContext: input.EncryptionContext ?? {},
    });
    return { CiphertextBlob, KeyId: keyArn(context, key), EncryptionAlgorithm: algorithm };
  },
});

export const Decrypt = operation('Decrypt', {
  readOnly: true,
  access: async (input, scope) =>
    resolvedAccess(scope, await decryptingKey(scope, input), {
      action: 'kms:Decrypt',
      ...(input.KeyId === undefined ? { shownAs: ofCiphertext } : {}),
      grantOperation: 'Decrypt',
      grantTokens: input.GrantTokens,
      encryptionContext: input.EncryptionContext,
      context: { 'kms:EncryptionAlgorithm': input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT', ...recipientKeys(scope, input.Recipient) },
    }),
  async handle(input, context) {
    const ciphertext = ciphertextOf(input);
    const key = found(context, await decryptingKey(context, input), 'kms:Decrypt');
    const algorithm = input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT';
    noteCryptography(context, key, { ciphertextBlob: undefined });
    requireEncryption(context, key, algorithm, input.EncryptionContext, 'Decrypt');
    if (ciphertext === undefined) throw dryRunFault();
    const opened = await decryptUnder(context, key, ciphertext, {
      operationName: 'Decrypt',
      algorithm,
      encryptionContext: input.EncryptionContext ?? {},
    });
    refuseDryRun(input);
    return {
      KeyId: keyArn(context, key),
      ...answeredTo(context, input.Recipient, opened.plaintext, 'Plaintext'),
      EncryptionAlgorithm: algorithm,
      ...(key.spec === 'SYMMETRIC_DEFAULT' ? { KeyMaterialId: opened.materialId } : {}),
    };
  },
});

export const ReEncrypt = operation('ReEncrypt', {
  readOnly: true,
  access: async (input, scope): Promise<readonly Access[]> => {
    const source = await sourceKey(scope, input);
    const destination = await resolveKey(scope, input.DestinationKeyId);
    const isSame = source.key !== undefined && source.arn === destination.arn;
    const use = { grantTokens: input.GrantTokens };
    return [
      await resolvedAccess(scope, source, {
        ...use,
        action: 'kms:ReEncryptFrom',
        ...(input.SourceKeyId === undefined ? { shownAs: ofCiphertext } : {}),
        grantOperation: 'ReEncryptFrom',
        encryptionContext: input.SourceEncryptionContext,
        context: {
          'kms:EncryptionAlgorithm': input.SourceEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
          'kms:ReEncryptOnSameKey': String(isSame),
        },
      }),
      await resolvedAccess(scope, destination, {
        ...use,
        action: 'kms:ReEncryptTo',
        grantOperation: 'ReEncryptTo',
        encryptionContext: input.DestinationEncryptionContext,
        context: {
          'kms:EncryptionAlgorithm': input.DestinationEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
          'kms:ReEncryptOnSameKey': String(isSame),
        },
      }),
    ];
  },
  async handle(input, context) {
    const ciphertext = ciphertextOf(input);
    const source = found(context, await sourceKey(context, input), 'kms:ReEncryptFrom');
    const destination = await requireKey(context, input.DestinationKeyId);
    const from = input.SourceEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT';
    const to = input.DestinationEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT';
    noteCryptography(context, destination, { ciphertextBlob: undefined }, source);
    requireEncryption(context, source, from, input.SourceEncryptionContext, 'ReEncrypt');
    requireEncryption(context, destination, to, input.DestinationEncryptionContext, 'ReEncrypt');
    if (ciphertext === undefined) throw dryRunFault();
    const opened = await decryptUnder(context, source, ciphertext, {
      operationName: 'ReEncrypt',
      algorithm: from,
      encryptionContext: input.SourceEncryptionContext ?? {},
    });
    refuseDryRun(input);
    const CiphertextBlob = await encryptUnder(context, destination, opened.plaintext, {
      operationName: 'ReEncrypt',
      algorithm: to,
      encryptionContext: input.DestinationEncryptionContext ?? {},
    });
    return {
      CiphertextBlob,
      SourceKeyId: keyArn(context, source),
      KeyId: keyArn(context, destination),
      SourceEncryptionAlgorithm: from,
      DestinationEncryptionAlgorithm: to,
      ...(source.spec === 'SYMMETRIC_DEFAULT' ? { SourceKeyMaterialId: opened.materialId } : {}),
      ...(destination.spec === 'SYMMETRIC_DEFAULT' ? { DestinationKeyMaterialId: destination.currentMaterialId } : {}),
    };
  },
});

/** Undefined: a dry run that is about permissions alone. @throws Fault ValidationException */
function ciphertextOf({ CiphertextBlob, DryRun, DryRunModifiers }: Pick<DecryptRequest, 'CiphertextBlob' | 'DryRun' | 'DryRunModifiers'>) {
  if (DryRun && DryRunModifiers?.includes('IGNORE_CIPHERTEXT')) return undefined;
  if (CiphertextBlob !== undefined) return CiphertextBlob;
  throw commonFault(
    'ValidationException',
    "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
  );
}

/** CloudTrail prints the key and never the data. */
export function noteCryptography(
  context: Context,
  key: KeyRecord,
  hidden: Readonly<Record<string, undefined>>,
  source: KeyRecord | undefined = undefined,
): void {
  const all = source === undefined ? [key] : [source, key];
  const arns = new Set(all.map((each) => keyArn(context, each)));
  const foreign = all.findLast(({ account }) => account !== context.account);
  context.note({
    resources: [...arns].map((name) => ({ type: 'AWS::KMS::Key', name })),
    requestParameters: { ...hidden, grantTokens: undefined },
    ...(foreign === undefined ? {} : { sharedWith: foreign.account }),
  });
}

/** The key that a ciphertext names, which must be the one that the client named, if it did. */
async function decryptingKey(scope: Scope, input: DecryptRequest): Promise<ResolvedKey> {
  return keyOfCiphertext(scope, input.CiphertextBlob, input.KeyId, input.EncryptionAlgorithm);
}

function sourceKey(scope: Scope, input: ReEncryptRequest): Promise<ResolvedKey> {
  return keyOfCiphertext(scope, input.CiphertextBlob, input.SourceKeyId, input.SourceEncryptionAlgorithm);
}

/** The key that the client named, or else the one that the ciphertext names; whether they agree is for the handler to see. */
async function keyOfCiphertext(
  scope: Scope,
  blob: Uint8Array | undefined,
  keyId: string | undefined,
  algorithm: EncryptionAlgorithmSpec = 'SYMMETRIC_DEFAULT',
): Promise<ResolvedKey> {
  if (keyId !== undefined) return resolveKey(scope, keyId);
  const header = blob === undefined || algorithm !== 'SYMMETRIC_DEFAULT' ? undefined : readHeader(blob);
  const { account, keyId: id } = header ?? { account: scope.account, keyId: '*' };
  const place = { account, region: scope.region };
  const key = header === undefined ? undefined : await keys.get(scope.transaction, account, scope.region, id);
  const missing = header === undefined ? '' : unknownCiphertext;
  // Within the caller's account its own policies are asked before it is told anything of a key that is not there.
  const asked = key === undefined ? { ...place, account: scope.account } : place;
  return { ...asked, arn: keyArn(scope, { ...place, keyId: id }), key, alias: undefined, missing };
}

function found({ caller }: Scope, { key, missing }: ResolvedKey, action: string): KeyRecord {
  if (key !== undefined) return key;
  if (missing !== unknownCiphertext) throw missing === '' ? fault('InvalidCiphertextException', '') : fault('NotFoundException', missing);
  // AWS: not that it is not there.
  throw new Fault('AccessDeniedException', unknownCiphertextMessage(caller.principal.arn, action), { status: 400 });
}

/** Instead of a sentence: the ciphertext names a key that is not in this region. */
const unknownCiphertext = 'unknown ciphertext';

function requireEncryption(
  scope: Scope,
  key: KeyRecord,
  algorithm: EncryptionAlgorithmSpec,
  context: EncryptionContext | undefined,
  operationName: string,
): void {
  requireUsable(scope, key, 'ENCRYPT_DECRYPT', operationName);
  if (!specs[key.spec].encryption?.includes(algorithm)) {
    throw fault('InvalidKeyUsageException', `Algorithm ${algorithm} and key spec ${key.spec} are incompatible with each other.`);
  }
  requireContext(context, algorithm);
}

interface EncryptionUse extends StoreUse {
  readonly algorithm: EncryptionAlgorithmSpec;
}

/** Also used for data keys. */
export async function encryptUnder(context: Context, key: KeyRecord, plaintext: Uint8Array, use: EncryptionUse): Promise<Uint8Array> {
  const { algorithm, encryptionContext } = use;
  if (key.origin === 'AWS_CLOUDHSM') return encryptInHardware(context, key, plaintext, use);
  const material = await currentMaterial(context, key);
  if (key.customKeyStoreId !== undefined) return encryptInStore(context, key, material, plaintext, use);
  if (algorithm === 'SYMMETRIC_DEFAULT') {
    const header = { account: key.account, keyId: key.keyId, materialId: material.materialId };
    return encryptWith(secretKeyOf(material.secret), header, context.ids.bytes(16), plaintext, encryptionContext);
  }
  const oaepHash = oaepHashOf(algorithm);
  const bits = rsaBits(key);
  if (plaintext.byteLength > rsaPlaintextBytesMax(bits, algorithm)) {
    throw commonFault(
      'ValidationException',
      `Algorithm ${algorithm} and key spec ${key.spec} cannot encrypt data larger than ${rsaPlaintextBytesMax(bits, algorithm)} bytes.`,
    );
  }
  return publicEncrypt({ key: verifyingKeyOf(material.record), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, plaintext);
}

async function decryptUnder(
  context: Context,
  key: KeyRecord,
  blob: Uint8Array,
  use: EncryptionUse,
): Promise<{ readonly plaintext: Uint8Array; readonly materialId: string | undefined }> {
  const { algorithm, encryptionContext } = use;
  if (algorithm === 'SYMMETRIC_DEFAULT') {
    const header = readHeader(blob);
    if (header === undefined) throw fault('InvalidCiphertextException', '');
    if (header.keyId !== key.keyId || header.account !== key.account) {
      throw fault('IncorrectKeyException', 'The key ID in the request does not identify a CMK that can perform this operation.');
    }
    if (key.origin === 'AWS_CLOUDHSM') return { plaintext: await decryptInHardware(context, key, blob, use), materialId: undefined };
    const material = await materialNamed(context, key, header.materialId);
    if (material !== undefined && key.customKeyStoreId !== undefined) {
      return { plaintext: await decryptInStore(context, key, material, blob, use), materialId: material.materialId };
    }
    const plaintext = material === undefined ? undefined : decryptWith(secretKeyOf(material.secret), blob, encryptionContext);
    if (material === undefined || plaintext === undefined) throw fault('InvalidCiphertextException', '');
    return { plaintext, materialId: material.materialId };
  }
  const material = await currentMaterial(context, key);
  try {
    const privateKey = privateKeyOf(material.secret);
    const plaintext = privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: oaepHashOf(algorithm) }, blob);
    return { plaintext, materialId: material.materialId };
  } catch (cause) {
    throw fault('InvalidCiphertextException', '', { cause });
  }
}

function oaepHashOf(algorithm: EncryptionAlgorithmSpec): string {
  return algorithm === 'RSAES_OAEP_SHA_1' ? oaepHashes.RSAES_OAEP_SHA_1 : oaepHashes.RSAES_OAEP_SHA_256;
}

function rsaBits({ spec }: KeyRecord): number {
  const { material } = specs[spec];
  return material.kind === 'rsa' ? material.bits : 0;
}
