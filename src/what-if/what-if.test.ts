// What-if as it is asked for: its lines, its reasons, what it cannot tell, and changes that cannot be made. That its answers are right is shown by
// test/wire/what-if.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allow, documentOf, startWhatIfSetting, type WhatIfSetting } from '../../test/what-if-setting.ts';
import type { Message } from './replay.ts';
import type { Change } from './request.ts';

let setting: WhatIfSetting;
let backupPolicy = '';
beforeAll(async () => {
  setting = await startWhatIfSetting('what-if', ['admin', 'session', 'stranger']);
  await setting.makeCalls();
  const { Policy } = await setting.castellan
    .organizations()
    .createPolicy({ Name: 'backups', Description: '', Type: 'BACKUP_POLICY', Content: '{"plans":{}}' });
  backupPolicy = Policy?.PolicySummary?.Id ?? '';
}, 30_000);
afterAll(() => setting.castellan.stop());

const deny = (Action: string | readonly string[], Condition: object = {}) => documentOf([{ ...allow(Action), Effect: 'Deny', Condition }]);
const attach = (text: string, target: string, slot?: 'boundary'): Change => ({
  kind: 'attach',
  policy: { text, name: 'given' },
  target,
  slot,
});
const detach = (policy: string, target: string): Change => ({ kind: 'detach', policy, target, slot: undefined });
const userArn = (name: string) => `arn:aws:iam::${setting.account}:user/${name}`;

function linesOf(messages: readonly Message[]) {
  return messages.flatMap((message) => (message.kind === 'difference' || message.kind === 'cannot-tell' ? [message] : []));
}

async function summaryOf(changes: readonly Change[], more?: object) {
  return (await setting.ask(changes, more)).find((message) => message.kind === 'summary');
}

test('lists what would be refused by principal and action, with an example, the sentence and the level of the tree', async () => {
  const before = await setting.castellan
    .organizations()
    .listPoliciesForTarget({ TargetId: setting.unit, Filter: 'SERVICE_CONTROL_POLICY' });
  const messages = await setting.ask([attach(deny('iam:GetRole'), setting.unit)]);
  expect(messages[0]).toMatchObject({ kind: 'start' });
  const lines = linesOf(messages);
  expect(lines.map(({ change, principal, action, count }) => [change, principal, action, count]).sort()).toEqual([
    ['refused', setting.roleArn, 'iam:GetRole', 1],
    ['refused', userArn('admin'), 'iam:GetRole', 1],
  ]);
  const [line] = lines.filter(({ principal }) => principal === userArn('admin'));
  expect(line?.example).toMatchObject({ account: setting.account, resource: setting.roleArn });
  expect(line?.reason?.sentence).toMatch(/iam:GetRole on resource: .* with an explicit deny in a service control policy/);
  expect(line?.reason).toMatchObject({ layer: 'service-control', level: { index: 1, node: setting.unit } });
  expect(line?.reason?.policy).toContain(`on organizational unit Workloads (${setting.unit})`);
  const after = await setting.castellan.organizations().listPoliciesForTarget({ TargetId: setting.unit, Filter: 'SERVICE_CONTROL_POLICY' });
  expect(after.Policies).toEqual(before.Policies);
});

test('says at which level nothing allows any more', async () => {
  const narrow = attach(documentOf([allow(['iam:*', 'sts:*', 'secretsmanager:*'])]), setting.account);
  const [line] = linesOf(await setting.ask([narrow, detach('p-FullAWSAccess', setting.account)]));
  expect(line?.action).toMatch(/^kms:/);
  expect(line?.reason).toMatchObject({ layer: 'service-control', level: { index: 2, node: setting.account } });
});

test('judges each call by its own time where policies look at it', async () => {
  const all = await summaryOf([attach(deny('iam:GetUser', { DateLessThan: { 'aws:CurrentTime': '2100-01-01T00:00:00Z' } }), setting.unit)]);
  const none = await summaryOf([
    attach(deny('iam:GetUser', { DateLessThan: { 'aws:CurrentTime': '2000-01-01T00:00:00Z' } }), setting.unit),
  ]);
  expect([all?.refused, none?.refused]).toEqual([2, 0]);
});

