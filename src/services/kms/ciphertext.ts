// Ciphertext of symmetric keys: names its key and the material that made it, so it can be opened after rotations and without being told the key.
// Every message has a key of its own, derived from the material and a random nonce, so random nonces never run out. Knows no wire type.
//
//   version 4 | account 12 | length of the key id 1 | key id | material id 32 | nonce 16 | ciphertext | tag 16
//
// AES-256-GCM; everything before the ciphertext and the encryption context are authenticated. Version 1 differs in how the message's key is derived,
// and is read for ever. Versions 2 and 3 are in external-ciphertext.ts.
// https://docs.aws.amazon.com/kms/latest/cryptographic-details/crypto-primitives.html
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

export type EncryptionContext = Readonly<Record<string, string>>;

export interface CiphertextHeader {
  readonly account: string;
  readonly keyId: string;
  /** 64 hexadecimal digits. */
  readonly materialId: string;
}

const version = 4;
const oldestVersion = 1;
const nonceBytes = 16;
const ivBytes = 12;
const tagBytes = 16;
const purpose = 'castellan kms message';

export function encryptWith(
  material: KeyObject,
  header: CiphertextHeader,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Uint8Array {
  const head = Buffer.concat([encodeHeader(header, version), nonce]);
  const { key, iv } = messageKeys[version](material, nonce);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(authenticated(head, context));
  return Buffer.concat([head, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined: not the work of this material, of this context, or unharmed. */
export function decryptWith(material: KeyObject, blob: Uint8Array, context: EncryptionContext): Uint8Array | undefined {
  const parsed = parseBlob(blob);
  if (parsed === undefined) return undefined;
  const { head, nonce, sealed } = parsed;
  const { key, iv } = messageKeys[parsed.version](material, nonce);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes })
    .setAAD(authenticated(head, context))
    .setAuthTag(sealed.subarray(sealed.length - tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** What a blob says of itself; undefined when it is none of ours. Nothing of it is proven before it has been decrypted. */
export function readHeader(blob: Uint8Array): CiphertextHeader | undefined {
  const bytes = bufferOf(blob);
  const [first = 0] = bytes;
  const idLength = bytes[13] ?? 0;
  if (first < oldestVersion || first > version || idLength === 0 || bytes.length < 46 + idLength) return undefined;
  const account = bytes.toString('latin1', 1, 13);
  const keyId = bytes.toString('latin1', 14, 14 + idLength);
  if (!/^\d{12}$/.test(account) || !/^[a-z0-9-]+$/.test(keyId)) return undefined;
  return { account, keyId, materialId: bytes.toString('hex', 14 + idLength, 46 + idLength) };
}

/** The same for every version. */
export function encodeHeader({ account, keyId, materialId }: CiphertextHeader, versionNumber: number): Buffer {
  return Buffer.concat([
    Buffer.from([versionNumber]),
    Buffer.from(account, 'latin1'),
    Buffer.from([keyId.length]),
    Buffer.from(keyId, 'latin1'),
    Buffer.from(materialId, 'hex'),
  ]);
}

/** The length of an encoded header. */
export function headBytes({ keyId }: CiphertextHeader): number {
  return 14 + keyId.length + 32;
}

interface Parsed {
  readonly version: keyof typeof messageKeys;
  readonly head: Buffer;
  readonly nonce: Buffer;
  readonly sealed: Buffer;
}

/** Of the versions that are opened here. */
function parseBlob(blob: Uint8Array): Parsed | undefined {
  const header = readHeader(blob);
  const [found] = blob;
  if (header === undefined || (found !== version && found !== oldestVersion)) return undefined;
  const bytes = bufferOf(blob);
  const nonceAt = headBytes(header);
  const headEnd = nonceAt + nonceBytes;
  if (bytes.length < headEnd + tagBytes) return undefined;
  return { version: found, head: bytes.subarray(0, headEnd), nonce: bytes.subarray(nonceAt, headEnd), sealed: bytes.subarray(headEnd) };
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

interface MessageKey {
  readonly key: KeyObject;
  readonly iv: Uint8Array;
}

/** By version. A nonce of its own gives each message a key of its own; key objects cost node a fifth of what bytes do. */
const messageKeys = {
  /** RFC 5869. */
  1: (material: KeyObject, nonce: Uint8Array): MessageKey => {
    const derived = new Uint8Array(hkdfSync('sha256', material, nonce, purpose, 32 + ivBytes));
    return { key: createSecretKey(derived.subarray(0, 32)), iv: derived.subarray(32) };
  },
  /** NIST SP 800-108r1, 4.1, in counter mode with HMAC-SHA-256, as KMS does it: one block of the function is the key. */
  4: (material: KeyObject, nonce: Uint8Array): MessageKey => {
    const block = createHmac('sha256', material).update(firstBlockLabel).update(nonce).update(keyBits).digest();
    return { key: createSecretKey(block), iv: nonce.subarray(0, ivBytes) };
  },
};

/** The counter, the label, and the zero that ends it. */
const firstBlockLabel = Buffer.from(`\u0000\u0000\u0000\u0001${purpose}\u0000`, 'latin1');
const keyBits = Buffer.from([0, 0, 1, 0]);

/** The order in which a client lists the pairs of its context does not matter. */
function authenticated(head: Uint8Array, context: EncryptionContext): Uint8Array {
  return Buffer.concat([head, contextBytes(context)]);
}

export function contextBytes(context: EncryptionContext): Uint8Array {
  const pairs = Object.entries(context).toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  return Buffer.from(JSON.stringify(pairs), 'utf8');
}
