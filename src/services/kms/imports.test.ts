// Imported material of keys with several materials and in several regions, and what is refused. Through the pipeline with AWS's client.
import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import type { ImportKeyMaterialCommandInput, KMS } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

const dayMs = 86_400_000;
let server: InProcess;
let kms: KMS;
let there: KMS;
beforeAll(async () => {
  server = await startInProcess('kms-imports');
  kms = server.kms();
  there = server.kms(undefined, 'eu-west-1');
});
afterAll(() => server.stop());

const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'succeeded',
    (error: Error) => `${error.name}: ${error.message}`,
  );
const external = async (MultiRegion = false) => (await kms.createKey({ Origin: 'EXTERNAL', MultiRegion })).KeyMetadata?.KeyId ?? '';

async function wrapped(client: KMS, KeyId: string, material: Uint8Array) {
  const asked = { KeyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' } as const;
  const { PublicKey = [], ImportToken } = await client.getParametersForImport(asked);
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  const EncryptedKeyMaterial = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, material);
  return { KeyId, ImportToken, EncryptedKeyMaterial };
}

async function imported(client: KMS, KeyId: string, material: Uint8Array, more: Partial<ImportKeyMaterialCommandInput> = {}) {
  return client.importKeyMaterial({
    ...(await wrapped(client, KeyId, material)),
    ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    ...more,
  });
}
const NEW = { ImportType: 'NEW_KEY_MATERIAL' } as const;
const keyState = async (client: KMS, KeyId: string) => (await client.describeKey({ KeyId })).KeyMetadata?.KeyState;
const rotations = async (client: KMS, KeyId: string) =>
  ((await client.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })).Rotations ?? []).map(
    ({ KeyMaterialState, ImportState }) => `${KeyMaterialState} ${ImportState}`,
  );

test('a replica takes the material of its primary key alone, and they open each other’s ciphertext', async () => {
  const KeyId = await external(true);
  const material = randomBytes(32);
  const { KeyMaterialId } = await imported(kms, KeyId, material);
  await kms.replicateKey({ KeyId, ReplicaRegion: 'eu-west-1' });
  expect(await keyState(there, KeyId)).toBe('PendingImport');
  expect(await failure(imported(there, KeyId, randomBytes(32)))).toMatch(/^IncorrectKeyMaterialException/);
  expect(await failure(imported(there, KeyId, randomBytes(32), NEW))).toMatch(/^IncorrectKeyMaterialException/);
  expect((await imported(there, KeyId, material)).KeyMaterialId).toBe(KeyMaterialId);
  expect(await keyState(there, KeyId)).toBe('Enabled');
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('x') });
  expect(Buffer.from((await there.decrypt({ CiphertextBlob })).Plaintext ?? []).toString()).toBe('x');
  // Each key's material is its own to delete.
  await there.deleteImportedKeyMaterial({ KeyId });
  expect([await keyState(kms, KeyId), await keyState(there, KeyId)]).toEqual(['Enabled', 'PendingImport']);
});

