// SigV4A: the same canonical request, signed with ECDSA on P-256 by a key that both sides derive from the secret, valid for a set of regions.
// The derivation is the counter mode of NIST SP 800-108, as in awslabs/aws-c-auth key_derivation.c.
import { createECDH, createHmac, createPrivateKey, createPublicKey, createSign, createVerify, type KeyObject } from 'node:crypto';
import type { Secret } from '../base/secret.ts';

/** Order of P-256 minus two. */
const orderMinusTwo = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254fn;
const label = 'AWS4-ECDSA-P256-SHA256';

export function verifyEcdsa(secret: Secret, accessKeyId: string, toSign: string, signatureHex: string): boolean {
  if (!/^(?:[0-9a-f]{2}){8,80}$/.test(signatureHex) || accessKeyId.length > 128) return false;
  const key = createPublicKey(deriveKey(secret, accessKeyId));
  return createVerify('sha256').update(toSign, 'utf8').verify(key, Buffer.from(signatureHex, 'hex'));
}

export function signEcdsa(secret: Secret, accessKeyId: string, toSign: string): string {
  return createSign('sha256').update(toSign, 'utf8').sign(deriveKey(secret, accessKeyId), 'hex');
}

export function deriveKey(secret: Secret, accessKeyId: string): KeyObject {
  const inputKey = Buffer.from(`AWS4A${secret.reveal()}`, 'utf8');
  for (let counter = 1; counter < 255; counter += 1) {
    const fixed = Buffer.concat([
      Buffer.from(label),
      Buffer.from([0]),
      Buffer.from(accessKeyId),
      Buffer.from([counter]),
      Buffer.from([0, 0, 1, 0]),
    ]);
    const candidate = createHmac('sha256', inputKey)
      .update(Buffer.from([0, 0, 0, 1]))
      .update(fixed)
      .digest();
    const number = BigInt(`0x${candidate.toString('hex')}`);
    if (number <= orderMinusTwo) return privateKey(number + 1n);
  }
  throw new Error('no signing key can be derived from this secret');
}

function privateKey(scalar: bigint): KeyObject {
  const d = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
  const exchange = createECDH('prime256v1');
  exchange.setPrivateKey(d);
  const point = exchange.getPublicKey();
  const x = point.subarray(1, 33).toString('base64url');
  const y = point.subarray(33).toString('base64url');
  return createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', d: d.toString('base64url'), x, y } });
}
