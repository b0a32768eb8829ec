// What-if over a ledger that two nodes keep on PostgreSQL, asked of one while the other serves: it answers to the line what it answers to the same
// calls on SQLite.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IAM } from '@aws-sdk/client-iam';
import { KMS } from '@aws-sdk/client-kms';
import { Organizations } from '@aws-sdk/client-organizations';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { startTwoNodes, type TwoNodes } from '../two-nodes.ts';
import { type Credentials, run } from './command.ts';

const postgres: TestPostgres | undefined = await startPostgres();
const documentOf = (...Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const of = (Effect: 'Allow' | 'Deny', Action: string | readonly string[], more: object = {}) => ({
  Effect,
  Action,
  Resource: '*',
  ...more,
});

function settings(node: ServerProcess, credentials: Credentials) {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const key = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  return { endpoint: node.endpoint, region: 'us-east-1', credentials: key, maxAttempts: 1 };
}

async function assume(node: ServerProcess, as: Credentials, RoleArn: string): Promise<Credentials> {
  const { Credentials: session } = await new STSClient(settings(node, as)).send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'work' }),
  );
  return { accessKeyId: session?.AccessKeyId ?? '', secretAccessKey: session?.SecretAccessKey ?? '', sessionToken: session?.SessionToken };
}

/** What is in the place of its ids when two installations are compared. */
interface Site {
  readonly names: readonly (readonly [id: string, name: string])[];
  readonly unit: string;
  readonly userArn: string;
  readonly keyArn: string;
  readonly session: Credentials;
  /** When the calls were over. */
  readonly until: string;
}

/** A member account in a unit, with a role, a user and a key; calls that are allowed, refused, and made across accounts, by the nodes in turn. */
async function activity(nodes: readonly ServerProcess[]): Promise<Site> {
  const [first, last] = [nodes[0], nodes.at(-1)];
  if (first === undefined || last === undefined) throw new Error('there is no node');
  const boss = first.credentials;
  const home = (await new IAM(settings(first, boss)).getUser({})).User?.Arn?.split(':')[4] ?? '';
  const adminKey = await person(first, boss, 'boss', documentOf(of('Allow', '*')));
  const organizations = new Organizations(settings(first, boss));
  await organizations.createOrganization({});
  const root = (await organizations.listRoots({})).Roots?.[0]?.Id ?? '';
  const unit = (await organizations.createOrganizationalUnit({ ParentId: root, Name: 'Workloads' })).OrganizationalUnit?.Id ?? '';
  const { CreateAccountStatus } = await organizations.createAccount({ AccountName: 'workload', Email: 'w@example.org' });
  const account = CreateAccountStatus?.AccountId ?? '';
  await organizations.moveAccount({ AccountId: account, SourceParentId: root, DestinationParentId: unit });
  const session = await assume(first, adminKey, `arn:aws:iam::${account}:role/OrganizationAccountAccessRole`);
  const limited = await person(first, session, 'limited', documentOf(of('Allow', ['iam:List*', 'kms:Encrypt'])));
  const { KeyMetadata } = await new KMS(settings(first, session)).createKey({});
  const KeyId = KeyMetadata?.Arn ?? '';
  for (let round = 0; round < 30; round += 1) {
    const node = round % 2 === 0 ? first : last;
    for (const who of [session, limited, adminKey]) {
      const purpose = `round-${round % 3}`;
      await ignored(new IAM(settings(node, who)).listUsers({}));
      await ignored(new IAM(settings(node, who)).getUser({ UserName: 'limited' }));
      await ignored(new KMS(settings(node, who)).encrypt({ KeyId, Plaintext: Buffer.from('x'), EncryptionContext: { purpose } }));
    }
  }
  const names = [
    [home, 'HOME'],
    [account, 'MEMBER'],
    [KeyMetadata?.KeyId ?? '', 'KEY'],
    [unit, 'UNIT'],
    [root, 'ROOT'],
    [(await organizations.describeOrganization({})).Organization?.Id ?? '', 'ORGANIZATION'],
  ] as const;
  const until = new Date().toISOString();
  return { names, unit, userArn: `arn:aws:iam::${account}:user/limited`, keyArn: KeyId, session, until };
}

