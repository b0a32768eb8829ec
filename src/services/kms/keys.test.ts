// Keys and what they do, through the pipeline with AWS's own client.
import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import type { KeySpec, KeyUsageType, SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let server: InProcess;
let kms: ReturnType<InProcess['kms']>;
beforeAll(async () => {
  server = await startInProcess('kms');
  kms = server.kms();
});
afterAll(() => server.stop());

const text = (value: string) => Buffer.from(value, 'utf8');
const keyOf = async (KeySpec?: KeySpec, KeyUsage?: KeyUsageType): Promise<string> => {
  const { KeyMetadata } = await kms.createKey({ ...(KeySpec && { KeySpec }), ...(KeyUsage && { KeyUsage }) });
  return KeyMetadata?.KeyId ?? '';
};
const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'succeeded',
    (error: Error) => `${error.name}: ${error.message}`,
  );

test('a key without options is symmetric, enabled, the customer’s, and the whole account’s to use', async () => {
  const { KeyMetadata: made } = await kms.createKey({ Description: 'mine', Tags: [{ TagKey: 'team', TagValue: 'a' }] });
  expect(made).toMatchObject({
    AWSAccountId: server.account,
    Arn: `arn:aws:kms:us-east-1:${server.account}:key/${made?.KeyId}`,
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    Description: 'mine',
    Enabled: true,
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    KeyManager: 'CUSTOMER',
    KeyState: 'Enabled',
    KeyUsage: 'ENCRYPT_DECRYPT',
    MultiRegion: false,
    Origin: 'AWS_KMS',
  });
  expect((await kms.describeKey({ KeyId: made?.KeyId })).KeyMetadata).toEqual(made);
  expect((await kms.listResourceTags({ KeyId: made?.KeyId })).Tags).toEqual([{ TagKey: 'team', TagValue: 'a' }]);
  const { Policy } = await kms.getKeyPolicy({ KeyId: made?.KeyId });
  expect(JSON.parse(Policy ?? '').Statement[0]).toMatchObject({ Sid: 'Enable IAM User Permissions', Action: 'kms:*' });
  expect((await kms.listKeys({})).Keys).toContainEqual({ KeyId: made?.KeyId, KeyArn: made?.Arn });
});

describe('symmetric encryption', () => {
  test('gives back the plaintext to whoever has the key and the context, without being told the key', async () => {
    const KeyId = await keyOf();
    const EncryptionContext = { b: '2', a: 'ä' };
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: text('hello'), EncryptionContext });
    const opened = await kms.decrypt({ CiphertextBlob, EncryptionContext: { a: 'ä', b: '2' } });
    expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('hello');
    expect(opened.KeyId).toBe(`arn:aws:kms:us-east-1:${server.account}:key/${KeyId}`);
    expect(opened.KeyMaterialId).toMatch(/^[0-9a-f]{64}$/);
    for (const wrong of [undefined, { a: 'ä' }, { ...EncryptionContext, c: '' }, { a: 'Ä', b: '2' }]) {
      expect(await failure(kms.decrypt({ CiphertextBlob, EncryptionContext: wrong }))).toMatch(/^InvalidCiphertextException/);
    }
    const other = await keyOf();
    expect(await failure(kms.decrypt({ CiphertextBlob, EncryptionContext, KeyId: other }))).toBe(
      'IncorrectKeyException: The key ID in the request does not identify a CMK that can perform this operation.',
    );
  });

  test('every single flipped byte makes a ciphertext invalid', async () => {
    const KeyId = await keyOf();
    const { CiphertextBlob = new Uint8Array() } = await kms.encrypt({ KeyId, Plaintext: text('x') });
    for (let index = 0; index < CiphertextBlob.length; index += 1) {
      const damaged = Buffer.from(CiphertextBlob);
      damaged[index] = (damaged[index] ?? 0) ^ 1;
      // The account and the key's id: another key, which is not there, or none at all.
      const isName = index >= 1 && index < 50;
      expect(await failure(kms.decrypt({ CiphertextBlob: damaged })), `byte ${index}`).toMatch(
        isName ? /^(InvalidCiphertext|AccessDenied)Exception/ : /^InvalidCiphertextException/,
      );
      expect(await failure(kms.decrypt({ CiphertextBlob: damaged, KeyId })), `byte ${index}`).toMatch(/InvalidCiphertext|IncorrectKey/);
    }
    for (const cut of [0, 1, 13, CiphertextBlob.length - 1]) {
      expect(await failure(kms.decrypt({ CiphertextBlob: CiphertextBlob.subarray(0, cut), KeyId }))).toMatch(
        /InvalidCiphertext|Validation/,
      );
    }
  });

  test('moves a ciphertext to another key and context without showing the plaintext', async () => {
    const [from, to] = [await keyOf(), await keyOf()];
    const { CiphertextBlob } = await kms.encrypt({ KeyId: from, Plaintext: text('moved'), EncryptionContext: { v: '1' } });
    const moved = await kms.reEncrypt({
      CiphertextBlob,
      SourceEncryptionContext: { v: '1' },
      DestinationKeyId: to,
      DestinationEncryptionContext: { v: '2' },
    });
    expect(moved.SourceKeyId).toContain(from);
    const opened = await kms.decrypt({ CiphertextBlob: moved.CiphertextBlob, EncryptionContext: { v: '2' } });
    expect([Buffer.from(opened.Plaintext ?? []).toString(), opened.KeyId?.endsWith(to)]).toEqual(['moved', true]);
  });

  test('data keys come in plain and sealed, and pairs with their public half', async () => {
    const KeyId = await keyOf();
    const key = await kms.generateDataKey({ KeyId, KeySpec: 'AES_256' });
    expect(key.Plaintext?.length).toBe(32);
    expect((await kms.decrypt({ CiphertextBlob: key.CiphertextBlob })).Plaintext).toEqual(key.Plaintext);
    const hidden = await kms.generateDataKeyWithoutPlaintext({ KeyId, NumberOfBytes: 77 });
    expect((await kms.decrypt({ CiphertextBlob: hidden.CiphertextBlob })).Plaintext?.length).toBe(77);
    const pair = await kms.generateDataKeyPair({ KeyId, KeyPairSpec: 'ECC_NIST_P256' });
    expect((await kms.decrypt({ CiphertextBlob: pair.PrivateKeyCiphertextBlob })).Plaintext).toEqual(pair.PrivateKeyPlaintext);
    expect(createPublicKey({ key: Buffer.from(pair.PublicKey ?? []), format: 'der', type: 'spki' }).asymmetricKeyDetails?.namedCurve).toBe(
      'prime256v1',
    );
    expect(await failure(kms.generateDataKey({ KeyId }))).toBe('ValidationException: Please specify either number of bytes or key spec.');
    expect((await kms.generateRandom({ NumberOfBytes: 9 })).Plaintext?.length).toBe(9);
  });
});

