// `castellan what-if` against a real server: its table, its lines of JSON, its exit codes, and that it changes nothing.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, createClient } from '../client.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { run } from './command.ts';

const directory = temporaryDirectory('what-if-command');
let server: ServerProcess;
let root: Client;
let alice = '';

beforeAll(async () => {
  server = await startServerProcess({ dataDir: directory.path });
  root = createClient(server.port, server.credentials);
  alice = /<Arn>([^<]+)</.exec((await root.query('iam', { Action: 'CreateUser', UserName: 'alice' })).body)?.[1] ?? '';
  const PolicyDocument = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}';
  await root.query('iam', { Action: 'PutUserPolicy', UserName: 'alice', PolicyName: 'all', PolicyDocument });
  const key = (await root.query('iam', { Action: 'CreateAccessKey', UserName: 'alice' })).body;
  const member = (name: string): string => new RegExp(`<${name}>([^<]+)<`).exec(key)?.[1] ?? '';
  const client = createClient(server.port, { accessKeyId: member('AccessKeyId'), secretAccessKey: member('SecretAccessKey') });
  for (let count = 0; count < 3; count += 1) await client.query('iam', { Action: 'ListUsers' });
  client.close();
  writeFileSync(
    join(directory.path, 'deny.json'),
    '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:List*","Resource":"*"}}',
  );
}, 60_000);
afterAll(async () => {
  root.close();
  await server.stop();
  directory.remove();
});

function whatIf(...parameters: readonly string[]) {
  return run('node', ['bin/castellan.js', 'what-if', '--data-dir', directory.path, ...parameters], { NO_COLOR: '1' });
}

const deny = join(directory.path, 'deny.json');

test('prints who would have been refused what, and ends with 3', async () => {
  const { status, stdout, stderr } = await whatIf('--attach', deny, '--to', alice, '--since', '1h');
  expect(status).toBe(3);
  expect(stdout).toContain('would have been refused');
  expect(stdout).toMatch(new RegExp(`3  iam:ListUsers  ${alice}\\n`));
  expect(stdout).toMatch(/not authorized to perform: iam:ListUsers on resource: \S+ with an explicit deny in an identity-based policy/);
  expect(stdout).toMatch(/3 would have been refused, 0 would have been allowed/);
  expect(stderr).toContain('100 %');
});

test('prints lines of JSON for programs, each differing call among them when asked', async () => {
  const { status, stdout } = await whatIf('--detach', 'all', '--from', alice, '--json', '--calls');
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));
  expect(status).toBe(3);
  expect(lines[0]).toMatchObject({ kind: 'start' });
  expect(lines.filter(({ kind }) => kind === 'call').length).toBe(3);
  expect(lines.find(({ kind }) => kind === 'difference')).toMatchObject({
    change: 'refused',
    principal: alice,
    action: 'iam:ListUsers',
    count: 3,
  });
  expect(lines.at(-1)).toMatchObject({ kind: 'summary', refused: 3, allowed: 0, cannotTell: 0 });
});

test('changes nothing: what was supposed is not there afterwards', async () => {
  const { body } = await root.query('iam', { Action: 'ListUserPolicies', UserName: 'alice' });
  expect(body.match(/<member>[^<]+<\/member>/g)).toEqual(['<member>all</member>']);
  expect((await root.query('iam', { Action: 'ListPolicies', Scope: 'Local' })).body).not.toContain('what-if');
});

test.each([
  ['0 when nothing differs', 0, ['--attach', deny, '--to', 'ALICE', '--until', '2020-01-01'], ''],
  ['1 for a change that cannot be made, in the words of the service', 1, ['--detach', 'ghost', '--from', 'ALICE'], 'NoSuchEntity'],
  ['2 without a change', 2, [], 'say what is to change'],
  ['2 for half a change', 2, ['--attach', deny], 'each --attach needs its --to'],
  ['2 for a policy that is none', 2, ['--attach', 'ghost', '--to', 'ALICE'], 'neither a file nor'],
  ['2 for a time that is none', 2, ['--attach', deny, '--to', 'ALICE', '--since', 'yesterday'], 'no duration'],
] as const)('ends with %s', async (_what, expected, parameters, sentence) => {
  const { status, stderr } = await whatIf(...parameters.map((each) => (each === 'ALICE' ? alice : each)));
  expect([status, stderr.includes(sentence)]).toEqual([expected, true]);
});
