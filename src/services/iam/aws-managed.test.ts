// AWS managed policies: listed, read, attached, never written; the shipped ones against the real ones, and all real ones imported.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IAM, Policy } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { grantsAction } from '../../policy/action-match.ts';
import { compilePolicy } from '../../policy/compile.ts';
import shipped from './aws-managed.gen.json' with { type: 'json' };
import { importAwsManaged } from './aws-managed-import.ts';
import grantable from './grantable-services.gen.json' with { type: 'json' };

const corpus = join(import.meta.dirname, '../../../../shared/corpora/managed-policies.jsonl');
const corpusText = existsSync(corpus) ? readFileSync(corpus, 'utf8') : undefined;
if (corpusText === undefined) console.info('the corpus of managed policies is not here: the tests on it are skipped');

let castellan: InProcess;
let iam: IAM;
beforeAll(async () => {
  castellan = await startInProcess('aws-managed');
  iam = castellan.iam();
});
afterAll(async () => {
  await castellan.stop();
});

const arnOf = (name: string) => `arn:aws:iam::aws:policy/${name}`;
const load = (text: string) =>
  castellan.store.transact((transaction) => importAwsManaged(transaction, text, castellan.clock.now(), 'imported'));

async function listAll(input: Parameters<IAM['listPolicies']>[0]): Promise<readonly Policy[]> {
  const all: Policy[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.listPolicies({ ...input, ...(Marker === undefined ? {} : { Marker }) });
    all.push(...(page.Policies ?? []));
    Marker = page.IsTruncated === true ? page.Marker : undefined;
  } while (Marker !== undefined);
  return all;
}

test('each shipped policy is found under the path that AWS gives it, and nowhere else', async () => {
  for (const name of ['AdministratorAccess', 'job-function/ViewOnlyAccess', 'service-role/AWSLambdaBasicExecutionRole']) {
    const { Policy: policy } = await iam.getPolicy({ PolicyArn: arnOf(name) });
    expect(policy).toMatchObject({ Arn: arnOf(name), IsAttachable: true, DefaultVersionId: 'v1', AttachmentCount: 0 });
    const { PolicyVersion: version } = await iam.getPolicyVersion({ PolicyArn: arnOf(name), VersionId: 'v1' });
    expect(JSON.parse(decodeURIComponent(version?.Document ?? ''))).toHaveProperty('Statement');
  }
  await expect(iam.getPolicy({ PolicyArn: arnOf('ViewOnlyAccess') })).rejects.toMatchObject({ name: 'NoSuchEntityException' });
  await expect(iam.getPolicy({ PolicyArn: arnOf('service-role/AdministratorAccess') })).rejects.toMatchObject({
    name: 'NoSuchEntityException',
  });
});

test('lists those of AWS after those of the account, page by page, by path and by use', async () => {
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] });
  await iam.createPolicy({ PolicyName: 'own', PolicyDocument });
  const all = await listAll({ MaxItems: 7 });
  expect(all.length).toBe(shipped.length + 1);
  expect(new Set(all.map(({ Arn }) => Arn)).size).toBe(all.length);
  expect(all[0]?.PolicyName).toBe('own');
  expect((await listAll({ Scope: 'AWS', PathPrefix: '/job-function/' })).every(({ Path }) => Path === '/job-function/')).toBe(true);
  await iam.createUser({ UserName: 'reader' });
  await iam.attachUserPolicy({ UserName: 'reader', PolicyArn: arnOf('ReadOnlyAccess') });
  await iam.createUser({ UserName: 'bounded', PermissionsBoundary: arnOf('PowerUserAccess') });
  const used = async (PolicyUsageFilter?: 'PermissionsPolicy' | 'PermissionsBoundary') =>
    (await listAll({ OnlyAttached: true, ...(PolicyUsageFilter === undefined ? {} : { PolicyUsageFilter }) })).map(
      ({ PolicyName, AttachmentCount, PermissionsBoundaryUsageCount }) => [PolicyName, AttachmentCount, PermissionsBoundaryUsageCount],
    );
  expect(await used()).toEqual([['ReadOnlyAccess', 1, 0]]);
  expect(await used('PermissionsPolicy')).toEqual([['ReadOnlyAccess', 1, 0]]);
  expect(await used('PermissionsBoundary')).toEqual([['PowerUserAccess', 0, 1]]);
});

