// What every engine must do, as one suite: run by sqlite/sqlite.test.ts and postgres/postgres.test.ts on a fresh store each.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../base/secret.ts';
import { isSerialisable, recordHistory } from './history.ts';
import type { Document, LedgerEvent, Store, Transaction } from './store.ts';

export interface Engine {
  /** Opens the same state again after `close`. */
  readonly open: () => Promise<Store>;
  /** Everything that is on disk or in the database, for the search for secrets. */
  readonly raw: () => Promise<Buffer>;
}

export function storeContract(name: string, start: () => Promise<Engine>): void {
  describe(`${name} store`, () => {
    let engine: Engine;
    let store: Store;
    beforeAll(async () => {
      engine = await start();
      store = await engine.open();
    });
    afterAll(async () => {
      await store?.close();
    });

    const put = (collection: string, key: string, value: Document) =>
      store.transact(async (transaction) => transaction.put(collection, key, value));
    const get = (collection: string, key: string) => store.transact((transaction) => transaction.get(collection, key));

    test('gives back what was put, and nothing after it was deleted', async () => {
      const document = { text: 'ä😀\n', number: 1.5, list: [1, null, { deep: true }], __proto__: 'no', $sealed: 'mine', absent: undefined };
      await put('basic', 'a', document);
      expect(await get('basic', 'a')).toEqual(JSON.parse(JSON.stringify(document)));
      await store.transact(async (transaction) => transaction.delete('basic', 'a'));
      expect(await get('basic', 'a')).toBeUndefined();
    });

    test('tells keys apart by case and collection', async () => {
      await put('case', 'Key', { v: 1 });
      await put('case', 'key', { v: 2 });
      await put('case2', 'key', { v: 3 });
      expect([await get('case', 'Key'), await get('case', 'key'), await get('case2', 'key')]).toEqual([{ v: 1 }, { v: 2 }, { v: 3 }]);
    });

    test('a list that was read before shows what was written since, and what is gone', async () => {
      const keys = () =>
        store.transact(async (transaction) => (await transaction.list('again', { prefix: 'k', limit: 10 })).map(({ key }) => key));
      const write = (change: (transaction: Transaction) => void) => store.transact(async (transaction) => change(transaction));
      const seen = [await keys(), await keys()];
      await write((transaction) => transaction.put('again', 'k1', { n: 1 }));
      seen.push(await keys(), await keys());
      await write((transaction) => transaction.put('elsewhere', 'k2', {}));
      await write((transaction) => transaction.put('again', 'k2', { n: 2 }));
      seen.push(await keys());
      await write((transaction) => transaction.delete('again', 'k1'));
      seen.push(await keys());
      expect(seen).toEqual([[], [], ['k1'], ['k1'], ['k1', 'k2'], ['k2']]);
    });

    test('lists in the order of bytes, by prefix, page by page, both ways', async () => {
      const keys = ['a', 'b', 'b/1', 'b/2', 'b0', 'ba', 'B', 'é', '\uffee', '😀'];
      for (const key of keys) await put('order', key, { key });
      const sorted = keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
      const all = await store.transact((transaction) => transaction.list('order', { limit: 100 }));
      expect(all.map(({ key }) => key)).toEqual(sorted);
      const back = await store.transact((transaction) => transaction.list('order', { limit: 100, descending: true }));
      expect(back.map(({ key }) => key)).toEqual(sorted.toReversed());
      const under = await store.transact((transaction) => transaction.list('order', { prefix: 'b/', limit: 1, after: 'b/1' }));
      expect(under.map(({ key }) => key)).toEqual(['b/2']);
    });

    test('shows a unit of work its own writes, in ranges too', async () => {
      for (const key of ['1', '2', '3', '4']) await put('own', key, { key });
      const seen = await store.transact(async (transaction) => {
        transaction.delete('own', '2');
        transaction.put('own', '25', { key: '25' });
        transaction.put('own', '9', { key: '9' });
        const forward = await transaction.list('own', { limit: 3 });
        const backward = await transaction.list('own', { limit: 3, descending: true });
        return [forward.map(({ key }) => key), backward.map(({ key }) => key), await transaction.get('own', '2')];
      });
      expect(seen).toEqual([['1', '25', '3'], ['9', '4', '3'], undefined]);
    });

    test('writes nothing when the work throws, and only the ledger after a discard', async () => {
      const thrown = store.transact(async (transaction) => {
        transaction.put('thrown', 'a', {});
        throw new Error('no');
      });
      await expect(thrown).rejects.toThrow('no');
      expect(await get('thrown', 'a')).toBeUndefined();
      await store.transact(async (transaction) => {
        transaction.put('thrown', 'b', {});
        transaction.discard();
        transaction.append(event('discarded'));
      });
      expect(await get('thrown', 'b')).toBeUndefined();
      expect((await find('EventId', 'discarded')).length).toBe(1);
    });

    test('loses no update of a counter that sixteen clients increment', async () => {
      await put('counter', 'n', { n: 0 });
      const increment = () =>
        store.transact(async (transaction) => {
          const n = Number((await transaction.get('counter', 'n'))?.['n']);
          await pause();
          transaction.put('counter', 'n', { n: n + 1 });
        });
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          for (let round = 0; round < 5; round += 1) await increment();
        }),
      );
      expect(await get('counter', 'n')).toEqual({ n: 80 });
    });

    test('lets exactly one of many creators of the same key win', async () => {
      const create = (by: number) =>
        store.transact(async (transaction) => {
          if ((await transaction.get('unique', 'name')) !== undefined) return false;
          await pause();
          transaction.put('unique', 'name', { by });
          return true;
        });
      const won = await Promise.all(Array.from({ length: 16 }, (_each, by) => create(by)));
      expect(won.filter(Boolean).length).toBe(1);
    });

    test('prevents write skew and phantoms', async () => {
      await put('skew', 'a', { on: true });
      await put('skew', 'b', { on: true });
      const turnOff = (own: string, other: string) =>
        store.transact(async (transaction) => {
          if ((await transaction.get('skew', other))?.['on'] !== true) return;
          await pause();
          transaction.put('skew', own, { on: false });
        });
      await Promise.all([turnOff('a', 'b'), turnOff('b', 'a')]);
      const states = [await get('skew', 'a'), await get('skew', 'b')].map((state) => state?.['on']);
      expect(states.filter(Boolean).length).toBe(1);

      const addIfFewer = (key: string) =>
        store.transact(async (transaction) => {
          const present = await transaction.list('phantom', { limit: 100 });
          await pause();
          if (present.length < 3) transaction.put('phantom', key, {});
        });
      await Promise.all(Array.from({ length: 12 }, (_each, index) => addIfFewer(`k${index}`)));
      expect((await store.transact((transaction) => transaction.list('phantom', { limit: 100 }))).length).toBe(3);
    });

    test('finds ledger entries by every attribute, newest first, page by page', async () => {
      for (let index = 0; index < 5; index += 1) {
        await store.transact(async (transaction) =>
          transaction.append({ ...event(`e${index}`), timeMs: 1000 + index, eventName: `Name${index % 2}` }),
        );
      }
      expect((await find('EventName', 'Name0')).map(({ eventId }) => eventId)).toEqual(['e4', 'e2', 'e0']);
      expect((await find('ResourceName', 'res-e3')).map(({ eventId }) => eventId)).toEqual(['e3']);
      expect((await find('ResourceType', 'type-e1')).map(({ eventId }) => eventId)).toEqual(['e1']);
      expect((await find('Username', "o'neil")).length).toBeGreaterThan(4);
      expect((await find('ReadOnly', 'true')).length).toBe(0);
      const query = { account: '1', region: 'r', fromMs: 1001, toMs: 1003, limit: 2 };
      const first = await store.transact((transaction) => transaction.events(query));
      expect(first.map(({ eventId }) => eventId)).toEqual(['e3', 'e2']);
      const before = first.at(-1)?.sequence ?? 0;
      const second = await store.transact((transaction) => transaction.events({ ...query, before }));
      expect(second.map(({ eventId }) => eventId)).toEqual(['e1']);
      expect((await store.transact((transaction) => transaction.events({ account: '2', limit: 10 }))).length).toBe(0);
    });

    test('keeps what was asked beside the events, and a context once however many share it', async () => {
      const context = { id: 'context-1', text: '{"principal":"alice"}' };
      const before = (await store.transact((transaction) => transaction.events({ limit: 1 })))[0]?.sequence ?? 0;
      const append = (id: string, account: string, text: string | undefined) =>
        store.transact(async (transaction) =>
          transaction.append({ ...event(id), account, ...(text === undefined ? {} : { asked: { text, context } }) }),
        );
      await append('asked-1', '1', '+[]');
      await append('asked-2', '2', '-[]');
      await append('asked-3', '1', undefined);
      const until = (await store.transact((transaction) => transaction.events({ limit: 1 })))[0]?.sequence ?? 0;
      const all = await store.transact((transaction) => transaction.asked({ after: before, until }));
      expect(all.map(({ eventId, text, contextId }) => [eventId, text, contextId])).toEqual([
        ['asked-1', '+[]', 'context-1'],
        ['asked-2', '-[]', 'context-1'],
        ['asked-3', '', undefined],
      ]);
      const own = await store.transact((transaction) => transaction.asked({ after: before, until: until - 1, account: '2' }));
      expect(own.map(({ eventId }) => eventId)).toEqual(['asked-2']);
      expect(await store.transact((transaction) => transaction.askedContext('context-1'))).toBe(context.text);
      expect(await store.transact((transaction) => transaction.askedContext('context-2'))).toBeUndefined();
    });

    test('shows a reader each event once and in the order of the cursor, while sixteen clients append', async () => {
      let isDone = false;
      const writers = Promise.all(
        Array.from({ length: 16 }, async (_each, client) => {
          for (let round = 0; round < 10; round += 1) {
            await store.transact(async (transaction) => {
              transaction.append(event(`followed-${client}-${round}`));
              await pause();
            });
          }
        }),
      ).then(() => {
        isDone = true;
      });
      const seen: string[] = [];
      let cursor: string | undefined;
      for (let idle = 0; idle < 3; ) {
        const wasDone = isDone;
        const batch = await store.transact((transaction) => transaction.eventsAfter(cursor, 7));
        cursor = batch.cursor;
        seen.push(...batch.entries.map(({ eventId }) => eventId).filter((id) => id.startsWith('followed-')));
        if (batch.entries.length === 0 && wasDone) idle += 1;
        if (batch.entries.length === 0) await pause();
      }
      await writers;
      expect(seen.length).toBe(160);
      expect(new Set(seen).size).toBe(160);
    });

    test('seals secrets: they come back, and are nowhere in the raw data', async () => {
      const planted = 'PLANTED-plaintext-0123456789';
      await put('secrets', 'a', { open: 'visible-marker', nested: { secret: new Secret(planted) } });
      const read = (await get('secrets', 'a'))?.['nested'];
      const secret = read !== null && typeof read === 'object' && 'secret' in read ? Reflect.get(read, 'secret') : undefined;
      expect(secret instanceof Secret && secret.reveal()).toBe(planted);
      const raw = await engine.raw();
      expect(raw.includes('visible-marker')).toBe(true);
      expect(raw.includes(planted)).toBe(false);
    });

    test('holds a megabyte, and ten thousand keys', async () => {
      const text = 'x'.repeat(1_000_000);
      await put('large', 'a', { text });
      expect((await get('large', 'a'))?.['text']).toBe(text);
      await store.transact(async (transaction) => {
        for (let index = 0; index < 10_000; index += 1) transaction.put('many', String(index).padStart(5, '0'), { index });
      });
      const page = await store.transact((transaction) => transaction.list('many', { limit: 3, after: '09990' }));
      expect(page.map(({ key }) => key)).toEqual(['09991', '09992', '09993']);
    });

    test('serialises a concurrent history of sixteen clients on shared keys', async () => {
      const history = await recordHistory(store, { clients: 16, unitsPerClient: 40, keys: 6, seed: name });
      expect(history.length).toBe(640);
      expect(isSerialisable(history)).toBe(true);
    });

    test('finds everything again when it is opened a second time, and nothing after it was cleared', async () => {
      await put('again', 'a', { secret: new Secret('kept') });
      await store.close();
      store = await engine.open();
      const secret = (await get('again', 'a'))?.['secret'];
      expect(secret instanceof Secret && secret.reveal()).toBe('kept');
      await store.clear();
      expect(await get('again', 'a')).toBeUndefined();
      for await (const entry of store.dump()) expect(entry).toBeUndefined();
    });

    function find(key: 'EventId' | 'EventName' | 'ResourceName' | 'ResourceType' | 'Username' | 'ReadOnly', value: string) {
      return store.transact((transaction) => transaction.events({ attribute: { key, value }, limit: 50 }));
    }
  });
}

function event(id: string): LedgerEvent {
  return {
    eventId: id,
    timeMs: 1,
    account: '1',
    region: 'r',
    eventName: 'Test',
    eventSource: 'test.amazonaws.com',
    username: "o'neil",
    accessKeyId: 'AKIA',
    readOnly: false,
    resources: [{ type: `type-${id}`, name: `res-${id}` }],
    record: '{}',
  };
}

/** Lets other units of work run in between. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
