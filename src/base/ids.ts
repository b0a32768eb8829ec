// The one place that makes randomness: bytes, UUIDs and the alphabets of AWS's identifiers.
import { createHash, randomBytes, randomUUID } from 'node:crypto';

export interface Ids {
  bytes(length: number): Uint8Array;
  uuid(): string;
}

export function randomIds(): Ids {
  return { bytes: (length) => randomBytes(length), uuid: () => randomUUID() };
}

/** Reproducible identifiers for tests: a hash chain over a seed. Never used by the server. */
export function seededIds(seed: string): Ids {
  let counter = 0;
  const bytes = (length: number): Uint8Array => {
    const chunks: Buffer[] = [];
    for (let made = 0; made < length; made += 32) {
      chunks.push(createHash('sha256').update(`${seed}:${counter}`).digest());
      counter += 1;
    }
    return Buffer.concat(chunks).subarray(0, length);
  };
  return {
    bytes,
    uuid() {
      const hex = Buffer.from(bytes(16)).toString('hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
  };
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `length` characters of RFC 4648 base32, as in AIDA… and AROA… identifiers. */
export function base32Id(ids: Ids, length: number): string {
  return pick(ids, base32, length);
}

/** `length` characters of base64's alphabet, as in secret access keys (40). */
export function base64Id(ids: Ids, length: number): string {
  return pick(ids, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', length);
}

/** `length` characters of `alphabet`, whose size must be a power of two so that every character is equally likely. */
function pick(ids: Ids, alphabet: string, length: number): string {
  const bytes = ids.bytes(length);
  let text = '';
  for (const byte of bytes) text += alphabet.charAt(byte % alphabet.length);
  return text;
}

/** Equally likely characters: bytes beyond the last whole multiple of the alphabet's length are thrown away. */
export function randomText(ids: Ids, alphabet: string, length: number): string {
  const limit = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of ids.bytes(length)) {
      if (byte < limit && text.length < length) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return text;
}
