// Makes key material of every spec, and reads what is stored of it. Generation of RSA keys runs off the event loop.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPair as generateKeyPairWithCallback,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import type { Ids } from '../../base/ids.ts';
import { Secret } from '../../base/secret.ts';
import type { KeySpec } from './api.gen.ts';
import { type Material, specs } from './specs.ts';

const generateKeyPair = promisify(generateKeyPairWithCallback);

export interface NewMaterial {
  readonly material: Secret;
  /** SubjectPublicKeyInfo in base64, of asymmetric keys. */
  readonly publicKey?: string;
}

export async function generateMaterial(ids: Ids, spec: KeySpec): Promise<NewMaterial> {
  const { material } = specs[spec];
  switch (material.kind) {
    case 'symmetric':
      return { material: new Secret(ids.bytes(32)) };
    case 'hmac':
      return { material: new Secret(ids.bytes(material.bytes)) };
    default:
      return pairOf(await generatePair(material));
  }
}

async function generatePair(material: Exclude<Material, { readonly kind: 'symmetric' | 'hmac' }>): Promise<KeyObject> {
  switch (material.kind) {
    case 'rsa':
      return (await generateKeyPair('rsa', { modulusLength: material.bits, publicExponent: 65_537 })).privateKey;
    case 'ec':
      return (await generateKeyPair('ec', { namedCurve: material.curve })).privateKey;
    case 'edwards':
      return (await generateKeyPair('ed25519')).privateKey;
    case 'ml-dsa':
      return (await generateKeyPair(material.parameters)).privateKey;
  }
}

function pairOf(privateKey: KeyObject): NewMaterial {
  return { material: new Secret(privateKey.export({ type: 'pkcs8', format: 'der' })), publicKey: publicKeyOf(privateKey) };
}

/** SubjectPublicKeyInfo in base64 of a private key. */
export function publicKeyOf(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64');
}

/** Of symmetric and HMAC keys. Lives in the opened record, as the next does: the store lets go of it when the record changes (ADR 25). */
export function secretKeyOf(material: Secret): KeyObject {
  return material.once(readSecretKey);
}

/** Reading it costs as much as signing with it. */
export function privateKeyOf(material: Secret): KeyObject {
  return material.once(readPrivateKey);
}

/** The public half as it is stored and as GetPublicKey tells it: nothing secret, so it is not kept beside the private key. */
export function verifyingKeyOf({ publicKey = '' }: { readonly publicKey?: string | undefined }): KeyObject {
  return createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
}

function readSecretKey(bytes: Uint8Array): KeyObject {
  return createSecretKey(bytes);
}

function readPrivateKey(bytes: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(bytes), format: 'der', type: 'pkcs8' });
}

/** Names the material without telling anything of it; the same for the same material of the same key, in every region. */
export function materialIdOf(keyId: string, material: Secret): string {
  return createHash('sha256').update(`castellan kms material\n${keyId}\n`).update(material.revealBytes()).digest('hex');
}
