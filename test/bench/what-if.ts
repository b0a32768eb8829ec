// `npm run bench -- what-if`: a million calls in the ledger of an organisation, replayed by the command line against a running server. Prints how
// long that takes, the server's memory, and how long requests wait meanwhile. WHAT_IF_EVENTS and WHAT_IF_RESOURCES set the size.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { randomIds, seededIds } from '../../src/base/ids.ts';
import { openInstallation } from '../../src/kit/installation.ts';
import { compose } from '../../src/main.ts';
import { ensureAccount } from '../../src/services/iam/bootstrap.ts';
import { openRootKeys, type RootKeys } from '../../src/store/root-key.ts';
import { createSealer } from '../../src/store/seal.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite.ts';
import type { Asked, LedgerEvent, Store } from '../../src/store/store.ts';
import { createClient } from '../client.ts';
import { projectRoot, type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import type { Key } from './scenario.ts';

const wanted = Number(process.env['WHAT_IF_EVENTS'] ?? 1_000_000);
/** Different resources that calls of one kind and caller are about. */
const resources = Number(process.env['WHAT_IF_RESOURCES'] ?? 20);
const callers = 40;
const batchSize = 5_000;
const days = 30;
const node = join(projectRoot, 'node_modules/.bin/node');

const directory = temporaryDirectory('what-if');
const facts: [string, string | number][] = [];
let server = await startServerProcess({ dataDir: directory.path });
const { account, unit } = await organisation(server);
await server.stop();
const memberRoot = await inStore(rootKeyOf);
server = await startServerProcess({ dataDir: directory.path });
await activity(server, memberRoot);
await server.stop();
await inStore(fill);
await inStore(catchUp);
for (const [name, statement, target] of [
  ['SCP on a unit, refuses one action', { Effect: 'Deny', Action: 'iam:GetUser', Resource: '*' }, unit],
  ['SCP on a unit, refuses nothing that was done', { Effect: 'Deny', Action: 's3:*', Resource: '*' }, unit],
  [
    'SCP on a unit that looks at the time, so that each call is judged',
    { Effect: 'Deny', Action: 'iam:*', Resource: '*', Condition: { DateLessThan: { 'aws:CurrentTime': isoDaysAgo(days / 2) } } },
    unit,
  ],
  ['inline policy of one user', { Effect: 'Deny', Action: '*', Resource: '*' }, `arn:aws:iam::${account}:user/caller-1`],
] as const) {
  await measure(name, statement, target);
}
directory.remove();
for (const [name, value] of facts) process.stdout.write(`${name.padEnd(92)}${value}\n`);

function isoDaysAgo(count: number): string {
  return new Date(Date.now() - count * 86_400_000).toISOString();
}

async function organisation({ port, credentials }: ServerProcess): Promise<{ readonly account: string; readonly unit: string }> {
  const client = createClient(port, credentials);
  const call = async (operation: string, input: object, found: RegExp): Promise<string> => {
    const { body } = await client.json(`AWSOrganizationsV20161128.${operation}`, 'organizations', input);
    return found.exec(body)?.[1] ?? '';
  };
  await call('CreateOrganization', {}, /x/);
  const root = await call('ListRoots', {}, /"Id":"(r-\w+)"/);
  const made = await call('CreateOrganizationalUnit', { ParentId: root, Name: 'Workloads' }, /"Id":"(ou-[\w-]+)"/);
  const member = await call('CreateAccount', { AccountName: 'workload', Email: 'workload@example.org' }, /"AccountId":"(\d+)"/);
  await call('MoveAccount', { AccountId: member, SourceParentId: root, DestinationParentId: made }, /x/);
  client.close();
  return { account: member, unit: made };
}

async function inStore<Result>(work: (store: Store, rootKeys: RootKeys) => Promise<Result>): Promise<Result> {
  const ids = randomIds();
  const rootKeys = openRootKeys(join(directory.path, 'root.key'), ids);
  const store = await openSqliteStore({ dataDir: directory.path, rootKeys, ids });
  const result = await work(store, rootKeys);
  await store.close();
  return result;
}

async function rootKeyOf(store: Store): Promise<Key> {
  const ids = seededIds('member');
  const key = await store.transact((transaction) => ensureAccount({ transaction, account, ids, now: Date.now(), givenRootKey: undefined }));
  return { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey.reveal() };
}

/** Each caller does each thing once: the events that the ledger is filled with. */
async function activity({ port }: ServerProcess, root: Key): Promise<void> {
  const client = createClient(port, root);
  const everything = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });
  const { body } = await client.json('TrentService.CreateKey', 'kms', {});
  const keyId = /"KeyId":"([^"]+)"/.exec(body)?.[1] ?? '';
  for (let index = 0; index < callers; index += 1) {
    const UserName = `caller-${index}`;
    await client.query('iam', { Action: 'CreateUser', UserName });
    await client.query('iam', { Action: 'PutUserPolicy', UserName, PolicyName: 'all', PolicyDocument: everything });
    const key = (await client.query('iam', { Action: 'CreateAccessKey', UserName })).body;
    const member = (name: string): string => new RegExp(`<${name}>([^<]+)<`).exec(key)?.[1] ?? '';
    const caller = createClient(port, { accessKeyId: member('AccessKeyId'), secretAccessKey: member('SecretAccessKey') }, 1);
    await caller.query('iam', { Action: 'GetUser', UserName: 'bench-target' });
    await caller.query('iam', { Action: 'ListUsers' });
    await caller.query('iam', { Action: 'TagUser', UserName: 'bench-target', 'Tags.member.1.Key': 'a', 'Tags.member.1.Value': 'b' });
    await caller.json('TrentService.Encrypt', 'kms', { KeyId: keyId, Plaintext: 'eA==', EncryptionContext: { purpose: 'bench-target' } });
    await caller.json('secretsmanager.GetSecretValue', 'secretsmanager', { SecretId: 'bench-target' });
    caller.close();
  }
  client.close();
}

