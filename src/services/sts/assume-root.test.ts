// AssumeRoot in a real organisation: who may open a session of a member's root, for which task, and what that session may do.
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import {
  CreateLoginProfileCommand,
  CreateUserCommand,
  GetLoginProfileCommand,
  ListAccessKeysCommand,
  ListUsersCommand,
} from '@aws-sdk/client-iam';
import { AssumeRootCommand, type Credentials, GetCallerIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';

const account = '111122223333';
let castellan: InProcess;
let member: string;
let administrator: ClientCredentials;

beforeAll(async () => {
  castellan = await startInProcess('assume-root');
  const iam = castellan.iam();
  await iam.createUser({ UserName: 'administrator' });
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  await iam.putUserPolicy({ UserName: 'administrator', PolicyName: 'all', PolicyDocument: JSON.stringify(document) });
  const { AccessKey: key } = await iam.createAccessKey({ UserName: 'administrator' });
  administrator = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
  const organizations = castellan.organizations();
  await organizations.createOrganization({ FeatureSet: 'ALL' });
  const { CreateAccountStatus } = await organizations.createAccount({ AccountName: 'member', Email: 'member@example.org' });
  const { CreateAccountStatus: done } = await organizations.describeCreateAccountStatus({
    CreateAccountRequestId: CreateAccountStatus?.Id,
  });
  member = done?.AccountId ?? '';
});
afterAll(() => castellan?.stop());

const task = (name: string) => ({ arn: `arn:aws:iam::aws:policy/root-task/${name}` });
const assume = async (name: string, more: object = {}, by = administrator): Promise<Credentials | undefined> =>
  (await castellan.sts(by).send(new AssumeRootCommand({ TargetPrincipal: member, TaskPolicyArn: task(name), ...more }))).Credentials;
const session = async (name: string): Promise<ClientCredentials> => {
  const credentials = await assume(name);
  return {
    accessKeyId: credentials?.AccessKeyId ?? '',
    secretAccessKey: credentials?.SecretAccessKey ?? '',
    sessionToken: credentials?.SessionToken ?? '',
  };
};
const refused = () => ({
  name: 'AccessDenied',
  message: `User: arn:aws:iam::${account}:user/administrator is not authorized to perform: sts:AssumeRoot on resource: arn:aws:iam::${member}:root`,
});

test('waits until the organisation trusts IAM and has root sessions switched on', async () => {
  await expect(assume('IAMAuditRootUserCredentials')).rejects.toMatchObject(refused());
  await castellan.organizations().enableAWSServiceAccess({ ServicePrincipal: 'iam.amazonaws.com' });
  await expect(assume('IAMAuditRootUserCredentials')).rejects.toMatchObject(refused());
  await castellan.iam().enableOrganizationsRootSessions({});
  expect((await assume('IAMAuditRootUserCredentials'))?.AccessKeyId).toMatch(/^ASIA/);
});

describe('a session of a member’s root', () => {
  test('is root of that account, for a quarter of an hour', async () => {
    const credentials = await assume('IAMAuditRootUserCredentials');
    const seconds = ((credentials?.Expiration?.getTime() ?? 0) - castellan.clock.now()) / 1000;
    expect(seconds).toBeGreaterThan(880);
    expect(seconds).toBeLessThanOrEqual(900);
    const who = await castellan.sts(await session('IAMAuditRootUserCredentials')).send(new GetCallerIdentityCommand({}));
    expect(who).toMatchObject({ Account: member, Arn: `arn:aws:iam::${member}:root`, UserId: member });
  });

  test('does what its task is, and nothing else', async () => {
    const audit = await session('IAMAuditRootUserCredentials');
    expect((await castellan.iam(audit).send(new ListAccessKeysCommand({}))).AccessKeyMetadata).toEqual([]);
    const denied = { name: 'AccessDenied', message: expect.stringContaining('explicit deny in a session policy') };
    await expect(castellan.iam(audit).send(new ListUsersCommand({}))).rejects.toMatchObject(denied);
    await expect(castellan.iam(audit).send(new CreateUserCommand({ UserName: 'x' }))).rejects.toMatchObject(denied);
    await expect(castellan.iam(audit).send(new GetLoginProfileCommand({ UserName: 'somebody' }))).rejects.toMatchObject(denied);
    const unlock = await session('IAMCreateRootUserPassword');
    await expect(castellan.iam(unlock).send(new ListAccessKeysCommand({}))).rejects.toMatchObject(denied);
    await castellan.iam(unlock).send(new CreateLoginProfileCommand({}));
    expect((await castellan.iam(unlock).send(new GetLoginProfileCommand({}))).LoginProfile?.UserName).toBe('root');
  });

  test('opens no further session', async () => {
    const audit = await session('IAMAuditRootUserCredentials');
    await expect(castellan.sts(audit).send(new GetSessionTokenCommand({}))).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(assume('IAMAuditRootUserCredentials', {}, audit)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  test('is told in both accounts, and acts as an assumed root in the ledger', async () => {
    const audit = await session('IAMAuditRootUserCredentials');
    await castellan.iam(audit).send(new ListAccessKeysCommand({}));
    const records = await castellan.store.transact(async (transaction) =>
      (await transaction.events({ account: member, limit: 20 })).map(({ record }) => JSON.parse(record)),
    );
    expect(records.find(({ eventName }) => eventName === 'ListAccessKeys')).toMatchObject({
      userIdentity: { type: 'Root', arn: `arn:aws:iam::${member}:root`, sessionContext: { assumedRoot: 'true' } },
    });
    const told = records.find(({ eventName }) => eventName === 'AssumeRoot');
    expect(told).toMatchObject({ userIdentity: { type: 'AWSAccount', accountId: account }, recipientAccountId: member });
    const LookupAttributes = [{ AttributeKey: 'EventName' as const, AttributeValue: 'AssumeRoot' }];
    const { Events } = await castellan.cloudtrail().send(new LookupEventsCommand({ LookupAttributes, MaxResults: 1 }));
    expect(JSON.parse(Events?.[0]?.CloudTrailEvent ?? '{}')).toMatchObject({
      requestParameters: { targetPrincipal: member, taskPolicyArn: task('IAMAuditRootUserCredentials') },
      sharedEventID: told.sharedEventID,
    });
  });
});

test.each<[string, () => Promise<unknown>, object]>([
  ['root itself', () => assume('S3UnlockBucketPolicy', {}, castellan.root), { name: 'AccessDenied' }],
  ['a policy that is no task', () => assume('AdministratorAccess'), { name: 'ValidationError' }],
  ['a longer session', () => assume('S3UnlockBucketPolicy', { DurationSeconds: 901 }), { name: 'ValidationError' }],
  ['the management account', () => assume('S3UnlockBucketPolicy', { TargetPrincipal: account }), { name: 'AccessDenied' }],
  ['an account of nobody', () => assume('S3UnlockBucketPolicy', { TargetPrincipal: '999988887777' }), { name: 'AccessDenied' }],
  [
    'a user of the member',
    () => assume('S3UnlockBucketPolicy', { TargetPrincipal: `arn:aws:iam::${member}:user/x` }),
    { name: 'ValidationError' },
  ],
])('is not opened for or by %s', async (_, attempt, expected) => {
  await expect(attempt()).rejects.toMatchObject(expected);
});

test('is opened by the ARN of the root user too, and by whom sts:TaskPolicyArn allows', async () => {
  expect((await assume('SQSUnlockQueuePolicy', { TargetPrincipal: `arn:aws:iam::${member}:root` }))?.AccessKeyId).toMatch(/^ASIA/);
  const iam = castellan.iam();
  const Condition = { ArnEquals: { 'sts:TaskPolicyArn': task('IAMAuditRootUserCredentials').arn } };
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRoot', Resource: '*', Condition }] };
  await iam.createUser({ UserName: 'auditor' });
  await iam.putUserPolicy({ UserName: 'auditor', PolicyName: 'audit', PolicyDocument: JSON.stringify(document) });
  const { AccessKey: key } = await iam.createAccessKey({ UserName: 'auditor' });
  const auditor = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
  expect((await assume('IAMAuditRootUserCredentials', {}, auditor))?.AccessKeyId).toMatch(/^ASIA/);
  await expect(assume('IAMDeleteRootUserCredentials', {}, auditor)).rejects.toMatchObject({ name: 'AccessDenied' });
});
