// The root keys under which secrets are sealed: 32 random bytes each, in a file of the owner's, outside the database. The first line is the key that
// seals; further lines are keys that only open, while a rotation re-seals what they have sealed.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Ids } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import { Secret } from '../base/secret.ts';
import type { Store } from './store.ts';

/** What seals and opens. The keys may change while it is used; `current` is one of `all`. */
export interface RootKeys {
  readonly current: Uint8Array;
  readonly all: readonly Uint8Array[];
}

export interface RootKeyFile extends RootKeys {
  /** Keys that a rotation has not let go yet: more than one key means that it must be finished. */
  readonly isRotating: boolean;
  /** Puts a new key in the file that only opens, for now. */
  prepare(): void;
  /** The newest key seals from now on. */
  promote(): void;
  /** Only the sealing key stays. */
  retire(): void;
  /** Looks whether another node has changed the file. Returns how to stop. */
  follow(): () => void;
}

const keyBytes = 32;

/** One key that never changes. */
export function fixedRootKey(key: Uint8Array): RootKeys {
  return { current: key, all: [key] };
}

/** Reads the root keys, or makes one when the file does not exist. @throws Error when others can read the file or it holds no keys. */
export function openRootKeys(path: string, ids: Ids): RootKeyFile {
  if (!existsSync(path)) writeKeys(path, [ids.bytes(keyBytes)]);
  let keys = readKeys(path);
  let changedMs = statSync(path).mtimeMs;
  const write = (next: readonly Uint8Array[]): void => {
    writeKeys(path, next);
    keys = readKeys(path);
    changedMs = statSync(path).mtimeMs;
  };
  return {
    get current() {
      return keys[0] ?? new Uint8Array(0);
    },
    get all() {
      return keys;
    },
    get isRotating() {
      return keys.length > 1;
    },
    prepare: () => write([...keys, ids.bytes(keyBytes)]),
    promote: () => write([...keys.slice(-1), ...keys.slice(0, -1)]),
    retire: () => write(keys.slice(0, 1)),
    follow() {
      const timer = setInterval(() => {
        const now = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
        if (now === undefined || now === changedMs) return;
        changedMs = now;
        keys = readKeys(path);
      }, limits.rootKeyFollowMs);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

/** @throws Error when the data was sealed under another root key: better at the start than at the first secret. */
export async function requireRootKey(store: Store, path: string): Promise<void> {
  await store.transact(async (transaction) => {
    const known = await transaction.get('installation', 'root-key').catch((cause: unknown) => {
      throw new Error(
        `\`${path}\` is not the root key under which this data was sealed; restore the right one, without it the secrets cannot be read`,
        { cause },
      );
    });
    if (known === undefined) transaction.put('installation', 'root-key', { check: new Secret('castellan') });
  });
}

function readKeys(path: string): readonly Uint8Array[] {
  if ((statSync(path).mode & 0o077) !== 0) throw new Error(`the root key \`${path}\` can be read by others; run \`chmod 600\` on it`);
  const keys = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => Buffer.from(line.trim(), 'base64'));
  if (keys.length === 0 || keys.some((key) => key.length !== keyBytes))
    throw new Error(
      `\`${path}\` does not hold a root key of ${keyBytes} bytes; restore it from a backup, without it the secrets cannot be read`,
    );
  return keys;
}

/** The old file or the new one, whatever happens in between. */
function writeKeys(path: string, keys: readonly Uint8Array[]): void {
  const partial = `${path}.new`;
  const file = openSync(partial, 'w', 0o600);
  writeSync(file, `${keys.map((key) => Buffer.from(key).toString('base64')).join('\n')}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(partial, path);
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}
