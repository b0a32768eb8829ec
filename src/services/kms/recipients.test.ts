// Attested recipients: what is answered for an enclave only the enclave can read, and policies ask what was measured in it. Documents and their
// authority are made by test/enclave.ts; what is sealed is opened by openssl, which knows nothing of either.
import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, diffieHellman, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KMS, RecipientInfo } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEnclaveAuthority, type EnclaveAuthority } from '../../../test/enclave.ts';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../test/temporary.ts';
import { testUser } from '../../../test/users.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
let authority: EnclaveAuthority;
let server: InProcess;
let kms: KMS;
let directory: TemporaryDirectory;
const enclave = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicKey = enclave.publicKey.export({ format: 'der', type: 'spki' });
beforeAll(async () => {
  directory = temporaryDirectory('recipients');
  writeFileSync(join(directory.path, 'enclave.key'), enclave.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  authority = await createEnclaveAuthority();
  server = await startInProcess('kms-recipients', { attestationRoots: [new X509Certificate(authority.rootPem)] });
  kms = server.kms();
});
afterAll(async () => {
  await server.stop();
  directory.remove();
});

const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'succeeded',
    (error: Error) => `${error.name}: ${error.message}`,
  );
const KeyEncryptionAlgorithm = 'RSAES_OAEP_SHA_256' as const;
async function recipient(more: Partial<Parameters<EnclaveAuthority['document']>[0]> = {}): Promise<RecipientInfo> {
  return { KeyEncryptionAlgorithm, AttestationDocument: await authority.document({ publicKey, ...more }) };
}

/** As the enclave opens it. */
function opened(sealed: Uint8Array | undefined): Buffer {
  const path = join(directory.path, 'sealed.der');
  writeFileSync(path, sealed ?? new Uint8Array(0));
  return execFileSync('openssl', ['cms', '-decrypt', '-inform', 'DER', '-in', path, '-inkey', join(directory.path, 'enclave.key')]);
}

describe.skipIf(!hasOpenssl)('what is answered for an enclave', () => {
  test('is sealed for its key, whatever the operation, and the plaintext is not answered', async () => {
    const { KeyMetadata } = await kms.createKey({});
    const KeyId = KeyMetadata?.KeyId;
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('for the enclave') });
    const decrypted = await kms.decrypt({ CiphertextBlob, Recipient: await recipient() });
    expect([decrypted.Plaintext, opened(decrypted.CiphertextForRecipient).toString()]).toEqual([undefined, 'for the enclave']);
    const dataKey = await kms.generateDataKey({ KeyId, KeySpec: 'AES_256', Recipient: await recipient() });
    expect(dataKey.Plaintext).toBeUndefined();
    const inPlain = await kms.decrypt({ CiphertextBlob: dataKey.CiphertextBlob });
    expect(opened(dataKey.CiphertextForRecipient).equals(Buffer.from(inPlain.Plaintext ?? []))).toBe(true);
    const pair = await kms.generateDataKeyPair({ KeyId, KeyPairSpec: 'ECC_NIST_P256', Recipient: await recipient() });
    expect(pair.PrivateKeyPlaintext).toBeUndefined();
    const privateKey = await kms.decrypt({ CiphertextBlob: pair.PrivateKeyCiphertextBlob });
    expect(opened(pair.CiphertextForRecipient).equals(Buffer.from(privateKey.Plaintext ?? []))).toBe(true);
    const random = await kms.generateRandom({ NumberOfBytes: 77, Recipient: await recipient() });
    expect([random.Plaintext, opened(random.CiphertextForRecipient).length]).toEqual([undefined, 77]);
    const agreeing = await kms.createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' });
    const peer = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const derived = await kms.deriveSharedSecret({
      KeyId: agreeing.KeyMetadata?.KeyId,
      KeyAgreementAlgorithm: 'ECDH',
      PublicKey: peer.publicKey.export({ format: 'der', type: 'spki' }),
      Recipient: await recipient(),
    });
    const { PublicKey = [] } = await kms.getPublicKey({ KeyId: agreeing.KeyMetadata?.KeyId });
    const theirs = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
    expect(derived.SharedSecret).toBeUndefined();
    expect(opened(derived.CiphertextForRecipient).equals(diffieHellman({ privateKey: peer.privateKey, publicKey: theirs }))).toBe(true);
  });
});