test('nobody writes to them, not even root', async () => {
  const PolicyArn = arnOf('ReadOnlyAccess');
  const refusal = { name: 'AccessDenied', message: 'Policy is outside your own account.' };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });
  await expect(iam.deletePolicy({ PolicyArn })).rejects.toMatchObject(refusal);
  await expect(iam.createPolicyVersion({ PolicyArn, PolicyDocument })).rejects.toMatchObject(refusal);
  await expect(iam.deletePolicyVersion({ PolicyArn, VersionId: 'v1' })).rejects.toMatchObject(refusal);
  await expect(iam.setDefaultPolicyVersion({ PolicyArn, VersionId: 'v1' })).rejects.toMatchObject(refusal);
  await expect(iam.tagPolicy({ PolicyArn, Tags: [{ Key: 'a', Value: 'b' }] })).rejects.toMatchObject(refusal);
  await expect(iam.untagPolicy({ PolicyArn, TagKeys: ['a'] })).rejects.toMatchObject(refusal);
});

test('read-only access reads, without secrets, and changes nothing', async () => {
  const { AccessKey: key } = await iam.createAccessKey({ UserName: 'reader' });
  const reader = castellan.iam({ accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' });
  expect((await reader.listUsers({})).Users?.length).toBeGreaterThan(0);
  await expect(reader.createUser({ UserName: 'no' })).rejects.toMatchObject({ name: 'AccessDenied' });
  for (const action of ['secretsmanager:GetSecretValue', 'sts:GetFederationToken', 's3:GetDataAccess', 'sqs:ReceiveMessage'])
    expect(allowedBy('/ReadOnlyAccess', action), action).toBe(false);
});

test('imported versions stand beside each other, the newest is the default, and what it says holds at once', async () => {
  await iam.createUser({ UserName: 'importer' });
  const { AccessKey: key } = await iam.createAccessKey({ UserName: 'importer' });
  const importer = castellan.iam({ accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' });
  const line = (version: string, action: string) =>
    JSON.stringify({
      name: 'Imported',
      arn: arnOf('job-function/Imported'),
      version,
      createdate: '2020-01-02T03:04:05Z',
      updatedate: `202${version.slice(1)}-01-01T00:00:00Z`,
      document: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] },
    });
  const PolicyArn = arnOf('job-function/Imported');
  expect(await load(line('v1', 'iam:ListUsers'))).toEqual({ policies: 1 });
  await iam.attachUserPolicy({ UserName: 'importer', PolicyArn });
  await importer.listUsers({});
  await load(`${line('v3', 'iam:ListGroups')}\n${line('v2', 'iam:ListUsers')}\n`);
  await expect(importer.listUsers({})).rejects.toMatchObject({ name: 'AccessDenied' });
  await importer.listGroups({});
  const { Versions: versions } = await iam.listPolicyVersions({ PolicyArn });
  expect(versions?.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion])).toEqual([
    ['v3', true],
    ['v2', false],
    ['v1', false],
  ]);
  const first = await iam.listPolicyVersions({ PolicyArn, MaxItems: 2 });
  expect((await iam.listPolicyVersions({ PolicyArn, Marker: first.Marker ?? '' })).Versions?.map(({ VersionId }) => VersionId)).toEqual([
    'v1',
  ]);
  const { PolicyVersion: old } = await iam.getPolicyVersion({ PolicyArn, VersionId: 'v1' });
  expect(decodeURIComponent(old?.Document ?? '')).toContain('iam:ListUsers');
});

test('policies of services are attached to nobody', async () => {
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] };
  await load(JSON.stringify({ name: 'LinkedPolicy', arn: arnOf('aws-service-role/LinkedPolicy'), version: 'v1', document }));
  await expect(iam.attachUserPolicy({ UserName: 'reader', PolicyArn: arnOf('aws-service-role/LinkedPolicy') })).rejects.toMatchObject({
    name: 'PolicyNotAttachableException',
    message: 'Cannot attach a Service Role Policy to a Customer Role.',
  });
});

