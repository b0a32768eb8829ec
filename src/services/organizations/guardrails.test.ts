// Guardrails through the whole pipeline: what a service or resource control policy refuses, to whom, from where in the tree, and how soon.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Organizations } from '@aws-sdk/client-organizations';
import { CreateSecretCommand, DescribeSecretCommand, PutResourcePolicyCommand } from '@aws-sdk/client-secrets-manager';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { testUser } from '../../../test/users.ts';
import { readShared, sharedPath } from '../../../test/vectors/shared.ts';
import { callsTo } from '../../kit/calls.ts';
import type { Operations as KmsOperations } from '../kms/api.gen.ts';

let castellan: InProcess;
let organizations: Organizations;
let rootId = '';
let organizationId = '';
let unit = '';
let otherUnit = '';
let account = '';
let memberRoot: ClientCredentials;
let member: ClientCredentials;

const allow = (Action: string, Resource = '*') => ({ Effect: 'Allow', Action, Resource });

beforeAll(async () => {
  castellan = await startInProcess('guardrails');
  organizations = castellan.organizations();
  const { Organization } = await organizations.createOrganization({});
  organizationId = Organization?.Id ?? '';
  rootId = (await organizations.listRoots({})).Roots?.[0]?.Id ?? '';
  unit = await newUnit('Workloads');
  otherUnit = await newUnit('Elsewhere');
  account = await newAccount('workload');
  await organizations.moveAccount({ AccountId: account, SourceParentId: rootId, DestinationParentId: unit });
  memberRoot = await castellan.addAccount(account);
  member = await testUser(castellan, 'member', [allow('*')], memberRoot);
});
afterAll(async () => {
  await castellan.stop();
});

async function newUnit(Name: string): Promise<string> {
  return (await organizations.createOrganizationalUnit({ ParentId: rootId, Name })).OrganizationalUnit?.Id ?? '';
}

async function newAccount(name: string): Promise<string> {
  const answer = await organizations.createAccount({ AccountName: name, Email: `${name}@example.org` });
  return answer.CreateAccountStatus?.AccountId ?? '';
}

let policies = 0;
async function newPolicy(
  statement: object | readonly object[],
  Type: 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY' = 'SERVICE_CONTROL_POLICY',
) {
  policies += 1;
  const Content = JSON.stringify({ Version: '2012-10-17', Statement: statement });
  const { Policy } = await organizations.createPolicy({ Name: `policy-${policies}`, Description: '', Type, Content });
  return Policy?.PolicySummary?.Id ?? '';
}

const attach = (PolicyId: string, TargetId: string) => organizations.attachPolicy({ PolicyId, TargetId });
const detach = (PolicyId: string, TargetId: string) => organizations.detachPolicy({ PolicyId, TargetId });
const move = (from: string, to: string) => organizations.moveAccount({ AccountId: account, SourceParentId: from, DestinationParentId: to });
const listUsers = (as: ClientCredentials) => castellan.iam(as).listUsers({});

test('a service control policy on a unit refuses in AWS’s words, with its ARN, from the next request on; a move changes the answer', async () => {
  await listUsers(member);
  const id = await newPolicy({ Effect: 'Deny', Action: 'iam:ListUsers', Resource: '*' });
  await attach(id, unit);
  await expect(listUsers(member)).rejects.toMatchObject({
    name: 'AccessDenied',
    message: `User: arn:aws:iam::${account}:user/member is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::${account}:user/ with an explicit deny in a service control policy: arn:aws:organizations::${castellan.account}:policy/${organizationId}/service_control_policy/${id}`,
  });
  await castellan.iam(member).listRoles({});
  await move(unit, otherUnit);
  await listUsers(member);
  await move(otherUnit, unit);
  await expect(listUsers(member)).rejects.toThrow('service control policy');
  await organizations.updatePolicy({
    PolicyId: id,
    Content: JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Deny', Action: 'iam:ListRoles', Resource: '*' } }),
  });
  await listUsers(member);
  await expect(castellan.iam(member).listRoles({})).rejects.toThrow('service control policy');
  await detach(id, unit);
  await castellan.iam(member).listRoles({});
});

test('the explanation names the level of the tree', async () => {
  const id = await newPolicy({ Effect: 'Deny', Action: 'iam:ListUsers', Resource: '*' });
  await attach(id, unit);
  const error = await listUsers(member).catch((thrown: unknown) => thrown);
  // The SDK's exceptions carry the request id.
  const requestId = (error as { readonly $metadata: { readonly requestId: string } }).$metadata.requestId;
  const explained = await castellan.explain(requestId);
  expect(JSON.stringify(explained)).toContain(`on organizational unit Workloads (${unit})`);
  await detach(id, unit);
});

