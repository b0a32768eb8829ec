// Rotation of real databases on schedule, under time travel, while clients read the secret and connect the whole time.
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  RotateSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../in-process.ts';
import { startMariaDb, type TestMariaDb } from '../mariadb.ts';
import { startPostgresWithPasswords, type TestPostgres } from '../postgres.ts';

const rotations = 20;
const clientsCount = 8;
const adminPassword = 'administrator-of-the-test';
const hourMs = 3_600_000;
/** Seed password; MariaDB and PostgreSQL both take it. */
const firstPassword = 'first-password';

interface Credentials {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

let castellan: InProcess;
let client: SecretsManagerClient;
const [postgres, mariadb] = await Promise.all([startPostgresWithPasswords(adminPassword), startMariaDb()]);

beforeAll(async () => {
  castellan = await startInProcess('rotation');
  client = castellan.secretsManager();
});
afterAll(async () => {
  await castellan.stop();
  await Promise.all([postgres?.stop(), mariadb?.stop()]);
});

/** Says whether the database lets these credentials in; any other failure is an error. */
type Login = (credentials: Credentials) => Promise<boolean>;

const postgresLogin: Login = async ({ host, port, username, password }) => {
  const connection = new pg.Client({ host, port, user: username, password, database: 'postgres' });
  try {
    await connection.connect();
    await connection.query('SELECT 1');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === '28P01' || error.code === '28000')) return false;
    throw error;
  } finally {
    await connection.end().catch(() => undefined);
  }
};

const mariadbLogin: Login = async ({ host, port, username: user, password }) => {
  try {
    const connection = await createConnection({ host, port, user, password, database: 'app' });
    await connection.query('SELECT * FROM app.things');
    await connection.end();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ER_ACCESS_DENIED_ERROR') return false;
    throw error;
  }
};