test('counts by itself what today’s policies decide otherwise than they did', async () => {
  const iam = setting.castellan.iam(setting.root);
  const before = await summaryOf([attach(deny('s3:*'), setting.unit)]);
  await iam.putUserPolicy({ UserName: 'admin', PolicyName: 'today', PolicyDocument: deny('iam:ListUsers') });
  const after = await summaryOf([attach(deny('s3:*'), setting.unit)]);
  await iam.deleteUserPolicy({ UserName: 'admin', PolicyName: 'today' });
  expect([before?.refusedToday, after?.refusedToday, after?.refused]).toEqual([0, 1, 0]);
});

test('counts a call across accounts once, and shows it to the owner who asks for the owner’s account', async () => {
  const { castellan, keyArn: KeyId, account, root } = setting;
  const to = (AWS: readonly string[]) => documentOf([{ ...allow('kms:*'), Principal: { AWS } }]);
  const [open, closed] = [to([`arn:aws:iam::${account}:root`, castellan.account]), to([`arn:aws:iam::${account}:root`])];
  await castellan.kms(root).putKeyPolicy({ KeyId, Policy: open });
  await castellan.kms(setting.people.stranger).encrypt({ KeyId, Plaintext: new TextEncoder().encode('x') });
  const change: Change = { kind: 'change', policy: KeyId, text: closed, of: undefined, slot: undefined };
  const everywhere = linesOf(await setting.ask([change]));
  const ofOwner = linesOf(await setting.ask([change], { account }));
  await castellan.kms(root).putKeyPolicy({ KeyId, Policy: closed });
  // The stranger's earlier calls were refused, and would be allowed by now: they differ too, and the owner has no events of them.
  expect(everywhere.map(({ action, count, example }) => [action, count, example.account])).toEqual([
    ['kms:Encrypt', 2, castellan.account],
    ['kms:DescribeKey', 1, castellan.account],
  ]);
  expect(ofOwner.map(({ action, count, example }) => [action, count, example.account])).toEqual([['kms:Encrypt', 1, account]]);
});

test('cannot tell where a policy looks at a value that was too long to be kept, and names the key', async () => {
  const kms = setting.castellan.kms(setting.people.admin);
  const EncryptionContext = { long: 'x'.repeat(1_100) };
  await kms.encrypt({ KeyId: setting.keyArn, Plaintext: new TextEncoder().encode('x'), EncryptionContext });
  const looks = linesOf(await setting.ask([attach(deny('kms:*', { StringLike: { 'kms:EncryptionContext:long': 'y*' } }), setting.unit)]));
  expect(looks.map(({ change, action, missingKeys }) => [change, action, missingKeys])).toEqual([
    ['cannot-tell', 'kms:Encrypt', ['kms:encryptioncontext:long']],
  ]);
  const looksAway = await summaryOf([attach(deny('kms:*', { StringLike: { 'kms:EncryptionContext:other': 'y*' } }), setting.unit)]);
  expect([looksAway?.cannotTell, looksAway?.refused]).toEqual([0, 0]);
});

test('cannot tell of a caller that is gone, unless the change does not reach it', async () => {
  const iam = setting.castellan.iam(setting.root);
  await iam.createUser({ UserName: 'brief' });
  const { AccessKey } = await iam.createAccessKey({ UserName: 'brief' });
  const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey ?? {};
  const brief = setting.castellan.iam({ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey });
  await expect(brief.listUsers({})).rejects.toThrow('not authorized');
  await iam.deleteAccessKey({ UserName: 'brief', AccessKeyId });
  await iam.deleteUser({ UserName: 'brief' });
  const lines = linesOf(await setting.ask([attach(deny('s3:*'), setting.unit)]));
  expect(lines.map(({ change, because }) => [change, because])).toEqual([['cannot-tell', `the principal ${userArn('brief')} is gone`]]);
  expect((await summaryOf([attach(deny('s3:*'), userArn('limited'))]))?.cannotTell).toBe(0);
});