test.each([
  ['no JSON', '{', 'line 1 is no JSON object'],
  ['a name that is none', '{"name":"a b"}', 'line 1: `name` is not the name of a policy'],
  ['another ARN', '{"name":"a","arn":"arn:aws:iam::aws:policy/b","document":{}}', 'is not the ARN of the AWS managed policy `a`'],
  ['a version that is none', '{"name":"a","version":"1"}', '`1` is no version such as `v1`'],
  ['a document that is none', '{"name":"a","document":{"Statement":1}}', 'the document of `a` is no policy document'],
])('refuses %s and imports nothing', async (_name, text, sentence) => {
  await expect(load(text)).rejects.toThrow(sentence);
});

const compiled = new Map(shipped.map(({ name, path, document }) => [`${path}${name}`, compilePolicy(document)]));
function allowedBy(key: string, action: string): boolean {
  const policy = compiled.get(key);
  return policy !== undefined && grantsAction(policy, action);
}

test.skipIf(corpusText === undefined)('the broad shipped policies agree with the real ones on most actions of the build', () => {
  const lines = (corpusText ?? '').trim().split('\n');
  const real = new Map(lines.map((line): [string, string] => [JSON.parse(line).name, JSON.stringify(JSON.parse(line).document)]));
  const actions = grantable.flatMap(({ namespace, eventSource, actions: names }) =>
    eventSource === '' ? [] : names.split(' ').map((name) => `${namespace}:${name}`),
  );
  const agreement = (name: string, path = '/') => {
    const theirs = compilePolicy(real.get(name) ?? '');
    return actions.filter((action) => grantsAction(theirs, action) === allowedBy(`${path}${name}`, action)).length / actions.length;
  };
  expect(agreement('ReadOnlyAccess')).toBeGreaterThan(0.9);
  expect(agreement('SecurityAudit')).toBeGreaterThan(0.8);
  expect(agreement('ViewOnlyAccess', '/job-function/')).toBeGreaterThan(0.8);
});

test.skipIf(corpusText === undefined)(
  'all 1,641 real policies are imported, listed and attachable, and replace the shipped ones',
  async () => {
    const lines = (corpusText ?? '').trim().split('\n');
    expect(lines.length).toBe(1_641);
    let policies = 0;
    for (let start = 0; start < lines.length; start += 400) policies += (await load(lines.slice(start, start + 400).join('\n'))).policies;
    expect(policies).toBe(1_641);
    const listed = await listAll({ Scope: 'AWS', MaxItems: 1_000 });
    const names = new Set(listed.map(({ PolicyName }) => PolicyName));
    expect(lines.filter((line) => !names.has(JSON.parse(line).name))).toEqual([]);
    const { Policy: policy } = await iam.getPolicy({ PolicyArn: arnOf('ReadOnlyAccess') });
    expect(policy?.DefaultVersionId).not.toBe('v1');
    expect(policy?.AttachmentCount).toBe(1);
    await iam.attachUserPolicy({ UserName: 'reader', PolicyArn: arnOf('AWSLambda_FullAccess') });
  },
);

test('every policy that something has attached can be read, those of service-linked roles too', async () => {
  await castellan.organizations().createOrganization({});
  await iam.createServiceLinkedRole({ AWSServiceName: 'ram.amazonaws.com' });
  const { RoleDetailList = [], Policies = [] } = await iam.getAccountAuthorizationDetails({ MaxItems: 1_000 });
  const attached = RoleDetailList.flatMap(({ AttachedManagedPolicies = [] }) => AttachedManagedPolicies.map(({ PolicyArn }) => PolicyArn));
  expect(attached).toEqual(
    expect.arrayContaining([
      arnOf('aws-service-role/AWSOrganizationsServiceTrustPolicy'),
      arnOf('aws-service-role/AWSResourceAccessManagerServiceRolePolicy'),
    ]),
  );
  const listed = new Map(Policies.map((policy) => [policy.Arn, policy]));
  for (const PolicyArn of attached) {
    expect((await iam.getPolicy({ PolicyArn })).Policy).toMatchObject({ Arn: PolicyArn, AttachmentCount: 1 });
    expect(listed.get(PolicyArn)?.PolicyVersionList).toMatchObject([{ IsDefaultVersion: true }]);
  }
});
