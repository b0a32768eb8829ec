// A MariaDB for tests: a private server of the machine's binaries on a free port.
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { freePort, type TlsFiles, userIds } from './postgres.ts';
import { temporaryDirectory } from './temporary.ts';

export interface TestMariaDb {
  readonly port: number;
  /** A connection of the administrator, who comes by the socket. */
  readonly admin: Connection;
  stop(): Promise<void>;
}

/** Undefined when the machine has no MariaDB. */
export async function startMariaDb(tls?: TlsFiles): Promise<TestMariaDb | undefined> {
  if (spawnSync('mariadbd', ['--version']).status !== 0) {
    console.warn('skipped: no MariaDB (`apt-get install mariadb-server`)');
    return undefined;
  }
  const directory = temporaryDirectory('mariadb');
  const user = process.getuid?.() === 0 ? userIds('mysql') : {};
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory.path, user.uid, user.gid);
  const data = join(directory.path, 'data');
  const common = ['--no-defaults', `--datadir=${data}`];
  const made = spawnSync('mariadb-install-db', [...common, '--auth-root-authentication-method=normal', '--skip-test-db'], {
    ...user,
    cwd: directory.path,
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`mariadb-install-db failed: ${made.stderr}`);
  const port = await freePort();
  const socket = join(directory.path, 'socket');
  const listening = [
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    `--socket=${socket}`,
    `--pid-file=${join(directory.path, 'pid')}`,
    ...(tls === undefined ? [] : tlsParameters(directory.path, tls, user)),
  ];
  const server = spawn('mariadbd', [...common, ...listening], { ...user, cwd: directory.path, stdio: 'ignore' });
  const admin = await connected(socket);
  return {
    port,
    admin,
    async stop() {
      await admin.end();
      const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
      server.kill('SIGTERM');
      await ended;
      directory.remove();
    },
  };
}

function tlsParameters(directory: string, { certificate, key }: TlsFiles, { uid, gid }: ReturnType<typeof userIds>): readonly string[] {
  const [certificateFile, keyFile] = [join(directory, 'server.pem'), join(directory, 'server.key')];
  writeFileSync(certificateFile, certificate);
  writeFileSync(keyFile, key, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) chownSync(keyFile, uid, gid);
  return [`--ssl-cert=${certificateFile}`, `--ssl-key=${keyFile}`];
}

async function connected(socketPath: string): Promise<Connection> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const connection = await createConnection({ socketPath, user: 'root' }).catch(() => undefined);
    if (connection !== undefined) return connection;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('MariaDB did not start');
}
