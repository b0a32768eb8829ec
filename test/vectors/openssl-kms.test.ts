// KMS and OpenSSL, of which neither knows the other: what KMS signs OpenSSL verifies with the public key that KMS gives out, and what OpenSSL
// encrypts KMS opens. ML-DSA and Ed25519ph are not in the OpenSSL of today's distributions.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  AlgorithmSpec,
  EncryptionAlgorithmSpec,
  KeySpec,
  KeyUsageType,
  SigningAlgorithmSpec,
  WrappingKeySpec,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../in-process.ts';
import { temporaryDirectory } from '../temporary.ts';

const isThere = spawnSync('openssl', ['version']).status === 0;
const directory = temporaryDirectory('openssl-kms');
let server: InProcess;
let kms: ReturnType<InProcess['kms']>;
beforeAll(async () => {
  server = await startInProcess('openssl-kms');
  kms = server.kms();
});
afterAll(async () => {
  await server.stop();
  directory.remove();
});

const message = Buffer.from('what the castle says');

function file(name: string, bytes: Uint8Array): string {
  const path = join(directory.path, name);
  writeFileSync(path, bytes);
  return path;
}

const openssl = (...given: readonly string[]) => execFileSync('openssl', given, { stdio: ['ignore', 'pipe', 'pipe'] });
const isVerified = (...given: readonly string[]) => spawnSync('openssl', given).status === 0;

async function publicKeyFile(KeyId: string, name: string): Promise<string> {
  const { PublicKey = new Uint8Array(0) } = await kms.getPublicKey({ KeyId });
  const pem = openssl('pkey', '-pubin', '-inform', 'DER', '-in', file(`${name}.der`, PublicKey));
  return file(`${name}.pem`, pem);
}

const pss = ['-pkeyopt', 'rsa_padding_mode:pss', '-pkeyopt', 'rsa_pss_saltlen:digest'];
const signatures: readonly (readonly [KeySpec, SigningAlgorithmSpec, string, readonly string[]])[] = [
  ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_256', 'sha256', []],
  ['RSA_2048', 'RSASSA_PSS_SHA_512', 'sha512', pss],
  ['RSA_3072', 'RSASSA_PSS_SHA_384', 'sha384', pss],
  ['RSA_4096', 'RSASSA_PKCS1_V1_5_SHA_512', 'sha512', []],
  ['ECC_NIST_P256', 'ECDSA_SHA_256', 'sha256', []],
  ['ECC_NIST_P384', 'ECDSA_SHA_384', 'sha384', []],
  ['ECC_NIST_P521', 'ECDSA_SHA_512', 'sha512', []],
  ['ECC_SECG_P256K1', 'ECDSA_SHA_256', 'sha256', []],
];

