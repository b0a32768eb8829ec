// What both engines share of a unit of work: buffered writes that lie over the committed state, and the ledger entries to come.
import { limits } from '../base/limits.ts';
import type {
  AskedEntry,
  AskedQuery,
  Document,
  Entry,
  LedgerBatch,
  LedgerEntry,
  LedgerEvent,
  LedgerQuery,
  Range,
  Transaction,
} from './store.ts';

/** The committed state, as an engine reads it. */
export interface CommittedState {
  get(collection: string, key: string): Promise<Document | undefined> | Document | undefined;
  list(collection: string, range: Range): Promise<readonly Entry[]> | readonly Entry[];
  events(query: LedgerQuery): Promise<readonly LedgerEntry[]>;
  eventsAfter(cursor: string | undefined, limit: number): Promise<LedgerBatch>;
  asked(query: AskedQuery): Promise<readonly AskedEntry[]>;
  askedContext(id: string): Promise<string | undefined>;
}

/** What a unit of work wants to change. `undefined` deletes. */
export interface Writes {
  readonly documents: ReadonlyMap<string, ReadonlyMap<string, Document | undefined>>;
  readonly events: readonly LedgerEvent[];
  readonly isScrubbed: boolean;
}

export interface UnitOfWork {
  readonly transaction: Transaction;
  readonly writes: Writes;
}

export function createUnitOfWork(state: CommittedState): UnitOfWork {
  const documents = new Map<string, Map<string, Document | undefined>>();
  const events: LedgerEvent[] = [];
  let isScrubbed = false;
  const write = (collection: string, key: string, value: Document | undefined): void => {
    let written = documents.get(collection);
    if (written === undefined) {
      written = new Map();
      documents.set(collection, written);
    }
    written.set(key, value);
  };
  const transaction: Transaction = {
    async get(collection, key) {
      const written = documents.get(collection);
      return written?.has(key) ? written.get(key) : state.get(collection, key);
    },
    async list(collection, range) {
      const written = documents.get(collection);
      return written === undefined || written.size === 0 ? state.list(collection, range) : overlaid(state, collection, range, written);
    },
    put: write,
    delete: (collection, key) => write(collection, key, undefined),
    append: (event) => void events.push(event),
    scrub() {
      isScrubbed = true;
    },
    discard() {
      isScrubbed = false;
      documents.clear();
      events.length = 0;
    },
    events: (query) => state.events(query),
    eventsAfter: (cursor, limit) => state.eventsAfter(cursor, limit),
    asked: (query) => state.asked(query),
    askedContext: (id) => state.askedContext(id),
  };
  const writes: Writes = {
    documents,
    events,
    get isScrubbed() {
      return isScrubbed;
    },
  };
  return { transaction, writes };
}

/** A part of a unit of work that can fail by itself: its writes join the outer ones only if `work` does not throw. */
export async function nested<Result>(outer: Transaction, work: (inner: Transaction) => Promise<Result>): Promise<Result> {
  const { transaction, writes } = createUnitOfWork(outer);
  const result = await work(transaction);
  for (const [collection, documents] of writes.documents) {
    for (const [key, value] of documents) {
      if (value === undefined) outer.delete(collection, key);
      else outer.put(collection, key, value);
    }
  }
  for (const event of writes.events) outer.append(event);
  if (writes.isScrubbed) outer.scrub();
  return result;
}

/** The committed range with the unit's own writes over it: deleted keys leave, new and changed ones take their place in the order. */
async function overlaid(
  state: CommittedState,
  collection: string,
  range: Range,
  written: ReadonlyMap<string, Document | undefined>,
): Promise<readonly Entry[]> {
  const own = [...written].filter(([key]) => isInRange(key, range));
  const entries: Entry[] = own.flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }]));
  // Enough committed entries that the limit is met even if all the unit's own writes replace some of them.
  const limit = Math.min(range.limit + own.length, range.limit + limits.collectionItemsMax);
  const committed = await state.list(collection, { ...range, limit });
  for (const entry of committed) if (!written.has(entry.key)) entries.push(entry);
  entries.sort((left, right) => compareKeys(left.key, right.key) * (range.descending ? -1 : 1));
  const last = committed.length === limit ? committed.at(-1)?.key : undefined;
  const complete = last === undefined ? entries : entries.filter(({ key }) => compareKeys(key, last) * (range.descending ? -1 : 1) <= 0);
  return complete.slice(0, range.limit);
}

export function isInRange(key: string, range: Range): boolean {
  if (range.prefix !== undefined && !key.startsWith(range.prefix)) return false;
  if (range.after === undefined) return true;
  const order = compareKeys(key, range.after);
  return range.descending ? order < 0 : order > 0;
}

/** By UTF-8 bytes, which is by code point: differs from JavaScript's own order where surrogate pairs meet U+E000 and above. */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return codePointRank(a) - codePointRank(b);
  }
  return left.length - right.length;
}

/** Surrogates stand for code points above all others. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
