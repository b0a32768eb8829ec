// The tables, and the check that this version may use them. Keys compare by bytes (COLLATE "C"), as in the embedded engine.
import type pg from 'pg';

const schemaVersion = 3;

const statements = [
  `CREATE TABLE IF NOT EXISTS castellan_meta (name text PRIMARY KEY, value bigint NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS castellan_documents (
    collection text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, value text NOT NULL, PRIMARY KEY (collection, key))`,
  `CREATE TABLE IF NOT EXISTS castellan_events (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, time_ms bigint NOT NULL, account text NOT NULL, region text NOT NULL,
    event_id text NOT NULL, event_name text NOT NULL, event_source text NOT NULL, username text, access_key_id text,
    read_only boolean NOT NULL, resources text NOT NULL, record text NOT NULL)`,
  // Version 2. Sequences are given before the commit, so a later one can be visible first; readers go by transaction (see statements.ts).
  `ALTER TABLE castellan_events ADD COLUMN IF NOT EXISTS transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id()`,
  `CREATE INDEX IF NOT EXISTS castellan_events_by_transaction ON castellan_events (transaction_id, sequence)`,
  `CREATE INDEX IF NOT EXISTS castellan_events_by_access_key ON castellan_events (access_key_id, sequence) WHERE access_key_id IS NOT NULL`,
  // Version 3. Null in `asked`: nobody knows. Contexts are named by what is in them.
  `ALTER TABLE castellan_events ADD COLUMN IF NOT EXISTS asked text`,
  `ALTER TABLE castellan_events ADD COLUMN IF NOT EXISTS context text`,
  `CREATE TABLE IF NOT EXISTS castellan_contexts (id text COLLATE "C" PRIMARY KEY, text text NOT NULL)`,
  `INSERT INTO castellan_meta (name, value) VALUES ('schema', ${schemaVersion}) ON CONFLICT (name) DO NOTHING`,
];

export async function migrate(pool: pg.Pool): Promise<void> {
  for (const statement of statements) await perform(pool, statement);
  const { rows } = await pool.query<{ value: string }>(`SELECT value FROM castellan_meta WHERE name = 'schema'`);
  const found = Number(rows[0]?.value);
  if (found < schemaVersion) await pool.query(`UPDATE castellan_meta SET value = $1 WHERE name = 'schema' AND value < $1`, [schemaVersion]);
  if (found > schemaVersion) {
    await pool.end();
    throw new Error(
      `the database was written by a newer version of Castellan (schema ${found}, this one knows ${schemaVersion}); start the newer version or use another database`,
    );
  }
}

/** Several nodes may start at once, and "IF NOT EXISTS" does not hold between them, so whoever loses a statement's race tries that one again. */
const attemptsMax = 5;

async function perform(pool: pg.Pool, statement: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await pool.query(statement);
      return;
    } catch (error) {
      const isRace =
        error instanceof Error &&
        'code' in error &&
        (error.code === '23505' || error.code === '42P07' || error.code === '42710' || error.code === '40001');
      if (!isRace || attempt === attemptsMax) throw error;
    }
  }
}