test('every level must allow: without FullAWSAccess only what its policies allow is left', async () => {
  const id = await newPolicy(allow('iam:Get*'));
  await attach(id, unit);
  await listUsers(member);
  await detach('p-FullAWSAccess', unit);
  await expect(listUsers(member)).rejects.toThrow('because no service control policy allows the iam:ListUsers action');
  await castellan.iam(member).getUser({ UserName: 'member' });
  await attach('p-FullAWSAccess', unit);
  await detach(id, unit);
  await listUsers(member);
});

test('binds the root of a member account and its roles, but not the management account', async () => {
  const id = await newPolicy({ Effect: 'Deny', Action: 'iam:ListUsers', Resource: '*' });
  await attach(id, rootId);
  await expect(listUsers(memberRoot)).rejects.toThrow('service control policy');
  const administrator = await testUser(castellan, 'administrator', [allow('*')]);
  const { Credentials } = await castellan
    .sts(administrator)
    .send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account}:role/OrganizationAccountAccessRole`, RoleSessionName: 'session' }));
  const session = {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
  await expect(listUsers(session)).rejects.toThrow('service control policy');
  await listUsers(administrator);
  await listUsers(castellan.root);
  await detach(id, rootId);
  await listUsers(session);
});

test('counts only while the type is enabled', async () => {
  const id = await newPolicy({ Effect: 'Deny', Action: 'iam:*', Resource: '*' });
  await attach(id, account);
  await expect(listUsers(member)).rejects.toThrow('service control policy');
  await organizations.disablePolicyType({ RootId: rootId, PolicyType: 'SERVICE_CONTROL_POLICY' });
  await listUsers(member);
  await organizations.enablePolicyType({ RootId: rootId, PolicyType: 'SERVICE_CONTROL_POLICY' });
  await listUsers(member);
});

test('conditions see where caller and resource stand', async () => {
  const paths = [`${organizationId}/${rootId}/${unit}/*`];
  const id = await newPolicy([
    { Effect: 'Deny', Action: 'iam:ListUsers', Resource: '*', Condition: { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': paths } } },
    { Effect: 'Deny', Action: 'iam:ListRoles', Resource: '*', Condition: { StringEquals: { 'aws:ResourceOrgID': organizationId } } },
    { Effect: 'Deny', Action: 'iam:GetUser', Resource: '*', Condition: { StringNotEquals: { 'aws:PrincipalOrgID': organizationId } } },
  ]);
  await attach(id, account);
  await expect(listUsers(member)).rejects.toThrow('service control policy');
  await expect(castellan.iam(member).listRoles({})).rejects.toThrow('service control policy');
  await castellan.iam(member).getUser({ UserName: 'member' });
  await move(unit, otherUnit);
  await listUsers(member);
  await move(otherUnit, unit);
  await detach(id, account);
});

test('a resource control policy keeps strangers from assuming a role that trusts them, and leaves other services alone', async () => {
  await organizations.enablePolicyType({ RootId: rootId, PolicyType: 'RESOURCE_CONTROL_POLICY' });
  const id = await newPolicy(
    {
      Effect: 'Deny',
      Principal: '*',
      Action: ['sts:AssumeRole', 'iam:*'],
      Resource: '*',
      Condition: { StringEqualsIfExists: { 'aws:PrincipalArn': [`arn:aws:iam::${castellan.account}:user/outsider`] } },
    },
    'RESOURCE_CONTROL_POLICY',
  );
  await attach(id, unit);
  const assume = (as: ClientCredentials) =>
    castellan
      .sts(as)
      .send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account}:role/OrganizationAccountAccessRole`, RoleSessionName: 'session' }));
  const outsider = await testUser(castellan, 'outsider', [allow('*')]);
  await expect(assume(outsider)).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringMatching(
      /with an explicit deny in a resource control policy: arn:aws:organizations::\d+:policy\/o-\w+\/resource_control_policy\/p-\w+$/,
    ),
  });
  const error = await assume(outsider).catch((thrown: unknown) => thrown);
  // The SDK's exceptions carry the request id.
  const explained = await castellan.explain((error as { readonly $metadata: { readonly requestId: string } }).$metadata.requestId);
  expect(JSON.stringify(explained)).toContain(`on organizational unit Workloads (${unit})`);
  await assume(await testUser(castellan, 'insider', [allow('*')]));
  // IAM itself supports no resource control policies, and the management account's own resources are exempt.
  await listUsers(outsider);
  await move(unit, otherUnit);
  await assume(outsider);
  await move(otherUnit, unit);
  await detach(id, unit);
});

test('a resource control policy closes keys and secrets to strangers whom their own policies let in', async () => {
  const stranger = await testUser(castellan, 'stranger', [allow('*')], await castellan.addAccount('888888888888'));
  const insider = await testUser(castellan, 'colleague', [allow('*')]);
  const everyone = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: '*', Resource: '*' }] };
  const { KeyMetadata } = await castellan.kms(memberRoot).createKey({ Policy: JSON.stringify(everyone) });
  const secrets = castellan.secretsManager(memberRoot);
  const { ARN } = await secrets.send(new CreateSecretCommand({ Name: 'shared', SecretString: 's', KmsKeyId: KeyMetadata?.Arn }));
  await secrets.send(new PutResourcePolicyCommand({ SecretId: ARN, ResourcePolicy: JSON.stringify(everyone) }));
  const encrypt = (as: ClientCredentials) => castellan.kms(as).encrypt({ KeyId: KeyMetadata?.Arn, Plaintext: Buffer.from('x') });
  const describe = (as: ClientCredentials) => castellan.secretsManager(as).send(new DescribeSecretCommand({ SecretId: ARN }));
  for (const caller of [stranger, insider, member]) await Promise.all([encrypt(caller), describe(caller)]);
  const perimeter = {
    Effect: 'Deny',
    Principal: '*',
    Action: ['kms:*', 'secretsmanager:*'],
    Resource: '*',
    Condition: {
      StringNotEqualsIfExists: { 'aws:PrincipalOrgID': organizationId },
      BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
    },
  };
  const id = await newPolicy(perimeter, 'RESOURCE_CONTROL_POLICY');
  await attach(id, unit);
  for (const call of [encrypt, describe]) {
    // Strangers are not told about other people's guardrails.
    await expect(call(stranger)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(/^User: .*:user\/stranger is not authorized to perform: \S+ on resource: \S+$/),
    });
    await call(insider);
    await call(member);
  }
  await detach(id, unit);
  await Promise.all([encrypt(stranger), describe(stranger)]);
});

test('a resource that serves AWS services only on behalf of the organisation tells by aws:SourceOrgID for whom they act', async () => {
  const own = { Effect: 'Allow', Principal: { AWS: castellan.account }, Action: 'kms:*', Resource: '*' };
  const service = {
    Effect: 'Allow',
    Principal: { Service: 'secretsmanager.amazonaws.com' },
    Action: 'kms:GenerateDataKey',
    Resource: '*',
    Condition: {
      StringEquals: { 'aws:SourceOrgID': organizationId },
      'ForAnyValue:StringLike': { 'aws:SourceOrgPaths': `${organizationId}/${rootId}/${unit}/*` },
    },
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [own, service] });
  const { KeyMetadata } = await castellan.kms().createKey({ Policy });
  const actFor = (source: string) =>
    castellan.runService('secretsmanager', async (contextFor) =>
      callsTo<KmsOperations>('kms')(
        contextFor({ account: source, region: 'us-east-1' }),
        'GenerateDataKey',
        { KeyId: KeyMetadata?.Arn ?? '', KeySpec: 'AES_256' },
        { as: 'service' },
      ),
    );
  await actFor(account);
  await expect(actFor('888888888888')).rejects.toThrow('secretsmanager.amazonaws.com is not authorized to perform: kms:GenerateDataKey');
  await move(unit, otherUnit);
  await expect(actFor(account)).rejects.toThrow('is not authorized');
  await move(otherUnit, unit);
});

test('a resource control policy does not reach AWS managed keys', async () => {
  const id = await newPolicy({ Effect: 'Deny', Principal: '*', Action: 'kms:*', Resource: '*' }, 'RESOURCE_CONTROL_POLICY');
  await attach(id, account);
  await expect(castellan.kms(member).createKey({})).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await castellan.secretsManager(member).send(new CreateSecretCommand({ Name: 'with-the-default-key', SecretString: 's' }));
  await detach(id, account);
});

test('identities that were cached before are bound too', async () => {
  await Promise.all([listUsers(member), listUsers(memberRoot)]);
  const id = await newPolicy({ Effect: 'Deny', Action: 'iam:CreateUser', Resource: '*' });
  const create = (name: string) => castellan.iam(member).createUser({ UserName: name });
  // Requests beside the attachment come before or after it; those that start when it has answered come after it.
  const beside = Promise.allSettled(Array.from({ length: 10 }, (_, index) => create(`beside-${index}`)));
  await attach(id, account);
  await expect(create('after')).rejects.toThrow('service control policy');
  await beside;
  await castellan.sts(member).send(new GetCallerIdentityCommand({}));
  await detach(id, account);
});

const published = sharedPath('corpora', 'service-control-policies');

test.skipIf(published === undefined)('the published service control policies are accepted, but for the one that is no JSON', async () => {
  const folder = published ?? '';
  const refused: string[] = [];
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    const Content = readShared(join(folder, name)).replace(/\s+/g, ' ');
    const create = organizations.createPolicy({ Name: name.slice(0, 128), Description: '', Type: 'SERVICE_CONTROL_POLICY', Content });
    await create.catch(() => refused.push(name));
  }
  expect(refused).toEqual(['Service-specific-controls_AWS-IAM_deny-service-specific-credential-by-type.json']);
});