const builtIn = (name: string) => `arn:aws:lambda:us-east-1:aws:function:SecretsManagerRDS${name}`;
async function currentOf(SecretId: string): Promise<Credentials> {
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
  return JSON.parse(SecretString);
}
async function create(Name: string, value: object): Promise<string> {
  const { ARN = '' } = await client.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }));
  return ARN;
}
const stagesOf = async (SecretId: string) => (await client.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages ?? {};
const eventsOf = async (name: string) =>
  (await castellan.store.transact((transaction) => transaction.events({ attribute: { key: 'EventName', value: name }, limit: 500 }))).map(
    ({ record }) => JSON.parse(record),
  );

/** Eight clients read the secret and connect, over and over; each says how often its first try was refused. */
function startClients(SecretId: string, login: Login) {
  let isStopped = false;
  const run = async (): Promise<{ connected: number; refused: number }> => {
    const counts = { connected: 0, refused: 0 };
    while (!isStopped) {
      let tries = 0;
      // AWS's advice for one user: read the secret again and retry.
      while (!(await login(await currentOf(SecretId)))) {
        tries += 1;
        if (tries > 40) throw new Error('a client was left without a working credential');
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      counts.connected += 1;
      if (tries > 0) counts.refused += 1;
      // As long as a use of the connection: without it the ledger grows faster than its readers, which `settle` waits for, can follow.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return counts;
  };
  const running = Array.from({ length: clientsCount }, run);
  // The failure of one is reported when all are asked.
  for (const each of running) each.catch(() => undefined);
  return async () => {
    isStopped = true;
    return Promise.all(running);
  };
}

async function rotateTwentyTimes(SecretId: string, functionName: string, login: Login) {
  const stop = startClients(SecretId, login);
  const first = await currentOf(SecretId);
  await client.send(
    new RotateSecretCommand({ SecretId, RotationLambdaARN: builtIn(functionName), RotationRules: { ScheduleExpression: 'rate(4 hours)' } }),
  );
  const seen = [first];
  for (let count = 0; count < rotations; count += 1) {
    await castellan.work.settle();
    seen.push(await currentOf(SecretId));
    castellan.clock.advance(4 * hourMs);
  }
  const counts = await stop();
  for (const { connected } of counts) expect(connected).toBeGreaterThan(0);
  expect(new Set(seen.map(({ password }) => password)).size).toBe(rotations + 1);
  expect(
    Object.values(await stagesOf(SecretId))
      .flat()
      .toSorted(),
  ).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
  const { Versions = [] } = await client.send(new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }));
  expect(Versions.length).toBe(rotations + 1);
  return { seen, refused: counts.reduce((sum, each) => sum + each.refused, 0) };
}

describe.skipIf(postgres === undefined)('PostgreSQL', () => {
  const server = postgres as TestPostgres;
  let admin: pg.Client;
  let at: { readonly engine: string; readonly host: string; readonly port: number };
  beforeAll(async () => {
    const url = new URL(await server.database());
    at = { engine: 'postgres', host: url.hostname, port: Number(url.port) };
    admin = new pg.Client({ connectionString: url.href });
    await admin.connect();
  });
  afterAll(async () => {
    await admin.end();
  });
  const addUser = (name: string) => admin.query(`CREATE ROLE ${name} LOGIN PASSWORD '${firstPassword}'`);

  test('one user’s password changes twenty times; clients that read again always get in, and the old password does not', async () => {
    await addUser('single');
    await create('pg/single', { ...at, username: 'single', password: firstPassword, kept: 'as it is' });
    const { seen } = await rotateTwentyTimes('pg/single', 'PostgreSQLRotationSingleUser', postgresLogin);
    expect(await Promise.all(seen.map(postgresLogin))).toEqual([...seen.slice(1).map(() => false), true]);
    expect(seen.at(-1)).toMatchObject({ kept: 'as it is', username: 'single' });
  });

  test('two users take turns twenty times, and no client is ever refused', async () => {
    await addUser('turns');
    const masterarn = await create('pg/master', { ...at, username: 'castellan', password: adminPassword });
    await create('pg/turns', { ...at, username: 'turns', password: firstPassword, masterarn });
    const { seen, refused } = await rotateTwentyTimes('pg/turns', 'PostgreSQLRotationMultiUser', postgresLogin);
    expect(refused).toBe(0);
    expect(seen.slice(-2).map(({ username }) => username)).toEqual(['turns_clone', 'turns']);
    // The last two are good, each for its user; all before them are not.
    expect(await Promise.all(seen.map(postgresLogin))).toEqual([...seen.slice(2).map(() => false), true, true]);
  });

  test('a test that fails leaves the current version alone, and the next attempt succeeds when it can', async () => {
    await addUser('tested');
    const masterarn = await create('pg/master-2', { ...at, username: 'castellan', password: adminPassword });
    await create('pg/tested', { ...at, username: 'tested', password: firstPassword, masterarn });
    await admin.query('CREATE ROLE tested_clone NOLOGIN');
    const before = await stagesOf('pg/tested');
    const stop = startClients('pg/tested', postgresLogin);
    const RotationLambdaARN = builtIn('PostgreSQLRotationMultiUser');
    const { VersionId = '' } = await client.send(new RotateSecretCommand({ SecretId: 'pg/tested', RotationLambdaARN }));
    await castellan.work.settle();
    expect(await stagesOf('pg/tested')).toEqual({ ...before, [VersionId]: ['AWSPENDING'] });
    expect(await currentOf('pg/tested')).toMatchObject({ username: 'tested', password: firstPassword });
    expect((await eventsOf('RotationFailed'))[0]).toMatchObject({
      additionalEventData: {
        SecretVersionId: VersionId,
        ErrorMessage: 'testSecret: Unable to log into the database with the pending secret.',
      },
    });
    await admin.query('ALTER ROLE tested_clone LOGIN');
    castellan.clock.advance(60_000);
    await castellan.work.settle();
    expect((await stagesOf('pg/tested'))[VersionId]).toEqual(['AWSCURRENT']);
    expect((await stop()).reduce((sum, { refused }) => sum + refused, 0)).toBe(0);
    expect(await postgresLogin(await currentOf('pg/tested'))).toBe(true);
  });

  test('demands TLS when the secret does', async () => {
    await addUser('tls');
    await create('pg/tls', { ...at, username: 'tls', password: firstPassword, ssl: true });
    await client.send(new RotateSecretCommand({ SecretId: 'pg/tls', RotationLambdaARN: builtIn('PostgreSQLRotationSingleUser') }));
    await castellan.work.settle();
    expect((await eventsOf('RotationFailed'))[0]).toMatchObject({
      additionalEventData: { ErrorMessage: 'setSecret: The database does not offer TLS, and the secret demands it.' },
    });
  });
});

describe.skipIf(mariadb === undefined)('MariaDB', () => {
  const { admin, port } = mariadb as TestMariaDb;
  const at = { engine: 'mariadb', host: '127.0.0.1', port };
  beforeAll(async () => {
    await admin.query('CREATE DATABASE app');
    await admin.query('CREATE TABLE app.things (id INT)');
    await admin.query(`CREATE USER 'master'@'%' IDENTIFIED BY '${adminPassword}'`);
    await admin.query("GRANT ALL ON *.* TO 'master'@'%' WITH GRANT OPTION");
  });
  const addUser = async (name: string) => {
    await admin.query(`CREATE USER '${name}'@'%' IDENTIFIED BY '${firstPassword}'`);
    await admin.query(`GRANT SELECT ON app.* TO '${name}'@'%'`);
  };

  test('one user’s password changes twenty times; clients that read again always get in, and the old password does not', async () => {
    await addUser('single');
    await create('mariadb/single', { ...at, username: 'single', password: firstPassword });
    const { seen } = await rotateTwentyTimes('mariadb/single', 'MariaDBRotationSingleUser', mariadbLogin);
    expect(await Promise.all(seen.map(mariadbLogin))).toEqual([...seen.slice(1).map(() => false), true]);
  });

  test('two users take turns twenty times with the same rights, and no client is ever refused', async () => {
    await addUser('turns');
    const masterarn = await create('mariadb/master', { ...at, username: 'master', password: adminPassword });
    await create('mariadb/turns', { ...at, username: 'turns', password: firstPassword, masterarn });
    const { seen, refused } = await rotateTwentyTimes('mariadb/turns', 'MariaDBRotationMultiUser', mariadbLogin);
    expect(refused).toBe(0);
    expect(seen.slice(-2).map(({ username }) => username)).toEqual(['turns_clone', 'turns']);
    expect(await Promise.all(seen.map(mariadbLogin))).toEqual([...seen.slice(2).map(() => false), true, true]);
  });
});
