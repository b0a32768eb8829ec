// KMS: symmetric operations, a signature of each kind of key, and what the cryptography in them costs by itself.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createClient } from '../client.ts';
import { jsonForm, jsonRequest, type ScenarioGroup } from './scenario.ts';

const plaintext = Buffer.from('x'.repeat(64)).toString('base64');
const context = { project: 'nile', department: 'marketing' };
const signing = [
  ['RSA_2048', 'RSASSA_PSS_SHA_256'],
  ['RSA_3072', 'RSASSA_PSS_SHA_256'],
  ['RSA_4096', 'RSASSA_PKCS1_V1_5_SHA_256'],
  ['ECC_NIST_P256', 'ECDSA_SHA_256'],
  ['ECC_NIST_P384', 'ECDSA_SHA_384'],
  ['ECC_NIST_P521', 'ECDSA_SHA_512'],
  ['ECC_SECG_P256K1', 'ECDSA_SHA_256'],
] as const;
/** Kinds of keys that moto does not have. */
const ownSigning = [
  ['ECC_NIST_EDWARDS25519', 'ED25519_SHA_512'],
  ['ML_DSA_44', 'ML_DSA_SHAKE_256'],
  ['ML_DSA_65', 'ML_DSA_SHAKE_256'],
  ['ML_DSA_87', 'ML_DSA_SHAKE_256'],
] as const;

export const kms: ScenarioGroup = {
  async scenarios({ name, port, key }) {
    const client = createClient(port, key);
    const ask = async (operation: string, input: object): Promise<Record<string, unknown>> => {
      const answer = await client.json(`TrentService.${operation}`, 'kms', input);
      if (answer.status !== 200) throw new Error(`${name} refused ${operation}: ${answer.body}`);
      return JSON.parse(answer.body) as Record<string, unknown>;
    };
    const keyOf = async (input: object): Promise<string> => {
      const { KeyMetadata } = (await ask('CreateKey', input)) as { KeyMetadata: { KeyId: string } };
      return KeyMetadata.KeyId;
    };
    const KeyId = await keyOf({});
    const { CiphertextBlob } = await ask('Encrypt', { KeyId, Plaintext: plaintext, EncryptionContext: context });
    const call = (operation: string, input: object) => jsonRequest(port, key, 'kms', `TrentService.${operation}`, input);
    const scenario = (label: string, operation: string, input: object) => ({
      name: `${name} ${label}`,
      port,
      requests: () => [call(operation, input)],
    });
    const signatures = [];
    for (const [KeySpec, SigningAlgorithm] of name === 'castellan' ? [...signing, ...ownSigning] : signing) {
      const id = await keyOf({ KeySpec, KeyUsage: 'SIGN_VERIFY' });
      const input = { KeyId: id, Message: plaintext, MessageType: 'RAW', SigningAlgorithm };
      signatures.push(scenario(`Sign ${KeySpec}`, 'Sign', input));
    }
    client.close();
    return [
      scenario('Encrypt', 'Encrypt', { KeyId, Plaintext: plaintext, EncryptionContext: context }),
      scenario('Decrypt', 'Decrypt', { CiphertextBlob, EncryptionContext: context }),
      scenario('GenerateDataKey', 'GenerateDataKey', { KeyId, KeySpec: 'AES_256', EncryptionContext: context }),
      ...signatures,
    ];
  },
  async inProcess(castellan) {
    const { KeyMetadata } = await castellan.kms().createKey({});
    const { KeyId } = KeyMetadata ?? {};
    const sealed = await castellan.kms().encrypt({ KeyId, Plaintext: Buffer.from(plaintext, 'base64'), EncryptionContext: context });
    const CiphertextBlob = Buffer.from(sealed.CiphertextBlob ?? []).toString('base64');
    return {
      Encrypt: jsonForm('kms', 'TrentService.Encrypt', { KeyId, Plaintext: plaintext, EncryptionContext: context }),
      Decrypt: jsonForm('kms', 'TrentService.Decrypt', { CiphertextBlob, EncryptionContext: context }),
      GenerateDataKey: jsonForm('kms', 'TrentService.GenerateDataKey', { KeyId, KeySpec: 'AES_256', EncryptionContext: context }),
    };
  },
  bare() {
    const material = createSecretKey(randomBytes(32));
    const message = Buffer.from(plaintext, 'base64');
    const derived = (nonce: Uint8Array) => {
      const block = createHmac('sha256', material).update(nonce).digest();
      return { key: createSecretKey(block), iv: nonce.subarray(0, 12) };
    };
    const nonce = randomBytes(16);
    const sealing = derived(nonce);
    const cipher = createCipheriv('aes-256-gcm', sealing.key, sealing.iv);
    const sealed = Buffer.concat([cipher.update(message), cipher.final()]);
    const tag = cipher.getAuthTag();
    const open = () => {
      const opening = derived(nonce);
      const decipher = createDecipheriv('aes-256-gcm', opening.key, opening.iv, { authTagLength: 16 }).setAuthTag(tag);
      return [decipher.update(sealed), decipher.final()];
    };
    const rsa2048 = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
    const rsa4096 = generateKeyPairSync('rsa', { modulusLength: 4_096 }).privateKey;
    const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const ed25519 = generateKeyPairSync('ed25519').privateKey;
    return {
      'bare key derivation and AES-256-GCM, as in Decrypt': perSecond(open),
      'bare signature RSA 2048': perSecond(() => sign('sha256', message, rsa2048)),
      'bare signature RSA 4096': perSecond(() => sign('sha256', message, rsa4096)),
      'bare signature P-256': perSecond(() => sign('sha256', message, p256)),
      'bare signature Ed25519': perSecond(() => sign(null, message, ed25519)),
    };
  },
};

function perSecond(work: () => unknown): number {
  const began = performance.now();
  let count = 0;
  for (; performance.now() - began < 500; count += 1) work();
  return Math.round((count / (performance.now() - began)) * 1_000);
}
