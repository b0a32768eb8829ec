// Custom key stores of type AWS_CLOUDHSM, through the pipeline with AWS's client, over modules in memory.
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryModules, type MemoryCluster, type MemoryModules } from '../../../test/hardware-modules.ts';
import { hardwareModulesContract } from '../../../test/hardware-modules-contract.ts';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import type { HardwareProblem } from '../../kit/ports.ts';

hardwareModulesContract('in memory', async () => {
  const modules = createMemoryModules();
  modules.add('cluster-aaaaaaaaaaa', 'PEM', 'password');
  return { modules, clusterId: 'cluster-aaaaaaaaaaa', password: 'password' };
});

const dayMs = 86_400_000;
const clusterId = 'cluster-abcdefghijk';
const text = (value: string) => Buffer.from(value, 'utf8');
const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'succeeded',
    (error: Error) => `${error.name}: ${error.message}`,
  );

let server: InProcess;
let kms: ReturnType<InProcess['kms']>;
let modules: MemoryModules;
let cluster: MemoryCluster;
beforeAll(async () => {
  modules = createMemoryModules();
  server = await startInProcess('kms-hardware-stores', { hardware: modules });
  kms = server.kms();
});
afterAll(() => server.stop());

const settings = {
  CustomKeyStoreName: 'modules',
  CloudHsmClusterId: clusterId,
  KeyStorePassword: 'kmsuser password',
  TrustAnchorCertificate: 'PEM of the owner',
} as const;
const state = async (CustomKeyStoreId: string) => {
  const { CustomKeyStores } = await kms.describeCustomKeyStores({ CustomKeyStoreId });
  const { ConnectionState, ConnectionErrorCode } = CustomKeyStores?.[0] ?? {};
  return ConnectionErrorCode === undefined ? ConnectionState : `${ConnectionState} ${ConnectionErrorCode}`;
};
const keyState = async (KeyId: string) => (await kms.describeKey({ KeyId })).KeyMetadata?.KeyState;

/** A second later, when the job has come by. */
async function settle(): Promise<void> {
  server.clock.advance(1_000);
  await server.work.settle();
}

/** A connected store of its own cluster. */
async function connected(): Promise<string> {
  const { CustomKeyStoreId = '' } = await kms.createCustomKeyStore(settings);
  await kms.connectCustomKeyStore({ CustomKeyStoreId });
  await settle();
  return CustomKeyStoreId;
}

async function keyIn(CustomKeyStoreId: string): Promise<string> {
  const { KeyMetadata } = await kms.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId });
  return KeyMetadata?.KeyId ?? '';
}

beforeEach(async () => {
  for (const { CustomKeyStoreId, ConnectionState } of (await kms.describeCustomKeyStores({})).CustomKeyStores ?? []) {
    if (ConnectionState !== 'DISCONNECTED') await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
    for (const { KeyId = '' } of (await kms.listKeys({})).Keys ?? []) {
      const { KeyMetadata } = await kms.describeKey({ KeyId });
      if (KeyMetadata?.CustomKeyStoreId === CustomKeyStoreId && KeyMetadata?.KeyState !== 'PendingDeletion')
        await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
    }
    server.clock.advance(8 * dayMs);
    await settle();
    await kms.deleteCustomKeyStore({ CustomKeyStoreId });
  }
  modules.remove(clusterId);
  cluster = modules.add(clusterId, settings.TrustAnchorCertificate, settings.KeyStorePassword);
});