describe.skipIf(!isThere)('OpenSSL', () => {
  test.each(signatures)(
    'verifies what a %s key signs with %s, message and digest alike',
    async (KeySpec, SigningAlgorithm, hash, options) => {
      const { KeyMetadata } = await kms.createKey({ KeySpec, KeyUsage: 'SIGN_VERIFY' });
      const KeyId = KeyMetadata?.KeyId ?? '';
      const name = `${KeySpec}-${SigningAlgorithm}`;
      const key = await publicKeyFile(KeyId, name);
      const digest = createHash(hash).update(message).digest();
      const raw = await kms.sign({ KeyId, SigningAlgorithm, Message: message });
      const digested = await kms.sign({ KeyId, SigningAlgorithm, Message: digest, MessageType: 'DIGEST' });
      for (const { Signature = new Uint8Array(0) } of [raw, digested]) {
        const verify = (bytes: Uint8Array) =>
          isVerified(
            ...[
              'pkeyutl',
              '-verify',
              '-pubin',
              '-inkey',
              key,
              '-in',
              file(`${name}.digest`, digest),
              '-sigfile',
              file(`${name}.sig`, bytes),
            ],
            ...['-pkeyopt', `digest:${hash}`, ...options],
          );
        expect(verify(Signature)).toBe(true);
        const forged = Buffer.from(Signature);
        forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
        expect(verify(forged)).toBe(false);
      }
    },
  );

  test('verifies Ed25519', async () => {
    const { KeyMetadata } = await kms.createKey({ KeySpec: 'ECC_NIST_EDWARDS25519', KeyUsage: 'SIGN_VERIFY' });
    const KeyId = KeyMetadata?.KeyId ?? '';
    const key = await publicKeyFile(KeyId, 'ed25519');
    const { Signature = new Uint8Array(0) } = await kms.sign({ KeyId, SigningAlgorithm: 'ED25519_SHA_512', Message: message });
    const verify = (text: Uint8Array) =>
      isVerified(
        ...['pkeyutl', '-verify', '-pubin', '-inkey', key, '-rawin', '-in', file('ed25519.message', text)],
        ...['-sigfile', file('ed25519.sig', Signature)],
      );
    expect(verify(message)).toBe(true);
    expect(verify(Buffer.from('another'))).toBe(false);
  });

  const oaep: readonly (readonly [KeySpec, EncryptionAlgorithmSpec, string])[] = [
    ['RSA_2048', 'RSAES_OAEP_SHA_1', 'sha1'],
    ['RSA_2048', 'RSAES_OAEP_SHA_256', 'sha256'],
    ['RSA_4096', 'RSAES_OAEP_SHA_256', 'sha256'],
  ];
  test.each(oaep)('encrypts for a %s key with %s, and KMS opens it', async (KeySpec, EncryptionAlgorithm, hash) => {
    const { KeyMetadata } = await kms.createKey({ KeySpec, KeyUsage: 'ENCRYPT_DECRYPT' });
    const KeyId = KeyMetadata?.KeyId ?? '';
    const key = await publicKeyFile(KeyId, `oaep-${KeySpec}-${hash}`);
    const padding = ['-pkeyopt', 'rsa_padding_mode:oaep', '-pkeyopt', `rsa_oaep_md:${hash}`, '-pkeyopt', `rsa_mgf1_md:${hash}`];
    const CiphertextBlob = openssl('pkeyutl', '-encrypt', '-pubin', '-inkey', key, ...padding, '-in', file('oaep.message', message));
    const { Plaintext } = await kms.decrypt({ KeyId, CiphertextBlob, EncryptionAlgorithm });
    expect(Buffer.from(Plaintext ?? []).equals(message)).toBe(true);
  });

  /** Kinds of material, the file that openssl makes of each, and what it is used for. */
  const pkcs8 = (...options: readonly string[]) =>
    openssl('pkcs8', '-topk8', '-nocrypt', '-outform', 'DER', '-in', file('material.pem', openssl('genpkey', ...options)));
  const made: Readonly<Record<string, () => Uint8Array>> = {
    SYMMETRIC_DEFAULT: () => openssl('rand', '32'),
    HMAC_384: () => openssl('rand', '48'),
    RSA_3072: () => pkcs8('-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:3072'),
    ECC_NIST_P256: () => pkcs8('-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'),
    ECC_NIST_P521: () => pkcs8('-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'),
    ECC_SECG_P256K1: () => pkcs8('-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1'),
    ECC_NIST_EDWARDS25519: () => pkcs8('-algorithm', 'ED25519'),
  };
  const direct: readonly AlgorithmSpec[] = ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'];
  const inTwoSteps: readonly AlgorithmSpec[] = ['RSA_AES_KEY_WRAP_SHA_1', 'RSA_AES_KEY_WRAP_SHA_256'];
  const every: readonly AlgorithmSpec[] = [...direct, ...inTwoSteps, 'RSAES_PKCS1_V1_5', 'SM2PKE'];
  const wrappings: readonly (readonly [KeySpec, KeyUsageType, WrappingKeySpec, readonly AlgorithmSpec[]])[] = [
    ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'RSA_2048', direct],
    ['HMAC_384', 'GENERATE_VERIFY_MAC', 'RSA_2048', direct],
    ['RSA_3072', 'SIGN_VERIFY', 'RSA_2048', inTwoSteps],
    ['ECC_NIST_P256', 'SIGN_VERIFY', 'RSA_2048', [...direct, ...inTwoSteps]],
    ['ECC_NIST_P521', 'SIGN_VERIFY', 'RSA_2048', inTwoSteps],
    ['ECC_NIST_P521', 'SIGN_VERIFY', 'RSA_3072', [...direct, ...inTwoSteps]],
    ['ECC_SECG_P256K1', 'SIGN_VERIFY', 'RSA_2048', [...direct, ...inTwoSteps]],
    ['ECC_NIST_EDWARDS25519', 'SIGN_VERIFY', 'RSA_2048', [...direct, ...inTwoSteps]],
  ];
  test.each(wrappings)(
    'wraps material for a %s key for %s under %s as AWS lets it, and KMS takes it',
    async (KeySpec, KeyUsage, WrappingKeySpec, allowed) => {
      const material = file(`material-${KeySpec}`, made[KeySpec]?.() ?? new Uint8Array(0));
      for (const WrappingAlgorithm of every) {
        const { KeyMetadata } = await kms.createKey({ KeySpec, KeyUsage, Origin: 'EXTERNAL' });
        const KeyId = KeyMetadata?.KeyId ?? '';
        const asked = kms.getParametersForImport({ KeyId, WrappingAlgorithm, WrappingKeySpec });
        if (!allowed.includes(WrappingAlgorithm)) {
          await expect(asked, WrappingAlgorithm).rejects.toMatchObject({ name: 'UnsupportedOperationException' });
          continue;
        }
        const { PublicKey = new Uint8Array(0), ImportToken } = await asked;
        const EncryptedKeyMaterial = wrapped(material, file('wrapping.der', PublicKey), WrappingAlgorithm);
        await kms.importKeyMaterial({ KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' });
        expect((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState).toBe('Enabled');
        if (KeyUsage !== 'SIGN_VERIFY') continue;
        const derived = openssl('pkey', '-inform', 'DER', '-in', material, '-pubout', '-outform', 'DER');
        expect(derived.equals(Buffer.from((await kms.getPublicKey({ KeyId })).PublicKey ?? []))).toBe(true);
      }
    },
  );

  function wrapped(material: string, publicKey: string, algorithm: AlgorithmSpec): Buffer {
    const hash = algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256';
    const padding = ['-pkeyopt', 'rsa_padding_mode:oaep', '-pkeyopt', `rsa_oaep_md:${hash}`, '-pkeyopt', `rsa_mgf1_md:${hash}`];
    const encrypted = (path: string) =>
      openssl('pkeyutl', '-encrypt', '-pubin', '-keyform', 'DER', '-inkey', publicKey, ...padding, '-in', path);
    if (!algorithm.startsWith('RSA_AES')) return encrypted(material);
    const aes = openssl('rand', '32');
    const inner = openssl('enc', '-id-aes256-wrap-pad', '-K', aes.toString('hex'), '-iv', 'A65959A6', '-in', material);
    return Buffer.concat([encrypted(file('aes.key', aes)), inner]);
  }

  test('reads the private key of a data key pair, which fits its public key', async () => {
    const { KeyMetadata } = await kms.createKey({});
    const pair = await kms.generateDataKeyPair({ KeyId: KeyMetadata?.KeyId, KeyPairSpec: 'ECC_NIST_P384' });
    const secret = file('pair.der', pair.PrivateKeyPlaintext ?? new Uint8Array(0));
    const derived = openssl('pkey', '-inform', 'DER', '-in', secret, '-pubout', '-outform', 'DER');
    expect(derived.equals(Buffer.from(pair.PublicKey ?? []))).toBe(true);
  });
});
