// The store port: documents in ordered collections plus the ledger, changed by serialisable units of work. Two engines implement it
// (sqlite/, postgres/) and contract.ts holds both to the same behaviour. A document is JSON in which `Secret` values may occur: the
// store seals them (seal.ts) under a key that is outside the database, bound to the collection, key and place where they stand.
import type { Secret } from '../base/secret.ts';

export type Json = null | boolean | number | string | Secret | readonly Json[] | { readonly [key: string]: Json | undefined };
/** A stored document. What `get` returns is frozen. */
export type Document = { readonly [key: string]: Json | undefined };

export interface Entry {
  readonly key: string;
  readonly value: Document;
}

/** Keys are compared by UTF-8 bytes, as both engines do. */
export interface Range {
  /** Only keys that start with this. */
  readonly prefix?: string;
  /** Only keys strictly after this one in the direction of the walk. */
  readonly after?: string;
  readonly limit: number;
  readonly descending?: boolean;
}

/** What LookupEvents can search by, next to the full record. One per request. */
export interface LedgerEvent {
  readonly eventId: string;
  readonly timeMs: number;
  readonly account: string;
  readonly region: string;
  readonly eventName: string;
  readonly eventSource: string;
  readonly username: string | undefined;
  readonly accessKeyId: string | undefined;
  readonly readOnly: boolean;
  readonly resources: readonly { readonly type: string; readonly name: string }[];
  /** The CloudTrail record as JSON text. */
  readonly record: string;
  /** What policies were asked about the request; undefined: nothing. Not in entries that are read back: `asked` has it. */
  readonly asked?: Asked | undefined;
}

/** What policies were asked, for those who ask again later. The ledger keeps a context once, however many events have it. */
export interface Asked {
  readonly text: string;
  readonly context: AskedContext;
}

/** What consecutive requests of a client have in common. */
export interface AskedContext {
  /** Of its text alone. */
  readonly id: string;
  readonly text: string;
}

/** An event as far as its question is concerned. */
export interface AskedEntry {
  readonly sequence: number;
  readonly eventId: string;
  readonly timeMs: number;
  readonly account: string;
  readonly region: string;
  readonly eventName: string;
  readonly eventSource: string;
  /** Empty: nothing was asked. Undefined: the event is older than what is kept of questions. */
  readonly text: string | undefined;
  readonly contextId: string | undefined;
}

/** Oldest first: the events after one sequence up to another. */
export interface AskedQuery {
  readonly after: number;
  readonly until: number;
  readonly account?: string;
}

export interface LedgerEntry extends LedgerEvent {
  /** Grows with every append; gaps are possible. */
  readonly sequence: number;
}

export type LedgerAttribute =
  | 'EventId'
  | 'EventName'
  | 'ReadOnly'
  | 'Username'
  | 'ResourceType'
  | 'ResourceName'
  | 'EventSource'
  | 'AccessKeyId';

/** Newest first. */
export interface LedgerQuery {
  /** Undefined: all accounts (for the server's own readers). */
  readonly account?: string;
  readonly region?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly attribute?: { readonly key: LedgerAttribute; readonly value: string };
  /** Only entries with a smaller sequence. */
  readonly before?: number;
  readonly limit: number;
}

/** One unit of work: sees the committed state and its own writes; nothing is visible to others until it commits. */
export interface Transaction {
  get(collection: string, key: string): Promise<Document | undefined>;
  list(collection: string, range: Range): Promise<readonly Entry[]>;
  put(collection: string, key: string, value: Document): void;
  delete(collection: string, key: string): void;
  append(event: LedgerEvent): void;
  /**
   * What this unit deletes or overwrites must not be found in the engine's files afterwards: destroyed keys. The embedded engine overwrites it and
   * empties its log; on PostgreSQL it goes with the next vacuum and the recycling of the server's log.
   */
  scrub(): void;
  /** Forgets every write so far (not the reads): a refused request keeps its ledger entry and nothing else. */
  discard(): void;
  /** Events that are committed; a unit of work does not see its own append, and the ledger does not take part in conflicts. */
  events(query: LedgerQuery): Promise<readonly LedgerEntry[]>;
  /** The next events for a reader that sees each once: committed ones, oldest first, after a cursor that an earlier call gave. */
  eventsAfter(cursor: string | undefined, limit: number): Promise<LedgerBatch>;
  /** What policies were asked about committed events. */
  asked(query: AskedQuery): Promise<readonly AskedEntry[]>;
  /** The text of a context. */
  askedContext(id: string): Promise<string | undefined>;
}

export interface LedgerBatch {
  readonly entries: readonly LedgerEntry[];
  /** Where the next batch starts; the given one when there is nothing new. */
  readonly cursor: string | undefined;
}

export interface Store {
  /**
   * Runs `work` as if alone, and returns once its writes are on disk. On a conflict `work` runs again from the start, so it must have no
   * effect outside the transaction. Read-only work is validated too. If `work` throws, nothing is written.
   * @throws ConflictError after limits.transactionAttemptsMax attempts.
   */
  transact<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Every document of every collection in order, for export. */
  dump(): AsyncIterable<{ readonly collection: string } & Entry>;
  /** Removes every document and event. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** The unit of work met conflicts at every attempt; the caller may retry. */
export class ConflictError extends Error {}
