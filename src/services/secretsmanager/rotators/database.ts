// The four steps for users of databases: one user whose password changes, or two users that take turns.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets_strategies.html
import { isRecord } from '../../../base/record.ts';
import { Secret } from '../../../base/secret.ts';
import type { Context } from '../../../kit/context.ts';
import type { Outside } from '../../../kit/jobs.ts';
import type { SecretValue } from '../envelope.ts';
import { current, holderOf, pending, previous, withLabels, withoutLabel } from '../labels.ts';
import { randomPassword } from '../random-passwords.ts';
import { secrets } from '../records.ts';
import { findSecret } from '../secret-ids.ts';
import { RotationFailure, type RotationItem, type RotationStep } from './rotator.ts';
import { inSecret, putPending, valueWith } from './values.ts';

export interface DatabaseRotator {
  readonly driver: DatabaseDriver;
  readonly strategy: 'single-user' | 'alternating-users';
}

/** What a database needs to be rotated. Connections end in any case; what fails is told as a RotationFailure. */
export interface DatabaseDriver {
  readonly engines: ReadonlySet<string>;
  readonly usernameLengthMax: number;
  /** Undefined when the database refuses the user or the password. @throws RotationFailure when it cannot be reached */
  connect(credentials: Credentials): Promise<DatabaseConnection | undefined>;
}

export interface DatabaseConnection {
  setPassword(username: string, password: Secret): Promise<void>;
  /** Makes the user with what the other one may do, or gives it another password. */
  provideUser(user: { readonly username: string; readonly password: Secret; readonly like: string }): Promise<void>;
  close(): Promise<void>;
}

/** A database secret's members. https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html */
export interface Credentials {
  readonly engine: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly username: string;
  readonly password: Secret;
  readonly dbname: string | undefined;
  readonly masterarn: string | undefined;
  /** Undefined: with TLS if the server has it. */
  readonly ssl: boolean | undefined;
  /** Certificates (PEM) that the server's must chain to; by default the public ones. */
  readonly sslrootcert: string | undefined;
}

export async function databaseStep(rotator: DatabaseRotator, step: RotationStep, item: RotationItem, outside: Outside): Promise<void> {
  switch (step) {
    case 'createSecret':
      return createSecret(rotator, item, outside);
    case 'setSecret':
      return rotator.strategy === 'single-user' ? setOwnPassword(rotator, item, outside) : setOtherUser(rotator, item, outside);
    case 'testSecret':
      return testSecret(rotator, item, outside);
    case 'finishSecret':
      return finishSecret(item, outside);
  }
}

/** A new password, and for alternating users the other user. A version that has a value keeps it. */
async function createSecret(rotator: DatabaseRotator, item: RotationItem, outside: Outside): Promise<void> {
  await inSecret(outside, item, async (context, secret) => {
    const members = membersOf(await valueWith(context, secret, current));
    const { username } = credentialsOf(rotator, members);
    if ((await valueWith(context, secret, pending)) !== undefined) return;
    const password = randomPassword(context.ids, { ExcludeCharacters: '/@"\'\\' });
    const next = { ...members, username: rotator.strategy === 'single-user' ? username : otherUser(rotator, username), password };
    await putPending(context, secret, item.versionId, { kind: 'text', content: new Secret(JSON.stringify(next)) });
  });
}

/** The user changes its own password, with whichever of its passwords works. */
async function setOwnPassword(rotator: DatabaseRotator, item: RotationItem, outside: Outside): Promise<void> {
  const { now, next, before } = await credentialsIn(rotator, item, outside);
  if (await works(rotator, next)) return;
  if (now.username !== next.username) throw new RotationFailure('The pending version is of another user than the current one.');
  const candidates = [now, ...(before !== undefined && before.username === now.username && before.host === now.host ? [before] : [])];
  for (const candidate of candidates) {
    const connection = await rotator.driver.connect(candidate);
    if (connection !== undefined) return using(connection, () => connection.setPassword(next.username, next.password));
  }
  throw new RotationFailure('Unable to log into the database with the previous, current, or pending secret.');
}

/** The master makes the other user, or gives it the new password; the current user is left alone. */
async function setOtherUser(rotator: DatabaseRotator, item: RotationItem, outside: Outside): Promise<void> {
  const { now, next } = await credentialsIn(rotator, item, outside);
  if (await works(rotator, next)) return;
  if (next.username !== otherUser(rotator, now.username))
    throw new RotationFailure('The pending version is not of the user whose turn it is.');
  if (!(await works(rotator, now))) throw new RotationFailure('Unable to log into the database using the current credentials.');
  const master = await masterOf(rotator, item, outside, now);
  const connection = await rotator.driver.connect(master);
  if (connection === undefined) throw new RotationFailure('Unable to log into the database using the credentials of the master secret.');
  await using(connection, () => connection.provideUser({ username: next.username, password: next.password, like: now.username }));
}

