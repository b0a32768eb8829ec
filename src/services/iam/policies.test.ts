// Managed policies and the account's own lists through the whole pipeline: filters, pages, quotas, and policies of AWS that nobody changes.
import type { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let iam: IAM;
beforeAll(async () => {
  castellan = await startInProcess('policies');
  iam = castellan.iam();
});
afterAll(async () => {
  await castellan.stop();
});

const document = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] });
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
const administrator = 'arn:aws:iam::aws:policy/AdministratorAccess';

async function policy(PolicyName: string, Path = '/'): Promise<string> {
  return (await iam.createPolicy({ PolicyName, Path, PolicyDocument: document })).Policy?.Arn ?? '';
}

const refused = (call: Promise<unknown>) =>
  call.then(
    () => 'allowed',
    (error: unknown) => (error instanceof Error ? error.name : ''),
  );

test('policies of AWS are attached but changed by nobody, not even by root', async () => {
  const calls = [
    iam.createPolicyVersion({ PolicyArn: administrator, PolicyDocument: document }),
    iam.deletePolicy({ PolicyArn: administrator }),
    iam.deletePolicyVersion({ PolicyArn: administrator, VersionId: 'v1' }),
    iam.setDefaultPolicyVersion({ PolicyArn: administrator, VersionId: 'v1' }),
    iam.tagPolicy({ PolicyArn: administrator, Tags: [{ Key: 'k', Value: 'v' }] }),
  ];
  expect(await Promise.all(calls.map(refused))).toEqual(calls.map(() => 'AccessDenied'));
  expect((await iam.getPolicy({ PolicyArn: administrator })).Policy).toMatchObject({
    PolicyName: 'AdministratorAccess',
    IsAttachable: true,
  });
});

test('lists of policies are filtered and paged', async () => {
  const arns = await Promise.all(['a', 'b', 'c'].map((name) => policy(name, '/list/')));
  await policy('elsewhere');
  await iam.createUser({ UserName: 'holder' });
  await iam.attachUserPolicy({ UserName: 'holder', PolicyArn: arns[1] ?? '' });
  await iam.attachUserPolicy({ UserName: 'holder', PolicyArn: administrator });
  await iam.putUserPermissionsBoundary({ UserName: 'holder', PermissionsBoundary: arns[2] ?? '' });
  const names = async (filter: object) => (await iam.listPolicies(filter)).Policies?.map(({ PolicyName }) => PolicyName);
  expect(await names({ Scope: 'Local', PathPrefix: '/list/' })).toEqual(['a', 'b', 'c']);
  expect(await names({ OnlyAttached: true })).toEqual(['b', 'AdministratorAccess']);
  expect(await names({ Scope: 'AWS', OnlyAttached: true })).toEqual(['AdministratorAccess']);
  expect(await names({ PolicyUsageFilter: 'PermissionsBoundary' })).toEqual(['c']);
  const all: (string | undefined)[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.listPolicies({ MaxItems: 2, Marker });
    expect(page.Policies?.length).toBeLessThanOrEqual(2);
    all.push(...(page.Policies ?? []).map(({ PolicyName }) => PolicyName));
    ({ Marker } = page);
    expect(page.IsTruncated).toBe(Marker !== undefined);
  } while (Marker !== undefined);
  expect(all).toEqual(await names({ MaxItems: 1_000 }));
  await expect(iam.listPolicies({ Marker: 'nonsense' })).rejects.toMatchObject({ name: 'ValidationError' });
  await expect(iam.deletePolicy({ PolicyArn: arns[2] ?? '' })).rejects.toMatchObject({ name: 'DeleteConflictException' });
});

test('whom a policy concerns is listed by kind, path and use', async () => {
  const arn = await policy('used');
  await iam.createUser({ UserName: 'attached', Path: '/one/' });
  await iam.createGroup({ GroupName: 'crew' });
  await iam.createRole({ RoleName: 'bounded', AssumeRolePolicyDocument: trust, PermissionsBoundary: arn });
  await iam.attachUserPolicy({ UserName: 'attached', PolicyArn: arn });
  await iam.attachGroupPolicy({ GroupName: 'crew', PolicyArn: arn });
  const listed = async (filter: object) => {
    const { PolicyUsers, PolicyGroups, PolicyRoles } = await iam.listEntitiesForPolicy({ PolicyArn: arn, ...filter });
    return [
      ...(PolicyUsers ?? []).map(({ UserName }) => UserName),
      ...(PolicyGroups ?? []).map(({ GroupName }) => GroupName),
      ...(PolicyRoles ?? []).map(({ RoleName }) => RoleName),
    ];
  };
  expect(await listed({})).toEqual(['attached', 'crew', 'bounded']);
  expect(await listed({ EntityFilter: 'Group' })).toEqual(['crew']);
  expect(await listed({ PathPrefix: '/one/' })).toEqual(['attached']);
  expect(await listed({ PolicyUsageFilter: 'PermissionsBoundary' })).toEqual(['bounded']);
  expect((await iam.listEntitiesForPolicy({ PolicyArn: arn, MaxItems: 1 })).IsTruncated).toBe(true);
  expect((await iam.getPolicy({ PolicyArn: arn })).Policy).toMatchObject({ AttachmentCount: 2, PermissionsBoundaryUsageCount: 1 });
  await iam.updateUser({ UserName: 'attached', NewUserName: 'renamed' });
  await iam.updateGroup({ GroupName: 'crew', NewGroupName: 'team' });
  expect(await listed({})).toEqual(['renamed', 'team', 'bounded']);
});