describe('a key in hardware modules', () => {
  test('is made there under its id, and all of its uses happen there', async () => {
    const CustomKeyStoreId = await connected();
    const KeyId = await keyIn(CustomKeyStoreId);
    const { KeyMetadata } = await kms.describeKey({ KeyId });
    expect(KeyMetadata).toMatchObject({ Origin: 'AWS_CLOUDHSM', KeyState: 'Enabled', CustomKeyStoreId, CloudHsmClusterId: clusterId });
    expect(KeyMetadata?.CurrentKeyMaterialId).toBeUndefined();
    expect([...cluster.keys.keys()]).toContain(KeyId);
    cluster.asked.length = 0;
    const EncryptionContext = { project: 'nile' };
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('Hello World!'), EncryptionContext });
    const opened = await kms.decrypt({ CiphertextBlob, EncryptionContext });
    expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('Hello World!');
    expect(opened.KeyMaterialId).toBeUndefined();
    const { Plaintext, CiphertextBlob: dataKey } = await kms.generateDataKey({ KeyId, KeySpec: 'AES_256' });
    expect(Buffer.from((await kms.decrypt({ CiphertextBlob: dataKey, KeyId })).Plaintext ?? [])).toEqual(Buffer.from(Plaintext ?? []));
    expect(cluster.asked).toEqual(['encrypt', 'decrypt', 'encrypt', 'decrypt'].map((what) => `${what} ${KeyId}`));
    const { KeyMetadata: ordinary } = await kms.createKey({});
    const moved = await kms.reEncrypt({
      CiphertextBlob,
      SourceEncryptionContext: EncryptionContext,
      DestinationKeyId: ordinary?.KeyId ?? '',
    });
    expect(Buffer.from((await kms.decrypt({ CiphertextBlob: moved.CiphertextBlob })).Plaintext ?? []).toString()).toBe('Hello World!');
  });

  test('opens nothing in another context, and nothing of which a byte was changed or cut off', async () => {
    const KeyId = await keyIn(await connected());
    const { CiphertextBlob = new Uint8Array() } = await kms.encrypt({ KeyId, Plaintext: text('x'), EncryptionContext: { a: 'b' } });
    const open = (blob: Uint8Array, EncryptionContext = { a: 'b' }) => failure(kms.decrypt({ CiphertextBlob: blob, EncryptionContext }));
    expect(await open(CiphertextBlob)).toBe('succeeded');
    expect(await open(CiphertextBlob, { a: 'c' })).toContain('InvalidCiphertextException');
    for (let at = 0; at < CiphertextBlob.length; at += 1) {
      const changed = Uint8Array.from(CiphertextBlob);
      changed[at] = (changed[at] ?? 0) ^ 1;
      // The account and the key's id: another key, which is not there, or none at all.
      const isName = at >= 1 && at < 50;
      expect(await open(changed), `byte ${at}`).toMatch(isName ? /^(InvalidCiphertext|AccessDenied)Exception/ : /^InvalidCiphertext/);
    }
    for (const length of [1, 60, CiphertextBlob.length - 1]) {
      expect(await open(CiphertextBlob.subarray(0, length))).toContain('InvalidCiphertextException');
    }
  });

  test('protects secrets', async () => {
    const KmsKeyId = await keyIn(await connected());
    const secrets = server.secretsManager();
    await secrets.send(new CreateSecretCommand({ Name: 'in-hardware', KmsKeyId, SecretString: 'one' }));
    expect((await secrets.send(new GetSecretValueCommand({ SecretId: 'in-hardware' }))).SecretString).toBe('one');
  });

  test('goes with its waiting time, in the modules too', async () => {
    const KeyId = await keyIn(await connected());
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('x') });
    await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
    server.clock.advance(8 * dayMs);
    await settle();
    expect(cluster.keys.has(KeyId)).toBe(false);
    expect(await failure(kms.decrypt({ CiphertextBlob }))).toContain('AccessDeniedException');
  });

  test('says why it cannot be used', async () => {
    const KeyId = await keyIn(await connected());
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('x') });
    cluster.problem = 'NETWORK_ERRORS';
    expect(await failure(kms.decrypt({ CiphertextBlob }))).toMatch(/^KMSInvalidStateException: .*NETWORK_ERRORS/);
    cluster.problem = undefined;
    cluster.keys.delete(KeyId);
    expect(await failure(kms.decrypt({ CiphertextBlob }))).toMatch(/^KMSInvalidStateException: .*key material .* was not found/);
  });

  test('is not rotated, nor of another kind, nor in several regions', async () => {
    const CustomKeyStoreId = await connected();
    const KeyId = await keyIn(CustomKeyStoreId);
    expect(await failure(kms.enableKeyRotation({ KeyId }))).toContain('UnsupportedOperationException');
    const create = (more: object) => failure(kms.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId, ...more }));
    expect(await create({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' })).toContain('UnsupportedOperationException');
    expect(await create({ MultiRegion: true })).toContain('UnsupportedOperationException');
    expect(await create({ XksKeyId: 'x' })).toContain('ValidationException');
    expect(await create({ Origin: 'EXTERNAL_KEY_STORE', XksKeyId: 'x' })).toContain('ValidationException');
    cluster.activeModules = 1;
    expect(await create({})).toContain('CloudHsmClusterInvalidConfigurationException');
  });
});