test('new material of related keys is imported into each before it is rotated to, on the primary key, for all', async () => {
  const KeyId = await external(true);
  const [first, second] = [randomBytes(32), randomBytes(32)];
  await imported(kms, KeyId, first);
  await kms.replicateKey({ KeyId, ReplicaRegion: 'eu-west-1' });
  await imported(there, KeyId, first);
  const { CiphertextBlob } = await there.encrypt({ KeyId, Plaintext: Buffer.from('old') });
  const { KeyMaterialId } = await imported(kms, KeyId, second, NEW);
  expect(await rotations(kms, KeyId)).toEqual(['CURRENT IMPORTED', 'PENDING_MULTI_REGION_IMPORT_AND_ROTATION IMPORTED']);
  expect(await rotations(there, KeyId)).toEqual(['CURRENT IMPORTED', 'PENDING_ROTATION PENDING_IMPORT']);
  expect(await keyState(there, KeyId)).toBe('Enabled');
  expect(await failure(kms.rotateKeyOnDemand({ KeyId }))).toMatch(/^KMSInvalidStateException/);
  expect(await failure(there.rotateKeyOnDemand({ KeyId }))).toMatch(/^UnsupportedOperationException/);
  await imported(there, KeyId, second, { ImportType: 'EXISTING_KEY_MATERIAL', KeyMaterialId });
  expect(await rotations(kms, KeyId)).toEqual(['CURRENT IMPORTED', 'PENDING_ROTATION IMPORTED']);
  await kms.rotateKeyOnDemand({ KeyId });
  for (const client of [kms, there]) {
    expect(await rotations(client, KeyId)).toEqual(['NON_CURRENT IMPORTED', 'CURRENT IMPORTED']);
    expect((await client.describeKey({ KeyId })).KeyMetadata?.CurrentKeyMaterialId).toBe(KeyMaterialId);
  }
  const fresh = await there.encrypt({ KeyId, Plaintext: Buffer.from('new') });
  expect((await kms.decrypt({ CiphertextBlob: fresh.CiphertextBlob })).KeyMaterialId).toBe(KeyMaterialId);
  expect(Buffer.from((await kms.decrypt({ CiphertextBlob })).Plaintext ?? []).toString()).toBe('old');
  // A replica that comes later has both to get.
  await kms.replicateKey({ KeyId, ReplicaRegion: 'ap-south-1' });
  const late = server.kms(undefined, 'ap-south-1');
  await imported(late, KeyId, second);
  expect(await keyState(late, KeyId)).toBe('PendingImport');
  await imported(late, KeyId, first);
  expect(await keyState(late, KeyId)).toBe('Enabled');
});

test('new material that the primary key loses before the rotation is given up in every region', async () => {
  const KeyId = await external(true);
  const [first, second] = [randomBytes(32), randomBytes(32)];
  await imported(kms, KeyId, first);
  await kms.replicateKey({ KeyId, ReplicaRegion: 'eu-west-1' });
  await imported(there, KeyId, first);
  const { KeyMaterialId } = await imported(kms, KeyId, second, NEW);
  await imported(there, KeyId, second);
  await there.deleteImportedKeyMaterial({ KeyId, KeyMaterialId });
  expect(await rotations(kms, KeyId)).toEqual(['CURRENT IMPORTED', 'PENDING_MULTI_REGION_IMPORT_AND_ROTATION IMPORTED']);
  expect(await keyState(there, KeyId)).toBe('Enabled');
  await kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId });
  for (const client of [kms, there]) expect(await rotations(client, KeyId)).toEqual(['CURRENT IMPORTED']);
});

test('a key with several materials is pending import until all of them are back, and tells when the current one expires', async () => {
  const KeyId = await external();
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const firstId = (await imported(kms, KeyId, first)).KeyMaterialId;
  const ValidTo = new Date(Math.floor(server.clock.now() / 1_000) * 1_000 + 20 * dayMs);
  const secondId = (await imported(kms, KeyId, second, { ...NEW, ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo })).KeyMaterialId;
  expect((await kms.describeKey({ KeyId })).KeyMetadata?.ExpirationModel).toBe('KEY_MATERIAL_DOES_NOT_EXPIRE');
  expect(await failure(imported(kms, KeyId, randomBytes(32), NEW))).toMatch(/^KMSInvalidStateException/);
  await kms.rotateKeyOnDemand({ KeyId });
  expect((await kms.describeKey({ KeyId })).KeyMetadata).toMatchObject({ ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo });
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('x') });
  await kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId: firstId });
  expect(await keyState(kms, KeyId)).toBe('PendingImport');
  server.clock.advance(21 * dayMs);
  await server.work.settle();
  expect(await rotations(kms, KeyId)).toEqual(['NON_CURRENT PENDING_IMPORT', 'CURRENT PENDING_IMPORT']);
  await imported(kms, KeyId, second, { KeyMaterialId: secondId });
  expect(await keyState(kms, KeyId)).toBe('PendingImport');
  // Deletion and its cancelling bring no material back.
  await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
  await kms.cancelKeyDeletion({ KeyId });
  expect(await keyState(kms, KeyId)).toBe('PendingImport');
  await imported(kms, KeyId, first);
  expect(await keyState(kms, KeyId)).toBe('Enabled');
  expect(Buffer.from((await kms.decrypt({ CiphertextBlob })).Plaintext ?? []).toString()).toBe('x');
});

