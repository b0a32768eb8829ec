// `castellan managed-policies import` against a running server: all of AWS's real documents where they are at hand, a few otherwise.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IAM, paginateListPolicies } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot, type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { run } from './command.ts';

const corpus = join(projectRoot, '../shared/corpora/managed-policies.jsonl');
const hasCorpus = existsSync(corpus);
if (!hasCorpus) console.warn('not all: AWS’s 1,641 documents are not at hand; a few stand for them');

const directory = temporaryDirectory('managed-policies');
let server: ServerProcess;
let iam: IAM;
beforeAll(async () => {
  server = await startServerProcess({ dataDir: join(directory.path, 'data') });
  iam = new IAM({ region: 'us-east-1', endpoint: server.endpoint, credentials: server.credentials });
});
afterAll(async () => {
  await server?.stop();
  directory.remove();
});

const castellan = (...parameters: readonly string[]) => run('node', ['bin/castellan.js', ...parameters, '--data-dir', server.dataDir], {});

async function awsPolicies(): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { Policies = [] } of paginateListPolicies({ client: iam, pageSize: 1_000 }, { Scope: 'AWS' }))
    names.push(...Policies.map(({ Arn = '' }) => Arn));
  return names;
}

test('a document of AWS takes the place of the shipped one, at once and for who has it attached', async () => {
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
  await iam.createUser({ UserName: 'admin' });
  await iam.attachUserPolicy({ UserName: 'admin', PolicyArn });
  const { AccessKey: key } = await iam.createAccessKey({ UserName: 'admin' });
  const credentials = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
  const admin = new IAM({ region: 'us-east-1', endpoint: server.endpoint, credentials });
  await admin.listUsers({});
  const file = join(directory.path, 'one.json');
  const narrow = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' }] };
  const path = '/';
  writeFileSync(file, JSON.stringify({ arn: PolicyArn, name: 'AdministratorAccess', path, version: 'v9', document: narrow }));
  const imported = await castellan('managed-policies', 'import', file, '--json');
  expect(imported.stderr).toBe('');
  expect(JSON.parse(imported.stdout)).toEqual({ policies: 1 });
  await admin.getUser({});
  await expect(admin.listUsers({})).rejects.toMatchObject({ name: 'AccessDenied' });
});

test('refuses what is no policy, and files that are not there, with a sentence and a failure', async () => {
  const file = join(directory.path, 'broken.jsonl');
  writeFileSync(file, '{"arn":"arn:aws:iam::aws:policy/Broken"}\n');
  const broken = await castellan('managed-policies', 'import', file);
  expect(broken.status).not.toBe(0);
  expect(broken.stderr.trim()).not.toBe('');
  const none = await castellan('managed-policies', 'import', join(directory.path, 'none.json'));
  expect(none.stderr).toContain('there is no file or directory');
  expect(await awsPolicies()).not.toContain('arn:aws:iam::aws:policy/Broken');
});

test.skipIf(!hasCorpus)('all 1,641 documents are imported, listed once each, attachable and read back', async () => {
  const before = performance.now();
  const imported = await castellan('managed-policies', 'import', corpus, '--json');
  expect(imported.stderr).toBe('');
  expect(JSON.parse(imported.stdout)).toEqual({ policies: 1_641 });
  expect(performance.now() - before).toBeLessThan(60_000);
  const arns = await awsPolicies();
  expect(new Set(arns).size).toBe(arns.length);
  expect(arns.length).toBeGreaterThanOrEqual(1_641);
  await iam.createRole({
    RoleName: 'reader',
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    }),
  });
  const PolicyArn = 'arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess';
  await iam.attachRolePolicy({ RoleName: 'reader', PolicyArn });
  const { Policy: policy } = await iam.getPolicy({ PolicyArn });
  const { PolicyVersion: version } = await iam.getPolicyVersion({ PolicyArn, VersionId: policy?.DefaultVersionId });
  expect(JSON.parse(decodeURIComponent(version?.Document ?? ''))).toMatchObject({ Statement: expect.any(Array) });
  // Again is the same.
  expect(JSON.parse((await castellan('managed-policies', 'import', corpus, '--json')).stdout)).toEqual({ policies: 1_641 });
  expect((await awsPolicies()).length).toBe(arns.length);
});
