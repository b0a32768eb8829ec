// Wycheproof through the KMS API: material is imported (or, where only a public key is known, put in the place of a key's own), then every vector is
// verified or decrypted. Valid ones must pass, invalid ones must fail with KMS's error; what KMS cannot be asked is counted and may only shrink.
import { constants, createHash, createPublicKey, publicEncrypt } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { EncryptionAlgorithmSpec, KeySpec, KeyUsageType, MacAlgorithmSpec, SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { materials } from '../../src/services/kms/records.ts';
import { type InProcess, startInProcess } from '../in-process.ts';
import { readShared, sharedPath } from './shared.ts';

const folder = sharedPath('vectors', 'wycheproof');

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly msg: string;
  readonly sig?: string;
  readonly tag?: string;
  readonly ct?: string;
  readonly key?: string;
  readonly label?: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}
interface Group {
  readonly publicKeyDer?: string;
  readonly privateKeyPkcs8?: string;
  readonly keySize?: number;
  readonly tagSize?: number;
  readonly tests: readonly Vector[];
}

const groupsOf = (name: string): readonly Group[] =>
  // Decoding boundary: the vectors' own format.
  folder === undefined ? [] : (JSON.parse(readShared(`${folder}/${name}.json`)) as { readonly testGroups: readonly Group[] }).testGroups;
const hex = (text: string | undefined): Uint8Array => Buffer.from(text ?? '', 'hex');