describe('signatures', () => {
  test.each<[KeySpec, SigningAlgorithmSpec, string | null]>([
    ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_256', 'sha256'],
    ['RSA_2048', 'RSASSA_PSS_SHA_384', 'sha384'],
    ['RSA_2048', 'RSASSA_PSS_SHA_512', 'sha512'],
    ['ECC_NIST_P256', 'ECDSA_SHA_256', 'sha256'],
    ['ECC_NIST_P384', 'ECDSA_SHA_384', 'sha384'],
    ['ECC_NIST_P521', 'ECDSA_SHA_512', 'sha512'],
    ['ECC_SECG_P256K1', 'ECDSA_SHA_256', 'sha256'],
    ['ECC_NIST_EDWARDS25519', 'ED25519_SHA_512', null],
    ['ML_DSA_44', 'ML_DSA_SHAKE_256', null],
  ])('%s signs with %s messages and digests that others verify', async (spec, SigningAlgorithm, hash) => {
    const KeyId = await keyOf(spec, 'SIGN_VERIFY');
    const Message = text('a message');
    const { PublicKey = [], SigningAlgorithms } = await kms.getPublicKey({ KeyId });
    expect(SigningAlgorithms).toContain(SigningAlgorithm);
    const publicKey = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
    const padding = SigningAlgorithm.includes('PSS') ? { padding: 6, saltLength: -1 } : {};
    const raw = await kms.sign({ KeyId, Message, SigningAlgorithm });
    expect(verifySignature(hash, Message, { key: publicKey, ...padding }, Buffer.from(raw.Signature ?? []))).toBe(true);
    expect((await kms.verify({ KeyId, Message, SigningAlgorithm, Signature: raw.Signature })).SignatureValid).toBe(true);
    expect(await failure(kms.verify({ KeyId, Message: text('other'), SigningAlgorithm, Signature: raw.Signature }))).toMatch(
      /^KMSInvalidSignature/,
    );
    if (hash === null) return;
    const digest = createHash(hash).update(Message).digest();
    const signed = await kms.sign({ KeyId, Message: digest, MessageType: 'DIGEST', SigningAlgorithm });
    expect(verifySignature(hash, Message, { key: publicKey, ...padding }, Buffer.from(signed.Signature ?? []))).toBe(true);
    const check = { KeyId, Message: digest, MessageType: 'DIGEST' as const, SigningAlgorithm };
    expect((await kms.verify({ ...check, Signature: raw.Signature })).SignatureValid).toBe(true);
    expect(await failure(kms.verify({ ...check, Message: createHash(hash).update('no').digest(), Signature: raw.Signature }))).toMatch(
      /^KMSInvalidSig/,
    );
    expect(await failure(kms.sign({ ...check, Message: text('short') }))).toMatch(/^ValidationException: Digest is invalid length/);
  });

  test('Ed25519ph and ML-DSA take what was hashed elsewhere', async () => {
    const edwards = await keyOf('ECC_NIST_EDWARDS25519', 'SIGN_VERIFY');
    const digest = createHash('sha512').update('m').digest();
    const ph = { KeyId: edwards, Message: digest, MessageType: 'DIGEST' as const, SigningAlgorithm: 'ED25519_PH_SHA_512' as const };
    const { Signature } = await kms.sign(ph);
    expect((await kms.verify({ ...ph, Signature })).SignatureValid).toBe(true);
    const { ed25519ph } = await import('@noble/curves/ed25519.js');
    const { PublicKey = [] } = await kms.getPublicKey({ KeyId: edwards });
    expect(ed25519ph.verify(Uint8Array.from(Signature ?? []), text('m'), Uint8Array.from(PublicKey.slice(-32)))).toBe(true);
    const lattice = await keyOf('ML_DSA_65', 'SIGN_VERIFY');
    const mu = {
      KeyId: lattice,
      Message: Buffer.alloc(64, 7),
      MessageType: 'EXTERNAL_MU' as const,
      SigningAlgorithm: 'ML_DSA_SHAKE_256' as const,
    };
    const signed = await kms.sign(mu);
    expect((await kms.verify({ ...mu, Signature: signed.Signature })).SignatureValid).toBe(true);
  });
});

