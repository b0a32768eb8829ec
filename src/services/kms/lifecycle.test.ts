// What becomes of keys over time and across regions: rotation, imported material, replicas, deletion. Through the pipeline with AWS's client.
import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AlgorithmSpec } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { materials } from './records.ts';

const dayMs = 86_400_000;
let server: InProcess;
let kms: ReturnType<InProcess['kms']>;
beforeAll(async () => {
  server = await startInProcess('kms-lifecycle');
  kms = server.kms();
});
afterAll(() => server.stop());

const text = (value: string) => Buffer.from(value, 'utf8');
const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'succeeded',
    (error: Error) => `${error.name}: ${error.message}`,
  );
async function advance(days: number): Promise<void> {
  server.clock.advance(days * dayMs);
  await server.work.settle();
}
async function events(name: string): Promise<number> {
  const found = await server.store.transact((transaction) =>
    transaction.events({ attribute: { key: 'EventName', value: name }, limit: 100 }),
  );
  return found.length;
}

describe('rotation', () => {
  test('new material encrypts after its period, and what the old one encrypted still opens', async () => {
    const { KeyMetadata } = await kms.createKey({});
    const KeyId = KeyMetadata?.KeyId ?? '';
    await kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 90 });
    const status = await kms.getKeyRotationStatus({ KeyId });
    expect(status).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 90 });
    expect(Math.round(((status.NextRotationDate?.getTime() ?? 0) - server.clock.now()) / dayMs)).toBe(90);
    const before = await kms.encrypt({ KeyId, Plaintext: text('old') });
    await advance(91);
    const after = await kms.encrypt({ KeyId, Plaintext: text('new') });
    const [old, fresh] = await Promise.all([
      kms.decrypt({ CiphertextBlob: before.CiphertextBlob }),
      kms.decrypt({ CiphertextBlob: after.CiphertextBlob }),
    ]);
    expect([Buffer.from(old.Plaintext ?? []).toString(), Buffer.from(fresh.Plaintext ?? []).toString()]).toEqual(['old', 'new']);
    expect(old.KeyMaterialId).not.toBe(fresh.KeyMaterialId);
    const { Rotations } = await kms.listKeyRotations({ KeyId });
    expect(Rotations).toMatchObject([{ RotationType: 'AUTOMATIC', KeyMaterialId: fresh.KeyMaterialId, KeyMaterialState: 'CURRENT' }]);
    expect((await kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })).Rotations?.length).toBe(2);
    expect(await events('RotateKey')).toBe(1);
    await kms.disableKeyRotation({ KeyId });
    await advance(91);
    expect(await events('RotateKey')).toBe(1);
  });

  test('on demand, at most twenty-five times, and never for keys that cannot', async () => {
    const { KeyMetadata } = await kms.createKey({});
    const KeyId = KeyMetadata?.KeyId ?? '';
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('first') });
    for (let count = 0; count < 25; count += 1) await kms.rotateKeyOnDemand({ KeyId });
    expect(await failure(kms.rotateKeyOnDemand({ KeyId }))).toMatch(/^LimitExceededException/);
    expect(Buffer.from((await kms.decrypt({ CiphertextBlob })).Plaintext ?? []).toString()).toBe('first');
    const mac = await kms.createKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
    expect(await failure(kms.enableKeyRotation({ KeyId: mac.KeyMetadata?.KeyId }))).toMatch(/^UnsupportedOperationException/);
  });
});

