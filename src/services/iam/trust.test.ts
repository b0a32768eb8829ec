// Truths about who is trusted that surprise people, each through the whole pipeline.
import type { IAM } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let iam: IAM;
beforeAll(async () => {
  castellan = await startInProcess('trust');
  iam = castellan.iam();
});
afterAll(async () => {
  await castellan.stop();
});

const trusting = (AWS: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }] });
const policyOf = (Effect: 'Allow' | 'Deny', Action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect, Action, Resource: '*' }] });
const arn = (resource: string) => `arn:aws:iam::111122223333:${resource}`;

async function newUser(UserName: string, document?: string): Promise<ClientCredentials> {
  await iam.createUser({ UserName });
  if (document !== undefined) await iam.putUserPolicy({ UserName, PolicyName: 'p', PolicyDocument: document });
  const { AccessKey: key } = await iam.createAccessKey({ UserName });
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
}

async function assume(role: string, by: ClientCredentials): Promise<ClientCredentials> {
  const command = new AssumeRoleCommand({ RoleArn: arn(`role/${role}`), RoleSessionName: 'session' });
  const { Credentials: made } = await castellan.sts(by).send(command);
  return {
    accessKeyId: made?.AccessKeyId ?? '',
    secretAccessKey: made?.SecretAccessKey ?? '',
    sessionToken: made?.SessionToken ?? '',
  };
}

test('a role that was deleted and made again under its name is not trusted where the first one was', async () => {
  const key = await newUser('stepper', policyOf('Allow', 'sts:AssumeRole'));
  const step = { RoleName: 'step', AssumeRolePolicyDocument: trusting(arn('user/stepper')) };
  const grant = { RoleName: 'step', PolicyName: 'p', PolicyDocument: policyOf('Allow', 'sts:AssumeRole') };
  await iam.createRole(step);
  await iam.putRolePolicy(grant);
  await iam.createRole({ RoleName: 'goal', AssumeRolePolicyDocument: trusting(arn('role/step')) });
  await assume('goal', await assume('step', key));
  await iam.deleteRolePolicy({ RoleName: 'step', PolicyName: 'p' });
  await iam.deleteRole({ RoleName: 'step' });
  await iam.createRole(step);
  await iam.putRolePolicy(grant);
  await expect(assume('goal', await assume('step', key))).rejects.toMatchObject({ name: 'AccessDenied' });
  const { Role: goal } = await iam.getRole({ RoleName: 'goal' });
  expect(decodeURIComponent(goal?.AssumeRolePolicyDocument ?? '')).toMatch(/"AWS":"AROA[A-Z2-7]{17}"/);
});

test('a session of a deleted role is refused, also when the role is made again', async () => {
  const key = await newUser('lasting', policyOf('Allow', 'sts:AssumeRole'));
  const role = { RoleName: 'fleeting', AssumeRolePolicyDocument: trusting(arn('user/lasting')) };
  await iam.createRole(role);
  const session = await assume('fleeting', key);
  await castellan.sts(session).send(new GetCallerIdentityCommand({}));
  await iam.deleteRole({ RoleName: 'fleeting' });
  await iam.createRole(role);
  await expect(castellan.sts(session).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
});

test('a trust policy that names the account alone leaves it to the account’s own policies', async () => {
  await iam.createRole({ RoleName: 'shared', AssumeRolePolicyDocument: trusting('111122223333') });
  const plain = await newUser('plain');
  await expect(assume('shared', plain)).rejects.toThrow('because no identity-based policy allows the sts:AssumeRole action');
  await iam.putUserPolicy({ UserName: 'plain', PolicyName: 'p', PolicyDocument: policyOf('Allow', 'sts:AssumeRole') });
  await assume('shared', plain);
});

test('a trust policy that names the user suffices by itself, within the account', async () => {
  const named = await newUser('named');
  await iam.createRole({ RoleName: 'direct', AssumeRolePolicyDocument: trusting(arn('user/named')) });
  await assume('direct', named);
});

test('root is not restricted by identity policies: it has none, and cannot be given any', async () => {
  await newUser('restricted', policyOf('Deny', '*'));
  await expect(iam.putUserPolicy({ UserName: 'root', PolicyName: 'p', PolicyDocument: policyOf('Deny', '*') })).rejects.toThrow(
    'The user with name root cannot be found.',
  );
  await iam.listUsers({});
});

test('a user whose name is taken over by another does not lend the old keys to the new one', async () => {
  const old = await newUser('name', policyOf('Allow', 'iam:ListUsers'));
  await iam.deleteAccessKey({ UserName: 'name', AccessKeyId: old.accessKeyId });
  await iam.deleteUserPolicy({ UserName: 'name', PolicyName: 'p' });
  await iam.deleteUser({ UserName: 'name' });
  await newUser('name', policyOf('Allow', 'iam:ListUsers'));
  await expect(castellan.iam(old).listUsers({})).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
});
