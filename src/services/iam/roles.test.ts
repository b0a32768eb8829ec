// Roles, instance profiles and service-linked roles through the whole pipeline.
import type { IAM } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let iam: IAM;
beforeAll(async () => {
  castellan = await startInProcess('roles');
  iam = castellan.iam();
});
afterAll(async () => {
  await castellan.stop();
});

const trust = (principal: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }] });
const ec2 = trust({ Service: 'ec2.amazonaws.com' });
const allow = (Action: string, Resource = '*', more: object = {}) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource, ...more }] });

async function userWith(UserName: string, document: string): Promise<ClientCredentials> {
  await iam.createUser({ UserName });
  await iam.putUserPolicy({ UserName, PolicyName: 'p', PolicyDocument: document });
  const { AccessKey: key } = await iam.createAccessKey({ UserName });
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
}

test('a role is made, shown, changed and deleted as AWS does', async () => {
  const { Role: made } = await iam.createRole({
    RoleName: 'worker',
    Path: '/team/',
    AssumeRolePolicyDocument: trust({ AWS: '111122223333' }),
    Description: 'works',
    MaxSessionDuration: 7_200,
    Tags: [{ Key: 'team', Value: 'blue' }],
  });
  expect(made).toMatchObject({ Arn: 'arn:aws:iam::111122223333:role/team/worker', RoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/) });
  expect(decodeURIComponent(made?.AssumeRolePolicyDocument ?? '')).toContain('"arn:aws:iam::111122223333:root"');
  await iam.updateRole({ RoleName: 'worker', Description: '' });
  const { Role: shown } = await iam.getRole({ RoleName: 'worker' });
  expect(shown).toMatchObject({ Description: '', MaxSessionDuration: 7_200, Tags: [{ Key: 'team', Value: 'blue' }], RoleLastUsed: {} });
  expect((await iam.updateRoleDescription({ RoleName: 'worker', Description: 'again' })).Role?.Description).toBe('again');
  await expect(iam.updateRole({ RoleName: 'worker', MaxSessionDuration: 43_201 })).rejects.toMatchObject({ name: 'ValidationError' });
  const { Roles: listed } = await iam.listRoles({ PathPrefix: '/team/' });
  expect(listed?.[0]).toMatchObject({ RoleName: 'worker', MaxSessionDuration: 7_200 });
  expect([listed?.[0]?.Tags, listed?.[0]?.RoleLastUsed]).toEqual([undefined, undefined]);
  await iam.deleteRole({ RoleName: 'worker' });
  await expect(iam.getRole({ RoleName: 'worker' })).rejects.toThrow('The role with name worker cannot be found.');
});

test.each([
  [{ AWS: 'arn:aws:iam::111122223333:role/nobody' }, 'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/nobody"'],
  [{ AWS: 'nonsense' }, 'Invalid principal in policy: "AWS":"nonsense"'],
])('a trust policy may not name %j', async (principal, sentence) => {
  await expect(iam.createRole({ RoleName: 'x', AssumeRolePolicyDocument: trust(principal) })).rejects.toMatchObject({
    name: 'MalformedPolicyDocumentException',
    message: sentence,
  });
});

test('an instance profile holds one role, whose passing must be allowed', async () => {
  await iam.createRole({ RoleName: 'server', AssumeRolePolicyDocument: ec2 });
  await iam.createRole({ RoleName: 'other', AssumeRolePolicyDocument: ec2 });
  const { InstanceProfile: made } = await iam.createInstanceProfile({ InstanceProfileName: 'web', Tags: [{ Key: 'k', Value: 'v' }] });
  expect(made).toMatchObject({ Arn: 'arn:aws:iam::111122223333:instance-profile/web', Roles: [], Tags: [{ Key: 'k', Value: 'v' }] });
  await expect(iam.createInstanceProfile({ InstanceProfileName: 'WEB' })).rejects.toThrow('Instance Profile WEB already exists.');
  const key = await userWith('builder', allow('iam:AddRoleToInstanceProfile'));
  const add = { InstanceProfileName: 'web', RoleName: 'server' };
  await expect(castellan.iam(key).addRoleToInstanceProfile(add)).rejects.toThrow(
    'is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/server',
  );
  const pass = (service: string) =>
    iam.putUserPolicy({
      UserName: 'builder',
      PolicyName: 'pass',
      PolicyDocument: allow('iam:PassRole', '*', { Condition: { StringEquals: { 'iam:PassedToService': service } } }),
    });
  await pass('lambda.amazonaws.com');
  await expect(castellan.iam(key).addRoleToInstanceProfile(add)).rejects.toThrow('iam:PassRole');
  await pass('ec2.amazonaws.com');
  await castellan.iam(key).addRoleToInstanceProfile(add);
  await expect(iam.addRoleToInstanceProfile({ ...add, RoleName: 'other' })).rejects.toThrow(
    'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1',
  );
  const { InstanceProfile: shown } = await iam.getInstanceProfile({ InstanceProfileName: 'web' });
  expect(shown?.Roles?.map(({ RoleName }) => RoleName)).toEqual(['server']);
  expect((await iam.listInstanceProfilesForRole({ RoleName: 'server' })).InstanceProfiles?.length).toBe(1);
  await expect(iam.deleteRole({ RoleName: 'server' })).rejects.toThrow('must remove roles from instance profile first');
  await expect(iam.deleteInstanceProfile({ InstanceProfileName: 'web' })).rejects.toThrow('must remove roles from instance profile first');
  await iam.removeRoleFromInstanceProfile(add);
  await iam.tagInstanceProfile({ InstanceProfileName: 'web', Tags: [{ Key: 'a', Value: 'b' }] });
  await iam.untagInstanceProfile({ InstanceProfileName: 'web', TagKeys: ['K'] });
  expect((await iam.listInstanceProfileTags({ InstanceProfileName: 'web' })).Tags).toEqual([{ Key: 'a', Value: 'b' }]);
  await iam.deleteInstanceProfile({ InstanceProfileName: 'web' });
  await expect(iam.getInstanceProfile({ InstanceProfileName: 'web' })).rejects.toThrow('Instance Profile web cannot be found.');
});

