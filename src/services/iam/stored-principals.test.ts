// Users and roles in the policies of other services' resources: kept by their unique ids, so that a later namesake has nothing of them.
import type { IAM } from '@aws-sdk/client-iam';
import {
  DeleteResourcePolicyCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  PutResourcePolicyCommand,
} from '@aws-sdk/client-secrets-manager';
import { AssumeRoleCommand, GetFederationTokenCommand } from '@aws-sdk/client-sts';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let iam: IAM;
beforeAll(async () => {
  castellan = await startInProcess('stored-principals');
  iam = castellan.iam();
});
afterAll(async () => {
  await castellan.stop();
});

const arn = (resource: string) => `arn:aws:iam::111122223333:${resource}`;
const names = (AWS: unknown, Action: string) => ({ Effect: 'Allow', Principal: { AWS }, Action, Resource: '*' });
/** As people write it; nothing of it but the principals may change. */
const text = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements }, undefined, 2);

async function newUser(UserName: string): Promise<ClientCredentials> {
  await iam.createUser({ UserName });
  const { AccessKey: key } = await iam.createAccessKey({ UserName });
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
}

async function again(UserName: string, key: ClientCredentials): Promise<ClientCredentials> {
  await iam.deleteAccessKey({ UserName, AccessKeyId: key.accessKeyId });
  await iam.deleteUser({ UserName });
  return newUser(UserName);
}

test('a key policy shows the id of a user who is gone, and does not let in another of the name', async () => {
  const kms = castellan.kms();
  const first = await newUser('keyholder');
  const { KeyMetadata: key } = await kms.createKey({});
  const KeyId = key?.KeyId ?? '';
  const Policy = text(names(arn('root'), 'kms:*'), names([arn('user/keyholder'), arn('root')], 'kms:DescribeKey'));
  await kms.putKeyPolicy({ KeyId, Policy });
  expect((await kms.getKeyPolicy({ KeyId })).Policy).toBe(Policy);
  await castellan.kms(first).describeKey({ KeyId });
  await iam.updateUser({ UserName: 'keyholder', NewUserName: 'renamed' });
  await castellan.kms(first).describeKey({ KeyId });
  expect((await kms.getKeyPolicy({ KeyId })).Policy).toBe(Policy.replace('user/keyholder', 'user/renamed'));
  await iam.updateUser({ UserName: 'renamed', NewUserName: 'keyholder' });
  const second = await again('keyholder', first);
  expect((await kms.getKeyPolicy({ KeyId })).Policy).toMatch(/"AIDA[A-Z2-7]{17}"/);
  await expect(castellan.kms(second).describeKey({ KeyId })).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

test('a grant on a key is for the user who was there, not for the next one of the name', async () => {
  const kms = castellan.kms();
  const first = await newUser('grantee');
  const { KeyMetadata: key } = await kms.createKey({});
  const KeyId = key?.KeyId ?? '';
  await kms.createGrant({ KeyId, GranteePrincipal: arn('user/grantee'), Operations: ['DescribeKey', 'RetireGrant'] });
  await castellan.kms(first).describeKey({ KeyId });
  expect((await kms.listGrants({ KeyId })).Grants?.[0]?.GranteePrincipal).toBe(arn('user/grantee'));
  const second = await again('grantee', first);
  await expect(castellan.kms(second).describeKey({ KeyId })).rejects.toMatchObject({ name: 'AccessDeniedException' });
  const [grant] = (await kms.listGrants({ KeyId })).Grants ?? [];
  expect(grant?.GranteePrincipal).toMatch(/^AIDA[A-Z2-7]{17}$/);
  await expect(castellan.kms(second).retireGrant({ KeyId: key?.Arn, GrantId: grant?.GrantId })).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
});

test('a federated session is its issuer’s, also where a policy names the issuer', async () => {
  const kms = castellan.kms();
  const issuer = await newUser('issuer');
  const grantAll = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });
  await iam.putUserPolicy({ UserName: 'issuer', PolicyName: 'p', PolicyDocument: grantAll.replace('"*"', '"sts:*"') });
  const Policy = text(names(arn('root'), 'kms:Put*'), names(arn('user/issuer'), 'kms:DescribeKey'));
  const { KeyMetadata: key } = await kms.createKey({ Policy, BypassPolicyLockoutSafetyCheck: true });
  const { Credentials: made } = await castellan.sts(issuer).send(new GetFederationTokenCommand({ Name: 'guest', Policy: grantAll }));
  const guest = {
    accessKeyId: made?.AccessKeyId ?? '',
    secretAccessKey: made?.SecretAccessKey ?? '',
    sessionToken: made?.SessionToken ?? '',
  };
  await castellan.kms(guest).describeKey({ KeyId: key?.KeyId });
});

test('a key policy may not name a user or role who is not there', async () => {
  const refusal = {
    name: 'MalformedPolicyDocumentException',
    message: 'Policy contains a statement with one or more invalid principals.',
  };
  for (const nobody of ['user/nobody', 'role/nobody']) {
    const Policy = text(names(arn('root'), 'kms:*'), names(arn(nobody), 'kms:DescribeKey'));
    await expect(castellan.kms().createKey({ Policy })).rejects.toMatchObject(refusal);
  }
});