test('policies ask what was measured: the image, each register, and those of a NitroTPM', async () => {
  const { KeyMetadata } = await kms.createKey({});
  const { CiphertextBlob } = await kms.encrypt({ KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.from('x') });
  const image = '0a'.repeat(48);
  const allow = (key: string, value: string) => ({
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateRandom'],
    Resource: '*',
    Condition: { StringEqualsIgnoreCase: { [`kms:RecipientAttestation:${key}`]: value } },
  });
  const measured = (more: object) => recipient({ pcrs: { 0: Buffer.alloc(48, 0x0a), 3: Buffer.alloc(48, 3) }, ...more });
  const cases: readonly (readonly [string, string, string, object, boolean])[] = [
    ['image', 'ImageSha384', image.toUpperCase(), {}, true],
    ['other-image', 'ImageSha384', '0b'.repeat(48), {}, false],
    ['register', 'PCR3', '03'.repeat(48), {}, true],
    ['missing-register', 'PCR4', '03'.repeat(48), {}, false],
    ['tpm', 'NitroTPMPCR3', '03'.repeat(48), { isOfTpm: true }, true],
    ['no-tpm', 'NitroTPMPCR3', '03'.repeat(48), {}, false],
    ['image-of-tpm', 'ImageSha384', image, { isOfTpm: true }, false],
  ];
  for (const [name, key, value, more, isAllowed] of cases) {
    const user = server.kms(await testUser(server, name, [allow(key, value)]));
    const Recipient = await measured(more);
    const answers = [
      await failure(user.decrypt({ CiphertextBlob, Recipient })),
      await failure(user.generateRandom({ NumberOfBytes: 8, Recipient })),
    ];
    for (const answer of answers) expect(answer, name).toMatch(isAllowed ? /^succeeded$/ : /^AccessDeniedException/);
    // Without a document nothing was measured.
    expect(await failure(user.decrypt({ CiphertextBlob })), name).toMatch(/^AccessDeniedException/);
  }
});

test('a document that is not what it says is refused in one sentence, and nothing is answered', async () => {
  const { KeyMetadata } = await kms.createKey({});
  const { CiphertextBlob } = await kms.encrypt({ KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.from('x') });
  const decrypt = (Recipient: RecipientInfo) => failure(kms.decrypt({ CiphertextBlob, Recipient }));
  const good = Buffer.from((await recipient()).AttestationDocument ?? []);
  const flipped = (index: number) => ({
    KeyEncryptionAlgorithm,
    AttestationDocument: Buffer.from(good.map((byte, at) => (at === index ? byte ^ 1 : byte))),
  });
  const stranger = await createEnclaveAuthority();
  const late = await createEnclaveAuthority(-30_000);
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'der', type: 'spki' });
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' });
  const wrong: readonly RecipientInfo[] = [
    ...Array.from({ length: 60 }, (_each, step) => flipped(Math.floor((good.length * step) / 60))),
    flipped(good.length - 1),
    { KeyEncryptionAlgorithm, AttestationDocument: good.subarray(0, -1) },
    { KeyEncryptionAlgorithm, AttestationDocument: Buffer.concat([good, Buffer.alloc(1)]) },
    { KeyEncryptionAlgorithm, AttestationDocument: Buffer.from('no document') },
    { KeyEncryptionAlgorithm, AttestationDocument: await stranger.document({ publicKey }) },
    // Another authority's root in front of what it did not sign.
    { KeyEncryptionAlgorithm, AttestationDocument: await stranger.document({ publicKey, bundle: authority.bundle }) },
    { KeyEncryptionAlgorithm, AttestationDocument: await late.document({ publicKey }) },
    await recipient({ bundle: authority.bundle.slice(1) }),
    await recipient({ bundle: [] }),
    await recipient({ publicKey: undefined }),
    await recipient({ publicKey: small }),
    await recipient({ publicKey: elliptic }),
    await recipient({ digest: 'SHA1' }),
    await recipient({ algorithm: -7 }),
    await recipient({ pcrs: {} }),
    await recipient({ pcrs: { 0: Buffer.alloc(20) } }),
    await recipient({ pcrs: { 32: Buffer.alloc(48) } }),
  ];
  const answers = await Promise.all(wrong.map(decrypt));
  expect(
    answers.flatMap((answer, index) => (answer.startsWith('ValidationException: The attestation') ? [] : [`${index} ${answer}`])),
  ).toEqual([]);
  expect(new Set(answers).size).toBe(1);
  expect(await decrypt({ AttestationDocument: good })).toMatch(/^ValidationException/);
  expect(await decrypt({ KeyEncryptionAlgorithm })).toMatch(/^ValidationException/);
  expect(await decrypt({ KeyEncryptionAlgorithm, AttestationDocument: good })).toBe('succeeded');
});

test('an enclave’s certificate ends, and with it what its documents prove; without a trusted root nothing is proven', async () => {
  const { KeyMetadata } = await kms.createKey({});
  const { CiphertextBlob } = await kms.encrypt({ KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.from('x') });
  const Recipient = await recipient();
  server.clock.advance(4 * 3_600_000);
  expect(await failure(kms.decrypt({ CiphertextBlob, Recipient }))).toMatch(/^ValidationException: The attestation/);
  const without = await startInProcess('kms-no-roots');
  const created = await without.kms().createKey({});
  const { CiphertextBlob: there } = await without.kms().encrypt({ KeyId: created.KeyMetadata?.KeyId, Plaintext: Buffer.from('x') });
  expect(await failure(without.kms().decrypt({ CiphertextBlob: there, Recipient }))).toMatch(
    /^UnsupportedOperationException: .*--attestation-roots/,
  );
  await without.stop();
});