test('versions are listed from the newest, a page at a time', async () => {
  const PolicyArn = await policy('versions');
  for (let index = 0; index < 3; index += 1) await iam.createPolicyVersion({ PolicyArn, PolicyDocument: document });
  const first = await iam.listPolicyVersions({ PolicyArn, MaxItems: 3 });
  expect(first.Versions?.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion])).toEqual([
    ['v4', false],
    ['v3', false],
    ['v2', false],
  ]);
  const second = await iam.listPolicyVersions({ PolicyArn, Marker: first.Marker });
  expect(second.Versions?.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion])).toEqual([['v1', true]]);
  await expect(iam.getPolicyVersion({ PolicyArn, VersionId: 'v9' })).rejects.toThrow(
    `Policy ${PolicyArn} version v9 does not exist or is not attachable.`,
  );
});

test('the authorization details of the account are one list of everything', async () => {
  await iam.putUserPolicy({ UserName: 'renamed', PolicyName: 'inline', PolicyDocument: document });
  await iam.addUserToGroup({ UserName: 'renamed', GroupName: 'team' });
  const whole = await iam.getAccountAuthorizationDetails({});
  const user = whole.UserDetailList?.find(({ UserName }) => UserName === 'renamed');
  expect(user).toMatchObject({ GroupList: ['team'], AttachedManagedPolicies: [{ PolicyName: 'used' }] });
  expect(user?.UserPolicyList?.[0]?.PolicyDocument).toBe(encodeURIComponent(document).replaceAll('*', '%2A'));
  expect(whole.RoleDetailList?.[0]).toMatchObject({ RoleName: 'bounded', InstanceProfileList: [], RolePolicyList: [] });
  expect(whole.Policies?.map(({ PolicyName }) => PolicyName)).toContain('AdministratorAccess');
  const counted = { user: 0, group: 0, role: 0, policy: 0 };
  let Marker: string | undefined;
  do {
    const page = await iam.getAccountAuthorizationDetails({ MaxItems: 2, Marker });
    counted.user += page.UserDetailList?.length ?? 0;
    counted.group += page.GroupDetailList?.length ?? 0;
    counted.role += page.RoleDetailList?.length ?? 0;
    counted.policy += page.Policies?.length ?? 0;
    ({ Marker } = page);
  } while (Marker !== undefined);
  expect(counted).toEqual({
    user: whole.UserDetailList?.length,
    group: whole.GroupDetailList?.length,
    role: whole.RoleDetailList?.length,
    policy: whole.Policies?.length,
  });
  const filtered = await iam.getAccountAuthorizationDetails({ Filter: ['Group'] });
  expect([filtered.GroupDetailList?.length, filtered.UserDetailList?.length]).toEqual([1, 0]);
});

test('the summary counts what is there', async () => {
  const { SummaryMap: summary } = await iam.getAccountSummary({});
  expect(summary).toMatchObject({
    Users: 2,
    Groups: 1,
    Roles: 1,
    Policies: 6,
    PolicyVersionsInUse: 9,
    AccountAccessKeysPresent: 1,
    AccountMFAEnabled: 0,
    AttachedPoliciesPerRoleQuota: 10,
    GlobalEndpointTokenVersion: 1,
  });
  await iam.setSecurityTokenServicePreferences({ GlobalEndpointTokenVersion: 'v2Token' });
  expect((await iam.getAccountSummary({})).SummaryMap?.['GlobalEndpointTokenVersion']).toBe(2);
});

test('an alias belongs to one account at a time', async () => {
  const other = castellan.iam(await castellan.addAccount('444455556666'));
  await iam.createAccountAlias({ AccountAlias: 'first-alias' });
  await iam.createAccountAlias({ AccountAlias: 'second-alias' });
  expect((await iam.listAccountAliases({})).AccountAliases).toEqual(['second-alias']);
  await expect(other.createAccountAlias({ AccountAlias: 'second-alias' })).rejects.toThrow(
    'The account alias second-alias already exists.',
  );
  await other.createAccountAlias({ AccountAlias: 'first-alias' });
  await expect(iam.deleteAccountAlias({ AccountAlias: 'first-alias' })).rejects.toThrow('The account alias first-alias cannot be found.');
  await iam.deleteAccountAlias({ AccountAlias: 'second-alias' });
});
