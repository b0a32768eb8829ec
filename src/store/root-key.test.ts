// The root key: in a file of its own, replaced while the store is in use, and never mistaken.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../../test/temporary.ts';
import { randomIds } from '../base/ids.ts';
import { Secret } from '../base/secret.ts';
import { fixedRootKey, openRootKeys, requireRootKey } from './root-key.ts';
import { finishRotation, rotateRootKey } from './root-key-rotation.ts';
import { createSealer } from './seal.ts';
import { openSqliteStore } from './sqlite/sqlite.ts';
import type { Store } from './store.ts';

const ids = randomIds();
let directory: ReturnType<typeof temporaryDirectory>;
let path: string;
beforeEach(() => {
  directory = temporaryDirectory('root-key');
  path = join(directory.path, 'root.key');
});
afterEach(() => directory.remove());

const lines = () => readFileSync(path, 'utf8').trim().split('\n');
const open = (rootKeys = openRootKeys(path, ids)) => openSqliteStore({ dataDir: directory.path, rootKeys, ids });
const put = (store: Store, key: string) =>
  store.transact(async (transaction) => transaction.put('c', key, { s: new Secret(`secret ${key}`) }));
const get = async (store: Store, key: string) => {
  const value = (await store.transact((transaction) => transaction.get('c', key)))?.['s'];
  return value instanceof Secret ? value.reveal() : undefined;
};

test('a rotation seals everything again while units of work go on, and the old key opens nothing afterwards', async () => {
  const keys = openRootKeys(path, ids);
  const old = Buffer.from(keys.current);
  const token = createSealer(keys, ids).seal('test', 'token');
  const store = await open(keys);
  await requireRootKey(store, path);
  for (let index = 0; index < 130; index += 1) await put(store, `before-${index}`);
  const rotation = rotateRootKey(store, keys, async () => undefined);
  await Promise.all(Array.from({ length: 40 }, (_each, index) => put(store, `during-${index}`)));
  expect((await rotation).documents).toBeGreaterThanOrEqual(131);
  expect(lines().length).toBe(1);
  expect(Buffer.from(keys.current).equals(old)).toBe(false);
  expect([await get(store, 'before-7'), await get(store, 'during-7')]).toEqual(['secret before-7', 'secret during-7']);
  await store.close();
  const again = await open();
  for (const key of ['before-0', 'before-129', 'during-39']) expect(await get(again, key)).toBe(`secret ${key}`);
  expect(createSealer(openRootKeys(path, ids), ids).open('test', token)).toBeUndefined();
  await again.close();
  const wrong = await open({ ...openRootKeys(path, ids), current: old, all: [old] });
  await expect(get(wrong, 'before-0')).rejects.toThrow('cannot be opened');
  await wrong.close();
});

test('a rotation that was interrupted is finished later, and until then both keys open', async () => {
  const keys = openRootKeys(path, ids);
  const store = await open(keys);
  await put(store, 'old');
  keys.prepare();
  keys.promote();
  await put(store, 'new');
  await store.close();
  const later = openRootKeys(path, ids);
  expect(later.isRotating).toBe(true);
  const again = await open(later);
  expect([await get(again, 'old'), await get(again, 'new')]).toEqual(['secret old', 'secret new']);
  await finishRotation(again, later);
  expect([later.isRotating, lines().length]).toEqual([false, 1]);
  await again.close();
  const last = await open();
  expect(await get(last, 'old')).toBe('secret old');
  await last.close();
});

test('a wrong root key is a clear error at the start, and harms nothing', async () => {
  const store = await open();
  await requireRootKey(store, path);
  await put(store, 'a');
  await store.close();
  const right = readFileSync(path, 'utf8');
  const wrong = await open({ ...openRootKeys(path, ids), ...fixedRootKey(ids.bytes(32)) });
  await expect(requireRootKey(wrong, path)).rejects.toThrow('is not the root key under which this data was sealed');
  await wrong.close();
  writeFileSync(path, right);
  const again = await open();
  await requireRootKey(again, path);
  expect(await get(again, 'a')).toBe('secret a');
  await again.close();
});

test('the file is its owner’s alone, and anything but keys in it is refused', () => {
  openRootKeys(path, ids);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, 'short\n');
  expect(() => openRootKeys(path, ids)).toThrow('does not hold a root key');
});
