// The PostgreSQL engine under the contract, and what only it must do.

import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { startPostgres } from '../../../test/postgres.ts';
import { randomIds } from '../../base/ids.ts';
import { storeContract } from '../contract.ts';
import { fixedRootKey } from '../root-key.ts';
import { openPostgresStore } from './postgres.ts';

const ids = randomIds();
const server = await startPostgres();
afterAll(async () => {
  await server?.stop();
});

if (server === undefined) test.skip('no PostgreSQL here', () => undefined);
else {
  storeContract('postgres', async () => {
    const url = await server.database();
    const rootKey = ids.bytes(32);
    return {
      open: () => openPostgresStore({ url, rootKeys: fixedRootKey(rootKey), ids }),
      async raw() {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        const { rows } = await client.query('SELECT * FROM castellan_documents');
        await client.end();
        return Buffer.from(JSON.stringify(rows));
      },
    };
  });

  test('refuses a database of a newer version', async () => {
    const url = await server.database();
    const options = { url, rootKeys: fixedRootKey(ids.bytes(32)), ids };
    await (await openPostgresStore(options)).close();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`UPDATE castellan_meta SET value = 7 WHERE name = 'schema'`);
    await client.end();
    await expect(openPostgresStore(options)).rejects.toThrow('newer version of Castellan (schema 7');
  });

  test('two nodes see each other’s commits at once, and several may start on an empty database together', async () => {
    const options = { url: await server.database(), rootKeys: fixedRootKey(ids.bytes(32)), ids };
    const [one, two] = await Promise.all([openPostgresStore(options), openPostgresStore(options)]);
    await one?.transact(async (transaction) => transaction.put('c', 'k', { v: 1 }));
    expect(await two?.transact((transaction) => transaction.get('c', 'k'))).toEqual({ v: 1 });
    await Promise.all([one?.close(), two?.close()]);
  });
}
