// Signatures over a digest (or ML-DSA's mu) that was made elsewhere, which node:crypto does not offer: it hashes what it is given.
// RSA is wrapped here (RFC 8017, 9.1 and 9.2) around node's raw operation; the curves and ML-DSA come from @noble.
import { constants, createHash, type KeyObject, privateEncrypt, publicDecrypt, timingSafeEqual } from 'node:crypto';
import type { Ids } from '../../base/ids.ts';
import type { KeySpec } from './api.gen.ts';

type Hash = 'sha256' | 'sha384' | 'sha512';
/** `pss`, `pkcs1`, `ecdsa`, `ed25519ph` over digests; `ml-dsa` over mu. */
export type DigestScheme = 'pss' | 'pkcs1' | 'ecdsa' | 'ed25519ph' | 'ml-dsa' | 'ed25519' | 'none';

/** DER of DigestInfo up to the digest: RFC 8017, 9.2, note 1. */
const digestInfo: Readonly<Record<Hash, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

export async function signDigest(
  privateKey: KeyObject,
  spec: KeySpec,
  scheme: DigestScheme,
  hash: Hash | undefined,
  digest: Uint8Array,
  ids: Ids,
): Promise<Uint8Array> {
  switch (scheme) {
    case 'pkcs1':
      return privateEncrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, withDigestInfo(hash, digest));
    case 'pss': {
      const encoded = encodePss(digest, hash ?? 'sha256', modulusBits(privateKey) - 1, ids.bytes(digest.byteLength));
      return privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, padded(encoded, modulusBits(privateKey) / 8));
    }
    case 'ecdsa': {
      const curve = await curveOf(spec);
      return curve.sign(digest, jwkBytes(privateKey, 'd'), { prehash: false, format: 'der', lowS: false });
    }
    case 'ed25519ph':
      return (await prehashed25519()).sign(digest, jwkBytes(privateKey, 'd'));
    case 'ml-dsa': {
      const scheme = await mlDsaOf(spec);
      const { secretKey } = scheme.keygen(jwkBytes(privateKey, 'priv'));
      return scheme.internal.sign(digest, secretKey, { externalMu: true });
    }
    default:
      throw new Error(`${scheme} signs no digests`);
  }
}

/** @throws Error when the signature cannot be read */
export async function verifyDigest(
  publicKey: KeyObject,
  spec: KeySpec,
  scheme: DigestScheme,
  hash: Hash | undefined,
  digest: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  switch (scheme) {
    case 'pkcs1':
      return isEqual(publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature), withDigestInfo(hash, digest));
    case 'pss': {
      const encoded = publicDecrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, signature);
      return isPss(encoded, digest, hash ?? 'sha256', modulusBits(publicKey) - 1);
    }
    case 'ecdsa': {
      const curve = await curveOf(spec);
      const { x, y } = publicKey.export({ format: 'jwk' });
      const point = Buffer.concat([Buffer.from([4]), Buffer.from(x ?? '', 'base64url'), Buffer.from(y ?? '', 'base64url')]);
      return curve.verify(signature, digest, point, { prehash: false, format: 'der', lowS: false });
    }
    case 'ed25519ph':
      return (await prehashed25519()).verify(signature, digest, jwkBytes(publicKey, 'x'));
    case 'ml-dsa':
      return (await mlDsaOf(spec)).internal.verify(signature, digest, jwkBytes(publicKey, 'pub'), { externalMu: true });
    default:
      throw new Error(`${scheme} signs no digests`);
  }
}

function withDigestInfo(hash: Hash | undefined, digest: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(digestInfo[hash ?? 'sha256'], 'hex'), digest]);
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

function modulusBits(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0;
}

function padded(encoded: Uint8Array, length: number): Uint8Array {
  return Buffer.concat([Buffer.alloc(length - encoded.byteLength), encoded]);
}

/** EMSA-PSS-ENCODE of a digest: RFC 8017, 9.1.1, from step 5. */
function encodePss(digest: Uint8Array, hash: Hash, bits: number, salt: Uint8Array): Uint8Array {
  const length = Math.ceil(bits / 8);
  const h = createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
  const db = Buffer.concat([Buffer.alloc(length - salt.byteLength - h.byteLength - 2), Buffer.from([1]), salt]);
  const masked = xored(db, mgf1(h, db.byteLength, hash));
  masked[0] = (masked[0] ?? 0) & (0xff >> (8 * length - bits));
  return Buffer.concat([masked, h, Buffer.from([0xbc])]);
}

