// The database file: schema, prepared statements, and a bounded cache of decoded documents. Everything here is synchronous.
import Database from 'better-sqlite3';
import { limits } from '../../base/limits.ts';
import { createKnownContexts } from '../known-contexts.ts';
import { type AskedRow, askedColumns, entryColumns, type LedgerRow, rowToAsked, rowToEntry } from '../ledger-row.ts';
import type { DocumentSealer } from '../seal.ts';
import type { AskedEntry, AskedQuery, Document, Entry, LedgerBatch, LedgerEntry, LedgerEvent, LedgerQuery, Range } from '../store.ts';
import type { Writes } from '../unit-of-work.ts';
import { ledgerStatement } from './ledger.ts';
import { createListCache } from './list-cache.ts';

export interface SqliteFile {
  get(collection: string, key: string): Document | undefined;
  list(collection: string, range: Range): readonly Entry[];
  collections(): readonly string[];
  events(query: LedgerQuery): readonly LedgerEntry[];
  eventsAfter(cursor: string | undefined, limit: number): LedgerBatch;
  asked(query: AskedQuery): readonly AskedEntry[];
  askedContext(id: string): string | undefined;
  /** All of these or none, on disk when it returns. */
  write(batch: readonly Writes[]): void;
  clear(): void;
  close(): void;
}

/** From one version to the next; the version is how many have been applied. */
const migrations = [
  `
  CREATE TABLE documents (collection TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (collection, key)) WITHOUT ROWID;
  CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, time_ms INTEGER NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
    event_id TEXT NOT NULL, event_name TEXT NOT NULL, event_source TEXT NOT NULL, username TEXT, access_key_id TEXT,
    read_only INTEGER NOT NULL, resources TEXT NOT NULL, record TEXT NOT NULL);`,
  'CREATE INDEX events_by_access_key ON events (access_key_id, sequence) WHERE access_key_id IS NOT NULL',
  // Null in `asked`: nobody knows. Contexts are named by what is in them.
  `ALTER TABLE events ADD COLUMN asked TEXT;
  ALTER TABLE events ADD COLUMN context TEXT;
  CREATE TABLE contexts (id TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID`,
];
const schemaVersion = migrations.length;

export function openSqliteFile(path: string, sealer: DocumentSealer): SqliteFile {
  const database = openDatabase(path);
  const readOne = database.prepare<[string, string], { value: string }>('SELECT value FROM documents WHERE collection = ? AND key = ?');
  const upsert = database.prepare(
    'INSERT INTO documents (collection, key, value) VALUES (?, ?, ?) ON CONFLICT (collection, key) DO UPDATE SET value = excluded.value',
  );
  const remove = database.prepare('DELETE FROM documents WHERE collection = ? AND key = ?');
  const append = database.prepare(
    `INSERT INTO events (time_ms, account, region, event_id, event_name, event_source, username, access_key_id, read_only, resources, record,
       asked, context) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const addContext = database.prepare('INSERT INTO contexts (id, text) VALUES (?, ?) ON CONFLICT (id) DO NOTHING');
  const readContext = database.prepare<[string], { text: string }>('SELECT text FROM contexts WHERE id = ?');
  const readAsked = database.prepare<[number, number], AskedRow>(
    `SELECT ${askedColumns} FROM events WHERE sequence > ? AND sequence <= ? ORDER BY sequence`,
  );
  const contexts = createKnownContexts();
  // Sequences are given in the order of commits, by the one process that writes.
  const following = database.prepare<[number, number], LedgerRow>(
    `SELECT ${entryColumns} FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?`,
  );
  const listings = new Map<string, Database.Statement<unknown[], { key: string; value: string }>>();
  const cache = createDocumentCache();
  const lists = createListCache();

  const writeAll = database.transaction((batch: readonly Writes[]) => {
    for (const { documents, events } of batch) {
      for (const [collection, entries] of documents) {
        for (const [key, value] of entries) {
          if (value === undefined) remove.run(collection, key);
          else upsert.run(collection, key, sealer.encode(collection, key, value));
        }
      }
      for (const event of events) {
        if (event.asked !== undefined && !contexts.has(event.asked)) addContext.run(event.asked.context.id, event.asked.context.text);
        append.run(...eventColumns(event));
      }
    }
  });

  return {
    get(collection, key) {
      const cached = cache.get(collection, key);
      if (cached !== undefined) return cached.document;
      const row = readOne.get(collection, key);
      const document = row === undefined ? undefined : sealer.decode(collection, key, row.value);
      cache.set(collection, key, document);
      return document;
    },
    list(collection, range) {
      const cached = lists.get(collection, range);
      if (cached !== undefined) return cached;
      const { sql, parameters } = listStatement(collection, range);
      // A few texts serve every list, and preparing one costs more than running it.
      let statement = listings.get(sql);
      if (statement === undefined) {
        statement = database.prepare<unknown[], { key: string; value: string }>(sql);
        listings.set(sql, statement);
      }
      const entries = statement.all(...parameters).map(({ key, value }) => ({ key, value: sealer.decode(collection, key, value) }));
      lists.set(collection, range, entries);
      return entries;
    },
    collections: () =>
      database
        .prepare<[], { collection: string }>('SELECT DISTINCT collection FROM documents')
        .all()
        .map((row) => row.collection),
    events(query) {
      const { sql, parameters } = ledgerStatement(query);
      return database
        .prepare<unknown[], LedgerRow>(sql)
        .all(...parameters)
        .map(rowToEntry);
    },
    eventsAfter(cursor, limit) {
      const entries = following.all(Number(cursor ?? 0), limit).map(rowToEntry);
      return { entries, cursor: entries.at(-1)?.sequence.toString() ?? cursor };
    },
    asked({ after, until, account }) {
      const rows = readAsked.all(after, until);
      return (account === undefined ? rows : rows.filter((row) => row.account === account)).map(rowToAsked);
    },
    askedContext: (id) => readContext.get(id)?.text,
    write(batch) {
      if (!batch.some(({ documents, events }) => documents.size > 0 || events.length > 0)) return;
      for (const { documents } of batch) {
        for (const [collection, entries] of documents) {
          lists.drop(collection);
          for (const key of entries.keys()) cache.drop(collection, key);
        }
      }
      writeAll.immediate(batch);
      for (const { events } of batch) contexts.add(events);
      // The pages are overwritten by secure_delete; here the log loses what it still holds of them.
      if (batch.some(({ isScrubbed }) => isScrubbed)) database.pragma('wal_checkpoint(TRUNCATE)');
    },
    clear() {
      database.exec('DELETE FROM documents; DELETE FROM events; DELETE FROM contexts;');
      contexts.clear();
      cache.clear();
      lists.clear();
    },
    close: () => void database.close(),
  };
}

function openDatabase(path: string): Database.Database {
  const database = new Database(path, { timeout: 0 });
  try {
    // The first read under EXCLUSIVE takes a lock that only this process's end gives back.
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.exec('BEGIN IMMEDIATE; COMMIT');
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) {
      throw new Error(`\`${path}\` is in use by another process; stop that server, or start this one with another --data-dir`, {
        cause: error,
      });
    }
    throw error;
  }
  database.pragma('synchronous = FULL');
  database.pragma('secure_delete = ON');
  database.pragma('cache_size = -16000');
  database.pragma('temp_store = MEMORY');
  migrate(database);
  return database;
}

