// MySQL, MariaDB and what speaks like them (Aurora MySQL), for the rotators.
import { connect, isIP, type Socket } from 'node:net';
import type { Connection, ConnectionOptions, RowDataPacket } from 'mysql2/promise';
import type { Credentials, DatabaseConnection, DatabaseDriver } from './database.ts';
import { RotationFailure } from './rotator.ts';

const timeoutMs = 10_000;

export const mysql: DatabaseDriver = {
  engines: new Set(['mysql', 'mariadb', 'aurora-mysql']),
  usernameLengthMax: 32,
  async connect(credentials) {
    const withTls = credentials.ssl === false ? 'no-tls' : await attempt(credentials, true);
    if (withTls !== 'no-tls') return withTls;
    if (credentials.ssl === true) throw new RotationFailure('The database does not offer TLS, and the secret demands it.');
    const plain = await attempt(credentials, false);
    return plain === 'no-tls' ? undefined : plain;
  },
};

async function attempt(credentials: Credentials, hasTls: boolean): Promise<DatabaseConnection | undefined | 'no-tls'> {
  const { createConnection } = await import('mysql2/promise');
  try {
    return connectionOf(await createConnection(optionsOf(credentials, hasTls)));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ER_ACCESS_DENIED_ERROR' || code === 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR') return undefined;
    if (code === 'HANDSHAKE_NO_SSL_SUPPORT') return 'no-tls';
    throw new RotationFailure(`Unable to connect to the database${code === undefined ? '' : ` (${code})`}.`);
  }
}

function optionsOf({ host, port = 3306, username, password, dbname, sslrootcert }: Credentials, hasTls: boolean): ConnectionOptions {
  return {
    host,
    port,
    user: username,
    password: password.reveal(),
    connectTimeout: timeoutMs,
    ...(dbname === undefined ? {} : { database: dbname }),
    ...(hasTls
      ? { ssl: { rejectUnauthorized: true, verifyIdentity: true, ...(sslrootcert === undefined ? {} : { ca: sslrootcert }) } }
      : {}),
    ...(hasTls && isIP(host) !== 0 ? { stream: () => addressedSocket(host, port) } : {}),
  };
}

/**
 * The driver tells TLS no name for an address, and TLS would then compare the certificate with `localhost`; as whom it takes the server if nobody tells
 * it, it reads from here. rotation-tls.test.ts shows that it does.
 */
function addressedSocket(host: string, port: number): Socket {
  return Object.assign(connect({ host, port }), { _host: host });
}

function connectionOf(connection: Connection): DatabaseConnection {
  const text = (value: string): string => connection.escape(value);
  const run = async (sql: string): Promise<readonly RowDataPacket[]> => {
    try {
      const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout: timeoutMs });
      return Array.isArray(rows) ? rows : [];
    } catch (error) {
      // The server's message may quote the statement, and with it the password.
      throw new RotationFailure(`The database refused to change the user (${codeOf(error) ?? 'no code'}).`);
    }
  };
  /** `'user'@'%'`, or the one host from which the user comes. */
  const userOf = async (username: string): Promise<string | undefined> => {
    const rows = await run(`SELECT Host AS host FROM mysql.user WHERE User = ${text(username)} ORDER BY Host = '%' DESC`);
    const host: unknown = rows[0]?.['host'];
    return typeof host === 'string' ? `${text(username)}@${text(host)}` : undefined;
  };
  return {
    async setPassword(_username, password) {
      // MariaDB lets a user change its own password in this way only, and MySQL 8 no longer knows it.
      const [row] = await run('SELECT VERSION() AS version');
      const isMariaDb = /mariadb/i.test(String(row?.['version']));
      const secret = text(password.reveal());
      await run(isMariaDb ? `SET PASSWORD = PASSWORD(${secret})` : `ALTER USER CURRENT_USER() IDENTIFIED BY ${secret}`);
    },
    async provideUser({ username, password, like }) {
      const model = await userOf(like);
      if (model === undefined) throw new RotationFailure('The current user is not among the users of the database.');
      const existing = await userOf(username);
      const user = existing ?? `${text(username)}${model.slice(text(like).length)}`;
      if (existing === undefined) await run(`CREATE USER ${user} ACCOUNT LOCK`);
      // Grants are repeated each time: a rotation may have failed among them.
      for (const row of await run(`SHOW GRANTS FOR ${model}`)) {
        const grant: unknown = Object.values(row)[0];
        if (typeof grant === 'string') await run(grantFor(user, grant));
      }
      await run(`ALTER USER ${user} IDENTIFIED BY ${text(password.reveal())} ACCOUNT UNLOCK`);
    },
    close: () => connection.end(),
  };
}

/** The same grant for another user, without the password that MariaDB prints in it. */
function grantFor(user: string, grant: string): string {
  const what = grant.slice(0, grant.lastIndexOf(' TO '));
  return `${what} TO ${user}${grant.endsWith(' WITH GRANT OPTION') ? ' WITH GRANT OPTION' : ''}`;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
