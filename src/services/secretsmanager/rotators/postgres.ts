// PostgreSQL and what speaks like it (Aurora PostgreSQL), for the rotators.
import { isIP } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import type { Credentials, DatabaseConnection, DatabaseDriver } from './database.ts';
import { RotationFailure } from './rotator.ts';

const timeoutMs = 10_000;

export const postgres: DatabaseDriver = {
  engines: new Set(['postgres', 'aurora-postgresql']),
  usernameLengthMax: 63,
  async connect(credentials) {
    const withTls = credentials.ssl === false ? 'no-tls' : await attempt(credentials, true);
    if (withTls !== 'no-tls') return withTls;
    if (credentials.ssl === true) throw new RotationFailure('The database does not offer TLS, and the secret demands it.');
    const plain = await attempt(credentials, false);
    return plain === 'no-tls' ? undefined : plain;
  },
};

async function attempt(credentials: Credentials, hasTls: boolean): Promise<DatabaseConnection | undefined | 'no-tls'> {
  const { default: pg } = await import('pg');
  const client = new pg.Client(configOf(credentials, hasTls));
  // A connection that breaks later is noticed by the query that it breaks.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    const code = codeOf(error);
    // invalid_password, invalid_authorization_specification: https://www.postgresql.org/docs/current/errcodes-appendix.html
    if (code === '28P01' || code === '28000') return undefined;
    if (error instanceof Error && error.message === 'The server does not support SSL connections') return 'no-tls';
    throw new RotationFailure(`Unable to connect to the database${code === undefined ? '' : ` (${code})`}.`);
  }
  return connectionOf(client);
}

function configOf({ host, port = 5432, username, password, dbname, sslrootcert }: Credentials, hasTls: boolean): ClientConfig {
  return {
    host,
    port,
    user: username,
    password: password.reveal(),
    database: dbname ?? 'postgres',
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    ssl: hasTls
      ? {
          rejectUnauthorized: true,
          ...(sslrootcert === undefined ? {} : { ca: sslrootcert }),
          ...(isIP(host) === 0 ? { servername: host } : {}),
        }
      : false,
  };
}

function connectionOf(client: Client): DatabaseConnection {
  const name = (text: string): string => client.escapeIdentifier(text);
  const run = async (sql: string, values: readonly string[] = []) => {
    try {
      return await client.query(sql, [...values]);
    } catch (error) {
      // The server's message may quote the statement, and with it the password.
      throw new RotationFailure(`The database refused to change the user (${codeOf(error) ?? 'no code'}).`);
    }
  };
  return {
    async setPassword(username, password) {
      await run(`ALTER ROLE ${name(username)} WITH PASSWORD ${client.escapeLiteral(password.reveal())}`);
    },
    async provideUser({ username, password, like }) {
      const { rowCount } = await run('SELECT 1 FROM pg_roles WHERE rolname = $1', [username]);
      if (rowCount === 0) {
        await run('BEGIN');
        await run(`CREATE ROLE ${name(username)} WITH LOGIN PASSWORD ${client.escapeLiteral(password.reveal())}`);
        await run(`GRANT ${name(like)} TO ${name(username)}`);
        await run('COMMIT');
      } else await run(`ALTER ROLE ${name(username)} WITH PASSWORD ${client.escapeLiteral(password.reveal())}`);
    },
    close: () => client.end(),
  };
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