describe('the state of a key whose store is not connected', () => {
  test('is Unavailable, and what it was or was made comes back with the connection', async () => {
    const CustomKeyStoreId = await connected();
    const [used, disabled, enabled] = [await keyIn(CustomKeyStoreId), await keyIn(CustomKeyStoreId), await keyIn(CustomKeyStoreId)];
    await kms.disableKey({ KeyId: enabled });
    const { CiphertextBlob } = await kms.encrypt({ KeyId: used, Plaintext: text('x') });
    await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
    for (const KeyId of [used, disabled, enabled]) expect(await keyState(KeyId)).toBe('Unavailable');
    expect(await failure(kms.decrypt({ CiphertextBlob }))).toMatch(/^KMSInvalidStateException: .*is unavailable/);
    expect(await failure(kms.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId }))).toContain('CustomKeyStoreInvalidStateException');
    await kms.disableKey({ KeyId: disabled });
    await kms.enableKey({ KeyId: enabled });
    for (const KeyId of [disabled, enabled]) expect(await keyState(KeyId)).toBe('Unavailable');
    await kms.connectCustomKeyStore({ CustomKeyStoreId });
    await settle();
    expect(await Promise.all([used, disabled, enabled].map(keyState))).toEqual(['Enabled', 'Disabled', 'Enabled']);
    expect(await failure(kms.decrypt({ CiphertextBlob }))).toBe('succeeded');
  });

  test('is PendingDeletion when it waits for that; cancelled, it is Unavailable, and Disabled when it is connected', async () => {
    const CustomKeyStoreId = await connected();
    const KeyId = await keyIn(CustomKeyStoreId);
    await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
    await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
    expect(await keyState(KeyId)).toBe('PendingDeletion');
    await kms.cancelKeyDeletion({ KeyId });
    expect(await keyState(KeyId)).toBe('Unavailable');
    expect(await failure(kms.cancelKeyDeletion({ KeyId }))).toMatch(/^KMSInvalidStateException: .*is not pending deletion/);
    await kms.connectCustomKeyStore({ CustomKeyStoreId });
    await settle();
    expect(await keyState(KeyId)).toBe('Disabled');
    await kms.enableKey({ KeyId });
    expect(await keyState(KeyId)).toBe('Enabled');
  });
});