describe.skipIf(folder === undefined || !existsSync(folder))('Wycheproof through KMS', () => {
  let server: InProcess;
  let kms: ReturnType<InProcess['kms']>;
  beforeAll(async () => {
    server = await startInProcess('wycheproof');
    kms = server.kms();
  });
  afterAll(() => server.stop());

  const isValid = (call: Promise<unknown>, refusal: RegExp): Promise<boolean> =>
    call.then(
      () => true,
      (error: Error) => {
        expect(error.name).toMatch(refusal);
        return false;
      },
    );

  /** A key whose public half is the vectors'. */
  async function keyWith(spec: KeySpec, usage: KeyUsageType, publicKeyDer: string): Promise<string> {
    const KeyId = (await kms.createKey({ KeySpec: spec, KeyUsage: usage })).KeyMetadata?.KeyId ?? '';
    await givePublicKey(KeyId, publicKeyDer);
    return KeyId;
  }
  function givePublicKey(KeyId: string, publicKeyDer: string): Promise<void> {
    return server.store.transact(async (transaction) => {
      const [material] = await materials.all(transaction, server.account, 'us-east-1', KeyId);
      if (material !== undefined)
        materials.put(transaction, { ...material, publicKey: Buffer.from(publicKeyDer, 'hex').toString('base64') });
    });
  }

  test.each<[string, KeySpec, SigningAlgorithmSpec, string | undefined]>([
    ['ecdsa_secp256k1_sha256_test', 'ECC_SECG_P256K1', 'ECDSA_SHA_256', 'sha256'],
    ['ecdsa_secp256r1_sha256_test', 'ECC_NIST_P256', 'ECDSA_SHA_256', 'sha256'],
    ['ecdsa_secp384r1_sha384_test', 'ECC_NIST_P384', 'ECDSA_SHA_384', 'sha384'],
    ['ecdsa_secp521r1_sha512_test', 'ECC_NIST_P521', 'ECDSA_SHA_512', 'sha512'],
    ['ed25519_test', 'ECC_NIST_EDWARDS25519', 'ED25519_SHA_512', undefined],
    ['rsa_signature_2048_sha256_test', 'RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_256', 'sha256'],
    ['rsa_signature_2048_sha384_test', 'RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_384', 'sha384'],
    ['rsa_signature_2048_sha512_test', 'RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_512', 'sha512'],
    ['rsa_signature_3072_sha256_test', 'RSA_3072', 'RSASSA_PKCS1_V1_5_SHA_256', 'sha256'],
    ['rsa_signature_4096_sha512_test', 'RSA_4096', 'RSASSA_PKCS1_V1_5_SHA_512', 'sha512'],
    ['rsa_pss_2048_sha256_mgf1_32_test', 'RSA_2048', 'RSASSA_PSS_SHA_256', 'sha256'],
    ['rsa_pss_2048_sha384_mgf1_48_test', 'RSA_2048', 'RSASSA_PSS_SHA_384', 'sha384'],
    ['rsa_pss_3072_sha256_mgf1_32_test', 'RSA_3072', 'RSASSA_PSS_SHA_256', 'sha256'],
    ['rsa_pss_4096_sha384_mgf1_48_test', 'RSA_4096', 'RSASSA_PSS_SHA_384', 'sha384'],
    ['rsa_pss_4096_sha512_mgf1_64_test', 'RSA_4096', 'RSASSA_PSS_SHA_512', 'sha512'],
  ])('%s', async (name, spec, SigningAlgorithm, hash) => {
    let KeyId: string | undefined;
    const wrong: string[] = [];
    for (const { publicKeyDer = '', tests } of groupsOf(name)) {
      if (KeyId === undefined) KeyId = await keyWith(spec, 'SIGN_VERIFY', publicKeyDer);
      else await givePublicKey(KeyId, publicKeyDer);
      for (const { tcId, msg, sig, result, comment } of tests) {
        const Signature = hex(sig);
        // KMS takes neither empty messages nor empty or overlong signatures: its validation refuses them before anything is verified.
        if (Signature.length === 0 || Signature.length > 6_144) continue;
        const ask = async (Message: Uint8Array, MessageType: 'RAW' | 'DIGEST'): Promise<void> => {
          const passed = await isValid(
            kms.verify({ KeyId, Message, MessageType, Signature, SigningAlgorithm }),
            /^KMSInvalidSignatureException$/,
          );
          // `acceptable` signatures deviate from DER or lack a NULL; OpenSSL and @noble are strict about both, and so is KMS here.
          if (result !== 'acceptable' && passed !== (result === 'valid')) wrong.push(`${tcId} ${MessageType} ${comment}`);
        };
        if (msg !== '') await ask(hex(msg), 'RAW');
        if (hash !== undefined) await ask(createHash(hash).update(hex(msg)).digest(), 'DIGEST');
      }
    }
    expect(wrong).toEqual([]);
  });

  test.each<[string, KeySpec, MacAlgorithmSpec]>([
    ['hmac_sha224_test', 'HMAC_224', 'HMAC_SHA_224'],
    ['hmac_sha256_test', 'HMAC_256', 'HMAC_SHA_256'],
    ['hmac_sha384_test', 'HMAC_384', 'HMAC_SHA_384'],
    ['hmac_sha512_test', 'HMAC_512', 'HMAC_SHA_512'],
  ])('%s', async (name, spec, MacAlgorithm) => {
    const bits = Number(spec.slice('HMAC_'.length));
    let asked = 0;
    for (const { keySize, tagSize, tests } of groupsOf(name)) {
      // KMS keys have the length of their hash, and its codes are not shortened.
      if (keySize !== bits || tagSize !== bits) continue;
      for (const { key, msg, tag, result } of tests) {
        if (msg === '') continue;
        const KeyId = await imported(spec, 'GENERATE_VERIFY_MAC', hex(key));
        const call = kms.verifyMac({ KeyId, Message: hex(msg), Mac: hex(tag), MacAlgorithm });
        expect(await isValid(call, /^KMSInvalidMacException$/)).toBe(result === 'valid');
        asked += 1;
      }
    }
    expect(asked).toBeGreaterThan(name === 'hmac_sha224_test' ? 20 : 50);
  });

  test.each<[string, KeySpec, EncryptionAlgorithmSpec]>([
    ['rsa_oaep_2048_sha1_mgf1sha1_test', 'RSA_2048', 'RSAES_OAEP_SHA_1'],
    ['rsa_oaep_2048_sha256_mgf1sha256_test', 'RSA_2048', 'RSAES_OAEP_SHA_256'],
    ['rsa_oaep_3072_sha256_mgf1sha256_test', 'RSA_3072', 'RSAES_OAEP_SHA_256'],
    ['rsa_oaep_4096_sha256_mgf1sha256_test', 'RSA_4096', 'RSAES_OAEP_SHA_256'],
  ])('%s', async (name, spec, EncryptionAlgorithm) => {
    for (const { privateKeyPkcs8, tests } of groupsOf(name)) {
      const KeyId = await imported(spec, 'ENCRYPT_DECRYPT', hex(privateKeyPkcs8));
      for (const { tcId, ct, msg, label, result } of tests) {
        // KMS has no labels, and takes no empty ciphertext.
        if (label !== '' || ct === '') continue;
        const opened = await kms.decrypt({ KeyId, CiphertextBlob: hex(ct), EncryptionAlgorithm }).then(
          ({ Plaintext }) => Buffer.from(Plaintext ?? []).toString('hex'),
          (error: Error) => error.name,
        );
        expect(opened, `${tcId}`).toBe(result === 'valid' ? msg : 'InvalidCiphertextException');
      }
    }
  });

  test('aes_kwp_test: what is wrapped in two layers opens, and is refused for not being a private key', async () => {
    let asked = 0;
    for (const { keySize, tests } of groupsOf('aes_kwp_test')) {
      if (keySize !== 256) continue;
      for (const { tcId, key, ct, result } of tests) {
        const external = { KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY', Origin: 'EXTERNAL' } as const;
        const KeyId = (await kms.createKey(external)).KeyMetadata?.KeyId ?? '';
        const outcome = await importInto(KeyId, hex(key), hex(ct)).then(
          () => 'imported',
          (error: Error) => error.name,
        );
        expect(outcome, `${tcId}`).toBe(result === 'valid' ? 'IncorrectKeyMaterialException' : 'InvalidCiphertextException');
        asked += 1;
      }
    }
    expect(asked).toBeGreaterThan(50);
  });

  async function imported(spec: KeySpec, usage: KeyUsageType, material: Uint8Array): Promise<string> {
    const KeyId = (await kms.createKey({ KeySpec: spec, KeyUsage: usage, Origin: 'EXTERNAL' })).KeyMetadata?.KeyId ?? '';
    if (usage === 'GENERATE_VERIFY_MAC') {
      await importWrapped(KeyId, 'RSAES_OAEP_SHA_256', (wrap) => wrap(material));
      return KeyId;
    }
    const { createCipheriv, randomBytes } = await import('node:crypto');
    const key = randomBytes(32);
    const wrapper = createCipheriv('id-aes256-wrap-pad', key, Buffer.from('a65959a6', 'hex'));
    await importInto(KeyId, key, Buffer.concat([wrapper.update(material), wrapper.final()]));
    return KeyId;
  }

  function importInto(KeyId: string, aesKey: Uint8Array, wrapped: Uint8Array): Promise<void> {
    return importWrapped(KeyId, 'RSA_AES_KEY_WRAP_SHA_256', (wrap) => Buffer.concat([wrap(aesKey), wrapped]));
  }

  async function importWrapped(
    KeyId: string,
    WrappingAlgorithm: 'RSAES_OAEP_SHA_256' | 'RSA_AES_KEY_WRAP_SHA_256',
    materialOf: (wrap: (bytes: Uint8Array) => Buffer) => Uint8Array,
  ): Promise<void> {
    const parameters = await kms.getParametersForImport({ KeyId, WrappingAlgorithm, WrappingKeySpec: 'RSA_2048' });
    const key = createPublicKey({ key: Buffer.from(parameters.PublicKey ?? []), format: 'der', type: 'spki' });
    const wrap = (bytes: Uint8Array): Buffer =>
      publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, bytes);
    await kms.importKeyMaterial({
      KeyId,
      ImportToken: parameters.ImportToken,
      EncryptedKeyMaterial: materialOf(wrap),
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    });
  }
});
