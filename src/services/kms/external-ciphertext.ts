// Ciphertext of keys in external key stores: encrypted twice, by this installation's material (ciphertext.ts) and then by the external key, so
// that neither opens it alone. https://docs.aws.amazon.com/kms/latest/developerguide/keystore-external.html#concept-double-encryption
//
//   version 2 | account 12 | length of the key id 1 | key id | material id 32 | length of the vector 1 | vector | tag 16 | length of the proxy's
//   metadata 1 | metadata | ciphertext
//
// And of keys in hardware modules, encrypted there and only there: version 3, zeroes for the material id, and no metadata.
import { createHash } from 'node:crypto';
import type { HardwareCiphertext } from '../../kit/ports.ts';
import { type CiphertextHeader, contextBytes, type EncryptionContext, encodeHeader, headBytes, readHeader } from './ciphertext.ts';
import type { XksCiphertext } from './xks-proxy.ts';

/** The proxy has to take so much. */
const authenticatedBytesMax = 8_192;
const tagBytes = 16;

export function encodeExternal(header: CiphertextHeader, sealed: XksCiphertext): Uint8Array {
  return encodeSealed(header, 2, sealed);
}

const noMaterial = '00'.repeat(32);

export function encodeHardware({ account, keyId }: Omit<CiphertextHeader, 'materialId'>, sealed: HardwareCiphertext): Uint8Array {
  return encodeSealed({ account, keyId, materialId: noMaterial }, 3, { ...sealed, metadata: new Uint8Array(0) });
}

export function decodeHardware(blob: Uint8Array): HardwareCiphertext | undefined {
  const header = readHeader(blob);
  const sealed = decodeSealed(blob, 3);
  return header?.materialId === noMaterial && sealed?.metadata.length === 0 ? sealed : undefined;
}

function encodeSealed(header: CiphertextHeader, version: number, sealed: XksCiphertext): Uint8Array {
  return Buffer.concat([
    encodeHeader(header, version),
    Buffer.from([sealed.initializationVector.length]),
    sealed.initializationVector,
    sealed.authenticationTag,
    Buffer.from([sealed.metadata.length]),
    sealed.metadata,
    sealed.ciphertext,
  ]);
}

/** Undefined: not one of ours, or cut off. */
export function decodeExternal(blob: Uint8Array): XksCiphertext | undefined {
  return decodeSealed(blob, 2);
}

function decodeSealed(blob: Uint8Array, version: number): XksCiphertext | undefined {
  const header = readHeader(blob);
  if (header === undefined || blob[0] !== version) return undefined;
  const vectorAt = headBytes(header) + 1;
  const vectorBytes = blob[vectorAt - 1] ?? 0;
  const metadataAt = vectorAt + vectorBytes + tagBytes + 1;
  const metadataBytes = blob[metadataAt - 1] ?? 0;
  const ciphertext = blob.subarray(metadataAt + metadataBytes);
  if ((vectorBytes !== 12 && vectorBytes !== 16) || metadataBytes > 20 || ciphertext.length === 0) return undefined;
  return {
    initializationVector: blob.subarray(vectorAt, vectorAt + vectorBytes),
    authenticationTag: blob.subarray(vectorAt + vectorBytes, metadataAt - 1),
    metadata: blob.subarray(metadataAt, metadataAt + metadataBytes),
    ciphertext,
  };
}

/** What the proxy authenticates: the encryption context, or its digest when it is longer than proxies take. */
export function authenticatedContext(context: EncryptionContext): Uint8Array {
  if (Object.keys(context).length === 0) return new Uint8Array(0);
  const bytes = contextBytes(context);
  return bytes.length <= authenticatedBytesMax ? bytes : createHash('sha256').update(bytes).digest();
}