test('codes, shared secrets and RSA encryption agree with other implementations', async () => {
  const mac = await keyOf('HMAC_384', 'GENERATE_VERIFY_MAC');
  const made = await kms.generateMac({ KeyId: mac, Message: text('m'), MacAlgorithm: 'HMAC_SHA_384' });
  expect((await kms.verifyMac({ KeyId: mac, Message: text('m'), Mac: made.Mac, MacAlgorithm: 'HMAC_SHA_384' })).MacValid).toBe(true);
  expect(await failure(kms.verifyMac({ KeyId: mac, Message: text('n'), Mac: made.Mac, MacAlgorithm: 'HMAC_SHA_384' }))).toMatch(
    /^KMSInvalidMac/,
  );
  const [left, right] = [await keyOf('ECC_NIST_P256', 'KEY_AGREEMENT'), await keyOf('ECC_NIST_P256', 'KEY_AGREEMENT')];
  const derive = async (KeyId: string, peer: string) =>
    (await kms.deriveSharedSecret({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: (await kms.getPublicKey({ KeyId: peer })).PublicKey }))
      .SharedSecret;
  expect(await derive(left, right)).toEqual(await derive(right, left));
  const { constants, publicEncrypt } = await import('node:crypto');
  const KeyId = await keyOf('RSA_2048', 'ENCRYPT_DECRYPT');
  const key = createPublicKey({ key: Buffer.from((await kms.getPublicKey({ KeyId })).PublicKey ?? []), format: 'der', type: 'spki' });
  const CiphertextBlob = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, text('rsa'));
  const opened = await kms.decrypt({ KeyId, CiphertextBlob, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' });
  expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('rsa');
});

test('says no in AWS’s words', async () => {
  const KeyId = await keyOf();
  const arn = `arn:aws:kms:us-east-1:${server.account}:key/${KeyId}`;
  const missing = '11111111-2222-3333-4444-555555555555';
  expect(await failure(kms.describeKey({ KeyId: missing }))).toBe(
    `NotFoundException: Key 'arn:aws:kms:us-east-1:${server.account}:key/${missing}' does not exist`,
  );
  expect(await failure(kms.describeKey({ KeyId: 'alias/none' }))).toBe(
    `NotFoundException: Alias arn:aws:kms:us-east-1:${server.account}:alias/none is not found.`,
  );
  await kms.disableKey({ KeyId });
  expect(await failure(kms.encrypt({ KeyId, Plaintext: text('x') }))).toBe(`DisabledException: ${arn} is disabled.`);
  await kms.enableKey({ KeyId });
  await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 });
  expect(await failure(kms.encrypt({ KeyId, Plaintext: text('x') }))).toBe(`KMSInvalidStateException: ${arn} is pending deletion.`);
  expect((await kms.cancelKeyDeletion({ KeyId })).KeyId).toBe(arn);
  expect((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState).toBe('Disabled');
  const signing = await keyOf('ECC_NIST_P256', 'SIGN_VERIFY');
  expect(await failure(kms.encrypt({ KeyId: signing, Plaintext: text('x') }))).toMatch(
    /^InvalidKeyUsageException: .* key usage is SIGN_VERIFY which is not valid for Encrypt/,
  );
  expect(await failure(kms.createKey({ KeySpec: 'HMAC_256' }))).toMatch(/^ValidationException: You must specify a KeyUsage value/);
  const lockout = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 'kms:Encrypt', Resource: '*' }],
  });
  expect(await failure(kms.createKey({ Policy: lockout }))).toBe(
    'MalformedPolicyDocumentException: The new key policy will not allow you to update the key policy in the future.',
  );
  expect(await failure(kms.encrypt({ KeyId: signing, Plaintext: text('x'), DryRun: true }))).toMatch(/^InvalidKeyUsage/);
});

