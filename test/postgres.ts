// A PostgreSQL for tests: the server that CASTELLAN_TEST_PG names, or a private cluster of the machine's binaries on a free port.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { temporaryDirectory } from './temporary.ts';

export interface TestPostgres {
  /** A fresh, empty database. */
  database(): Promise<string>;
  stop(): Promise<void>;
}

/** Undefined when there is neither a server nor the binaries of one. */
export async function startPostgres(): Promise<TestPostgres | undefined> {
  const given = process.env['CASTELLAN_TEST_PG'];
  if (given !== undefined && given !== '') return { database: () => createDatabase(given), stop: async () => undefined };
  const binaries = findBinaries();
  if (binaries === undefined) {
    console.warn('skipped: no PostgreSQL (set CASTELLAN_TEST_PG, or `apt-get install postgresql`)');
    return undefined;
  }
  return startCluster(binaries);
}

/** A private cluster that lets nobody in without a password. Undefined when there are no binaries. */
export async function startPostgresWithPasswords(password: string, tls?: TlsFiles): Promise<TestPostgres | undefined> {
  const binaries = findBinaries();
  if (binaries === undefined) console.warn('skipped: no PostgreSQL (`apt-get install postgresql`)');
  return binaries === undefined ? undefined : startCluster(binaries, password, tls);
}

/** PEM, for a server that offers TLS. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

function findBinaries(): string | undefined {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((left, right) => Number(right) - Number(left)) : [];
  const folders = versions.map((version) => join(root, version, 'bin'));
  return folders.find((folder) => existsSync(join(folder, 'initdb')));
}

/** PostgreSQL refuses to run as root, so root lends it the user that Debian made for it. */
async function startCluster(binaries: string, password?: string, tls?: TlsFiles): Promise<TestPostgres> {
  const directory = temporaryDirectory('postgres');
  const user = process.getuid?.() === 0 ? userIds('postgres') : {};
  if ('uid' in user && user.uid !== undefined && user.gid !== undefined) chownSync(directory.path, user.uid, user.gid);
  const data = join(directory.path, 'data');
  const passwordFile = join(directory.path, 'password');
  writeFileSync(passwordFile, password ?? '', { mode: 0o644 });
  const authentication = password === undefined ? ['-A', 'trust'] : ['-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  const made = spawnSync(join(binaries, 'initdb'), ['-D', data, ...authentication, '-U', 'castellan', '--no-sync'], {
    ...user,
    cwd: directory.path,
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const parameters = [
    '-D',
    data,
    '-p',
    String(port),
    '-k',
    directory.path,
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'max_connections=200',
    ...(tls === undefined ? [] : tlsParameters(directory.path, tls, user)),
  ];
  const server = spawn(join(binaries, 'postgres'), parameters, { ...user, cwd: directory.path, stdio: 'ignore' });
  const url = `postgres://castellan${password === undefined ? '' : `:${password}`}@127.0.0.1:${port}/postgres`;
  await waitFor(url, server);
  return {
    database: () => createDatabase(url),
    async stop() {
      const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
      server.kill('SIGINT');
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
  return ['-c', 'ssl=on', '-c', `ssl_cert_file=${certificateFile}`, '-c', `ssl_key_file=${keyFile}`];
}

export function userIds(name: string): { readonly uid?: number; readonly gid?: number } {
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout));
  return uid === undefined || gid === undefined || !(uid > 0) ? {} : { uid, gid };
}

let databases = 0;

async function createDatabase(url: string): Promise<string> {
  databases += 1;
  const name = `castellan_${process.pid}_${databases}_${Math.floor(performance.now())}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const created = new URL(url);
  created.pathname = `/${name}`;
  return created.href;
}

async function waitFor(url: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (server.exitCode !== null) throw new Error('PostgreSQL stopped while it started');
    const client = new pg.Client({ connectionString: url });
    const isUp = await client.connect().then(
      () => true,
      () => false,
    );
    if (isUp) {
      await client.end();
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('PostgreSQL did not start');
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