/** The callers' own events over and over, each with its own id, time and resource. */
async function fill(store: Store): Promise<void> {
  const began = performance.now();
  const templates = await store.transact(async (transaction): Promise<readonly LedgerEvent[]> => {
    const asked = new Map((await transaction.asked({ after: 0, until: 1_000_000 })).map((entry) => [entry.eventId, entry]));
    const own = (await transaction.events({ account, limit: 1_000 })).filter(({ username }) => username?.startsWith('caller-'));
    return Promise.all(
      own.map(async ({ sequence: _sequence, ...event }) => {
        const { text = '', contextId = '' } = asked.get(event.eventId) ?? {};
        const context: Asked['context'] = { id: contextId, text: (await transaction.askedContext(contextId)) ?? '' };
        return { ...event, asked: { text, context } };
      }),
    );
  });
  const ids = seededIds('events');
  const firstMs = Date.now() - days * 86_400_000;
  for (let done = 0; done < wanted; done += batchSize) {
    await store.transact(async (transaction) => {
      for (let index = done; index < Math.min(wanted, done + batchSize); index += 1) {
        const template = templates[index % templates.length];
        if (template !== undefined) transaction.append(copyOf(template, ids.uuid(), firstMs + (index / wanted) * days * 86_400_000, index));
      }
    });
  }
  facts.push(['events', wanted], ['different calls', templates.length * resources], ['filling the ledger, seconds', seconds(began)]);
}

/** The services' own readers of the ledger see all of it, as they would have while it grew. */
async function catchUp(store: Store, rootKeys: RootKeys): Promise<void> {
  const began = performance.now();
  const ids = randomIds();
  const installation = await openInstallation(store, undefined, ids);
  const { work } = compose({
    store,
    clock: systemClock(),
    ids,
    sealer: createSealer(rootKeys, ids),
    account: installation.account,
    region: 'us-east-1',
    onInternalError(error) {
      throw error;
    },
  });
  await work.settle();
  facts.push(["until the services' readers have seen it, seconds", seconds(began)]);
}

function copyOf(template: LedgerEvent, eventId: string, timeMs: number, index: number): LedgerEvent {
  const name = `bench-target-${Math.floor(index / 200) % resources}`;
  const record = template.record.replace(template.eventId, eventId).replaceAll('bench-target', name);
  const { asked } = template;
  return {
    ...template,
    eventId,
    timeMs: Math.floor(timeMs),
    record,
    asked: asked && { ...asked, text: asked.text.replaceAll('bench-target', name) },
  };
}

/** A fresh server for each, so that its peak is its own. */
async function measure(name: string, statement: object, target: string): Promise<void> {
  const file = join(directory.path, 'policy.json');
  writeFileSync(file, JSON.stringify({ Version: '2012-10-17', Statement: [statement] }));
  const running = await startServerProcess({ dataDir: directory.path });
  const client = createClient(running.port, running.credentials, 1);
  await client.query('sts', { Action: 'GetCallerIdentity' });
  const atRest = memoryMb(running, 'VmRSS');
  const began = performance.now();
  const command = [
    'bin/castellan.js',
    'what-if',
    '--data-dir',
    directory.path,
    '--attach',
    file,
    '--to',
    target,
    '--since',
    '31d',
    '--json',
  ];
  const child = spawn(node, command, { cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let isRunning = true;
  child.stdout.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-20_000);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve())).then(() => {
    isRunning = false;
  });
  const waits: number[] = [];
  while (isRunning) {
    const asked = performance.now();
    await client.query('sts', { Action: 'GetCallerIdentity' });
    waits.push(performance.now() - asked);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await ended;
  const took = (performance.now() - began) / 1000;
  const summary: Record<string, number> = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '{}');
  waits.sort((left, right) => left - right);
  const wait = (share: number): string => (waits[Math.floor(waits.length * share)] ?? 0).toFixed(1);
  facts.push([`${name}: seconds`, took.toFixed(1)]);
  facts.push([`${name}: events per second`, Math.round((summary['events'] ?? 0) / took)]);
  facts.push([`${name}: refused, as before, not told`, `${summary['refused']}, ${summary['same']}, ${summary['cannotTell']}`]);
  facts.push([`${name}: server's memory at rest and at its peak, MB`, `${atRest}, ${memoryMb(running, 'VmHWM')}`]);
  facts.push([`${name}: other requests meanwhile wait, median and 99 %, ms`, `${wait(0.5)}, ${wait(0.99)}`]);
  client.close();
  await running.stop();
}

function memoryMb({ child }: ServerProcess, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024);
}

function seconds(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(1);
}