test('judges by the tags that resources and callers have today', async () => {
  const iam = setting.castellan.iam(setting.root);
  const onTagged = attach(deny('iam:GetUser', { StringEquals: { 'aws:ResourceTag/team': 'red' } }), setting.unit);
  const byTagged = attach(deny('iam:GetUser', { StringEquals: { 'aws:PrincipalTag/team': 'gold' } }), setting.unit);
  const before = [(await summaryOf([onTagged]))?.refused, (await summaryOf([byTagged]))?.refused];
  await iam.untagUser({ UserName: 'limited', TagKeys: ['team'] });
  await iam.tagUser({ UserName: 'admin', Tags: [{ Key: 'team', Value: 'gold' }] });
  const after = [(await summaryOf([onTagged]))?.refused, (await summaryOf([byTagged]))?.refused];
  await iam.tagUser({ UserName: 'limited', Tags: [{ Key: 'team', Value: 'red' }] });
  await iam.untagUser({ UserName: 'admin', TagKeys: ['team'] });
  expect([before, after]).toEqual([
    [2, 0],
    [0, 1],
  ]);
});

test('says of an operation that the build does not have only that a policy forbids it', async () => {
  const { castellan, people, unit } = setting;
  const absent = await castellan.call('shield', 'DeleteProtectionGroup', { ProtectionGroupId: 'g' }, people.admin);
  expect(absent.status).toBe(501);
  const forbidden = linesOf(await setting.ask([attach(deny('shield:*'), unit)])).filter(({ change }) => change === 'refused');
  expect(forbidden.map(({ change, action, count }) => [change, action, count])).toEqual([['refused', 'shield:DeleteProtectionGroup', 1]]);
  const unallowed = linesOf(await setting.ask([detach('p', userArn('admin'))])).filter(({ action }) => action.startsWith('shield:'));
  expect(unallowed.map(({ change, because }) => [change, because])).toEqual([
    ['cannot-tell', expect.stringContaining('this build does not have the operation')],
  ]);
});

test('judges by tag policies, in the sentence of their refusal', async () => {
  const { castellan, rootId, unit } = setting;
  await castellan.organizations().enablePolicyType({ RootId: rootId, PolicyType: 'TAG_POLICY' });
  const rule = { tag_key: { '@@assign': 'team' }, tag_value: { '@@assign': ['blue'] }, enforced_for: { '@@assign': ['iam:*'] } };
  const lines = linesOf(await setting.ask([attach(JSON.stringify({ tags: { team: rule } }), unit)]));
  await castellan.organizations().disablePolicyType({ RootId: rootId, PolicyType: 'TAG_POLICY' });
  const created = lines.filter(({ action }) => action === 'iam:CreateUser');
  expect(created.map(({ change, principal }) => [change, principal])).toEqual([['refused', userArn('admin')]]);
  expect(created[0]?.reason).toMatchObject({
    layer: 'tag-policy',
    sentence: "The tag policy does not allow the specified value for the following tag key: 'team'.",
    policy: `effective tag policy of account ${setting.account}`,
  });
});

test('judges what an organization delegates by its resource policy, and cannot tell where there was none', async () => {
  const { castellan, people, account } = setting;
  const listAccounts = async () => (await castellan.call('organizations', 'ListAccounts', {}, people.admin)).error;
  expect(await listAccounts()).toBe('AccessDeniedException');
  const Content = documentOf({ ...allow('organizations:ListAccounts'), Principal: { AWS: account } });
  const organizationArn = (await castellan.organizations().describeOrganization({})).Organization?.Arn ?? '';
  const appeared = linesOf(await setting.ask([attach(Content, organizationArn)]));
  expect(appeared.map(({ change, action, because }) => [change, action, because])).toEqual([
    ['cannot-tell', 'organizations:ListAccounts', expect.stringContaining('had no resource policy then')],
  ]);
  await castellan.organizations().putResourcePolicy({ Content });
  expect(await listAccounts()).toBeUndefined();
  const other: Change = {
    kind: 'change',
    policy: organizationArn,
    text: Content.replace('ListAccounts', 'ListRoots'),
    of: undefined,
    slot: undefined,
  };
  for (const change of [detach('policy', organizationArn), other]) {
    const lines = linesOf(await setting.ask([change])).filter(({ change: kind }) => kind === 'refused');
    expect(lines.map(({ action, count }) => [action, count])).toEqual([['organizations:ListAccounts', 1]]);
  }
  await castellan.organizations().deleteResourcePolicy({});
});

