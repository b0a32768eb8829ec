// What-if against what then really happens: an organisation in which many calls are made, the answer to a change is asked for, the change is made,
// and the same calls are made again.
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { expect } from 'vitest';
import { readQuestion } from '../src/pipeline/asked-record.ts';
import type { Message } from '../src/what-if/replay.ts';
import type { Change } from '../src/what-if/request.ts';
import { type ClientCredentials, type InProcess, startInProcess } from './in-process.ts';
import { testUser } from './users.ts';

export interface Trials {
  makeCalls(): Promise<readonly Made[]>;
  ask(changes: readonly Change[], more?: object): Promise<readonly Message[]>;
  /** Asks about the change and about its undoing, makes both for good, and compares. Returns how many differences the change made. */
  holds(trial: Trial): Promise<number>;
}

export interface WhatIfSetting extends Trials {
  readonly castellan: InProcess;
  /** Of the workload account, which is in `unit` under `rootId`. */
  readonly account: string;
  readonly root: ClientCredentials;
  readonly unit: string;
  readonly rootId: string;
  readonly keyArn: string;
  readonly secretArn: string;
  readonly roleArn: string;
  readonly people: Readonly<Record<Who, ClientCredentials>>;
}

/** What a call came to, and its events in the ledger: those that asked a policy. */
export interface Made {
  readonly name: string;
  readonly isRefused: boolean;
  readonly events: readonly { readonly id: string; readonly name: string; readonly wasAllowed: boolean }[];
}

export interface Trial {
  readonly change: Change;
  /** Makes the change for good. */
  readonly apply: () => Promise<unknown>;
  /** The change that takes it back. */
  readonly undo: () => { readonly change: Change; readonly apply: () => Promise<unknown> };
}

export const allow = (Action: string | readonly string[], Resource: string | readonly string[] = '*') => ({
  Effect: 'Allow',
  Action,
  Resource,
});
export const documentOf = (Statement: unknown) => JSON.stringify({ Version: '2012-10-17', Statement });

type Who = 'root' | 'admin' | 'limited' | 'nobody' | 'stranger' | 'session' | 'narrow';
const everybody: readonly Who[] = ['root', 'admin', 'limited', 'nobody', 'stranger', 'session', 'narrow'];

export async function startWhatIfSetting(name: string, callers: readonly Who[] = everybody): Promise<WhatIfSetting> {
  const castellan = await startInProcess(name);
  const organizations = castellan.organizations();
  await organizations.createOrganization({});
  const rootId = (await organizations.listRoots({})).Roots?.[0]?.Id ?? '';
  await organizations.enablePolicyType({ RootId: rootId, PolicyType: 'RESOURCE_CONTROL_POLICY' });
  const unit = (await organizations.createOrganizationalUnit({ ParentId: rootId, Name: 'Workloads' })).OrganizationalUnit?.Id ?? '';
  const { CreateAccountStatus } = await organizations.createAccount({ AccountName: 'workload', Email: 'w@example.org' });
  const account = CreateAccountStatus?.AccountId ?? '';
  await organizations.moveAccount({ AccountId: account, SourceParentId: rootId, DestinationParentId: unit });
  const root = await castellan.addAccount(account);
  const place = { castellan, account, root, unit, rootId, ...(await makeThings(castellan, account, root)) };
  const people = await makePeople(castellan, root, place.roleArn);
  const calls = callers.flatMap((who) => callsOf(place, who, people[who]));
  return { ...place, people, ...trialsWith(castellan, calls) };
}

/** Calls that can be made again and again, and what they are asked about. */
export function trialsWith(castellan: InProcess, calls: readonly Call[]): Trials {
  const makeCalls = () => madeOf(castellan, calls);
  const ask = (changes: readonly Change[], more: object = {}) => answersOf(castellan, changes, more);
  return { makeCalls, ask, holds: trialOf(makeCalls, ask, castellan.clock.now) };
}