describe('imported material', () => {
  const wrap = (algorithm: AlgorithmSpec, publicKey: Uint8Array, material: Uint8Array): Uint8Array => {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
    const oaepHash = algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256';
    return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, material);
  };
  async function importInto(
    KeyId: string,
    material: Uint8Array,
    algorithm: AlgorithmSpec,
    more: object = { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
  ) {
    const parameters = await kms.getParametersForImport({ KeyId, WrappingAlgorithm: algorithm, WrappingKeySpec: 'RSA_2048' });
    const EncryptedKeyMaterial = wrap(algorithm, parameters.PublicKey ?? new Uint8Array(), material);
    return kms.importKeyMaterial({ KeyId, ImportToken: parameters.ImportToken, EncryptedKeyMaterial, ...more });
  }
  const external = async () => (await kms.createKey({ Origin: 'EXTERNAL' })).KeyMetadata?.KeyId ?? '';

  test.each<AlgorithmSpec>(['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'])(
    'comes wrapped with %s, and no other can take its place',
    async (algorithm) => {
      const KeyId = await external();
      expect((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState).toBe('PendingImport');
      expect(await failure(kms.encrypt({ KeyId, Plaintext: text('x') }))).toMatch(/^KMSInvalidStateException: .* is pending import\.$/);
      const material = randomBytes(32);
      await importInto(KeyId, material, algorithm);
      const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('x') });
      expect(await failure(importInto(KeyId, randomBytes(32), algorithm))).toMatch(/^IncorrectKeyMaterialException/);
      await kms.deleteImportedKeyMaterial({ KeyId });
      expect(await failure(kms.decrypt({ CiphertextBlob }))).toMatch(/is pending import/);
      await importInto(KeyId, material, algorithm);
      expect(Buffer.from((await kms.decrypt({ CiphertextBlob })).Plaintext ?? []).toString()).toBe('x');
    },
  );

  test('expires by the clock, and its token after a day', async () => {
    const KeyId = await external();
    const material = randomBytes(32);
    const ValidTo = new Date(server.clock.now() + 10 * dayMs);
    await importInto(KeyId, material, 'RSAES_OAEP_SHA_256', { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo });
    expect((await kms.describeKey({ KeyId })).KeyMetadata).toMatchObject({ KeyState: 'Enabled', ExpirationModel: 'KEY_MATERIAL_EXPIRES' });
    const parameters = await kms.getParametersForImport({ KeyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' });
    await advance(11);
    expect((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState).toBe('PendingImport');
    const late = {
      KeyId,
      ImportToken: parameters.ImportToken,
      EncryptedKeyMaterial: new Uint8Array(256),
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' as const,
    };
    expect(await failure(kms.importKeyMaterial(late))).toMatch(/^ExpiredImportTokenException/);
    expect(await failure(kms.importKeyMaterial({ ...late, ImportToken: text('made up') }))).toMatch(/^InvalidImportTokenException/);
  });

  test('several materials: the new one waits for a rotation on demand, the old one still decrypts', async () => {
    const KeyId = await external();
    await importInto(KeyId, randomBytes(32), 'RSAES_OAEP_SHA_256');
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('one') });
    const second = await importInto(KeyId, randomBytes(32), 'RSAES_OAEP_SHA_256', {
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
      ImportType: 'NEW_KEY_MATERIAL',
    });
    const states = async () =>
      (await kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })).Rotations?.map((each) => each.KeyMaterialState);
    expect(await states()).toEqual(['CURRENT', 'PENDING_ROTATION']);
    await kms.rotateKeyOnDemand({ KeyId });
    expect(await states()).toEqual(['NON_CURRENT', 'CURRENT']);
    expect((await kms.describeKey({ KeyId })).KeyMetadata?.CurrentKeyMaterialId).toBe(second.KeyMaterialId);
    expect(Buffer.from((await kms.decrypt({ CiphertextBlob })).Plaintext ?? []).toString()).toBe('one');
  });
});

