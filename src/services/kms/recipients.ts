// What only an attested recipient can read: CMS EnvelopedData (RFC 5652) with AES-256-CBC under a key that is encrypted for it by RSA-OAEP (RFC 3560).
// https://docs.aws.amazon.com/kms/latest/developerguide/cryptographic-attestation.html
import { constants, createCipheriv, createHash, publicEncrypt } from 'node:crypto';
import type { Context } from '../../kit/context.ts';
import type { RecipientInfo } from './api.gen.ts';
import { type Attested, attested } from './attestation.ts';

/** The member in which a plaintext is answered, or for a recipient the one that it alone can read. @throws Fault as `attested` */
export function answeredTo<Name extends string>(
  context: Context,
  recipient: RecipientInfo | undefined,
  plaintext: Uint8Array,
  name: Name,
): Partial<Record<Name | 'CiphertextForRecipient', Uint8Array>> {
  const proven = attested(context, recipient);
  const member = proven === undefined ? { [name]: plaintext } : { CiphertextForRecipient: sealedFor(context, proven, plaintext) };
  // Decoding boundary: a computed name widens to string.
  return member as Partial<Record<Name | 'CiphertextForRecipient', Uint8Array>>;
}

function sealedFor(context: Context, proven: Attested, plaintext: Uint8Array): Uint8Array {
  const [key, vector] = [context.ids.bytes(32), context.ids.bytes(16)];
  const cipher = createCipheriv('aes-256-cbc', key, vector);
  const encrypted = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const encryptedKey = publicEncrypt({ key: proven.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, key);
  const name = createHash('sha1')
    .update(proven.publicKey.export({ format: 'der', type: 'pkcs1' }))
    .digest();
  return envelopedData({ name, encryptedKey, vector, encrypted });
}

interface Envelope {
  /** Subject key identifier: RFC 5280, 4.2.1.2, method 1. */
  readonly name: Uint8Array;
  readonly encryptedKey: Uint8Array;
  readonly vector: Uint8Array;
  readonly encrypted: Uint8Array;
}

function envelopedData({ name, encryptedKey, vector, encrypted }: Envelope): Uint8Array {
  const sha256 = sequence(oid('608648016503040201'), der(0x05));
  const mask = sequence(oid('2a864886f70d010108'), sha256);
  const oaep = sequence(oid('2a864886f70d010107'), sequence(der(0xa0, sha256), der(0xa1, mask)));
  const two = der(0x02, Buffer.from([2]));
  const recipient = sequence(two, der(0x80, name), oaep, octets(encryptedKey));
  const algorithm = sequence(oid('60864801650304012a'), octets(vector));
  const content = sequence(oid('2a864886f70d010701'), algorithm, der(0x80, encrypted));
  return sequence(oid('2a864886f70d010703'), der(0xa0, sequence(two, der(0x31, recipient), content)));
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, ...parts);
}

function octets(bytes: Uint8Array): Buffer {
  return der(0x04, bytes);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

/** Tag, length, value. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(parts);
  const long = Buffer.from(value.length.toString(16).padStart(value.length < 0x100 ? 2 : value.length < 0x10000 ? 4 : 6, '0'), 'hex');
  const length = value.length < 0x80 ? long : Buffer.concat([Buffer.from([0x80 | long.length]), long]);
  return Buffer.concat([Buffer.from([tag]), length, value]);
}