test('the policy of a secret does not let in a role that was made again under its name', async () => {
  const secrets = castellan.secretsManager();
  const { ARN: SecretId } = await castellan
    .call('secretsmanager', 'CreateSecret', {
      Name: 'kept',
      SecretString: 'x',
      ClientRequestToken: 'a'.repeat(32),
    })
    .then(({ output }) => output as { readonly ARN: string });
  const AssumeRolePolicyDocument = text({ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' });
  const user = await newUser('stepper');
  await iam.putUserPolicy({
    UserName: 'stepper',
    PolicyName: 'p',
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }] }),
  });
  const assumed = async (): Promise<ClientCredentials> => {
    const { Credentials: made } = await castellan
      .sts(user)
      .send(new AssumeRoleCommand({ RoleArn: arn('role/reader'), RoleSessionName: 'session' }));
    return {
      accessKeyId: made?.AccessKeyId ?? '',
      secretAccessKey: made?.SecretAccessKey ?? '',
      sessionToken: made?.SessionToken ?? '',
    };
  };
  await iam.createRole({ RoleName: 'reader', AssumeRolePolicyDocument });
  const ResourcePolicy = text(names(arn('role/reader'), 'secretsmanager:GetSecretValue'));
  await secrets.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy }));
  expect((await secrets.send(new GetResourcePolicyCommand({ SecretId }))).ResourcePolicy).toBe(ResourcePolicy);
  const read = async () => castellan.secretsManager(await assumed()).send(new GetSecretValueCommand({ SecretId }));
  expect((await read()).SecretString).toBe('x');
  await iam.deleteRole({ RoleName: 'reader' });
  await iam.createRole({ RoleName: 'reader', AssumeRolePolicyDocument });
  await expect(read()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  expect((await secrets.send(new GetResourcePolicyCommand({ SecretId }))).ResourcePolicy).toMatch(/"AWS": "AROA[A-Z2-7]{17}"/);
  await secrets.send(new DeleteResourcePolicyCommand({ SecretId }));
});

test('no policy of a resource may name a user who is not there, in the words of each service', async () => {
  const nobody = arn('user/nobody');
  const call = castellan.call;
  await call('secretsmanager', 'CreateSecret', { Name: 'strict', SecretString: 'x', ClientRequestToken: 'b'.repeat(32) });
  const ResourcePolicy = text(names(nobody, 'secretsmanager:GetSecretValue'));
  expect(await call('secretsmanager', 'PutResourcePolicy', { SecretId: 'strict', ResourcePolicy })).toMatchObject({
    error: 'MalformedPolicyDocumentException',
    output: { Message: 'This resource policy contains an unsupported principal.' },
  });
  const grant = { GranteePrincipal: nobody, Operations: ['Decrypt'] };
  const { KeyMetadata: key } = await castellan.kms().createKey({});
  expect(await call('kms', 'CreateGrant', { KeyId: key?.KeyId, ...grant })).toMatchObject({ error: 'InvalidArnException' });
});

test('a function’s permissions and an organisation’s resource policy show the id of a user who is gone', async () => {
  const { call } = castellan;
  const trust = text({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' });
  await iam.createRole({ RoleName: 'runner', AssumeRolePolicyDocument: trust });
  const ZipFile = zipSync({ 'index.js': Buffer.from('exports.handler = async () => 1;') });
  const made = { Runtime: 'nodejs22.x', Handler: 'index.handler', Role: arn('role/runner'), Code: { ZipFile } };
  expect((await call('lambda', 'CreateFunction', { FunctionName: 'kept', ...made })).error).toBeUndefined();
  const first = await newUser('caller');
  const allowed = { FunctionName: 'kept', StatementId: 's', Action: 'lambda:GetFunction', Principal: arn('user/caller') };
  expect((await call('lambda', 'AddPermission', allowed)).error).toBeUndefined();
  const shown = async () => String((await call('lambda', 'GetPolicy', { FunctionName: 'kept' })).output['Policy']);
  expect(await shown()).toContain(arn('user/caller'));
  expect((await call('lambda', 'GetFunction', { FunctionName: 'kept' }, first)).error).toBeUndefined();

  await castellan.organizations().createOrganization({});
  const Content = text({ ...names(arn('user/caller'), 'organizations:ListAccounts'), Sid: 's' });
  await call('organizations', 'PutResourcePolicy', { Content });
  const described = async () => JSON.stringify((await call('organizations', 'DescribeResourcePolicy', {})).output);
  expect(await described()).toContain(arn('user/caller'));

  const second = await again('caller', first);
  expect((await call('lambda', 'GetFunction', { FunctionName: 'kept' }, second)).error).toBe('AccessDeniedException');
  expect(await shown()).toMatch(/"AWS":"AIDA[A-Z2-7]{17}"/);
  expect(await described()).toMatch(/AIDA[A-Z2-7]{17}/);
  const unknown = { ...allowed, StatementId: 't', Principal: arn('user/nobody') };
  expect((await call('lambda', 'AddPermission', unknown)).error).toBe('InvalidParameterValueException');
});
