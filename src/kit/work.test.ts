// Jobs and readers of the ledger: once each, across nodes, with the clock moved, and with failures in between.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../../test/temporary.ts';
import { fixedClock } from '../base/clock.ts';
import { randomIds } from '../base/ids.ts';
import { fixedRootKey } from '../store/root-key.ts';
import { createSealer } from '../store/seal.ts';
import { openSqliteStore } from '../store/sqlite/sqlite.ts';
import type { LedgerEvent, Store } from '../store/store.ts';
import { type JobContext, outsideJob } from './jobs.ts';
import type { ServiceDefinition } from './service.ts';
import { createWork } from './work.ts';

const ids = randomIds();
const hourMs = 3_600_000;
const clock = fixedClock(1_795_534_423_250);
let directory: ReturnType<typeof temporaryDirectory>;
let store: Store;
let errors: string[];

beforeEach(async () => {
  directory = temporaryDirectory('work');
  store = await openSqliteStore({ dataDir: directory.path, rootKeys: fixedRootKey(ids.bytes(32)), ids });
  errors = [];
});
afterEach(async () => {
  await store.close();
  directory.remove();
});

function node(parts: Partial<ServiceDefinition>) {
  return createWork({
    store,
    clock,
    ids,
    sealer: createSealer(fixedRootKey(ids.bytes(32)), ids),
    partition: 'aws',
    runService: (_service, _transaction, _run, work) =>
      work(() => {
        throw new Error('these jobs call nobody');
      }),
    services: async () => [{ name: 'test', operations: [], ...parts }],
    functions: { run: () => Promise.reject(new Error('these jobs run no functions')) },
    onError: (error, what) => void errors.push(`${what}: ${error instanceof Error ? error.message : ''}`),
  });
}

async function count({ transaction }: JobContext, name: string): Promise<void> {
  const before = Number((await transaction.get('test.count', name))?.['n'] ?? 0);
  transaction.put('test.count', name, { n: before + 1 });
}

const counted = (name: string) => store.transact(async (transaction) => (await transaction.get('test.count', name))?.['n']);

test('readers run before jobs, and a job that looks at what others have done runs after them', async () => {
  const order: string[] = [];
  const noted = (name: string) => async () => {
    order.push(name);
    return undefined;
  };
  await store.transact(async (transaction) => transaction.append(event('1')));
  const jobs = [
    { name: 'last', everyMs: hourMs, isLast: true, run: noted('last') },
    { name: 'usual', everyMs: hourMs, run: noted('usual') },
  ];
  await node({ jobs, readers: [{ name: 'reader', read: async () => void order.push('reader') }] }).settle();
  expect(order).toEqual(['reader', 'usual', 'last']);
});

test('runs a job once when it is due, on one of several nodes, and again when the clock has moved on', async () => {
  const job = { name: 'hourly', everyMs: hourMs, run: (context: JobContext) => count(context, 'hourly').then(() => undefined) };
  const nodes = Array.from({ length: 4 }, () => node({ jobs: [job] }));
  await Promise.all(nodes.map((each) => each.settle()));
  expect(await counted('hourly')).toBe(1);
  clock.advance(hourMs);
  await Promise.all(nodes.map((each) => each.settle()));
  expect(await counted('hourly')).toBe(2);
});

test('goes on at once while a job says that there is more', async () => {
  let left = 5;
  const run = async (context: JobContext): Promise<'more' | undefined> => {
    await count(context, 'more');
    left -= 1;
    return left > 0 ? 'more' : undefined;
  };
  await node({ jobs: [{ name: 'batch', everyMs: hourMs, run }] }).settle();
  expect(await counted('more')).toBe(5);
});

test('reports a job that fails, undoes what it wrote, and runs the others', async () => {
  const failing = async (context: JobContext): Promise<undefined> => {
    await count(context, 'failing');
    throw new Error('no');
  };
  const fine = (context: JobContext) => count(context, 'fine').then(() => undefined);
  const work = node({
    jobs: [
      { name: 'failing', everyMs: hourMs, run: failing },
      { name: 'fine', everyMs: hourMs, run: fine },
    ],
  });
  await work.settle();
  expect(errors).toEqual(['test/failing: no']);
  expect([await counted('failing'), await counted('fine')]).toEqual([undefined, 1]);
});

test('shows a reader every event once and in order, also after a restart and a failure', async () => {
  const seen: string[] = [];
  let failures = 1;
  const reader = {
    name: 'reader',
    async read(events: readonly { readonly eventId: string }[], context: JobContext) {
      await count(context, 'read');
      if (failures > 0) {
        failures -= 1;
        throw new Error('once');
      }
      seen.push(...events.map(({ eventId }) => eventId));
    },
  };
  const append = (from: number, to: number) =>
    store.transact(async (transaction) => {
      for (let index = from; index < to; index += 1) transaction.append(event(String(index)));
    });
  await append(0, 700);
  await node({ readers: [reader] }).settle();
  expect(seen).toEqual([]);
  await node({ readers: [reader] }).settle();
  await append(700, 710);
  await node({ readers: [reader] }).settle();
  expect(seen).toEqual(Array.from({ length: 710 }, (_each, index) => String(index)));
});

test('several readers see every event each, and one that fails holds up no other', async () => {
  const seen: Record<string, string[]> = { first: [], second: [] };
  let isBroken = true;
  const reader = (name: string) => ({
    name,
    async read(events: readonly { readonly eventId: string }[]) {
      if (name === 'first' && isBroken) throw new Error('broken');
      seen[name]?.push(...events.map(({ eventId }) => eventId));
    },
  });
  await store.transact(async (transaction) => {
    for (let index = 0; index < 1_100; index += 1) transaction.append(event(String(index)));
  });
  const all = Array.from({ length: 1_100 }, (_each, index) => String(index));
  const readers = [reader('first'), reader('second')];
  await node({ readers }).settle();
  expect(seen).toEqual({ first: [], second: all });
  isBroken = false;
  await node({ readers }).settle();
  expect(seen).toEqual({ first: all, second: all });
});

test('claims an item before it acts outside, and settles what came of it', async () => {
  const acted: string[] = [];
  const job = outsideJob<string, string>({
    name: 'outside',
    everyMs: hourMs,
    async claim({ transaction }) {
      const [entry] = await transaction.list('test.due', { limit: 1 });
      if (entry !== undefined) transaction.delete('test.due', entry.key);
      return entry?.key;
    },
    async perform(item) {
      acted.push(item);
      return `done ${item}`;
    },
    async settle(item, outcome, { transaction }) {
      transaction.put('test.outcome', item, { outcome });
    },
  });
  await store.transact(async (transaction) => {
    for (const key of ['a', 'b', 'c']) transaction.put('test.due', key, {});
  });
  await Promise.all([node({ jobs: [job] }).settle(), node({ jobs: [job] }).settle()]);
  expect(acted.toSorted()).toEqual(['a', 'b', 'c']);
  expect((await store.transact((transaction) => transaction.list('test.outcome', { limit: 9 }))).length).toBe(3);
});

function event(eventId: string): LedgerEvent {
  return {
    eventId,
    timeMs: clock.now(),
    account: '111122223333',
    region: 'us-east-1',
    eventName: 'Test',
    eventSource: 'test.amazonaws.com',
    username: undefined,
    accessKeyId: undefined,
    readOnly: true,
    resources: [],
    record: '{}',
  };
}
