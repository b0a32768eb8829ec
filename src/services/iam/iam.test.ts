// IAM through the whole pipeline, as the SDK sees it: names, quotas, conflicts, versions, boundaries, groups, trust.
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteGroupCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteUserCommand,
  GetAccessKeyLastUsedCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  type IAMClient,
  ListEntitiesForPolicyCommand,
  ListGroupsForUserCommand,
  ListPoliciesCommand,
  ListUsersCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  RemoveUserFromGroupCommand,
  SetDefaultPolicyVersionCommand,
  TagUserCommand,
  UpdateUserCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let iam: IAMClient;
beforeAll(async () => {
  castellan = await startInProcess('iam');
  iam = castellan.iam();
});
afterAll(async () => {
  await castellan.stop();
});

const allow = (action: string, more: object = {}) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*', ...more }] });

async function userWithKey(UserName: string): Promise<ClientCredentials> {
  await iam.send(new CreateUserCommand({ UserName }));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
}

const list = (credentials: ClientCredentials) => castellan.iam(credentials).send(new ListUsersCommand({}));

test('names are unique without regard to case, also when sixteen ask at once', async () => {
  const names = Array.from({ length: 16 }, (_each, index) => (index % 2 === 0 ? 'Racer' : 'rACER'));
  const results = await Promise.allSettled(names.map((UserName) => iam.send(new CreateUserCommand({ UserName }))));
  expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(1);
  await expect(iam.send(new CreateUserCommand({ UserName: 'RACER' }))).rejects.toMatchObject({ name: 'EntityAlreadyExistsException' });
});

test('what a group may do its members may, until they leave it', async () => {
  const member = await userWithKey('member');
  await expect(list(member)).rejects.toMatchObject({ name: 'AccessDenied' });
  await iam.send(new CreateGroupCommand({ GroupName: 'readers' }));
  await iam.send(new AttachGroupPolicyCommand({ GroupName: 'readers', PolicyArn: 'arn:aws:iam::aws:policy/IAMReadOnlyAccess' }));
  await iam.send(new AddUserToGroupCommand({ GroupName: 'readers', UserName: 'member' }));
  expect((await list(member)).Users?.length).toBeGreaterThan(0);
  expect((await iam.send(new ListGroupsForUserCommand({ UserName: 'member' }))).Groups?.map(({ GroupName }) => GroupName)).toEqual([
    'readers',
  ]);
  await expect(iam.send(new DeleteGroupCommand({ GroupName: 'readers' }))).rejects.toMatchObject({ name: 'DeleteConflictException' });
  await iam.send(new RemoveUserFromGroupCommand({ GroupName: 'readers', UserName: 'member' }));
  await expect(list(member)).rejects.toMatchObject({ name: 'AccessDenied' });
});

test('the default version of a managed policy is what counts, and five are kept', async () => {
  const key = await userWithKey('versioned');
  const { Policy: policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'versions', PolicyDocument: allow('s3:*') }));
  const PolicyArn = policy?.Arn ?? '';
  await iam.send(new AttachUserPolicyCommand({ UserName: 'versioned', PolicyArn }));
  await expect(list(key)).rejects.toMatchObject({ name: 'AccessDenied' });
  await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: allow('iam:List*'), SetAsDefault: true }));
  await list(key);
  await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v1' }));
  await expect(list(key)).rejects.toMatchObject({ name: 'AccessDenied' });
  for (let version = 3; version <= 5; version += 1)
    await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: allow('s3:*') }));
  await expect(iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: allow('s3:*') }))).rejects.toMatchObject({
    name: 'LimitExceededException',
  });
  await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v5' }));
  const next = await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: allow('s3:*') }));
  expect(next.PolicyVersion?.VersionId).toBe('v6');
  await expect(iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v1' }))).rejects.toMatchObject({
    name: 'DeleteConflictException',
  });
  await expect(iam.send(new DeletePolicyCommand({ PolicyArn }))).rejects.toMatchObject({ name: 'DeleteConflictException' });
  const { PolicyVersion: shown } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v2' }));
  expect(decodeURIComponent(shown?.Document ?? '')).toBe(allow('iam:List*'));
  const { PolicyUsers: attached } = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn }));
  expect(attached?.map(({ UserName }) => UserName)).toEqual(['versioned']);
  const { Policies: local } = await iam.send(new ListPoliciesCommand({ Scope: 'Local', OnlyAttached: true }));
  expect(local?.map(({ PolicyName }) => PolicyName)).toEqual(['versions']);
});

