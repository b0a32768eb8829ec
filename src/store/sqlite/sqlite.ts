// The embedded engine: one process owns a data directory. Units of work run concurrently over the committed state and are validated when
// they end (Kung and Robinson, "On Optimistic Methods for Concurrency Control", 1981); those that end in one turn of the event loop are
// written in one SQLite transaction with one fsync. See docs/adr/0003-embedded-store.md.
import { join } from 'node:path';
import type { Ids } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { RootKeys } from '../root-key.ts';
import { createDocumentSealer } from '../seal.ts';
import { ConflictError, type Document, type Store, type Transaction } from '../store.ts';
import { createUnitOfWork, type UnitOfWork } from '../unit-of-work.ts';
import { createCommitLog } from './commit-log.ts';
import { createReadSet, type ReadSet } from './read-set.ts';
import { openSqliteFile, type SqliteFile } from './sqlite-file.ts';

export interface SqliteOptions {
  readonly dataDir: string;
  readonly rootKeys: RootKeys;
  readonly ids: Ids;
}

interface Pending {
  readonly unit: UnitOfWork;
  readonly readSet: ReadSet;
  readonly started: number;
  readonly settle: (result: 'committed' | 'conflict') => void;
  readonly fail: (error: unknown) => void;
}

/** After this many conflicts a unit runs while no other commits, so that it ends. */
const conflictsUntilAlone = 5;

/** @throws Error when another process owns the directory, or a newer version wrote it. */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const file = openSqliteFile(join(options.dataDir, 'castellan.db'), createDocumentSealer(options.rootKeys, options.ids));
  const log = createCommitLog();
  let queue: Pending[] = [];
  let isClosed = false;
  /** Set while a unit runs alone: what others have ready waits until it is done. */
  let alone: object | undefined;
  let waiting: Pending[] = [];
  /** Units that want to run alone do so one after the other, in the order in which they came. */
  let turns: Promise<void> = Promise.resolve();

  const flush = (): void => {
    const batch = queue;
    queue = [];
    const written: Pending[] = [];
    const settled: (() => void)[] = [];
    for (const pending of batch) {
      if (!log.isValid(pending.readSet, pending.started)) {
        settled.push(() => pending.settle('conflict'));
        continue;
      }
      log.commit(pending.unit.writes);
      written.push(pending);
      settled.push(() => pending.settle('committed'));
    }
    try {
      file.write(written.map((pending) => pending.unit.writes));
    } catch (error) {
      log.invalidateAll();
      for (const pending of batch) pending.fail(error);
      return;
    }
    for (const settle of settled) settle();
  };

  const enqueue = (pending: Pending): void => {
    queue.push(pending);
    if (queue.length === 1) setImmediate(flush);
  };

  const attempt = async <Result>(
    work: (transaction: Transaction) => Promise<Result>,
    owner: object,
  ): Promise<{ readonly result: Result } | undefined> => {
    const readSet = createReadSet();
    const unit = createUnitOfWork({
      get(collection, key) {
        readSet.point(collection, key);
        return file.get(collection, key);
      },
      list(collection, range) {
        const entries = file.list(collection, range);
        readSet.range(collection, range, entries);
        return entries;
      },
      events: async (query) => file.events(query),
      eventsAfter: async (cursor, limit) => file.eventsAfter(cursor, limit),
      asked: async (query) => file.asked(query),
      askedContext: async (id) => file.askedContext(id),
    });
    const started = log.current();
    const outcome = await run(work, unit.transaction);
    // INVARIANT: an error that rests on a stale read is not the truth, so it is validated like a result; its writes are dropped.
    if ('error' in outcome) unit.transaction.discard();
    const verdict = await new Promise<'committed' | 'conflict'>((settle, fail) => {
      const pending = { unit, readSet, started, settle, fail };
      if (alone !== undefined && alone !== owner) waiting.push(pending);
      else enqueue(pending);
    });
    if (verdict === 'conflict') return undefined;
    if ('error' in outcome) throw outcome.error;
    return outcome;
  };

  /** Waits for its turn, and returns what ends it. */
  const runAlone = async (owner: object): Promise<() => void> => {
    const before = turns;
    const ended = Promise.withResolvers<void>();
    turns = ended.promise;
    await before;
    alone = owner;
    return () => {
      alone = undefined;
      const held = waiting;
      waiting = [];
      for (const pending of held) enqueue(pending);
      ended.resolve();
    };
  };

  return {
    async transact(work) {
      const owner = {};
      let endTurn: (() => void) | undefined;
      try {
        for (let conflicts = 0; conflicts < limits.transactionAttemptsMax; conflicts += 1) {
          if (isClosed) throw new Error('the store is closed');
          if (conflicts === conflictsUntilAlone) endTurn = await runAlone(owner);
          const done = await attempt(work, owner);
          if (done !== undefined) return done.result;
        }
      } finally {
        endTurn?.();
      }
      throw new ConflictError('the unit of work met conflicts at every attempt');
    },
    dump: () => dump(file),
    async clear() {
      file.clear();
      log.invalidateAll();
    },
    async close() {
      isClosed = true;
      if (queue.length > 0) flush();
      file.close();
    },
  };
}

async function run<Result>(
  work: (transaction: Transaction) => Promise<Result>,
  transaction: Transaction,
): Promise<{ readonly result: Result } | { readonly error: unknown }> {
  try {
    return { result: await work(transaction) };
  } catch (error) {
    return { error };
  }
}

async function* dump(file: SqliteFile): AsyncIterable<{ readonly collection: string; readonly key: string; readonly value: Document }> {
  for (const collection of file.collections()) {
    let after: string | undefined;
    for (;;) {
      const entries = file.list(collection, { limit: limits.listBatchMax, ...(after === undefined ? {} : { after }) });
      for (const entry of entries) yield { collection, ...entry };
      after = entries.at(-1)?.key;
      if (entries.length < limits.listBatchMax) break;
    }
  }
}
