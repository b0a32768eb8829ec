// `castellan landing-zone` against a real server: killed in the middle, applied twice, its guardrails met by the AWS CLI, and what it says when
// it may not.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot, type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary.ts';
import { type Credentials, clientEnvironment, type Finished, isInstalled, run } from './command.ts';

const hasCli = isInstalled('aws');
if (!hasCli) console.warn('skipped: the AWS CLI is not installed (`apt-get install awscli` or `pip install awscli`)');

const node = join(projectRoot, 'node_modules/.bin/node');
const zoneText = readFileSync(join(projectRoot, 'src/landing-zone/default.yaml'), 'utf8').replace(
  'alice: { groups: [administrators] }',
  'alice: { groups: [administrators, operators] }',
);
const steps = 55;

let server: ServerProcess;
let directory: TemporaryDirectory;
let file: string;

beforeAll(async () => {
  directory = temporaryDirectory('landing-zone');
  file = join(directory.path, 'zone.yaml');
  writeFileSync(file, zoneText);
  server = await startServerProcess({ dataDir: join(directory.path, 'data'), arguments: ['--allow-time-travel'] });
});
afterAll(async () => {
  await server?.stop();
  directory?.remove();
});

function zone(parameters: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Finished> {
  return run(node, ['bin/castellan.js', 'landing-zone', ...parameters, '--data-dir', server.dataDir], environment);
}

/** Kills an apply without warning when it begins this step. The step's calls may or may not have arrived. */
function applyUntil(step: number): Promise<string> {
  const parameters = ['bin/castellan.js', 'landing-zone', 'apply', file, '--data-dir', server.dataDir];
  const child = spawn(node, parameters, { cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (new RegExp(`^\\[ *${step}/`, 'm').test(text)) child.kill('SIGKILL');
  });
  return new Promise((resolve) => child.once('close', (_code, signal) => resolve(signal ?? 'ended')));
}

async function aws(parameters: readonly string[], credentials?: Credentials): Promise<Finished> {
  return run('aws', parameters, clientEnvironment(server, credentials));
}

async function answer(parameters: readonly string[], credentials?: Credentials): Promise<Record<string, never>> {
  const finished = await aws(parameters, credentials);
  expect(finished.stderr).toBe('');
  return JSON.parse(finished.stdout === '' ? '{}' : finished.stdout);
}

async function accountIds(): Promise<Readonly<Record<string, string>>> {
  const accounts: readonly { Name: string; Id: string }[] = (await answer(['organizations', 'list-accounts']))['Accounts'] ?? [];
  return Object.fromEntries(accounts.map(({ Name, Id }) => [Name, Id]));
}

interface SessionShape {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken?: string;
}

const asCredentials = ({ AccessKeyId, SecretAccessKey, SessionToken }: SessionShape): Credentials => ({
  accessKeyId: AccessKeyId,
  secretAccessKey: SecretAccessKey,
  sessionToken: SessionToken,
});

async function enter(account: string, as: Credentials, role = 'OrganizationAccountAccessRole'): Promise<Credentials> {
  const roleArn = `arn:aws:iam::${account}:role/${role}`;
  const { Credentials: session } = await answer(['sts', 'assume-role', '--role-arn', roleArn, '--role-session-name', 'by-hand'], as);
  return asCredentials(session as unknown as SessionShape);
}

describe.skipIf(!hasCli)('a landing zone', () => {
  let ids: Readonly<Record<string, string>> = {};
  let admin: Credentials;

  test('plan shows what is to do, does nothing, and ends with 2', async () => {
    const planned = await zone(['plan', file, '--json']);
    expect(planned).toMatchObject({ status: 2, stderr: '' });
    const { summary, changes } = JSON.parse(planned.stdout);
    expect(summary).toEqual({ create: steps, change: 0, remove: 0, same: 0, blocked: 0 });
    expect(changes[0]).toMatchObject({ action: 'create', address: 'organization' });
    expect((await aws(['organizations', 'describe-organization'])).stderr).toContain('AWSOrganizationsNotInUse');
  });

  test('an apply that is killed again and again goes on where it stopped, and makes nothing twice', async () => {
    // The steps that are left get fewer, so each kill is at another place: the organisation, an account, a role, a key, a guardrail.
    for (const step of [1, 6, 9, 3, 14, 8, 2]) expect(await applyUntil(step)).toBe('SIGKILL');
    expect(await zone(['apply', file])).toMatchObject({ status: 0, stderr: '' });
    const planned = await zone(['plan', file]);
    expect(planned.status).toBe(0);
    expect(planned.stdout).toContain(`0 to create, 0 to change, 0 to remove, ${steps} as they should be`);
    ids = await accountIds();
    expect(Object.keys(ids)).toHaveLength(7);
    const policies: readonly { Name: string }[] =
      (await answer(['organizations', 'list-policies', '--filter', 'SERVICE_CONTROL_POLICY']))['Policies'] ?? [];
    expect(new Set(policies.map(({ Name }) => Name)).size).toBe(policies.length);
    await answer(['iam', 'create-user', '--user-name', 'admin']);
    const policy = 'arn:aws:iam::aws:policy/AdministratorAccess';
    await answer(['iam', 'attach-user-policy', '--user-name', 'admin', '--policy-arn', policy]);
    const { AccessKey } = await answer(['iam', 'create-access-key', '--user-name', 'admin']);
    admin = asCredentials(AccessKey as unknown as SessionShape);
  });

  test('applied once more, neither root nor an administrator writes anything in any account, as the ledger says', async () => {
    const writesIn = async (as?: Credentials): Promise<number> => {
      const lookup = ['cloudtrail', 'lookup-events', '--lookup-attributes', 'AttributeKey=ReadOnly,AttributeValue=false'];
      const events: readonly unknown[] = (await answer(lookup, as))['Events'] ?? [];
      return events.length;
    };
    const sessions = [
      undefined,
      ...(await Promise.all(Object.entries(ids).flatMap(([name, id]) => (isMember(name) ? [enter(id, admin)] : [])))),
    ];
    const before = await Promise.all(sessions.map(writesIn));
    expect(Math.min(...before)).toBeGreaterThan(0);
    const again = await zone(['apply', file]);
    expect(again.stdout).toContain('nothing to do');
    expect((await zone(['apply', file], clientEnvironment(server, admin))).stdout).toContain('nothing to do');
    expect(await Promise.all(sessions.map(writesIn))).toEqual(before);
  });

  test('the logging account’s own root is refused when it tries to stop the trail', async () => {
    const assumeRoot = ['sts', 'assume-root', '--target-principal', ids['logging'] ?? ''];
    const task = ['--task-policy-arn', 'arn=arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials'];
    const { Credentials: session } = await answer([...assumeRoot, ...task], admin);
    const root = asCredentials(session as unknown as SessionShape);
    const trail = `arn:aws:cloudtrail:us-east-1:${ids['logging']}:trail/central`;
    const refused = await aws(['cloudtrail', 'stop-logging', '--name', trail], root);
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain(
      `An error occurred (AccessDeniedException) when calling the StopLogging operation: User: arn:aws:iam::${ids['logging']}:root is not authorized to perform: cloudtrail:StopLogging on resource: ${trail} with an explicit deny in a service control policy: arn:aws:organizations::`,
    );
    const owner = await aws(['cloudtrail', 'delete-trail', '--name', trail], await enter(ids['logging'] ?? '', admin));
    expect(owner.stderr).toContain('with an explicit deny in a service control policy');
  });

  test('a user of the identity account works in a workload account through AWS CLI profiles, directly and by the central IT account', async () => {
    const identity = await enter(ids['identity'] ?? '', admin);
    const { AccessKey } = await answer(['iam', 'create-access-key', '--user-name', 'alice'], identity);
    const key = AccessKey as unknown as SessionShape;
    const profiles = (await zone(['profiles', file])).stdout;
    const own = `[profile identity]\naws_access_key_id = ${key.AccessKeyId}\naws_secret_access_key = ${key.SecretAccessKey}\n`;
    const config = join(directory.path, 'config');
    writeFileSync(config, `${own}\n${profiles}`);
    // What the environment says counts more than a profile.
    const { AWS_ENDPOINT_URL = '', AWS_PAGER = '' } = clientEnvironment(server);
    const environment = { AWS_ENDPOINT_URL, AWS_PAGER, AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
    const as = (profile: string, ...parameters: readonly string[]) => run('aws', [...parameters, '--profile', profile], environment);
    const who = await as('production-administrator', 'sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text');
    expect(who.stderr).toBe('');
    expect(who.stdout).toContain(`arn:aws:sts::${ids['production']}:assumed-role/administrator/`);
    const operator = await as('development-operator', 'sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text');
    expect(operator.stdout).toContain(`arn:aws:sts::${ids['development']}:assumed-role/operator/`);
    // The guardrails bind that administrator: elsewhere, and where the baseline is.
    expect(await as('production-administrator', 'kms', 'list-keys')).toMatchObject({ status: 0 });
    const elsewhere = await as('production-administrator', 'kms', 'list-keys', '--region', 'eu-north-1');
    expect(elsewhere.stderr).toContain('with an explicit deny in a service control policy');
    const baseline = await as('production-administrator', 'iam', 'delete-role', '--role-name', 'auditor');
    expect(baseline.stderr).toContain('with an explicit deny in a service control policy');
    // Only auditors are mapped to this role.
    expect((await as('production-auditor', 'sts', 'get-caller-identity')).stderr).toContain('not authorized to perform: sts:AssumeRole');
  });

  test('the data perimeter keeps an account out that has left the organisation, at a key that is open to all, and lets others in', async () => {
    const { CreateAccountStatus } = await answer([
      'organizations',
      'create-account',
      '--account-name',
      'gone',
      '--email',
      'gone@example.org',
    ]);
    const outside = String((CreateAccountStatus as unknown as { AccountId: string }).AccountId);
    const travel = await run(node, ['bin/castellan.js', 'time', 'advance', '5d', '--data-dir', server.dataDir], {});
    expect(travel.stderr).toBe('');
    await answer(['organizations', 'remove-account-from-organization', '--account-id', outside]);
    const production = await enter(ids['production'] ?? '', admin);
    const everybody = { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:*', Resource: '*' };
    const policy = JSON.stringify({ Version: '2012-10-17', Statement: [everybody] });
    const { KeyMetadata } = await answer(['kms', 'create-key', '--policy', policy], production);
    const key = String((KeyMetadata as unknown as { Arn: string }).Arn);
    const describeKey = ['kms', 'describe-key', '--key-id', key];
    const insider = await enter(ids['development'] ?? '', admin);
    expect(await aws(describeKey, insider)).toMatchObject({ status: 0 });
    const refused = await aws(describeKey, await enter(outside, admin));
    expect(refused.stderr).toContain('(AccessDeniedException) when calling the DescribeKey operation');
  });

  test('whoever may not is told which call was refused and what to do', async () => {
    await answer(['iam', 'create-user', '--user-name', 'nobody']);
    const { AccessKey } = await answer(['iam', 'create-access-key', '--user-name', 'nobody']);
    const nobody = clientEnvironment(server, asCredentials(AccessKey as unknown as SessionShape));
    const refused = await zone(['plan', file], nobody);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(
      'castellan: organizations:DescribeOrganization was refused (AccessDeniedException): User: arn:aws:iam::',
    );
    expect(refused.stderr).toContain('call as an administrator of the management account');
    writeFileSync(join(directory.path, 'wrong.yaml'), 'accounts: { a: { unit: B } }\n');
    const wrong = await zone(['plan', join(directory.path, 'wrong.yaml')]);
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toContain('has no `emails`');
  });

  test('destroy asks, closes what it made, and leaves the rest', async () => {
    const asked = await zone(['destroy', file]);
    expect(asked).toMatchObject({ status: 1 });
    expect(asked.stderr).toContain('say --yes');
    const less = join(directory.path, 'less.yaml');
    writeFileSync(less, zoneText.replace(/^ {2}development: .*\n/m, ''));
    const closing = await zone(['apply', less]);
    expect(closing.stderr).toContain('development would be closed');
    const gone = await zone(['destroy', file, '--yes']);
    expect(gone).toMatchObject({ status: 0, stderr: '' });
    expect(gone.stdout).toContain('suspended for 90 days');
    const states: readonly { Name: string; State: string }[] = (await answer(['organizations', 'list-accounts']))['Accounts'] ?? [];
    expect(new Set(states.filter(({ Name }) => isMember(Name)).map(({ State }) => State))).toEqual(new Set(['PENDING_CLOSURE']));
    const users: readonly { UserName: string }[] = (await answer(['iam', 'list-users']))['Users'] ?? [];
    expect(users.map(({ UserName }) => UserName).toSorted()).toEqual(['admin', 'nobody']);
  });

  function isMember(name: string): boolean {
    return ['identity', 'logging', 'publishing', 'central-it', 'production', 'development'].includes(name);
  }
});

describe('start --landing-zone', () => {
  test('builds it at the first start, and at the next finds it as it should be', async () => {
    const own = temporaryDirectory('landing-zone-start');
    const summaryOfStart = async (): Promise<unknown> => {
      const started = await startServerProcess({ dataDir: own.path, arguments: ['--landing-zone'] });
      const line = await new Promise<string>((resolve) => started.child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString())));
      await started.stop();
      return JSON.parse(line);
    };
    expect(await summaryOfStart()).toMatchObject({ landingZone: { create: steps, same: 0 } });
    expect(await summaryOfStart()).toMatchObject({ landingZone: { create: 0, change: 0, remove: 0, same: steps } });
    own.remove();
  });
});
