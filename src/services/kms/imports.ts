// Imported key material: wrapped by the customer under a public key of ours, opened here, and gone when it expires or is deleted.
// https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html
import {
  constants,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  generateKeyPair as generateKeyPairWithCallback,
  privateDecrypt,
} from 'node:crypto';
import { promisify } from 'node:util';
import { isoSeconds } from '../../base/clock.ts';
import { Secret } from '../../base/secret.ts';
import type { Context } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import type { AlgorithmSpec, ImportKeyMaterialRequest, WrappingKeySpec } from './api.gen.ts';
import { keyAccess } from './key-access.ts';
import { materialIdOf, publicKeyOf } from './key-material.ts';
import { keyArn, requireKeyById } from './key-names.ts';
import { requireState } from './key-states.ts';
import { noteKey, placeOf } from './keys.ts';
import { expectMaterial, isReplica, isWhole, materialsOf } from './materials.ts';
import { due, type KeyRecord, keys, type MaterialRecord, materials } from './records.ts';
import { fault, operation } from './service.ts';
import { type Material, specs } from './specs.ts';

const generateKeyPair = promisify(generateKeyPairWithCallback);

const dayMs = 86_400_000;
const tokenPurpose = 'kms-import-token';

/** What an import token holds: nothing needs to be stored until the material comes. */
interface ImportToken {
  readonly keyArn: string;
  readonly algorithm: AlgorithmSpec;
  /** PKCS #8 in base64. The token is sealed. */
  readonly privateKey: string;
  readonly validToMs: number;
}

export const GetParametersForImport = operation('GetParametersForImport', {
  readOnly: true,
  access: (input, scope) =>
    keyAccess(scope, input.KeyId, {
      action: 'kms:GetParametersForImport',
      context: { 'kms:WrappingAlgorithm': input.WrappingAlgorithm, 'kms:WrappingKeySpec': input.WrappingKeySpec },
    }),
  async handle(input, context) {
    const key = await requireImportable(context, input.KeyId);
    const { WrappingAlgorithm: algorithm, WrappingKeySpec: spec } = input;
    requireWrapping(key, algorithm, spec);
    const { privateKey } = await generateKeyPair('rsa', { modulusLength: Number(spec.slice('RSA_'.length)), publicExponent: 65_537 });
    const validToMs = context.now + dayMs;
    const token: ImportToken = {
      keyArn: keyArn(context, key),
      algorithm,
      privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
      validToMs,
    };
    noteKey(context, key);
    return {
      KeyId: token.keyArn,
      ImportToken: Buffer.from(context.sealer.seal(tokenPurpose, JSON.stringify(token)), 'latin1'),
      PublicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
      ParametersValidTo: validToMs,
    };
  },
});

/** By kind of material. https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-get-public-key-and-token.html */
const wrappingOf: Readonly<Record<Material['kind'], readonly AlgorithmSpec[]>> = {
  symmetric: ['RSAES_OAEP_SHA_256', 'RSAES_OAEP_SHA_1'],
  hmac: ['RSAES_OAEP_SHA_256', 'RSAES_OAEP_SHA_1'],
  rsa: ['RSA_AES_KEY_WRAP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_1'],
  ec: ['RSA_AES_KEY_WRAP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_1', 'RSAES_OAEP_SHA_256', 'RSAES_OAEP_SHA_1'],
  edwards: ['RSA_AES_KEY_WRAP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_1', 'RSAES_OAEP_SHA_256', 'RSAES_OAEP_SHA_1'],
  'ml-dsa': [],
};

/** AWS: SM2 is for the China regions, and RSAES_PKCS1_V1_5 is not supported since October 2023. @throws Fault UnsupportedOperationException */
function requireWrapping(key: KeyRecord, algorithm: AlgorithmSpec, wrappingSpec: WrappingKeySpec): void {
  const isTooLong = key.spec === 'ECC_NIST_P521' && wrappingSpec === 'RSA_2048' && algorithm.startsWith('RSAES_OAEP');
  if (wrappingSpec !== 'SM2' && !isTooLong && wrappingOf[specs[key.spec].material.kind].includes(algorithm)) return;
  throw fault(
    'UnsupportedOperationException',
    `Wrapping algorithm ${algorithm} with wrapping key spec ${wrappingSpec} is not supported for key material of ${key.spec}.`,
  );
}

export const ImportKeyMaterial = operation('ImportKeyMaterial', {
  access: (input, scope) =>
    keyAccess(scope, input.KeyId, {
      action: 'kms:ImportKeyMaterial',
      context: {
        'kms:ExpirationModel': input.ExpirationModel ?? 'KEY_MATERIAL_EXPIRES',
        'kms:ValidTo': input.ValidTo === undefined ? undefined : isoSeconds(input.ValidTo),
      },
    }),
  async handle(input, context) {
    const key = await requireImportable(context, input.KeyId);
    const validToMs = expiryOf(context, input);
    const token = openToken(context, key, input.ImportToken);
    const material = materialFor(key, unwrap(token, input.EncryptedKeyMaterial));
    const materialId = materialIdOf(key.keyId, material.material);
    const stored = await store(context, key, { input, material, materialId, validToMs });
    noteKey(context, key);
    return { KeyId: keyArn(context, key), ...(key.spec === 'SYMMETRIC_DEFAULT' ? { KeyMaterialId: stored.materialId } : {}) };
  },
});