/** The pending version, or for a test the current one, must be good for a connection. */
async function testSecret(rotator: DatabaseRotator, item: RotationItem, outside: Outside): Promise<void> {
  const { next } = await credentialsIn(rotator, item, outside);
  if (!(await works(rotator, next))) throw new RotationFailure('Unable to log into the database with the pending secret.');
}

async function finishSecret(item: RotationItem, outside: Outside): Promise<void> {
  await inSecret(outside, item, async (context, secret) => {
    const labels = withLabels(secret.labels, item.versionId, [current]);
    secrets.put(context.transaction, {
      ...secret,
      labels: holderOf(labels, pending) === item.versionId ? withoutLabel(labels, pending) : labels,
      changedAtMs: context.now,
    });
  });
}

interface RotatingCredentials {
  readonly now: Credentials;
  readonly next: Credentials;
  readonly before: Credentials | undefined;
}

async function credentialsIn(rotator: DatabaseRotator, item: RotationItem, outside: Outside): Promise<RotatingCredentials> {
  return inSecret(outside, item, async (context, secret) => {
    const read = async (label: string) => credentialsOf(rotator, membersOf(await valueWith(context, secret, label)));
    const now = await read(current);
    const isFinished = holderOf(secret.labels, current) === item.versionId;
    const next = isFinished ? now : await read(pending);
    if (next.host !== now.host) throw new RotationFailure('The pending version is for another host than the current one.');
    const hasPrevious = (await valueWith(context, secret, previous)) !== undefined;
    return { now, next, before: hasPrevious ? await read(previous).catch(() => undefined) : undefined };
  });
}

/** @throws RotationFailure when the secret names another master than when its rotation was configured */
async function masterOf(
  rotator: DatabaseRotator,
  item: RotationItem,
  outside: Outside,
  { masterarn, host }: Credentials,
): Promise<Credentials> {
  const arn = item.masterArn;
  if (arn === undefined || arn !== masterarn) {
    throw new RotationFailure('The secret names another masterarn than when its rotation was configured; configure the rotation again.');
  }
  const master = await outside.transact(async ({ contextFor }) => masterCredentials(rotator, contextFor(item), arn));
  if (master.host !== host) throw new RotationFailure('The master secret is for another host than the current one.');
  return master;
}

async function masterCredentials(rotator: DatabaseRotator, context: Context, arn: string): Promise<Credentials> {
  const found = await findSecret(context, arn);
  if (found === undefined || found.replica !== undefined || found.secret.deletion !== undefined) {
    throw new RotationFailure('The master secret cannot be found.');
  }
  return credentialsOf(rotator, membersOf(await valueWith(context, found.secret, current)));
}

/** The members of a database secret's JSON. @throws RotationFailure */
export function membersOf(value: SecretValue | undefined): Readonly<Record<string, unknown>> {
  if (value === undefined) throw new RotationFailure('The secret has no value to rotate.');
  try {
    const members: unknown = JSON.parse(value.content.reveal());
    if (isRecord(members)) return members;
  } catch {
    // The parser's message would quote the value.
  }
  throw new RotationFailure('The secret is not a JSON object.');
}

function credentialsOf({ driver, strategy }: DatabaseRotator, members: Readonly<Record<string, unknown>>): Credentials {
  const text = (name: string): string | undefined => (typeof members[name] === 'string' ? members[name] : undefined);
  const required = (name: string): string => {
    const value = text(name);
    if (value === undefined) throw new RotationFailure(`The key ${name} is missing from the secret's JSON.`);
    return value;
  };
  const engine = required('engine');
  if (!driver.engines.has(engine)) {
    throw new RotationFailure(`The database engine must be one of ${[...driver.engines].join(', ')} to use this rotation function.`);
  }
  const port = Number(members['port'] ?? Number.NaN);
  const masterarn = text('masterarn');
  if (strategy === 'alternating-users' && masterarn === undefined && text('username') === undefined) required('masterarn');
  return {
    engine,
    host: required('host'),
    port: Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined,
    username: required('username'),
    password: new Secret(required('password')),
    dbname: text('dbname'),
    masterarn,
    ssl: sslOf(members['ssl']),
    sslrootcert: text('sslrootcert'),
  };
}

/** AWS: text or boolean; what is neither counts as missing. */
function sslOf(value: unknown): boolean | undefined {
  const word = String(value).toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

const otherSuffix = '_clone';

/** @throws RotationFailure when its name would be too long */
function otherUser({ driver }: DatabaseRotator, username: string): string {
  if (username.endsWith(otherSuffix)) return username.slice(0, -otherSuffix.length);
  const other = username + otherSuffix;
  if (other.length > driver.usernameLengthMax)
    throw new RotationFailure(
      `Unable to clone user, username length with ${otherSuffix} appended would exceed ${driver.usernameLengthMax} characters.`,
    );
  return other;
}

async function works({ driver }: DatabaseRotator, credentials: Credentials): Promise<boolean> {
  const connection = await driver.connect(credentials);
  await connection?.close();
  return connection !== undefined;
}

async function using(connection: DatabaseConnection, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await connection.close();
  }
}