const granted = { ...allow('lambda:GetFunction'), Principal: '*', Resource: undefined };
const functionArn = () => `arn:aws:lambda:us-east-1:${setting.account}:function:ghost`;

const impossible: readonly (readonly [string, () => readonly Change[], string])[] = [
  ['detaches what is not attached', () => [detach('p-12345678', setting.unit)], 'PolicyNotFoundException'],
  ['takes away the last policy', () => [detach('p-FullAWSAccess', setting.unit)], 'You cannot remove the last policy'],
  ['has a document that is none', () => [attach('{"Version":"2012-10-17"}', setting.unit)], 'MalformedPolicyDocument'],
  ['names a user that is not there', () => [attach(deny('*'), userArn('ghost'))], 'NoSuchEntity'],
  ['names an inline policy that is not there', () => [detach('ghost', userArn('admin'))], 'NoSuchEntity'],
  ['names nothing at all', () => [attach(deny('*'), 'nowhere')], 'is no target'],
  ['names a unit of no organization', () => [attach(deny('*'), 'ou-zzzz-12345678')], 'is in no organization'],
  [
    'is for a policy of AWS',
    () => [{ kind: 'change', policy: 'p-FullAWSAccess', text: deny('*'), of: undefined, slot: undefined }],
    'organization',
  ],
  [
    'is of a type that decides no call',
    () => [{ kind: 'attach', policy: { id: backupPolicy }, target: setting.unit, slot: undefined }],
    'is a BACKUP_POLICY',
  ],
  ['is of a type that is not enabled', () => [attach('{"tags":{}}', setting.unit)], 'PolicyTypeNotEnabledException'],
  ['denies in the policy of a function', () => [attach(deny('lambda:*'), functionArn())], 'its Effect is not Allow'],
  [
    'has a condition that AddPermission does not write',
    () => [attach(documentOf({ ...granted, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }), functionArn())],
    'its condition Bool on aws:SecureTransport',
  ],
  ['adds to a function that is not there', () => [attach(documentOf(granted), functionArn())], 'ResourceNotFoundException'],
  ['takes from a function what it does not have', () => [detach('ghost', functionArn())], 'ResourceNotFoundException'],
  ['leaves a key without a policy', () => [detach('policy', setting.keyArn)], 'cannot be without a policy'],
];

test.each(impossible)('refuses, before anything is answered, a change that %s', async (_what, changes, message) => {
  await expect(setting.castellan.whatIf({ changes: changes() })).rejects.toThrow(message);
});

test('runs one at a time, and again once a reader has gone away', async () => {
  const first = await setting.castellan.whatIf({ changes: [attach(deny('s3:*'), setting.unit)] });
  await expect(setting.castellan.whatIf({ changes: [attach(deny('s3:*'), setting.unit)] })).rejects.toThrow('another what-if is running');
  for await (const _line of first) break;
  expect((await summaryOf([attach(deny('s3:*'), setting.unit)]))?.kind).toBe('summary');
});

test.each([
  [{}, '`changes`'],
  [{ changes: [{ kind: 'shake' }] }, 'the kind of a change'],
  [{ changes: [{ kind: 'detach', policy: 'p-1', target: '' }] }, '`target`'],
  [{ changes: [{ kind: 'detach', policy: 'p-1', target: 'r-1' }], account: '12' }, '`account`'],
])('refuses the request %o', async (request, message) => {
  await expect(setting.castellan.whatIf(request)).rejects.toThrow(message);
});