async function person(node: ServerProcess, as: Credentials, UserName: string, PolicyDocument: string): Promise<Credentials> {
  const iam = new IAM(settings(node, as));
  await iam.createUser({ UserName });
  await iam.putUserPolicy({ UserName, PolicyName: 'own', PolicyDocument });
  const { AccessKey } = await iam.createAccessKey({ UserName });
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}

async function ignored(call: Promise<unknown>): Promise<void> {
  await call.catch(() => undefined);
}

describe.skipIf(postgres === undefined)('what-if on PostgreSQL', () => {
  const directory = temporaryDirectory('what-if-postgres');
  let nodes: TwoNodes | undefined;
  let onSqlite: ServerProcess | undefined;

  beforeAll(async () => {
    nodes = await startTwoNodes('what-if-postgres', (await postgres?.database()) ?? '');
    onSqlite = await startServerProcess({ dataDir: join(directory.path, 'sqlite') });
  });
  afterAll(async () => {
    await nodes?.stop();
    await onSqlite?.stop('SIGKILL');
    await postgres?.stop();
    directory.remove();
  });

  const file = (name: string, text: string): string => {
    const path = join(directory.path, name);
    writeFileSync(path, text);
    return path;
  };

  async function answer(node: ServerProcess, { names, until }: Site, change: readonly string[]): Promise<readonly object[]> {
    const { status, stdout, stderr } = await run(
      'node',
      ['bin/castellan.js', 'what-if', '--data-dir', node.dataDir, ...change, '--until', until, '--json', '--calls'],
      {},
    );
    expect([status, stderr], stdout).toEqual([3, '']);
    const text = names.reduce((rest, [id, name]) => rest.replaceAll(id, name), stdout);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
    const unlike = new Set(['eventId', 'eventTime', 'firstSeen', 'lastSeen', 'from', 'until', 'events']);
    return lines
      .filter(({ kind }) => kind !== 'progress')
      .map((line) => JSON.parse(JSON.stringify(line, (key, value: unknown) => (unlike.has(key) ? undefined : value))));
  }

  test('answers as on SQLite, to the line, while both nodes go on serving', async () => {
    if (nodes === undefined || onSqlite === undefined) throw new Error('not started');
    const [shared, own] = [await activity([nodes.one, nodes.two]), await activity([onSqlite])];
    const changesOf = ({ unit, userArn, keyArn, names }: Site): readonly (readonly string[])[] => [
      ['--attach', file('scp.json', documentOf(of('Deny', ['iam:GetUser', 'kms:*']))), '--to', unit],
      ['--attach', file('more.json', documentOf(of('Allow', 'iam:*'))), '--to', userArn],
      ['--detach', 'own', '--from', userArn],
      [
        '--change',
        keyArn,
        '--with',
        file(
          `key-${names[1]?.[0]}.json`,
          documentOf(of('Allow', 'kms:*', { Principal: { AWS: [`arn:aws:iam::${names[1]?.[0]}:user/limited`, names[0]?.[0] ?? ''] } })),
        ),
      ],
    ];
    const busy = keepBusy([nodes.one, nodes.two], shared.session);
    for (const [index, change] of changesOf(shared).entries()) {
      const expected = await answer(onSqlite, own, changesOf(own)[index] ?? []);
      const given = await answer(index % 2 === 0 ? nodes.two : nodes.one, shared, change);
      expect(given.length).toBeGreaterThan(30);
      expect(given).toEqual(expected);
    }
    const { served, failed } = await busy.stop();
    expect(served).toBeGreaterThan(20);
    expect(failed).toEqual([]);
  });
});

/** Calls that no change is about, again and again, on all nodes. */
function keepBusy(nodes: readonly ServerProcess[], session: Credentials) {
  let isWanted = true;
  const result: { served: number; readonly failed: string[] } = { served: 0, failed: [] };
  const all = nodes.map(async (node) => {
    const iam = new IAM(settings(node, session));
    while (isWanted) {
      await iam
        .getRole({ RoleName: 'OrganizationAccountAccessRole' })
        .then(() => {
          result.served += 1;
        })
        .catch((error: unknown) => result.failed.push(String(error)));
    }
  });
  return {
    async stop() {
      isWanted = false;
      await Promise.all(all);
      return result;
    },
  };
}
