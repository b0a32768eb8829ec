// KMS keys in external key stores: made for a key that exists outside, and used through the store's proxy.
// https://docs.aws.amazon.com/kms/latest/developerguide/keystore-external.html
import { createHash } from 'node:crypto';
import type { Context } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import type { CreateKeyRequest } from './api.gen.ts';
import { type CiphertextHeader, contextBytes, decryptWith, type EncryptionContext, encryptWith } from './ciphertext.ts';
import { authenticatedContext, decodeExternal, encodeExternal } from './external-ciphertext.ts';
import { viaService } from './key-access.ts';
import { secretKeyOf } from './key-material.ts';
import { keyArn } from './key-names.ts';
import type { OpenMaterial } from './materials.ts';
import { type ExternalStoreRecord, type KeyRecord, type KeyStoreRecord, keyStores, type StoredKeyRecord, storedKeys } from './records.ts';
import { fault } from './service.ts';
import { createKeyFault, notConnected, useFault } from './xks-problems.ts';
import { type XksAnswer, type XksClient, type XksProxy, xksClient } from './xks-proxy.ts';

export type StorePlace =
  | { readonly keyStoreId: string; readonly xksKeyId: string }
  /** In a cluster of hardware modules. */
  | { readonly keyStoreId: string; readonly clusterId: string };

/** What the key says of its place. */
export function keyMembers(place: StorePlace): Pick<KeyRecord, 'customKeyStoreId' | 'xksKeyId' | 'hsmClusterId'> {
  const { keyStoreId: customKeyStoreId } = place;
  return 'xksKeyId' in place ? { customKeyStoreId, xksKeyId: place.xksKeyId } : { customKeyStoreId, hsmClusterId: place.clusterId };
}

export function storedAs(place: StorePlace, keyId: string): Pick<StoredKeyRecord, 'keyStoreId' | 'backingKeyId'> {
  return { keyStoreId: place.keyStoreId, backingKeyId: 'xksKeyId' in place ? place.xksKeyId : keyId };
}

/** What CreateKey needs for a key in a store; undefined for all other keys. @throws Fault, Awaited */
export async function storePlaceOf(context: Context, input: CreateKeyRequest): Promise<StorePlace | undefined> {
  const { Origin: origin = 'AWS_KMS', CustomKeyStoreId: keyStoreId, XksKeyId: xksKeyId } = input;
  if (xksKeyId !== undefined && origin !== 'EXTERNAL_KEY_STORE') {
    throw commonFault('ValidationException', 'XksKeyId is valid only for KMS keys with an Origin of EXTERNAL_KEY_STORE.');
  }
  if (origin !== 'AWS_CLOUDHSM' && origin !== 'EXTERNAL_KEY_STORE') {
    if (keyStoreId === undefined) return undefined;
    throw commonFault('ValidationException', 'A custom key store needs the Origin AWS_CLOUDHSM or EXTERNAL_KEY_STORE.');
  }
  if (keyStoreId === undefined) throw commonFault('ValidationException', `You must specify a CustomKeyStoreId when Origin is ${origin}.`);
  const spec = input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT';
  if (spec !== 'SYMMETRIC_DEFAULT' || input.MultiRegion) {
    throw fault('UnsupportedOperationException', 'Only symmetric encryption KMS keys in a single Region can be in a custom key store.');
  }
  const store = await requireKeyStore(context, keyStoreId);
  if (store.type !== (origin === 'AWS_CLOUDHSM' ? 'AWS_CLOUDHSM' : 'EXTERNAL_KEY_STORE')) {
    throw commonFault(
      'ValidationException',
      `Origin ${origin} is not valid for custom key store ${keyStoreId}, whose type is ${store.type}.`,
    );
  }
  if (store.type === 'AWS_CLOUDHSM') {
    if (store.connection === 'CONNECTED') return { keyStoreId, clusterId: store.clusterId };
    throw fault('CustomKeyStoreInvalidStateException', `Custom key store ${keyStoreId} is not connected to its AWS CloudHSM cluster.`);
  }
  if (xksKeyId === undefined) throw commonFault('ValidationException', 'You must specify an XksKeyId when Origin is EXTERNAL_KEY_STORE.');
  if (store.connection !== 'CONNECTED') throw fault('CustomKeyStoreInvalidStateException', notConnected);
  if ((await storedKeys.get(context.transaction, store.account, store.region, keyStoreId, xksKeyId)) !== undefined) {
    throw fault('XksKeyAlreadyInUseException', `External key ${xksKeyId} is already associated with another KMS key in this key store.`);
  }
  requireExternalKey(context, store, xksKeyId);
  return { keyStoreId, xksKeyId };
}

/** @throws Fault CustomKeyStoreNotFoundException */
export async function requireKeyStore({ transaction, account, region }: Context, keyStoreId: string): Promise<KeyStoreRecord> {
  const store = await keyStores.get(transaction, account, region, keyStoreId);
  if (store === undefined) throw fault('CustomKeyStoreNotFoundException', `Custom key store ${keyStoreId} does not exist.`);
  return store;
}