interface Imported {
  readonly input: ImportKeyMaterialRequest;
  readonly material: { readonly material: Secret; readonly publicKey?: string };
  readonly materialId: string;
  readonly validToMs: number | undefined;
}

/** @throws Fault IncorrectKeyMaterialException, KMSInvalidStateException */
async function store(context: Context, key: KeyRecord, { input, material, materialId, validToMs }: Imported): Promise<MaterialRecord> {
  const all = await materialsOf(context, key);
  const known = all.find((each) => each.materialId === materialId);
  const isNew = (input.ImportType ?? (all.length === 0 ? 'NEW_KEY_MATERIAL' : 'EXISTING_KEY_MATERIAL')) === 'NEW_KEY_MATERIAL';
  requireImportOptions(key, input, isNew);
  if (known === undefined && (!isNew || isReplica(key))) throw incorrect(key, all.length);
  if (input.KeyMaterialId !== undefined && input.KeyMaterialId !== materialId) throw incorrect(key, all.length);
  if (known === undefined && all.length > 0 && key.spec !== 'SYMMETRIC_DEFAULT') throw incorrect(key, all.length);
  if (known === undefined && all.some(({ isPending }) => isPending)) {
    throw fault('KMSInvalidStateException', `${keyArn(context, key)} already has key material pending rotation.`);
  }
  const record: MaterialRecord = {
    ...(known ?? {
      ...placeOf(key),
      materialId,
      number: all.length,
      sinceMs: context.now,
      isImported: true,
      ...(all.length > 0 ? { isPending: true } : {}),
    }),
    ...material,
    description: input.KeyMaterialDescription ?? known?.description,
    validToMs,
  };
  if (known?.validToMs !== undefined) due.remove(context.transaction, expiryEntry(known, known.validToMs));
  if (validToMs !== undefined) due.put(context.transaction, expiryEntry(record, validToMs));
  materials.put(context.transaction, record);
  if (known === undefined) for (const region of key.multiRegion?.replicaRegions ?? []) expectMaterial(context, record, region);
  const current = all.length === 0 ? materialId : key.currentMaterialId;
  const isCurrent = current === materialId;
  keys.put(context.transaction, {
    ...key,
    currentMaterialId: current,
    state: key.state === 'PendingImport' && (await isWhole(context, key)) ? 'Enabled' : key.state,
    ...(isCurrent ? { expiration: { validToMs } } : {}),
  });
  return record;
}

/** @throws Fault ValidationException */
function requireImportOptions({ spec }: KeyRecord, input: ImportKeyMaterialRequest, isNew: boolean): void {
  const { ImportType: type, KeyMaterialId: id, KeyMaterialDescription: description } = input;
  if (spec !== 'SYMMETRIC_DEFAULT' && (type ?? id ?? description) !== undefined) {
    const options = 'ImportType, KeyMaterialId and KeyMaterialDescription';
    throw commonFault('ValidationException', `${options} are only supported for symmetric encryption KMS keys.`);
  }
  if (isNew && id !== undefined) {
    throw commonFault('ValidationException', 'KeyMaterialId cannot be specified when ImportType is NEW_KEY_MATERIAL.');
  }
}

function incorrect(key: KeyRecord, count: number) {
  return fault(
    'IncorrectKeyMaterialException',
    count > 0 && key.spec !== 'SYMMETRIC_DEFAULT'
      ? 'The key material in the request is not the key material that was previously imported into this KMS key.'
      : 'The key material in the request does not match the key material that was previously imported into this KMS key.',
  );
}

export function expiryEntry({ account, region, keyId, materialId }: MaterialRecord, atMs: number) {
  return { atMs, what: 'expire' as const, account, region, keyId, materialId };
}

/** @throws Fault ValidationException */
function expiryOf(
  { now }: Context,
  { ExpirationModel: model = 'KEY_MATERIAL_EXPIRES', ValidTo: validTo }: ImportKeyMaterialRequest,
): number | undefined {
  if (model === 'KEY_MATERIAL_DOES_NOT_EXPIRE') {
    if (validTo !== undefined)
      throw commonFault('ValidationException', 'ValidTo must not be set when ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE');
    return undefined;
  }
  if (validTo === undefined)
    throw commonFault('ValidationException', 'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES');
  if (validTo <= now) throw commonFault('ValidationException', 'ValidTo must be in the future.');
  if (validTo > now + 365 * dayMs) throw commonFault('ValidationException', 'ValidTo must be at most 365 days from now.');
  return validTo;
}