function migrate(database: Database.Database): void {
  const found = Number(database.pragma('user_version', { simple: true }));
  if (found > schemaVersion) {
    database.close();
    throw new Error(
      `the data directory was written by a newer version of Castellan (schema ${found}, this one knows ${schemaVersion}); start the newer version or use another --data-dir`,
    );
  }
  database.transaction(() => {
    for (const migration of migrations.slice(found)) database.exec(migration);
    database.pragma(`user_version = ${schemaVersion}`);
  })();
}

function listStatement(collection: string, range: Range): { readonly sql: string; readonly parameters: readonly unknown[] } {
  const conditions = ['collection = ?'];
  const parameters: unknown[] = [collection];
  if (range.prefix !== undefined && range.prefix !== '') {
    conditions.push('key >= ?', 'key < ?');
    parameters.push(range.prefix, afterPrefix(range.prefix));
  }
  if (range.after !== undefined) {
    conditions.push(range.descending ? 'key < ?' : 'key > ?');
    parameters.push(range.after);
  }
  const order = range.descending ? 'DESC' : 'ASC';
  parameters.push(range.limit);
  return { sql: `SELECT key, value FROM documents WHERE ${conditions.join(' AND ')} ORDER BY key ${order} LIMIT ?`, parameters };
}

/** The highest code point follows every key that starts with the prefix. */
function afterPrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

function eventColumns(event: LedgerEvent): readonly unknown[] {
  const { timeMs, account, region, eventId, eventName, eventSource, username, accessKeyId, readOnly, resources, record } = event;
  const columns = [timeMs, account, region, eventId, eventName, eventSource, username ?? null, accessKeyId ?? null, readOnly ? 1 : 0];
  return [...columns, JSON.stringify(resources), record, event.asked?.text ?? '', event.asked?.context.id ?? null];
}

interface DocumentCache {
  get(collection: string, key: string): { readonly document: Document | undefined } | undefined;
  set(collection: string, key: string, document: Document | undefined): void;
  drop(collection: string, key: string): void;
  clear(): void;
}

/** Decoded documents, and the knowledge that a key has none. The oldest entry leaves when it is full. */
function createDocumentCache(): DocumentCache {
  const entries = new Map<string, { readonly document: Document | undefined }>();
  const idOf = (collection: string, key: string): string => `${collection}\u0000${key}`;
  return {
    get: (collection, key) => entries.get(idOf(collection, key)),
    set(collection, key, document) {
      const id = idOf(collection, key);
      entries.set(id, { document });
      if (entries.size > limits.documentCacheEntriesMax) entries.delete(entries.keys().next().value ?? id);
    },
    drop: (collection, key) => void entries.delete(idOf(collection, key)),
    clear: () => entries.clear(),
  };
}