/** A role, a key and a secret. */
async function makeThings(castellan: InProcess, account: string, root: ClientCredentials) {
  const iam = castellan.iam(root);
  const trusted = { AWS: [`arn:aws:iam::${account}:root`, castellan.account] };
  const trust = { Effect: 'Allow', Principal: trusted, Action: ['sts:AssumeRole', 'sts:TagSession'] };
  const { Role } = await iam.createRole({ RoleName: 'worker', AssumeRolePolicyDocument: documentOf(trust) });
  await iam.putRolePolicy({ RoleName: 'worker', PolicyName: 'work', PolicyDocument: documentOf(allow(['iam:Get*', 'kms:*'])) });
  const { KeyMetadata } = await castellan.kms(root).createKey({});
  const secret = { Name: 'db', SecretString: 'x', ClientRequestToken: 'a'.repeat(32) };
  const { output } = await castellan.call('secretsmanager', 'CreateSecret', secret, root);
  return { roleArn: Role?.Arn ?? '', keyArn: KeyMetadata?.Arn ?? '', secretArn: String(output['ARN']) };
}

/** The stranger is a user of the management account; the sessions are the role's, one of them narrowed and tagged. */
async function makePeople(castellan: InProcess, root: ClientCredentials, roleArn: string): Promise<WhatIfSetting['people']> {
  const admin = await testUser(castellan, 'admin', [allow('*')], root);
  const limited = await testUser(castellan, 'limited', [allow(['iam:List*', 'kms:Encrypt', 'sts:AssumeRole'])], root);
  const nobody = await testUser(castellan, 'nobody', [allow('s3:ListAllMyBuckets')], root);
  const stranger = await testUser(castellan, 'stranger', [allow('*')]);
  await castellan.iam(root).tagUser({ UserName: 'limited', Tags: [{ Key: 'team', Value: 'red' }] });
  const session = await assumed(castellan.sts(admin), roleArn, {});
  const narrowed = { Policy: documentOf(allow('iam:Get*')), Tags: [{ Key: 'team', Value: 'blue' }] };
  return { root, admin, limited, nobody, stranger, session, narrow: await assumed(castellan.sts(admin), roleArn, narrowed) };
}

export async function assumed(
  sts: STSClient,
  RoleArn: string,
  more: { readonly Policy?: string; readonly PolicyArns?: { arn: string }[]; readonly Tags?: { Key: string; Value: string }[] },
): Promise<ClientCredentials> {
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'work', ...more }));
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

export interface Call {
  readonly name: string;
  run(): Promise<unknown>;
}

type Place = Pick<WhatIfSetting, 'castellan' | 'keyArn' | 'secretArn' | 'roleArn'>;

/** None of them changes anything, or not a second time, so they can be made again and again. */
function callsOf({ castellan, keyArn, secretArn, roleArn }: Place, who: string, as: ClientCredentials): readonly Call[] {
  const EncryptionContext = { purpose: who };
  const Plaintext = new TextEncoder().encode('x');
  const made: Readonly<Record<string, () => Promise<unknown>>> = {
    'iam:ListUsers': () => castellan.iam(as).listUsers({}),
    'iam:GetUser': () => castellan.iam(as).getUser({ UserName: 'limited' }),
    'iam:CreateUser': () => castellan.iam(as).createUser({ UserName: 'limited', Tags: [{ Key: 'team', Value: 'green' }] }),
    'iam:GetRole': () => castellan.iam(as).getRole({ RoleName: 'worker' }),
    'kms:Encrypt': () => castellan.kms(as).encrypt({ KeyId: keyArn, Plaintext, EncryptionContext }),
    'kms:DescribeKey': () => castellan.kms(as).describeKey({ KeyId: keyArn }),
    'kms:Encrypt elsewhere': () => castellan.kms(as, 'eu-west-1').encrypt({ KeyId: keyArn.replace('us-east-1', 'eu-west-1'), Plaintext }),
    'secretsmanager:GetSecretValue': () => castellan.secretsManager(as).send(new GetSecretValueCommand({ SecretId: secretArn })),
    'sts:AssumeRole': () => assumed(castellan.sts(as), roleArn, {}),
    'sts:AssumeRole with tags': () => assumed(castellan.sts(as), roleArn, { Tags: [{ Key: 'team', Value: 'red' }] }),
  };
  return Object.entries(made).map(([name, run]) => ({ name: `${who} ${name}`, run }));
}