test('what is not the material, its token, its time or its options is refused', async () => {
  const KeyId = await external();
  const material = randomBytes(32);
  const forever = { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' } as const;
  const parameters = await wrapped(kms, KeyId, material);
  const attempt = (more: Partial<ImportKeyMaterialCommandInput>) => failure(kms.importKeyMaterial({ ...parameters, ...forever, ...more }));
  const damaged = Buffer.from(parameters.EncryptedKeyMaterial);
  damaged[9] = (damaged[9] ?? 0) ^ 1;
  const changed = Buffer.from(parameters.ImportToken ?? []);
  changed[changed.length - 1] = changed.at(-1) === 65 ? 66 : 65;
  const soon = (days: number) => ({
    ExpirationModel: 'KEY_MATERIAL_EXPIRES' as const,
    ValidTo: new Date(server.clock.now() + days * dayMs),
  });
  const otherToken = (await wrapped(kms, await external(), material)).ImportToken;
  const laterToken = (await wrapped(kms, KeyId, material)).ImportToken;
  expect(await attempt({ EncryptedKeyMaterial: damaged })).toMatch(/^InvalidCiphertextException/);
  expect(await attempt({ EncryptedKeyMaterial: damaged.subarray(1) })).toMatch(/^InvalidCiphertextException/);
  expect(await attempt({ ImportToken: changed })).toMatch(/^InvalidImportTokenException/);
  expect(await attempt({ ImportToken: otherToken })).toMatch(/^InvalidImportTokenException/);
  // The token of another request belongs to another public key.
  expect(await attempt({ ImportToken: laterToken })).toMatch(/^InvalidCiphertextException/);
  expect(await attempt({ ...soon(-1) })).toMatch(/^ValidationException/);
  expect(await attempt({ ...soon(366) })).toMatch(/^ValidationException/);
  expect(await attempt({ ...soon(1), ValidTo: undefined })).toMatch(/^ValidationException: A validTo date must be set/);
  expect(await attempt({ ValidTo: soon(1).ValidTo })).toMatch(/^ValidationException/);
  expect(await attempt({ ...NEW, KeyMaterialId: '0'.repeat(64) })).toMatch(/^ValidationException/);
  for (const length of [16, 31, 33])
    expect(await failure(imported(kms, KeyId, randomBytes(length)))).toMatch(/^IncorrectKeyMaterialException/);
  expect(await keyState(kms, KeyId)).toBe('PendingImport');
  expect(await attempt(soon(364))).toBe('succeeded');
  expect(await failure(imported(kms, KeyId, material, { KeyMaterialId: '0'.repeat(64) }))).toMatch(/^IncorrectKeyMaterialException/);
  const coding =
    (await kms.createKey({ Origin: 'EXTERNAL', KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })).KeyMetadata?.KeyId ?? '';
  expect(await failure(imported(kms, coding, material, { KeyMaterialDescription: 'mine' }))).toMatch(/^ValidationException/);
  expect(await failure(imported(kms, coding, material))).toBe('succeeded');
  expect(await failure(imported(kms, coding, randomBytes(32)))).toMatch(/^IncorrectKeyMaterialException/);
  expect(await failure(kms.createKey({ Origin: 'EXTERNAL', KeySpec: 'ML_DSA_44', KeyUsage: 'SIGN_VERIFY' }))).toMatch(
    /^UnsupportedOperationException/,
  );
});