/** EMSA-PSS-VERIFY: RFC 8017, 9.1.2, from step 3; the salt is as long as the digest. */
function isPss(padded: Uint8Array, digest: Uint8Array, hash: Hash, bits: number): boolean {
  const length = Math.ceil(bits / 8);
  const encoded = padded.subarray(padded.byteLength - length);
  if (encoded.at(-1) !== 0xbc) return false;
  const h = encoded.subarray(length - digest.byteLength - 1, length - 1);
  const masked = encoded.subarray(0, length - digest.byteLength - 1);
  const unused = 8 * length - bits;
  if (((masked[0] ?? 0) & ~(0xff >> unused) & 0xff) !== 0) return false;
  const db = xored(masked, mgf1(h, masked.byteLength, hash));
  db[0] = (db[0] ?? 0) & (0xff >> unused);
  const saltAt = db.byteLength - digest.byteLength;
  if (db.subarray(0, saltAt - 1).some((byte) => byte !== 0) || db[saltAt - 1] !== 1) return false;
  return isEqual(createHash(hash).update(Buffer.alloc(8)).update(digest).update(db.subarray(saltAt)).digest(), h);
}

/** RFC 8017, B.2.1. */
function mgf1(seed: Uint8Array, length: number, hash: Hash): Uint8Array {
  const blocks: Buffer[] = [];
  for (let counter = 0, made = 0; made < length; counter += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    const block = createHash(hash).update(seed).update(number).digest();
    blocks.push(block);
    made += block.byteLength;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function xored(left: Uint8Array, right: Uint8Array): Uint8Array {
  return Uint8Array.from(left, (byte, index) => byte ^ (right[index] ?? 0));
}

/** A member of the key's JSON form (RFC 7518, RFC 8037). */
function jwkBytes(key: KeyObject, member: 'd' | 'x' | 'priv' | 'pub'): Uint8Array {
  const value: unknown = Reflect.get(key.export({ format: 'jwk' }), member);
  if (typeof value !== 'string') throw new Error(`the key has no \`${member}\``);
  return Uint8Array.from(Buffer.from(value, 'base64url'));
}

async function curveOf(spec: KeySpec) {
  if (spec === 'ECC_SECG_P256K1') return (await import('@noble/curves/secp256k1.js')).secp256k1;
  const { p256, p384, p521 } = await import('@noble/curves/nist.js');
  return spec === 'ECC_NIST_P256' ? p256 : spec === 'ECC_NIST_P384' ? p384 : p521;
}

async function mlDsaOf(spec: KeySpec) {
  const { ml_dsa44, ml_dsa65, ml_dsa87 } = await import('@noble/post-quantum/ml-dsa.js');
  return spec === 'ML_DSA_44' ? ml_dsa44 : spec === 'ML_DSA_65' ? ml_dsa65 : ml_dsa87;
}

/** Ed25519ph (RFC 8032, 5.1) whose message has been hashed already. */
async function prehashed25519() {
  const [{ ed25519 }, { eddsa }, { sha512 }] = await Promise.all([
    import('@noble/curves/ed25519.js'),
    import('@noble/curves/abstract/edwards.js'),
    import('@noble/hashes/sha2.js'),
  ]);
  return eddsa(ed25519.Point, sha512, {
    prehash: (digest: Uint8Array) => Uint8Array.from(digest),
    domain: (data: Uint8Array, context: Uint8Array, isPrehashed: boolean) =>
      Uint8Array.from(
        Buffer.concat([
          Buffer.from('SigEd25519 no Ed25519 collisions', 'latin1'),
          Buffer.from([isPrehashed ? 1 : 0, context.byteLength]),
          context,
          data,
        ]),
      ),
    adjustScalarBytes(bytes: Uint8Array) {
      bytes[0] = (bytes[0] ?? 0) & 248;
      bytes[31] = ((bytes[31] ?? 0) & 127) | 64;
      return bytes;
    },
  });
}
