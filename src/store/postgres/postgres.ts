// The engine past one machine: any number of nodes on one PostgreSQL (or a database that speaks its protocol). Every unit of work is one
// SERIALIZABLE transaction, run again when the database finds a conflict. No advisory locks, no LISTEN, no session state.
// https://www.postgresql.org/docs/current/transaction-iso.html#XACT-SERIALIZABLE
import pg from 'pg';
import type { Ids } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { createKnownContexts, type KnownContexts } from '../known-contexts.ts';
import { type AskedRow, type LedgerRow, rowToAsked, rowToEntry } from '../ledger-row.ts';
import type { RootKeys } from '../root-key.ts';
import { createDocumentSealer, type DocumentSealer } from '../seal.ts';
import {
  type AskedEntry,
  type AskedQuery,
  ConflictError,
  type Document,
  type Entry,
  type LedgerBatch,
  type LedgerEntry,
  type LedgerEvent,
  type LedgerQuery,
  type Range,
  type Store,
  type Transaction,
} from '../store.ts';
import { createUnitOfWork, type Writes } from '../unit-of-work.ts';
import { migrate } from './schema.ts';
import { askedStatement, followingStatement, ledgerStatement, listStatement } from './statements.ts';

export interface PostgresOptions {
  readonly url: string;
  readonly rootKeys: RootKeys;
  readonly ids: Ids;
}

const connectionsMax = 20;
const connectTimeoutMs = 5_000;
const statementTimeoutMs = 15_000;
/** serialization_failure and deadlock_detected: run again. */
const retryable: ReadonlySet<unknown> = new Set(['40001', '40P01']);

/** @throws Error when the server cannot be reached, or a newer version wrote the schema. */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: connectionsMax,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    application_name: 'castellan',
  });
  // An idle connection that breaks is replaced by the pool; the next unit of work gets a new one.
  pool.on('error', () => undefined);
  const sealer = createDocumentSealer(options.rootKeys, options.ids);
  await migrate(pool);
  const contexts = createKnownContexts();

  const transact = async <Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> => {
    for (let attempt = 0; attempt < limits.transactionAttemptsMax; attempt += 1) {
      if (attempt > 0) await pause(options.ids, attempt);
      const done = await attemptOnce(pool, sealer, contexts, work);
      if (done !== undefined) return done.result;
    }
    throw new ConflictError('the unit of work met conflicts at every attempt');
  };

  return {
    transact,
    dump: () => dump(pool, sealer),
    async clear() {
      await pool.query('DELETE FROM castellan_documents');
      await pool.query('DELETE FROM castellan_events');
      await pool.query('DELETE FROM castellan_contexts');
      contexts.clear();
    },
    close: () => pool.end(),
  };
}

/** Undefined: a conflict. */
async function attemptOnce<Result>(
  pool: pg.Pool,
  sealer: DocumentSealer,
  contexts: KnownContexts,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<{ readonly result: Result } | undefined> {
  const client = await pool.connect();
  let isBroken = false;
  try {
    await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
    const unit = createUnitOfWork(committedState(client, sealer));
    const outcome = await run(work, unit.transaction);
    // INVARIANT: an error of the database, even one that `work` swallowed, leaves the transaction aborted, so COMMIT cannot succeed.
    if ('error' in outcome && isRetryable(outcome.error)) throw outcome.error;
    // An error may rest on what a concurrent commit has changed: it is the truth only if this transaction commits, without its writes.
    if ('error' in outcome) unit.transaction.discard();
    await flush(client, sealer, contexts, unit.writes);
    const committed = await client.query('COMMIT');
    if (committed.command !== 'COMMIT') throw new Error('the database rolled the transaction back');
    contexts.add(unit.writes.events);
    if ('error' in outcome) throw new WorkError(outcome.error);
    return outcome;
  } catch (error) {
    if (error instanceof WorkError) throw error.cause;
    isBroken = await rolledBack(client);
    if (isRetryable(error)) return undefined;
    throw error;
  } finally {
    client.release(isBroken);
  }
}

/** Marks an error of `work` that is to be delivered after the commit. */
class WorkError extends Error {
  constructor(cause: unknown) {
    super('the unit of work failed', { cause });
  }
}

function isRetryable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && retryable.has(error.code);
}

/** Whether the connection cannot be used any more. */
async function rolledBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK');
    return false;
  } catch {
    return true;
  }
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