describe('a store of hardware modules', () => {
  test('is described without its password, which the ledger does not have either', async () => {
    const { CustomKeyStoreId = '' } = await kms.createCustomKeyStore(settings);
    const { CustomKeyStores } = await kms.describeCustomKeyStores({ CustomKeyStoreId });
    expect(CustomKeyStores).toEqual([
      {
        CustomKeyStoreId,
        CustomKeyStoreName: 'modules',
        CustomKeyStoreType: 'AWS_CLOUDHSM',
        CloudHsmClusterId: clusterId,
        TrustAnchorCertificate: settings.TrustAnchorCertificate,
        ConnectionState: 'DISCONNECTED',
        CreationDate: expect.any(Date),
      },
    ]);
    const events = await server.store.transact((transaction) => transaction.events({ limit: 50 }));
    expect(events.some(({ eventName }) => eventName === 'CreateCustomKeyStore')).toBe(true);
    expect(JSON.stringify(events)).not.toContain(settings.KeyStorePassword);
  });

  test('is connecting until a job has logged in, and ends its sessions when it is disconnected', async () => {
    const { CustomKeyStoreId = '' } = await kms.createCustomKeyStore(settings);
    await kms.connectCustomKeyStore({ CustomKeyStoreId });
    expect(await state(CustomKeyStoreId)).toBe('CONNECTING');
    await kms.connectCustomKeyStore({ CustomKeyStoreId });
    expect(await failure(kms.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId }))).toContain('CustomKeyStoreInvalidStateException');
    expect(await failure(kms.generateRandom({ NumberOfBytes: 8, CustomKeyStoreId }))).toContain('CustomKeyStoreInvalidStateException');
    await settle();
    expect(await state(CustomKeyStoreId)).toBe('CONNECTED');
    expect((await kms.generateRandom({ NumberOfBytes: 8, CustomKeyStoreId })).Plaintext).toHaveLength(8);
    expect(cluster.asked).toEqual(['connect', 'random']);
    expect(await failure(kms.deleteCustomKeyStore({ CustomKeyStoreId }))).toContain('CustomKeyStoreInvalidStateException');
    await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
    expect(cluster.asked.at(-1)).toBe('disconnect');
    expect(await state(CustomKeyStoreId)).toBe('DISCONNECTED');
    expect(await failure(kms.disconnectCustomKeyStore({ CustomKeyStoreId }))).toContain('CustomKeyStoreInvalidStateException');
  });

  test('stays disconnected when it is disconnected before the job comes', async () => {
    const { CustomKeyStoreId = '' } = await kms.createCustomKeyStore(settings);
    await kms.connectCustomKeyStore({ CustomKeyStoreId });
    await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
    await settle();
    expect(await state(CustomKeyStoreId)).toBe('DISCONNECTED');
  });

  const problems: readonly HardwareProblem[] = [
    'INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET',
    'INTERNAL_ERROR',
    'NETWORK_ERRORS',
    'SUBNET_NOT_FOUND',
    'USER_LOCKED_OUT',
    'USER_LOGGED_IN',
    'USER_NOT_FOUND',
  ];
  test('fails to connect with the reason, and connects again only after it was disconnected and put right', async () => {
    const { CustomKeyStoreId = '' } = await kms.createCustomKeyStore(settings);
    const connect = async () => {
      await kms.connectCustomKeyStore({ CustomKeyStoreId });
      await settle();
      return state(CustomKeyStoreId);
    };
    for (const problem of problems) {
      cluster.problem = problem;
      expect(await connect()).toBe(`FAILED ${problem}`);
      expect(await failure(kms.connectCustomKeyStore({ CustomKeyStoreId }))).toContain('CustomKeyStoreInvalidStateException');
      expect(await failure(kms.updateCustomKeyStore({ CustomKeyStoreId, NewCustomKeyStoreName: 'other' }))).toContain(
        'CustomKeyStoreInvalidStateException',
      );
      await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
    }
    cluster.problem = undefined;
    cluster.password = 'a new password';
    expect(await connect()).toBe('FAILED INVALID_CREDENTIALS');
    await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
    await kms.updateCustomKeyStore({ CustomKeyStoreId, KeyStorePassword: 'a new password' });
    expect(await connect()).toBe('CONNECTED');
    await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
    cluster.activeModules = 0;
    expect(await failure(kms.connectCustomKeyStore({ CustomKeyStoreId }))).toContain('CloudHsmClusterInvalidConfigurationException');
    cluster.isActive = false;
    expect(await failure(kms.connectCustomKeyStore({ CustomKeyStoreId }))).toContain('CloudHsmClusterNotActiveException');
    modules.remove(clusterId);
    expect(await connect()).toBe('FAILED CLUSTER_NOT_FOUND');
  });

  test('is made only for a cluster that is there, active, large enough, free and the owner’s', async () => {
    const make = (more: object) => failure(kms.createCustomKeyStore({ ...settings, CustomKeyStoreName: 'refused', ...more }));
    expect(await make({ CloudHsmClusterId: 'cluster-zzzzzzzzzzz' })).toBe(
      'CloudHsmClusterNotFoundException: AWS CloudHSM cluster cluster-zzzzzzzzzzz was not found.',
    );
    expect(await make({ TrustAnchorCertificate: 'another' })).toContain('IncorrectTrustAnchorException');
    expect(await make({ KeyStorePassword: undefined })).toContain('ValidationException');
    expect(await make({ XksProxyUriPath: '/kms/xks/v1' })).toContain('ValidationException');
    cluster.isActive = false;
    expect(await make({})).toContain('CloudHsmClusterNotActiveException');
    cluster.isActive = true;
    cluster.activeModules = 1;
    expect(await make({})).toContain('CloudHsmClusterInvalidConfigurationException');
    cluster.activeModules = 2;
    await kms.createCustomKeyStore(settings);
    expect(await make({ CustomKeyStoreName: 'modules' })).toContain('CustomKeyStoreNameInUseException');
    expect(await make({})).toContain('CloudHsmClusterInUseException');
    modules.add('cluster-copyofabcde', settings.TrustAnchorCertificate, settings.KeyStorePassword);
    expect(await make({ CloudHsmClusterId: 'cluster-copyofabcde' })).toContain('CloudHsmClusterInUseException');
  });

  test('moves to a copy of its cluster with its keys, and to no other cluster', async () => {
    const CustomKeyStoreId = await connected();
    const KeyId = await keyIn(CustomKeyStoreId);
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('x') });
    modules.add('cluster-copyofabcde', settings.TrustAnchorCertificate, settings.KeyStorePassword);
    modules.add('cluster-strangerabc', 'another owner', settings.KeyStorePassword);
    const update = (CloudHsmClusterId: string) => kms.updateCustomKeyStore({ CustomKeyStoreId, CloudHsmClusterId });
    expect(await failure(update('cluster-copyofabcde'))).toContain('CustomKeyStoreInvalidStateException');
    await kms.updateCustomKeyStore({ CustomKeyStoreId, NewCustomKeyStoreName: 'renamed while connected' });
    await kms.disconnectCustomKeyStore({ CustomKeyStoreId });
    expect(await failure(update('cluster-strangerabc'))).toContain('CloudHsmClusterNotRelatedException');
    expect(await failure(update('cluster-zzzzzzzzzzz'))).toContain('CloudHsmClusterNotFoundException');
    await update('cluster-copyofabcde');
    await kms.connectCustomKeyStore({ CustomKeyStoreId });
    await settle();
    expect(Buffer.from((await kms.decrypt({ CiphertextBlob })).Plaintext ?? []).toString()).toBe('x');
  });
});