test('aliases name keys, move, and are refused when reserved', async () => {
  const [one, two] = [await keyOf(), await keyOf()];
  await kms.createAlias({ AliasName: 'alias/app', TargetKeyId: one });
  expect((await kms.describeKey({ KeyId: 'alias/app' })).KeyMetadata?.KeyId).toBe(one);
  await kms.updateAlias({ AliasName: 'alias/app', TargetKeyId: two });
  const { CiphertextBlob } = await kms.encrypt({ KeyId: `arn:aws:kms:us-east-1:${server.account}:alias/app`, Plaintext: text('x') });
  expect((await kms.decrypt({ CiphertextBlob })).KeyId).toContain(two);
  expect((await kms.listAliases({ KeyId: two })).Aliases).toMatchObject([{ AliasName: 'alias/app', TargetKeyId: two }]);
  expect(await failure(kms.createAlias({ AliasName: 'alias/app', TargetKeyId: one }))).toBe(
    `AlreadyExistsException: An alias with the name arn:aws:kms:us-east-1:${server.account}:alias/app already exists`,
  );
  expect(await failure(kms.createAlias({ AliasName: 'alias/aws/mine', TargetKeyId: one }))).toMatch(/^InvalidAliasNameException/);
  await kms.deleteAlias({ AliasName: 'alias/app' });
  expect((await kms.listAliases({ KeyId: two })).Aliases).toEqual([]);
});

test('describing a predefined alias makes its AWS managed key, which its service alone uses and nobody changes', async () => {
  const { KeyMetadata: made } = await kms.describeKey({ KeyId: 'alias/aws/ebs' });
  expect(made).toMatchObject({
    KeyManager: 'AWS',
    Description: 'Default key that protects my EBS volumes when no other key is defined',
    KeyState: 'Enabled',
    KeyUsage: 'ENCRYPT_DECRYPT',
  });
  expect((await kms.describeKey({ KeyId: `arn:aws:kms:us-east-1:${server.account}:alias/aws/ebs` })).KeyMetadata?.KeyId).toBe(made?.KeyId);
  expect((await kms.listAliases({ KeyId: made?.KeyId })).Aliases).toMatchObject([{ AliasName: 'alias/aws/ebs' }]);
  expect((await kms.getKeyRotationStatus({ KeyId: made?.KeyId })).KeyRotationEnabled).toBe(true);
  for (const refused of [
    kms.encrypt({ KeyId: 'alias/aws/ebs', Plaintext: text('x') }),
    kms.disableKey({ KeyId: made?.KeyId }),
    kms.scheduleKeyDeletion({ KeyId: made?.KeyId }),
    kms.createAlias({ AliasName: 'alias/mine', TargetKeyId: made?.KeyId }),
    kms.putKeyPolicy({ KeyId: made?.KeyId, Policy: '{}' }),
  ]) {
    expect(await failure(refused)).toMatch(/^AccessDeniedException/);
  }
  expect(await failure(kms.describeKey({ KeyId: 'alias/aws/nothing' }))).toMatch(/^NotFoundException: Alias /);
  expect(await failure(kms.encrypt({ KeyId: 'alias/aws/fsx', Plaintext: text('x') }))).toMatch(/^NotFoundException: Alias /);
});

test('a key is replicated into regions that are there and that the account uses', async () => {
  const { KeyMetadata } = await kms.createKey({ MultiRegion: true });
  const replicate = (ReplicaRegion: string) => failure(kms.replicateKey({ KeyId: KeyMetadata?.KeyId, ReplicaRegion }));
  expect(await replicate('xx-west-1')).toMatch(/^ValidationException/);
  expect(await replicate('af-south-1')).toMatch(/^ValidationException/);
  expect(await replicate('us-east-1')).toMatch(/^ValidationException/);
  expect(await replicate('eu-north-1')).toBe('succeeded');
});
