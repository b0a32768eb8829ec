// Password verifiers that cannot be turned back: scrypt with its cost in front, so that it can grow.
import { scrypt, timingSafeEqual } from 'node:crypto';
import type { Ids } from '../base/ids.ts';
import { Secret } from '../base/secret.ts';

const cost = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 } as const;

export async function verifierOf(ids: Ids, password: string): Promise<Secret> {
  const salt = Buffer.from(ids.bytes(16));
  return new Secret(`scrypt:${cost.N}:${salt.toString('base64')}:${(await derive(password, salt)).toString('base64')}`);
}

/** Takes as long for a name that nobody has. */
export async function isPassword(verifier: Secret | undefined, password: string): Promise<boolean> {
  const [, , salt = '', hash = ''] = (verifier ?? nobodys).reveal().split(':');
  const isRight = timingSafeEqual(await derive(password, Buffer.from(salt, 'base64')), Buffer.from(hash, 'base64'));
  return isRight && verifier !== undefined;
}

const nobodys = new Secret(`scrypt:${cost.N}:${Buffer.alloc(16).toString('base64')}:${Buffer.alloc(32).toString('base64')}`);

function derive(password: string, salt: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, 32, cost, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
