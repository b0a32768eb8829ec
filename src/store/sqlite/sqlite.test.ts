// The embedded engine under the contract, and what only it must do.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../test/temporary.ts';
import { randomIds } from '../../base/ids.ts';
import { storeContract } from '../contract.ts';
import { fixedRootKey } from '../root-key.ts';
import { openSqliteStore } from './sqlite.ts';

const ids = randomIds();

storeContract('sqlite', async () => {
  const { path } = temporaryDirectory('store');
  const rootKey = ids.bytes(32);
  return {
    open: () => openSqliteStore({ dataDir: path, rootKeys: fixedRootKey(rootKey), ids }),
    raw: async () => Buffer.concat(readdirSync(path).map((file) => readFileSync(join(path, file)))),
  };
});

test('refuses a directory that another store owns, and one of a newer version', async () => {
  const directory = temporaryDirectory('owned');
  const options = { dataDir: directory.path, rootKeys: fixedRootKey(ids.bytes(32)), ids };
  const store = await openSqliteStore(options);
  await expect(openSqliteStore(options)).rejects.toThrow('is in use by another process');
  await store.close();
  const database = new Database(join(directory.path, 'castellan.db'));
  database.pragma('user_version = 7');
  database.close();
  await expect(openSqliteStore(options)).rejects.toThrow('newer version of Castellan (schema 7');
  directory.remove();
});

test('does not open what was sealed under another root key, or moved to another record', async () => {
  const directory = temporaryDirectory('moved');
  const { Secret } = await import('../../base/secret.ts');
  const rootKey = ids.bytes(32);
  const store = await openSqliteStore({ dataDir: directory.path, rootKeys: fixedRootKey(rootKey), ids });
  await store.transact(async (transaction) => transaction.put('c', 'a', { s: new Secret('x') }));
  await store.close();
  const other = await openSqliteStore({ dataDir: directory.path, rootKeys: fixedRootKey(ids.bytes(32)), ids });
  await expect(other.transact((transaction) => transaction.get('c', 'a'))).rejects.toThrow('cannot be opened');
  await other.close();
  const database = new Database(join(directory.path, 'castellan.db'));
  database.exec(`INSERT INTO documents SELECT collection, 'b', value FROM documents WHERE key = 'a'`);
  database.close();
  const moved = await openSqliteStore({ dataDir: directory.path, rootKeys: fixedRootKey(rootKey), ids });
  await expect(moved.transact((transaction) => transaction.get('c', 'b'))).rejects.toThrow('cannot be opened');
  await moved.close();
  directory.remove();
});