/** An enabled AES-256 key that encrypts and decrypts. @throws Fault, Awaited */
function requireExternalKey(context: Context, store: ExternalStoreRecord, xksKeyId: string): void {
  const client = clientOf(context, store, 'CreateKey', undefined);
  const answer = context.answers.ask(`metadata of ${store.keyStoreId} ${xksKeyId}`, () => client.keyMetadata(xksKeyId));
  if ('problem' in answer) throw createKeyFault(answer.problem);
  const { keySpec, keyStatus, keyUsage } = answer.value;
  const unfit = (sentence: string) => fault('XksKeyInvalidConfigurationException', sentence);
  if (keySpec !== 'AES_256') {
    throw unfit(`The key spec of the external key must be AES_256. The key spec of specified external key is ${keySpec}.`);
  }
  if (keyStatus !== 'ENABLED') {
    throw unfit(`The status of the external key must be ENABLED. The status of specified external key is ${keyStatus}.`);
  }
  if (!keyUsage.includes('ENCRYPT') || !keyUsage.includes('DECRYPT')) {
    throw unfit(
      `The key usage of the external key must include ENCRYPT and DECRYPT. The key use of specified external key is ${keyUsage.join(', ')}.`,
    );
  }
}

/** A use of a key, as it stands in the request. */
export interface StoreUse {
  readonly operationName: string;
  readonly encryptionContext: EncryptionContext;
}

/** Encrypts under our material, then outside. @throws Fault KMSInvalidStateException, Awaited */
export async function encryptInStore(
  context: Context,
  key: KeyRecord,
  material: OpenMaterial,
  plaintext: Uint8Array,
  use: StoreUse,
): Promise<Uint8Array> {
  const { client, xksKeyId } = await connectedClient(context, key, use.operationName);
  const header: CiphertextHeader = { account: key.account, keyId: key.keyId, materialId: material.materialId };
  const question = questionOf('encrypt', key, use, plaintext);
  // Another run of this request draws the same bytes; if it is about another message, that has another question, and so its own nonce.
  const nonce = createHash('sha256').update(context.ids.bytes(16)).update(question).digest().subarray(0, 16);
  const inner = () => encryptWith(secretKeyOf(material.secret), header, nonce, plaintext, use.encryptionContext);
  const answer = context.answers.ask(question, () => client.encrypt(xksKeyId, inner(), authenticatedContext(use.encryptionContext)));
  return encodeExternal(header, answered(answer));
}

/** @throws Fault InvalidCiphertextException, KMSInvalidStateException, Awaited */
export async function decryptInStore(
  context: Context,
  key: KeyRecord,
  material: OpenMaterial,
  blob: Uint8Array,
  use: StoreUse,
): Promise<Uint8Array> {
  const sealed = decodeExternal(blob);
  if (sealed === undefined) throw fault('InvalidCiphertextException', '');
  const { client, xksKeyId } = await connectedClient(context, key, use.operationName);
  const question = questionOf('decrypt', key, use, blob);
  const inner = answered(
    context.answers.ask(question, () => client.decrypt(xksKeyId, sealed, authenticatedContext(use.encryptionContext))),
  );
  const plaintext = decryptWith(secretKeyOf(material.secret), inner, use.encryptionContext);
  if (plaintext === undefined) {
    throw fault(
      'KMSInvalidStateException',
      'The ciphertext that the external key store proxy submitted for decryption, or the encryption context, is corrupted, missing, or otherwise invalid.',
    );
  }
  return plaintext;
}

function questionOf(what: string, key: KeyRecord, { operationName, encryptionContext }: StoreUse, data: Uint8Array): string {
  const digest = createHash('sha256').update(contextBytes(encryptionContext)).update('\n').update(data).digest('hex');
  return `${operationName} ${what} ${key.account} ${key.region} ${key.keyId} ${digest}`;
}

function answered<Value>(answer: XksAnswer<Value>): Value {
  if ('problem' in answer) throw useFault(answer.problem);
  return answer.value;
}

async function connectedClient(
  context: Context,
  key: KeyRecord,
  operationName: string,
): Promise<{ readonly client: XksClient; readonly xksKeyId: string }> {
  const store = await keyStores.get(context.transaction, key.account, key.region, key.customKeyStoreId ?? '');
  if (store?.type !== 'EXTERNAL_KEY_STORE' || store.connection !== 'CONNECTED' || key.xksKeyId === undefined)
    throw fault('KMSInvalidStateException', notConnected);
  return { client: clientOf(context, store, operationName, keyArn(context, key)), xksKeyId: key.xksKeyId };
}

function clientOf(context: Context, store: ExternalStoreRecord, kmsOperation: string, kmsKeyArn: string | undefined): XksClient {
  const { principal } = context.caller;
  return xksClient(context.outbound, proxyOf(store), {
    kmsOperation,
    kmsRequestId: context.requestId,
    // As aws:PrincipalArn has it.
    awsPrincipalArn: principal.kind === 'role-session' ? principal.roleArn : principal.arn,
    kmsKeyArn,
    kmsViaService: viaService(context),
  });
}

export function proxyOf({ endpoint, path, accessKeyId, secretAccessKey, region }: ExternalStoreRecord): XksProxy {
  return { endpoint, path, accessKeyId, secretAccessKey, region };
}
