// The root key under which secrets are sealed: 32 random bytes in a file of the owner's, outside the database.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Ids } from '../base/ids.ts';

const keyBytes = 32;

/** Reads the root key, or makes it when the file does not exist. @throws Error when others can read the file or it is not a key. */
export function openRootKey(path: string, ids: Ids): Uint8Array {
  if (!existsSync(path)) createRootKey(path, ids);
  if ((statSync(path).mode & 0o077) !== 0) throw new Error(`the root key \`${path}\` can be read by others; run \`chmod 600\` on it`);
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64');
  if (key.length !== keyBytes)
    throw new Error(
      `\`${path}\` does not hold a root key of ${keyBytes} bytes; restore it from a backup, without it the secrets cannot be read`,
    );
  return key;
}

function createRootKey(path: string, ids: Ids): void {
  const file = openSync(path, 'wx', 0o600);
  writeSync(file, `${Buffer.from(ids.bytes(keyBytes)).toString('base64')}\n`);
  fsyncSync(file);
  closeSync(file);
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}