function committedState(client: pg.PoolClient, sealer: DocumentSealer) {
  return {
    async get(collection: string, key: string): Promise<Document | undefined> {
      const text = 'SELECT value FROM castellan_documents WHERE collection = $1 AND key = $2';
      const { rows } = await client.query<{ value: string }>({ name: 'get', text, values: [collection, key] });
      const [row] = rows;
      return row === undefined ? undefined : sealer.decode(collection, key, row.value);
    },
    async list(collection: string, range: Range): Promise<readonly Entry[]> {
      const { rows } = await client.query<{ key: string; value: string }>(listStatement(collection, range));
      return rows.map(({ key, value }) => ({ key, value: sealer.decode(collection, key, value) }));
    },
    async events(query: LedgerQuery): Promise<readonly LedgerEntry[]> {
      const { rows } = await client.query<LedgerRow>(ledgerStatement(query));
      return rows.map((row) => rowToEntry(row));
    },
    async eventsAfter(cursor: string | undefined, limit: number): Promise<LedgerBatch> {
      const { rows } = await client.query<LedgerRow & { readonly transaction: string }>(followingStatement(cursor, limit));
      const last = rows.at(-1);
      return { entries: rows.map(rowToEntry), cursor: last === undefined ? cursor : `${last.transaction} ${last.sequence}` };
    },
    async asked(query: AskedQuery): Promise<readonly AskedEntry[]> {
      const { rows } = await client.query<AskedRow>(askedStatement(query));
      return rows.map(rowToAsked);
    },
    async askedContext(id: string): Promise<string | undefined> {
      const text = 'SELECT text FROM castellan_contexts WHERE id = $1';
      const { rows } = await client.query<{ text: string }>({ name: 'context', text, values: [id] });
      return rows[0]?.text;
    },
  };
}

async function flush(client: pg.PoolClient, sealer: DocumentSealer, contexts: KnownContexts, { documents, events }: Writes): Promise<void> {
  const put: { readonly collections: string[]; readonly keys: string[]; readonly values: string[] } = {
    collections: [],
    keys: [],
    values: [],
  };
  const removed: { readonly collections: string[]; readonly keys: string[] } = { collections: [], keys: [] };
  for (const [collection, entries] of documents) {
    for (const [key, value] of entries) {
      const target = value === undefined ? removed : put;
      target.collections.push(collection);
      target.keys.push(key);
      if (value !== undefined) put.values.push(sealer.encode(collection, key, value));
    }
  }
  if (removed.keys.length > 0) {
    const text = 'DELETE FROM castellan_documents WHERE (collection, key) IN (SELECT * FROM unnest($1::text[], $2::text[]))';
    await client.query({ name: 'remove', text, values: [removed.collections, removed.keys] });
  }
  if (put.keys.length > 0) {
    const text = `INSERT INTO castellan_documents (collection, key, value) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
      ON CONFLICT (collection, key) DO UPDATE SET value = excluded.value`;
    await client.query({ name: 'put', text, values: [put.collections, put.keys, put.values] });
  }
  for (const event of events) await append(client, contexts, event);
}

/** A context that other nodes may be adding too is written by one of them. */
async function append(client: pg.PoolClient, contexts: KnownContexts, event: LedgerEvent): Promise<void> {
  const { timeMs, account, region, eventId, eventName, eventSource, username, accessKeyId, readOnly, resources, record, asked } = event;
  if (asked !== undefined && !contexts.has(asked)) {
    const text = 'INSERT INTO castellan_contexts (id, text) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING';
    await client.query({ name: 'add-context', text, values: [asked.context.id, asked.context.text] });
  }
  const text = `INSERT INTO castellan_events
    (time_ms, account, region, event_id, event_name, event_source, username, access_key_id, read_only, resources, record, asked, context)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`;
  const who = [username, accessKeyId, readOnly];
  const what = [JSON.stringify(resources), record, asked?.text ?? '', asked?.context.id];
  await client.query({ name: 'append', text, values: [timeMs, account, region, eventId, eventName, eventSource, ...who, ...what] });
}

async function* dump(pool: pg.Pool, sealer: DocumentSealer): AsyncIterable<{ readonly collection: string } & Entry> {
  const { rows } = await pool.query<{ collection: string; key: string; value: string }>(
    'SELECT collection, key, value FROM castellan_documents ORDER BY collection, key',
  );
  for (const { collection, key, value } of rows) yield { collection, key, value: sealer.decode(collection, key, value) };
}

/** Grows with the attempts, with chance in it so that two units in conflict do not meet again. */
function pause(ids: Ids, attempt: number): Promise<void> {
  const chance = (ids.bytes(1)[0] ?? 0) / 255;
  return new Promise((resolve) => setTimeout(resolve, Math.min(50, 2 ** Math.min(attempt, 6)) * chance));
}