test('a service-linked role has its service’s name and is changed by nobody else', async () => {
  const { Role: role } = await iam.createServiceLinkedRole({ AWSServiceName: 'autoscaling.amazonaws.com', CustomSuffix: 'one' });
  expect(role).toMatchObject({
    RoleName: 'AWSServiceRoleForAutoScaling_one',
    Arn: 'arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_one',
  });
  const RoleName = 'AWSServiceRoleForAutoScaling_one';
  await expect(iam.createServiceLinkedRole({ AWSServiceName: 'autoscaling.amazonaws.com', CustomSuffix: 'one' })).rejects.toThrow(
    'Service role name AWSServiceRoleForAutoScaling_one has been taken in this account, please try a different suffix.',
  );
  const protects = `Cannot perform the operation on the protected role '${RoleName}' - this role is only modifiable by AWS`;
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
  await expect(iam.attachRolePolicy({ RoleName, PolicyArn })).rejects.toThrow(protects);
  await expect(iam.putRolePolicy({ RoleName, PolicyName: 'p', PolicyDocument: allow('*') })).rejects.toThrow(protects);
  await expect(iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: ec2 })).rejects.toThrow(protects);
  await expect(iam.putRolePermissionsBoundary({ RoleName, PermissionsBoundary: PolicyArn })).rejects.toThrow(protects);
  await expect(iam.deleteRole({ RoleName })).rejects.toThrow(protects);
  await expect(iam.createServiceLinkedRole({ AWSServiceName: 'nothing.amazonaws.com' })).rejects.toMatchObject({
    name: 'InvalidInputException',
  });
  await expect(iam.createServiceLinkedRole({ AWSServiceName: 'ecs.amazonaws.com', CustomSuffix: 'x' })).rejects.toThrow(
    'Custom suffix is not allowed for ecs.amazonaws.com',
  );
  await expect(
    iam.createRole({ RoleName: 'AWSServiceRoleForMe', Path: '/aws-service-role/me/', AssumeRolePolicyDocument: ec2 }),
  ).rejects.toMatchObject({ name: 'InvalidInputException' });
});

test('a service-linked role is deleted by a task that tells how it stands', async () => {
  await iam.createServiceLinkedRole({ AWSServiceName: 'ecs.amazonaws.com' });
  const { DeletionTaskId } = await iam.deleteServiceLinkedRole({ RoleName: 'AWSServiceRoleForECS' });
  expect(DeletionTaskId).toMatch(/^task\/aws-service-role\/ecs\.amazonaws\.com\/AWSServiceRoleForECS\/[0-9a-f-]{36}$/);
  expect((await iam.getServiceLinkedRoleDeletionStatus({ DeletionTaskId })).Status).toBe('IN_PROGRESS');
  await castellan.work.settle();
  expect((await iam.getServiceLinkedRoleDeletionStatus({ DeletionTaskId })).Status).toBe('SUCCEEDED');
  await expect(iam.getRole({ RoleName: 'AWSServiceRoleForECS' })).rejects.toMatchObject({ name: 'NoSuchEntityException' });
  await expect(iam.getServiceLinkedRoleDeletionStatus({ DeletionTaskId: 'task/no/such' })).rejects.toMatchObject({
    name: 'NoSuchEntityException',
  });
});
