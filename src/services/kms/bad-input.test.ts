// Bad input to everything that does cryptography: changed, cut off, made longer, of another key, account, region, kind or curve. Every refusal is
// AWS's, and no two refusals of the same operation can be told apart by text or time. Through the pipeline with AWS's client.
import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { EncryptionAlgorithmSpec, KeySpec, KeyUsageType, KMS, SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { decryptWith, encryptWith } from './ciphertext.ts';

let server: InProcess;
let kms: KMS;
beforeAll(async () => {
  server = await startInProcess('kms-bad-input');
  kms = server.kms();
});
afterAll(() => server.stop());

const text = (value: string) => Buffer.from(value, 'utf8');
const keyOf = async (KeySpec?: KeySpec, KeyUsage?: KeyUsageType): Promise<string> =>
  (await kms.createKey({ ...(KeySpec && { KeySpec }), ...(KeyUsage && { KeyUsage }) })).KeyMetadata?.KeyId ?? '';
const failure = (call: Promise<unknown>) =>
  call.then(
    () => 'succeeded',
    (error: Error) => `${error.name}: ${error.message}`,
  );
const flipped = (bytes: Uint8Array, index: number) => Buffer.from(bytes.map((byte, at) => (at === index ? byte ^ 1 : byte)));
const indices = (bytes: Uint8Array, step = 1) => Array.from({ length: Math.ceil(bytes.length / step) }, (_each, index) => index * step);
/** Changed in one byte, for each byte; cut off; made longer. */
const damaged = (bytes: Uint8Array, step = 1): readonly Buffer[] => [
  ...indices(bytes, step).map((index) => flipped(bytes, index)),
  ...[1, 2, 16, bytes.length - 1].map((cut) => Buffer.from(bytes.subarray(0, bytes.length - cut))),
  Buffer.concat([bytes, Buffer.alloc(1)]),
  Buffer.concat([Buffer.alloc(1), bytes]),
];
const invalidCiphertext = 'InvalidCiphertextException: UnknownError';
const incorrectKey = 'IncorrectKeyException: The key ID in the request does not identify a CMK that can perform this operation.';

describe('a symmetric ciphertext', () => {
  test('re-encrypts from no changed, cut off or longer form of it, nor in another context or under another key', async () => {
    const [KeyId, DestinationKeyId] = [await keyOf(), await keyOf()];
    const SourceEncryptionContext = { a: 'b' };
    const { CiphertextBlob = new Uint8Array() } = await kms.encrypt({
      KeyId,
      Plaintext: text('x'),
      EncryptionContext: SourceEncryptionContext,
    });
    const move = (blob: Uint8Array, more: object = {}) =>
      failure(kms.reEncrypt({ CiphertextBlob: blob, SourceEncryptionContext, DestinationKeyId, ...more }));
    expect(await move(CiphertextBlob)).toBe('succeeded');
    const answers = new Set<string>();
    for (const blob of damaged(CiphertextBlob)) {
      answers.add(await move(blob));
      const named = await move(blob, { SourceKeyId: KeyId });
      expect([invalidCiphertext, incorrectKey]).toContain(named);
    }
    // The account and the key's id: another key, which is not there.
    expect([...answers].filter((answer) => !answer.startsWith('AccessDeniedException'))).toEqual([invalidCiphertext]);
    expect(await move(CiphertextBlob, { SourceEncryptionContext: { a: 'c' } })).toBe(invalidCiphertext);
    expect(await move(CiphertextBlob, { SourceKeyId: DestinationKeyId })).toBe(incorrectKey);
    expect(await move(CiphertextBlob, { DestinationKeyId: await keyOf('HMAC_256', 'GENERATE_VERIFY_MAC') })).toMatch(
      /^InvalidKeyUsageException/,
    );
    expect(await move(CiphertextBlob, { DestinationKeyId: '11111111-2222-3333-4444-555555555555' })).toMatch(/^NotFoundException/);
  });

  test('is refused in one sentence, whatever is wrong with it', async () => {
    const KeyId = await keyOf();
    const EncryptionContext = { a: 'b' };
    const { CiphertextBlob = new Uint8Array() } = await kms.encrypt({ KeyId, Plaintext: text('plaintext'), EncryptionContext });
    const last = CiphertextBlob.length - 1;
    const ways: readonly (readonly [Uint8Array, Record<string, string> | undefined])[] = [
      [CiphertextBlob, undefined],
      [CiphertextBlob, { a: 'c' }],
      [CiphertextBlob, { a: 'b', c: 'd' }],
      [CiphertextBlob, { A: 'b' }],
      // The material's id, the nonce, the ciphertext, the tag.
      ...[60, 85, 100, last].map((index) => [flipped(CiphertextBlob, index), EncryptionContext] as const),
      [CiphertextBlob.subarray(0, last), EncryptionContext],
      [CiphertextBlob.subarray(0, 50), EncryptionContext],
      [randomBytes(150), EncryptionContext],
      [text('no ciphertext at all'), EncryptionContext],
    ];
    const answers = await Promise.all(
      ways.flatMap(([blob, context]) =>
        [{}, { KeyId }].map((named) => failure(kms.decrypt({ CiphertextBlob: blob, EncryptionContext: context, ...named }))),
      ),
    );
    expect(new Set(answers)).toEqual(new Set([invalidCiphertext]));
  });

  test('of a key of another account or region, or of one that never was, is refused as one that may not be used', async () => {
    const foreign = server.kms(await server.addAccount('333344445555'));
    const theirs = (await foreign.createKey({})).KeyMetadata?.Arn ?? '';
    const { CiphertextBlob: ofOtherAccount } = await foreign.encrypt({ KeyId: theirs, Plaintext: text('theirs') });
    const elsewhere = server.kms(undefined, 'eu-west-1');
    const { KeyMetadata } = await elsewhere.createKey({});
    const { CiphertextBlob: ofOtherRegion } = await elsewhere.encrypt({ KeyId: KeyMetadata?.KeyId, Plaintext: text('elsewhere') });
    const { CiphertextBlob = new Uint8Array() } = await kms.encrypt({ KeyId: await keyOf(), Plaintext: text('x') });
    const ofNoKey = flipped(CiphertextBlob, 20);
    for (const blob of [ofOtherAccount, ofOtherRegion, ofNoKey]) {
      expect(await failure(kms.decrypt({ CiphertextBlob: blob }))).toMatch(
        /^AccessDeniedException: User: \S+ is not authorized to perform: kms:Decrypt on /,
      );
      expect(await failure(kms.reEncrypt({ CiphertextBlob: blob, DestinationKeyId: await keyOf() }))).toMatch(
        /^AccessDeniedException: User: \S+ is not authorized to perform: kms:ReEncryptFrom on /,
      );
    }
    const mine = await kms.createKey({});
    for (const KeyId of [theirs, KeyMetadata?.Arn, mine.KeyMetadata?.Arn?.replace('us-east-1', 'eu-west-1')]) {
      const encrypt = await failure(kms.encrypt({ KeyId, Plaintext: text('x') }));
      const move = await failure(kms.reEncrypt({ CiphertextBlob, DestinationKeyId: KeyId }));
      for (const answer of [encrypt, move]) expect(answer).toMatch(/^(?:AccessDenied|NotFound)Exception: /);
    }
  });

  test('takes as long to refuse for a wrong context or key as for a changed byte, wherever it is', { retry: 3 }, () => {
    const [material, other] = [createSecretKey(randomBytes(32)), createSecretKey(randomBytes(32))];
    const header = { account: '111122223333', keyId: '1234abcd-12ab-34cd-56ef-1234567890ab', materialId: 'ab'.repeat(32) };
    const blob = encryptWith(material, header, randomBytes(16), randomBytes(1024), { a: 'b' });
    const ways = {
      context: () => decryptWith(material, blob, { a: 'c' }),
      key: () => decryptWith(other, blob, { a: 'b' }),
      first: () => decryptWith(material, changedFirst, { a: 'b' }),
      tag: () => decryptWith(material, changedTag, { a: 'b' }),
    };
    const [changedFirst, changedTag] = [flipped(blob, 100), flipped(blob, blob.length - 1)];
    const times = medianTimes(ways, 3_000);
    const [least, most] = [Math.min(...Object.values(times)), Math.max(...Object.values(times))];
    expect(most / least, JSON.stringify(times)).toBeLessThan(1.2);
  });
});

/** Microseconds, of each way in turn, so that what slows the machine down slows all of them down. */
function medianTimes(ways: Readonly<Record<string, () => unknown>>, rounds: number): Readonly<Record<string, number>> {
  const times = Object.entries(ways).map(([name, run]) => ({ name, run, took: [] as number[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { run, took } of times) {
      const began = performance.now();
      if (run() !== undefined) throw new Error('it opened');
      took.push(performance.now() - began);
    }
  }
  return Object.fromEntries(times.map(({ name, took }) => [name, (took.toSorted((left, right) => left - right)[rounds / 2] ?? 0) * 1_000]));
}

test.each<EncryptionAlgorithmSpec>(['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'])(
  'an RSA ciphertext opens with %s unchanged, in its algorithm, under its key, and is refused in one sentence otherwise',
  async (EncryptionAlgorithm) => {
    const [KeyId, other] = [await keyOf('RSA_2048', 'ENCRYPT_DECRYPT'), await keyOf('RSA_2048', 'ENCRYPT_DECRYPT')];
    const { CiphertextBlob = new Uint8Array() } = await kms.encrypt({ KeyId, Plaintext: text('x'), EncryptionAlgorithm });
    const answers = await Promise.all([
      ...damaged(CiphertextBlob, 8).map((blob) => failure(kms.decrypt({ KeyId, CiphertextBlob: blob, EncryptionAlgorithm }))),
      failure(kms.decrypt({ KeyId: other, CiphertextBlob, EncryptionAlgorithm })),
      failure(
        kms.decrypt({
          KeyId,
          CiphertextBlob,
          EncryptionAlgorithm: EncryptionAlgorithm === 'RSAES_OAEP_SHA_1' ? 'RSAES_OAEP_SHA_256' : 'RSAES_OAEP_SHA_1',
        }),
      ),
      failure(kms.decrypt({ KeyId, CiphertextBlob: Buffer.alloc(256), EncryptionAlgorithm })),
      failure(kms.decrypt({ KeyId, CiphertextBlob: Buffer.alloc(256, 255), EncryptionAlgorithm })),
    ]);
    expect(new Set(answers)).toEqual(new Set([invalidCiphertext]));
    expect(await failure(kms.decrypt({ KeyId, CiphertextBlob, EncryptionAlgorithm, EncryptionContext: { a: 'b' } }))).toMatch(
      /^ValidationException/,
    );
    expect(await failure(kms.decrypt({ CiphertextBlob, EncryptionAlgorithm }))).toMatch(
      /^(?:ValidationException|InvalidCiphertextException)/,
    );
    const most = EncryptionAlgorithm === 'RSAES_OAEP_SHA_1' ? 214 : 190;
    expect(await failure(kms.encrypt({ KeyId, Plaintext: randomBytes(most), EncryptionAlgorithm }))).toBe('succeeded');
    expect(await failure(kms.encrypt({ KeyId, Plaintext: randomBytes(most + 1), EncryptionAlgorithm }))).toMatch(/^ValidationException/);
  },
);

test.each<readonly [KeySpec, SigningAlgorithmSpec, number]>([
  ['RSA_2048', 'RSASSA_PSS_SHA_256', 8],
  ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_512', 8],
  ['ECC_NIST_P256', 'ECDSA_SHA_256', 1],
  ['ECC_NIST_P521', 'ECDSA_SHA_512', 4],
  ['ECC_SECG_P256K1', 'ECDSA_SHA_256', 1],
  ['ECC_NIST_EDWARDS25519', 'ED25519_SHA_512', 1],
  ['ML_DSA_44', 'ML_DSA_SHAKE_256', 100],
])(
  'a signature of %s with %s counts for nothing changed, cut off, longer, or of another key or message',
  async (spec, SigningAlgorithm, step) => {
    const [KeyId, other] = [await keyOf(spec, 'SIGN_VERIFY'), await keyOf(spec, 'SIGN_VERIFY')];
    const Message = text('message');
    const { Signature = new Uint8Array() } = await kms.sign({ KeyId, Message, SigningAlgorithm });
    const verify = (signature: Uint8Array, more: object = {}) =>
      failure(kms.verify({ KeyId, Message, SigningAlgorithm, Signature: signature, ...more }));
    expect(await verify(Signature)).toBe('succeeded');
    const answers = await Promise.all([
      ...damaged(Signature, step).map((signature) => verify(signature)),
      verify(Signature, { KeyId: other }),
      verify(Signature, { Message: text('Message') }),
      verify(Buffer.alloc(Signature.length)),
      verify(text('none')),
    ]);
    expect(new Set(answers)).toEqual(new Set(['KMSInvalidSignatureException: UnknownError']));
    expect(await verify(new Uint8Array(0))).toMatch(/^ValidationException/);
    const longest = await failure(kms.sign({ KeyId, Message: Buffer.alloc(4096), SigningAlgorithm }));
    const longer = await failure(kms.sign({ KeyId, Message: Buffer.alloc(4097), SigningAlgorithm }));
    expect([longest, longer.split(':')[0]]).toEqual(['succeeded', 'ValidationException']);
  },
);

test('a code counts for nothing changed, cut off, longer, or of another key or message', async () => {
  const [KeyId, other] = [await keyOf('HMAC_256', 'GENERATE_VERIFY_MAC'), await keyOf('HMAC_256', 'GENERATE_VERIFY_MAC')];
  const coded = { KeyId, Message: text('message'), MacAlgorithm: 'HMAC_SHA_256' as const };
  const { Mac = new Uint8Array() } = await kms.generateMac(coded);
  const verify = (mac: Uint8Array, more: object = {}) => failure(kms.verifyMac({ ...coded, Mac: mac, ...more }));
  expect(await verify(Mac)).toBe('succeeded');
  const answers = await Promise.all([
    ...damaged(Mac).map((mac) => verify(mac)),
    verify(Mac, { KeyId: other }),
    verify(Mac, { Message: text('other') }),
  ]);
  expect(new Set(answers)).toEqual(new Set(['KMSInvalidMacException: UnknownError']));
  expect(await verify(new Uint8Array(0))).toMatch(/^ValidationException/);
  expect(await verify(Mac, { MacAlgorithm: 'HMAC_SHA_512' })).toMatch(/^InvalidKeyUsageException/);
  expect(await failure(kms.generateMac({ ...coded, Message: Buffer.alloc(4096) }))).toBe('succeeded');
  expect(await failure(kms.generateMac({ ...coded, Message: Buffer.alloc(4097) }))).toMatch(/^ValidationException/);
});

describe('a shared secret', () => {
  const derOf = (namedCurve: string, paramEncoding: 'named' | 'explicit' = 'named') =>
    generateKeyPairSync('ec', { namedCurve, paramEncoding }).publicKey.export({ type: 'spki', format: 'der' });

  test('is derived with a public key on the curve alone, and everything else is refused in one sentence', async () => {
    const KeyId = await keyOf('ECC_NIST_P256', 'KEY_AGREEMENT');
    const good = derOf('prime256v1');
    const derive = (PublicKey: Uint8Array) => failure(kms.deriveSharedSecret({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey }));
    expect(await derive(good)).toBe('succeeded');
    // The last 64 bytes are the point: a changed one is not on the curve.
    const offCurve = indices(good.subarray(-64)).map((index) => flipped(good, good.length - 64 + index));
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const infinity = Buffer.from('3019301306072a8648ce3d020106082a8648ce3d03010703020000', 'hex');
    const wrong = [
      ...offCurve,
      derOf('secp384r1'),
      derOf('secp256k1'),
      derOf('prime256v1', 'explicit'),
      infinity,
      privateKey.export({ type: 'pkcs8', format: 'der' }),
      generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'der' }),
      generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' }),
      Buffer.concat([good, Buffer.alloc(1)]),
      good.subarray(0, -1),
      good.subarray(-65),
      Buffer.from(good.toString('base64'), 'latin1'),
      Buffer.alloc(8192),
    ];
    const answers = await Promise.all(wrong.map(derive));
    expect(new Set(answers).size, [...new Set(answers)].join('\n')).toBe(1);
    expect(answers[0]).toMatch(/^ValidationException: /);
    expect(await derive(Buffer.alloc(8193))).toMatch(/^ValidationException: 1 validation error detected/);
  });
});

test('a key does what its usage says and nothing else', async () => {
  const { PublicKey } = await kms.getPublicKey({ KeyId: await keyOf('ECC_NIST_P256', 'KEY_AGREEMENT') });
  const Plaintext = text('x');
  const blob = (await kms.encrypt({ KeyId: await keyOf(), Plaintext })).CiphertextBlob;
  const uses: readonly (readonly [string, KeyUsageType, (KeyId: string) => Promise<unknown>])[] = [
    ['Encrypt', 'ENCRYPT_DECRYPT', (KeyId) => kms.encrypt({ KeyId, Plaintext })],
    ['Decrypt', 'ENCRYPT_DECRYPT', (KeyId) => kms.decrypt({ KeyId, CiphertextBlob: blob })],
    ['ReEncrypt', 'ENCRYPT_DECRYPT', (KeyId) => kms.reEncrypt({ CiphertextBlob: blob, DestinationKeyId: KeyId })],
    ['GenerateDataKey', 'ENCRYPT_DECRYPT', (KeyId) => kms.generateDataKey({ KeyId, KeySpec: 'AES_128' })],
    ['GenerateDataKeyPair', 'ENCRYPT_DECRYPT', (KeyId) => kms.generateDataKeyPair({ KeyId, KeyPairSpec: 'ECC_NIST_P256' })],
    ['Sign', 'SIGN_VERIFY', (KeyId) => kms.sign({ KeyId, Message: Plaintext, SigningAlgorithm: 'ECDSA_SHA_256' })],
    [
      'Verify',
      'SIGN_VERIFY',
      (KeyId) => kms.verify({ KeyId, Message: Plaintext, Signature: Plaintext, SigningAlgorithm: 'ECDSA_SHA_256' }),
    ],
    ['GenerateMac', 'GENERATE_VERIFY_MAC', (KeyId) => kms.generateMac({ KeyId, Message: Plaintext, MacAlgorithm: 'HMAC_SHA_256' })],
    [
      'VerifyMac',
      'GENERATE_VERIFY_MAC',
      (KeyId) => kms.verifyMac({ KeyId, Message: Plaintext, Mac: Plaintext, MacAlgorithm: 'HMAC_SHA_256' }),
    ],
    ['DeriveSharedSecret', 'KEY_AGREEMENT', (KeyId) => kms.deriveSharedSecret({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey })],
  ];
  const kinds: readonly (readonly [KeySpec, KeyUsageType])[] = [
    ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'],
    ['ECC_NIST_P256', 'SIGN_VERIFY'],
    ['ECC_NIST_P256', 'KEY_AGREEMENT'],
    ['HMAC_256', 'GENERATE_VERIFY_MAC'],
  ];
  for (const [spec, usage] of kinds) {
    const KeyId = await keyOf(spec, usage);
    const arn = `arn:aws:kms:us-east-1:${server.account}:key/${KeyId}`;
    for (const [name, wanted, call] of uses) {
      if (wanted === usage) continue;
      expect(await failure(call(KeyId))).toBe(`InvalidKeyUsageException: ${arn} key usage is ${usage} which is not valid for ${name}.`);
    }
  }
  const rsa = await keyOf('RSA_2048', 'ENCRYPT_DECRYPT');
  const ofRsa = /^InvalidKeyUsageException/;
  expect(await failure(kms.encrypt({ KeyId: rsa, Plaintext }))).toMatch(ofRsa);
  expect(await failure(kms.encrypt({ KeyId: await keyOf(), Plaintext, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }))).toMatch(ofRsa);
  expect(await failure(kms.generateDataKey({ KeyId: rsa, KeySpec: 'AES_128' }))).toMatch(ofRsa);
  const curve = await keyOf('ECC_NIST_P256', 'SIGN_VERIFY');
  expect(await failure(kms.sign({ KeyId: curve, Message: Plaintext, SigningAlgorithm: 'ECDSA_SHA_384' }))).toMatch(ofRsa);
  expect(await failure(kms.getPublicKey({ KeyId: await keyOf() }))).toMatch(/^UnsupportedOperationException/);
});