test('a boundary takes away what an identity policy allows', async () => {
  const key = await userWithKey('bounded');
  await iam.send(new PutUserPolicyCommand({ UserName: 'bounded', PolicyName: 'all', PolicyDocument: allow('*') }));
  await list(key);
  await iam.send(
    new PutUserPermissionsBoundaryCommand({ UserName: 'bounded', PermissionsBoundary: 'arn:aws:iam::aws:policy/AmazonS3FullAccess' }),
  );
  await expect(list(key)).rejects.toThrow('because no permissions boundary allows the iam:ListUsers action');
});

test('tags of the caller decide where a policy asks for them', async () => {
  const key = await userWithKey('tagged');
  const condition = { Condition: { StringEquals: { 'aws:PrincipalTag/Team': 'blue' } } };
  await iam.send(new PutUserPolicyCommand({ UserName: 'tagged', PolicyName: 'team', PolicyDocument: allow('iam:ListUsers', condition) }));
  await expect(list(key)).rejects.toMatchObject({ name: 'AccessDenied' });
  await iam.send(new TagUserCommand({ UserName: 'tagged', Tags: [{ Key: 'team', Value: 'blue' }] }));
  await list(key);
});

test('everything follows a user who is renamed', async () => {
  const key = await userWithKey('before');
  await iam.send(new PutUserPolicyCommand({ UserName: 'before', PolicyName: 'list', PolicyDocument: allow('iam:ListUsers') }));
  await iam.send(new UpdateUserCommand({ UserName: 'before', NewUserName: 'after' }));
  await list(key);
  await expect(iam.send(new DeleteUserCommand({ UserName: 'after' }))).rejects.toMatchObject({ name: 'DeleteConflictException' });
  const { UserName, AccessKeyLastUsed: last } = await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: key.accessKeyId }));
  expect([UserName, last?.ServiceName]).toEqual(['after', 'iam']);
});

test('a trust policy keeps whom it trusts, and not a later namesake', async () => {
  await iam.send(new CreateUserCommand({ UserName: 'trusted' }));
  const arn = 'arn:aws:iam::111122223333:user/trusted';
  const trust = (AWS: string) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }] });
  await expect(iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: trust(`${arn}-nobody`) }))).rejects.toThrow(
    'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/trusted-nobody"',
  );
  await iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: trust(arn) }));
  const shown = async () =>
    decodeURIComponent((await iam.send(new GetRoleCommand({ RoleName: 'r' }))).Role?.AssumeRolePolicyDocument ?? '');
  expect(await shown()).toContain(arn);
  await iam.send(new DeleteUserCommand({ UserName: 'trusted' }));
  await iam.send(new CreateUserCommand({ UserName: 'trusted' }));
  expect(await shown()).toMatch(/"AWS":"AIDA[A-Z2-7]{17}"/);
});

test('inline policies have a common size, without white space', async () => {
  await iam.send(new CreateUserCommand({ UserName: 'sized' }));
  const sized = (bytes: number) => allow(`s3:${'x'.repeat(bytes)}`);
  await iam.send(new PutUserPolicyCommand({ UserName: 'sized', PolicyName: 'one', PolicyDocument: sized(1_000) }));
  const second = new PutUserPolicyCommand({ UserName: 'sized', PolicyName: 'two', PolicyDocument: sized(1_000) });
  await expect(iam.send(second)).rejects.toThrow('Maximum policy size of 2048 bytes exceeded for user sized');
});

// AWS looks at patterns of names and paths after everything else, and has sentences of its own for them.
test.each([
  [
    { UserName: 'a b' },
    'The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
  ],
  [
    { UserName: 'a', Path: 'team' },
    'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
  ],
  [
    { UserName: '' },
    "1 validation error detected: Value '' at 'userName' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
  [
    { UserName: 'a b'.repeat(30) },
    `1 validation error detected: Value '${'a b'.repeat(30)}' at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64`,
  ],
])('CreateUser with %j says what is wrong in AWS’s words', async (input, message) => {
  await expect(castellan.iam().createUser(input)).rejects.toMatchObject({ name: 'ValidationError', message });
});

test('what is no ARN of a policy is told apart from a policy that is not there', async () => {
  const iam = castellan.iam();
  await iam.createUser({ UserName: 'arn-reader' });
  const PolicyArn = 'arn:aws:iam::111122223333:user/arn-reader';
  const refusal = { name: 'InvalidInputException', message: `ARN ${PolicyArn} is not valid.` };
  await expect(iam.getPolicy({ PolicyArn })).rejects.toMatchObject(refusal);
  await expect(iam.attachUserPolicy({ UserName: 'arn-reader', PolicyArn })).rejects.toMatchObject(refusal);
  await expect(iam.detachUserPolicy({ UserName: 'arn-reader', PolicyArn })).rejects.toMatchObject(refusal);
});
