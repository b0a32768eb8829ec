// Rotation over TLS: the database's certificate must chain to the authority that the secret names and be for the host that it names, or else no
// password is sent. PostgreSQL and MariaDB, each with certificates of openssl's making.
import { CreateSecretCommand, DescribeSecretCommand, GetSecretValueCommand, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../authority.ts';
import { type InProcess, startInProcess } from '../in-process.ts';
import { startMariaDb, type TestMariaDb } from '../mariadb.ts';
import { startPostgresWithPasswords, type TestPostgres } from '../postgres.ts';

const authority = createAuthority('the right authority');
const stranger = createAuthority('another authority');
const forName = authority.issue('DNS:localhost');
const forAddress = authority.issue('IP:127.0.0.1');
const adminPassword = 'administrator-of-the-test';
const firstPassword = 'first-password';

const [named, addressed, mariaNamed, mariaAddressed] = await Promise.all([
  startPostgresWithPasswords(adminPassword, forName),
  startPostgresWithPasswords(adminPassword, forAddress),
  startMariaDb(forName),
  startMariaDb(forAddress),
]);

let castellan: InProcess;
beforeAll(async () => {
  castellan = await startInProcess('rotation-tls');
});
afterAll(async () => {
  await castellan.stop();
  for (const each of [authority, stranger]) each.remove();
  await Promise.all([named?.stop(), addressed?.stop(), mariaNamed?.stop(), mariaAddressed?.stop()]);
});

interface Value {
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
}

/** Rotates once; the values before and after, and why it failed, if it did. */
async function rotateOnce(SecretId: string, functionName: string, value: object) {
  const client = castellan.secretsManager();
  const { VersionId: first = '' } = await client.send(new CreateSecretCommand({ Name: SecretId, SecretString: JSON.stringify(value) }));
  const RotationLambdaARN = `arn:aws:lambda:us-east-1:aws:function:SecretsManagerRDS${functionName}`;
  await client.send(new RotateSecretCommand({ SecretId, RotationLambdaARN }));
  await castellan.work.settle();
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
  const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
  const events = await castellan.store.transact((transaction) =>
    transaction.events({ attribute: { key: 'EventName', value: 'RotationFailed' }, limit: 500 }),
  );
  const failures = events.map(({ record }) => JSON.parse(record).additionalEventData);
  const own = failures.find(({ SecretId: arn }: { readonly SecretId: string }) => arn.includes(`:secret:${SecretId}-`));
  const now: Value = JSON.parse(SecretString);
  return { now, isFirst: VersionIdsToStages[first]?.includes('AWSCURRENT') === true, failure: own?.ErrorMessage as string | undefined };
}

/** What each case must come to: rotated, or refused before anything was changed. */
interface Case {
  readonly name: string;
  readonly server: 'named' | 'addressed';
  readonly host: string;
  readonly tls: object;
  readonly failure?: RegExp;
}
const sslrootcert = authority.certificate;
const cases: readonly Case[] = [
  { name: 'a name that the certificate has', server: 'named', host: 'localhost', tls: { ssl: true, sslrootcert } },
  { name: 'an address that the certificate has', server: 'addressed', host: '127.0.0.1', tls: { ssl: true, sslrootcert } },
  { name: 'tls where it is not demanded', server: 'named', host: 'localhost', tls: { sslrootcert } },
  {
    name: 'another authority',
    server: 'named',
    host: 'localhost',
    tls: { ssl: true, sslrootcert: stranger.certificate },
    failure: /Unable to connect to the database \((?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|HANDSHAKE_SSL_ERROR)\)/,
  },
  {
    name: 'no authority but the public ones',
    server: 'named',
    host: 'localhost',
    tls: {},
    failure: /Unable to connect to the database/,
  },
  {
    name: 'an address that the certificate does not have',
    server: 'named',
    host: '127.0.0.1',
    tls: { ssl: true, sslrootcert },
    failure: /Unable to connect to the database \((?:ERR_TLS_CERT_ALTNAME_INVALID|HANDSHAKE_SSL_ERROR)\)/,
  },
  {
    name: 'a name that the certificate does not have',
    server: 'addressed',
    host: 'localhost',
    tls: { ssl: true, sslrootcert },
    failure: /Unable to connect to the database \((?:ERR_TLS_CERT_ALTNAME_INVALID|HANDSHAKE_SSL_ERROR)\)/,
  },
];

describe.skipIf(named === undefined)('PostgreSQL', () => {
  const servers = { named: named as TestPostgres, addressed: addressed as TestPostgres };
  test.each(cases.map((each, index) => ({ ...each, index })))('$name', async ({ server, host, tls, failure, index }) => {
    const url = new URL(await servers[server].database());
    const admin = new pg.Client({ connectionString: url.href });
    await admin.connect();
    const username = `user_${index}`;
    await admin.query(`CREATE ROLE ${username} LOGIN PASSWORD '${firstPassword}'`);
    const value = { engine: 'postgres', host, port: Number(url.port), username, password: firstPassword, ...tls };
    const { now, isFirst, failure: said } = await rotateOnce(`pg-${index}`, 'PostgreSQLRotationSingleUser', value);
    const login = async (password: string) => {
      const ssl = { ca: authority.certificate, checkServerIdentity: () => undefined };
      const client = new pg.Client({ host: '127.0.0.1', port: now.port, user: username, password, database: 'postgres', ssl });
      const isIn = await client.connect().then(
        () => true,
        () => false,
      );
      await client.end().catch(() => undefined);
      return isIn;
    };
    expect(isFirst).toBe(failure !== undefined);
    if (failure === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(failure);
    expect(now.password === firstPassword).toBe(failure !== undefined);
    expect([await login(now.password), await login(firstPassword)]).toEqual([true, failure !== undefined]);
    await admin.end();
  });
});

describe.skipIf(mariaNamed === undefined)('MariaDB', () => {
  const servers = { named: mariaNamed as TestMariaDb, addressed: mariaAddressed as TestMariaDb };
  test.each(cases.map((each, index) => ({ ...each, index })))('$name', async ({ server, host, tls, failure, index }) => {
    const { admin, port } = servers[server];
    const user = `user_${index}`;
    // The server itself takes this user by TLS only.
    await admin.query(`CREATE USER '${user}'@'%' IDENTIFIED BY '${firstPassword}' REQUIRE SSL`);
    const value = { engine: 'mariadb', host, port, username: user, password: firstPassword, ...tls };
    const { now, isFirst, failure: said } = await rotateOnce(`maria-${index}`, 'MariaDBRotationSingleUser', value);
    const login = async (password: string) => {
      const ssl = { ca: authority.certificate, verifyIdentity: false };
      const connection = await createConnection({ host: '127.0.0.1', port, user, password, ssl }).catch(() => undefined);
      await connection?.end();
      return connection !== undefined;
    };
    expect(isFirst).toBe(failure !== undefined);
    if (failure === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(failure);
    expect(now.password === firstPassword).toBe(failure !== undefined);
    expect([await login(now.password), await login(firstPassword)]).toEqual([true, failure !== undefined]);
  });
});
