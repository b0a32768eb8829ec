// Typed access to one collection of the store. A record's key is a list of parts, so that a prefix of parts lists what lies under it.
import type { Document, Range, Transaction } from '../store/store.ts';

export interface Collection<Value extends object> {
  readonly name: string;
  get(transaction: Transaction, ...key: readonly string[]): Promise<Value | undefined>;
  put(transaction: Transaction, value: Value): void;
  remove(transaction: Transaction, value: Value): void;
  /** Values whose key starts with these parts, in key order. `after` is a cursor of a former page. */
  list(transaction: Transaction, under: readonly string[], range: ListRange): Promise<readonly Listed<Value>[]>;
  /** Of the first key whose first part is this one or comes after it, that part: who is next, without reading all that is theirs. */
  firstPartFrom(transaction: Transaction, part: string): Promise<string | undefined>;
  /** Every value under these parts, read in batches. For sets that a quota bounds. */
  all(transaction: Transaction, ...under: readonly string[]): Promise<readonly Value[]>;
}

export interface ListRange {
  readonly after?: string;
  readonly limit: number;
  readonly descending?: boolean;
}

export interface Listed<Value> {
  readonly cursor: string;
  readonly value: Value;
}

/** Sorts before every character that may stand in a name, so parts sort one by one. */
const separator = '\u001f';
const batchSize = 500;

export function collection<Value extends object>(name: string, keyOf: (value: Value) => readonly string[]): Collection<Value> {
  const list = async (transaction: Transaction, under: readonly string[], range: ListRange): Promise<readonly Listed<Value>[]> => {
    const prefix = under.length === 0 ? '' : joinKey(under) + separator;
    const storeRange: Range = {
      prefix,
      limit: range.limit,
      ...(range.after === undefined ? {} : { after: prefix + range.after }),
      ...(range.descending ? { descending: true } : {}),
    };
    const entries = await transaction.list(name, storeRange);
    return entries.map((entry) => ({ cursor: entry.key.slice(prefix.length), value: decoded<Value>(entry.value) }));
  };
  return {
    name,
    list,
    // Every request reads some twenty records: the store's own promise is passed on.
    get: (transaction, ...key) => decodedLater<Value>(transaction.get(name, joinKey(key))),
    async firstPartFrom(transaction, part) {
      // A key that begins with the part is longer than it, and so sorts after it.
      const [first] = await transaction.list(name, { after: part, limit: 1 });
      return first?.key.split(separator)[0];
    },
    put(transaction, value) {
      transaction.put(name, joinKey(keyOf(value)), encoded(value));
    },
    remove(transaction, value) {
      transaction.delete(name, joinKey(keyOf(value)));
    },
    async all(transaction, ...under) {
      const values: Value[] = [];
      let after: string | undefined;
      for (;;) {
        const batch = await list(transaction, under, { limit: batchSize, ...(after === undefined ? {} : { after }) });
        for (const item of batch) values.push(item.value);
        after = batch.at(-1)?.cursor;
        if (batch.length < batchSize) return values;
      }
    },
  };
}

function joinKey(parts: readonly string[]): string {
  return parts.join(separator);
}

// Decoding boundary: a collection is written by one module only, and the data directory's schema version guards its shape.
function decoded<Value extends object>(document: Document): Value {
  return document as unknown as Value;
}

function decodedLater<Value extends object>(document: Promise<Document | undefined>): Promise<Value | undefined> {
  return document as unknown as Promise<Value | undefined>;
}

function encoded(value: object): Document {
  return value as Document;
}