/** @throws Fault InvalidImportTokenException, ExpiredImportTokenException */
function openToken(context: Context, key: KeyRecord, bytes: Uint8Array): ImportToken {
  const opened = context.sealer.open(tokenPurpose, Buffer.from(bytes).toString('latin1'));
  if (opened === undefined) throw fault('InvalidImportTokenException', 'The import token is invalid.');
  // Decoding boundary: only GetParametersForImport can have made what opens under this purpose.
  const token = JSON.parse(opened) as ImportToken;
  if (token.keyArn !== keyArn(context, key))
    throw fault('InvalidImportTokenException', 'The import token is associated with a different KMS key.');
  if (token.validToMs <= context.now) throw fault('ExpiredImportTokenException', 'The import token has expired.');
  return token;
}

/** @throws Fault InvalidCiphertextException */
function unwrap({ algorithm, privateKey }: ImportToken, wrapped: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  const hash = algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256';
  try {
    const oaep = (bytes: Uint8Array) => privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, bytes);
    if (!algorithm.startsWith('RSA_AES_KEY_WRAP')) return oaep(wrapped);
    // The AES key comes first, under RSA; the material follows it, under AES with padding (RFC 5649).
    const rsaBytes = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
    const unwrapper = createDecipheriv('id-aes256-wrap-pad', oaep(wrapped.subarray(0, rsaBytes)), Buffer.from('a65959a6', 'hex'));
    return Buffer.concat([unwrapper.update(wrapped.subarray(rsaBytes)), unwrapper.final()]);
  } catch (cause) {
    throw fault('InvalidCiphertextException', 'The encrypted key material could not be decrypted.', { cause });
  }
}

/** The unwrapped bytes as material of the key's spec. @throws Fault IncorrectKeyMaterialException */
function materialFor({ spec }: KeyRecord, bytes: Uint8Array): { readonly material: Secret; readonly publicKey?: string } {
  const { material } = specs[spec];
  const wrong = () => fault('IncorrectKeyMaterialException', `The key material is not that of a key of spec ${spec}.`);
  if (material.kind === 'symmetric') {
    if (bytes.byteLength !== 32) throw wrong();
    return { material: new Secret(Uint8Array.from(bytes)) };
  }
  if (material.kind === 'hmac') {
    if (bytes.byteLength !== material.bytes) throw wrong();
    return { material: new Secret(Uint8Array.from(bytes)) };
  }
  try {
    const key = createPrivateKey({ key: Buffer.from(bytes), format: 'der', type: 'pkcs8' });
    const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
    const fits =
      (material.kind === 'rsa' && modulusLength === material.bits) ||
      (material.kind === 'ec' && namedCurve === material.curve) ||
      (material.kind === 'edwards' && key.asymmetricKeyType === 'ed25519');
    if (fits) return { material: new Secret(Uint8Array.from(bytes)), publicKey: publicKeyOf(key) };
  } catch {
    // Answered below.
  }
  throw wrong();
}

export const DeleteImportedKeyMaterial = operation('DeleteImportedKeyMaterial', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:DeleteImportedKeyMaterial' }),
  async handle(input, context) {
    const key = await requireImportable(context, input.KeyId);
    const all = await materialsOf(context, key);
    const materialId = input.KeyMaterialId ?? key.currentMaterialId;
    const record = all.find((each) => each.materialId === materialId);
    if (input.KeyMaterialId !== undefined && record === undefined) {
      throw fault('NotFoundException', `Key material ${input.KeyMaterialId} does not exist in ${keyArn(context, key)}.`);
    }
    noteKey(context, key);
    if (record !== undefined) loseMaterial(context, key, record);
    return { KeyId: keyArn(context, key), ...(record === undefined ? {} : { KeyMaterialId: record.materialId }) };
  },
});

/** Imported material expires or is deleted: what needs it cannot be done until it is imported again. */
export function loseMaterial({ transaction }: Pick<Context, 'transaction'>, key: KeyRecord, record: MaterialRecord): void {
  if (record.validToMs !== undefined) due.remove(transaction, expiryEntry(record, record.validToMs));
  transaction.scrub();
  // What waits for a rotation is given up everywhere when the primary key loses it; a replica can get it again.
  if (record.isPending && !isReplica(key)) {
    for (const region of [key.region, ...(key.multiRegion?.replicaRegions ?? [])]) materials.remove(transaction, { ...record, region });
    return;
  }
  materials.put(transaction, { ...record, material: undefined, validToMs: undefined });
  if (record.isPending) return;
  const isWaiting = key.state === 'Enabled' || key.state === 'Disabled';
  const isCurrent = key.currentMaterialId === record.materialId;
  keys.put(transaction, { ...key, state: isWaiting ? 'PendingImport' : key.state, ...(isCurrent ? { expiration: undefined } : {}) });
}

/** @throws Fault UnsupportedOperationException, KMSInvalidStateException */
async function requireImportable(context: Context, keyId: string): Promise<KeyRecord> {
  const key = await requireKeyById(context, keyId);
  if (key.origin !== 'EXTERNAL')
    throw fault('UnsupportedOperationException', `${keyArn(context, key)} origin is ${key.origin} which is not valid for this operation.`);
  requireState(context, key, 'Enabled', 'Disabled', 'PendingImport');
  return key;
}

export const importOperations = [GetParametersForImport, ImportKeyMaterial, DeleteImportedKeyMaterial];