async function madeOf({ store }: InProcess, calls: readonly Call[]): Promise<readonly Made[]> {
  const newest = async () => (await store.transact((transaction) => transaction.events({ limit: 1 })))[0]?.sequence ?? 0;
  const made: Made[] = [];
  for (const { name, run } of calls) {
    const after = await newest();
    const error: unknown = await run().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const isRefused = error instanceof Error && /^(?:AccessDenied|TagPolicy)/.test(error.name);
    const until = await newest();
    const entries = await store.transact((transaction) => transaction.asked({ after, until }));
    const events = entries.flatMap(({ eventId, eventName, text }) => {
      const question = readQuestion(text ?? '');
      return question === undefined || question.isCopy ? [] : [{ id: eventId, name: eventName, wasAllowed: question.wasAllowed }];
    });
    made.push({ name, isRefused, events });
  }
  return made;
}

async function answersOf(castellan: InProcess, changes: readonly Change[], more: object): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for await (const line of await castellan.whatIf({ changes, ...more })) messages.push(JSON.parse(line) as Message);
  return messages;
}

function trialOf(makeCalls: Trials['makeCalls'], ask: Trials['ask'], now: () => number): Trials['holds'] {
  return async ({ change, apply, undo }) => {
    const beganMs = now();
    const before = await makeCalls();
    const foreseen = await predictionsOf(ask, change, beganMs);
    await apply();
    const againMs = now();
    const after = await makeCalls();
    const differences = compare(change, foreseen, before, after);
    const back = undo();
    const foreseenBack = await predictionsOf(ask, back.change, againMs);
    await back.apply();
    const finish = await makeCalls();
    compare(back.change, foreseenBack, after, finish);
    expect(finish.map(({ name, isRefused }) => [name, isRefused])).toEqual(before.map(({ name, isRefused }) => [name, isRefused]));
    return differences;
  };
}

/** By event: `refused` or `allowed`. Earlier calls than these are not looked at. */
async function predictionsOf(ask: Trials['ask'], change: Change, fromMs: number): Promise<ReadonlyMap<string, string>> {
  const messages = await ask([change], { listsCalls: true, fromMs });
  // Nothing is certain about what the build does not have, but that the server's answer stays the same.
  const untold = messages.flatMap((message) =>
    message.kind === 'cannot-tell' && message.because?.startsWith('this build does not have') !== true ? [message] : [],
  );
  expect(untold, JSON.stringify(change)).toEqual([]);
  expect(messages.at(-1)).toMatchObject({ kind: 'summary' });
  return new Map(messages.flatMap((message) => (message.kind === 'call' ? [[message.eventId, message.change] as const] : [])));
}

/** Event by event, and call by call: a call that a service made for another is an event that is there only when the other was allowed. */
function compare(change: Change, foreseen: ReadonlyMap<string, string>, before: readonly Made[], after: readonly Made[]): number {
  const [predicted, happened]: [string[], string[]] = [[], []];
  for (const [index, { name, isRefused, events }] of before.entries()) {
    const later = after[index];
    for (const event of events) {
      const same = later?.events.find((each) => each.name === event.name);
      const answer = foreseen.get(event.id);
      if (same === undefined) continue;
      if (answer !== undefined) predicted.push(`${name}, ${event.name}: ${answer}`);
      if (same.wasAllowed !== event.wasAllowed) happened.push(`${name}, ${event.name}: ${same.wasAllowed ? 'allowed' : 'refused'}`);
    }
    if (isRefused) continue;
    const isForeseen = events.some(({ id }) => foreseen.get(id) === 'refused');
    expect([name, later?.isRefused], JSON.stringify(change)).toEqual([name, isForeseen]);
  }
  expect(predicted, JSON.stringify(change)).toEqual(happened);
  return happened.length;
}