describe('multi-Region keys', () => {
  test('open each other’s ciphertext, share rotations, and can change places', async () => {
    const there = server.kms(undefined, 'eu-west-1');
    const { KeyMetadata } = await kms.createKey({ MultiRegion: true });
    const KeyId = KeyMetadata?.KeyId ?? '';
    expect(KeyId).toMatch(/^mrk-[0-9a-f]{32}$/);
    const { ReplicaKeyMetadata } = await kms.replicateKey({ KeyId, ReplicaRegion: 'eu-west-1' });
    expect(ReplicaKeyMetadata?.MultiRegionConfiguration).toMatchObject({
      MultiRegionKeyType: 'REPLICA',
      PrimaryKey: { Region: 'us-east-1' },
    });
    expect(await failure(kms.replicateKey({ KeyId, ReplicaRegion: 'eu-west-1' }))).toMatch(/^AlreadyExistsException/);
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('x') });
    expect(Buffer.from((await there.decrypt({ CiphertextBlob })).Plaintext ?? []).toString()).toBe('x');
    await kms.rotateKeyOnDemand({ KeyId });
    const rotated = await there.encrypt({ KeyId, Plaintext: text('y') });
    expect(Buffer.from((await kms.decrypt({ CiphertextBlob: rotated.CiphertextBlob })).Plaintext ?? []).toString()).toBe('y');
    await kms.updatePrimaryRegion({ KeyId, PrimaryRegion: 'eu-west-1' });
    expect((await kms.describeKey({ KeyId })).KeyMetadata?.MultiRegionConfiguration?.MultiRegionKeyType).toBe('REPLICA');
    expect((await there.describeKey({ KeyId })).KeyMetadata?.MultiRegionConfiguration).toMatchObject({
      MultiRegionKeyType: 'PRIMARY',
      ReplicaKeys: [{ Region: 'us-east-1' }],
    });
    const single = await kms.createKey({});
    const elsewhere = await kms.encrypt({ KeyId: single.KeyMetadata?.KeyId, Plaintext: text('z') });
    expect(await failure(there.decrypt({ CiphertextBlob: elsewhere.CiphertextBlob }))).toBe(
      `AccessDeniedException: User: arn:aws:iam::${server.account}:root is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
    );
  });

  test('a primary key waits for its replicas before it is deleted', async () => {
    const there = server.kms(undefined, 'eu-west-1');
    const KeyId = (await kms.createKey({ MultiRegion: true })).KeyMetadata?.KeyId ?? '';
    await kms.replicateKey({ KeyId, ReplicaRegion: 'eu-west-1' });
    expect((await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 })).KeyState).toBe('PendingReplicaDeletion');
    await advance(8);
    expect((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState).toBe('PendingReplicaDeletion');
    await there.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
    await advance(8);
    expect(await failure(there.describeKey({ KeyId }))).toMatch(/^NotFoundException/);
    expect((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState).toBe('PendingDeletion');
    await advance(8);
    expect(await failure(kms.describeKey({ KeyId }))).toMatch(/^NotFoundException/);
  });
});

test('a deleted key’s material is gone from the raw files, and what it encrypted is lost', async () => {
  const KeyId = (await kms.createKey({})).KeyMetadata?.KeyId ?? '';
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('lost') });
  await kms.createAlias({ AliasName: 'alias/doomed', TargetKeyId: KeyId });
  const collection = materials.name;
  const raw = (): Buffer => Buffer.concat(readdirSync(server.dataDir).map((file) => readFileSync(join(server.dataDir, file))));
  const sealed = await sealedMaterial(collection, KeyId);
  expect(raw().includes(sealed)).toBe(true);
  await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
  await advance(6);
  expect((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState).toBe('PendingDeletion');
  await advance(2);
  expect(await failure(kms.decrypt({ CiphertextBlob }))).toMatch(/^AccessDeniedException: .*the resource does not exist in this Region/);
  expect(await failure(kms.describeKey({ KeyId: 'alias/doomed' }))).toMatch(/^NotFoundException/);
  expect(raw().includes(sealed)).toBe(false);

  /** The sealed text as it stands in the file, found by the key's own record. */
  async function sealedMaterial(name: string, keyId: string): Promise<Buffer> {
    const { default: Database } = await import('better-sqlite3');
    const copy = join(server.dataDir, 'copy.db');
    const { copyFileSync, rmSync } = await import('node:fs');
    for (const end of ['', '-wal']) copyFileSync(join(server.dataDir, `castellan.db${end}`), `${copy}${end}`);
    const database = new Database(copy);
    const row = database
      .prepare<[string, string], { value: string }>('SELECT value FROM documents WHERE collection = ? AND key LIKE ?')
      .get(name, `%${keyId}%`);
    database.close();
    for (const end of ['', '-wal', '-shm']) rmSync(`${copy}${end}`, { force: true });
    return Buffer.from(/"\$sealed":"([^"]+)"/.exec(row?.value ?? '')?.[1] ?? 'none', 'utf8');
  }
});
