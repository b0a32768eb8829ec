// KMS keys in custom key stores of type AWS_CLOUDHSM: the material is made in hardware modules under the key's id as its label, and every use
// of it happens there. https://docs.aws.amazon.com/kms/latest/developerguide/keystore-cloudhsm.html
import { createHash } from 'node:crypto';
import type { Fault } from '../../base/fault.ts';
import type { Context } from '../../kit/context.ts';
import type { ClusterLogin, HardwareAnswer, HardwareProblem } from '../../kit/ports.ts';
import { contextBytes, type EncryptionContext } from './ciphertext.ts';
import { decodeHardware, encodeHardware } from './external-ciphertext.ts';
import { type HardwareStoreRecord, type KeyRecord, keyStores } from './records.ts';
import { fault } from './service.ts';
import { requireKeyStore, type StoreUse } from './stored-keys.ts';

export function loginOf({ clusterId, password }: HardwareStoreRecord): ClusterLogin {
  return { clusterId, password };
}

/** @throws Fault CloudHsmClusterInvalidConfigurationException, KMSInternalException, Awaited */
export async function generateInHardware(context: Context, key: KeyRecord): Promise<void> {
  const store = await connectedStore(context, key);
  const cluster = context.answers.ask(`hardware cluster ${store.clusterId}`, () => context.hardware.cluster(store.clusterId));
  if (cluster === undefined || cluster.activeModules < 2) throw tooFewModules(store.clusterId, 2);
  const made = context.answers.ask(`hardware key ${key.keyId}`, () => context.hardware.generateKey(loginOf(store), key.keyId));
  if ('problem' in made) throw useFault(made.problem);
}

/** AWS: a cluster of one module may be used, and may not get new keys. */
export function tooFewModules(clusterId: string, needed: number): Fault {
  return fault(
    'CloudHsmClusterInvalidConfigurationException',
    `AWS CloudHSM cluster ${clusterId} must have at least ${needed} active ${needed === 1 ? 'HSM' : 'HSMs'} for this operation.`,
  );
}

/** @throws Fault KMSInvalidStateException, Awaited */
export async function encryptInHardware(context: Context, key: KeyRecord, plaintext: Uint8Array, use: StoreUse): Promise<Uint8Array> {
  const store = await connectedStore(context, key);
  const bound = boundTo(key, use.encryptionContext);
  const sealed = answered(
    context.answers.ask(questionOf('encrypt', key, use, plaintext), () =>
      context.hardware.encrypt(loginOf(store), key.keyId, plaintext, bound),
    ),
  );
  return encodeHardware(key, sealed);
}

/** @throws Fault InvalidCiphertextException, KMSInvalidStateException, Awaited */
export async function decryptInHardware(context: Context, key: KeyRecord, blob: Uint8Array, use: StoreUse): Promise<Uint8Array> {
  const sealed = decodeHardware(blob);
  if (sealed === undefined) throw fault('InvalidCiphertextException', '');
  const store = await connectedStore(context, key);
  const bound = boundTo(key, use.encryptionContext);
  return answered(
    context.answers.ask(questionOf('decrypt', key, use, blob), () => context.hardware.decrypt(loginOf(store), key.keyId, sealed, bound)),
  );
}

/** @throws Fault CustomKeyStoreNotFoundException, CustomKeyStoreInvalidStateException, UnsupportedOperationException, Awaited */
export async function randomInHardware(context: Context, keyStoreId: string, length: number): Promise<Uint8Array> {
  const store = await requireKeyStore(context, keyStoreId);
  if (store.type !== 'AWS_CLOUDHSM')
    throw fault('UnsupportedOperationException', 'GenerateRandom is not supported for external key stores.');
  if (store.connection !== 'CONNECTED') {
    throw fault('CustomKeyStoreInvalidStateException', `Custom key store ${keyStoreId} is not connected to its AWS CloudHSM cluster.`);
  }
  return answered(
    context.answers.ask(`hardware random ${store.clusterId} ${length}`, () => context.hardware.random(loginOf(store), length)),
  );
}

/** AWS: best effort. What cannot be reached now stays in the modules, for their owner to remove. */
export async function destroyInHardware(context: Context, key: KeyRecord): Promise<void> {
  const store = await storeOf(context, key);
  if (store?.connection !== 'CONNECTED') return;
  context.answers.ask(`hardware destruction ${key.keyId}`, () => context.hardware.destroyKey(loginOf(store), key.keyId));
}

async function connectedStore(context: Context, key: KeyRecord): Promise<HardwareStoreRecord> {
  const store = await storeOf(context, key);
  if (store?.connection === 'CONNECTED') return store;
  throw fault('KMSInvalidStateException', 'This KMS key is in a custom key store that is not connected to its AWS CloudHSM cluster.');
}

async function storeOf({ transaction }: Context, key: KeyRecord): Promise<HardwareStoreRecord | undefined> {
  const store = await keyStores.get(transaction, key.account, key.region, key.customKeyStoreId ?? '');
  return store?.type === 'AWS_CLOUDHSM' ? store : undefined;
}

function answered<Value>(answer: HardwareAnswer<Value>): Value {
  if ('problem' in answer) throw useFault(answer.problem);
  return answer.value;
}

/** KMS has no error of its own for uses of keys in custom key stores: the sentence tells. */
function useFault(problem: HardwareProblem): Fault {
  if (problem === 'not-authentic') return fault('InvalidCiphertextException', '');
  if (problem === 'no-such-key') {
    return fault('KMSInvalidStateException', 'The key material of this KMS key was not found in its AWS CloudHSM cluster.');
  }
  return fault('KMSInvalidStateException', `AWS KMS cannot use the AWS CloudHSM cluster of this KMS key: ${problem}.`);
}

/** What the modules authenticate: the key, and the encryption context. */
function boundTo({ account, keyId }: KeyRecord, context: EncryptionContext): Uint8Array {
  return Buffer.concat([Buffer.from(`${account} ${keyId} `, 'latin1'), contextBytes(context)]);
}

function questionOf(what: string, key: KeyRecord, { operationName, encryptionContext }: StoreUse, data: Uint8Array): string {
  const digest = createHash('sha256').update(contextBytes(encryptionContext)).update('\n').update(data).digest('hex');
  return `${operationName} hardware ${what} ${key.account} ${key.region} ${key.keyId} ${digest}`;
}
