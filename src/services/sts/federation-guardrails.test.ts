// What an organisation lays over federation: a resource control policy binds callers whom an identity provider vouches for, a service control
// policy does not, because they are no principals of the organisation; it binds the sessions that they get.
import { ListUsersCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, type Credentials } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { type OpenIdIssuer, startOpenIdIssuer } from '../../../test/open-id-issuer.ts';
import { createOutbound } from '../../outbound/outbound.ts';

const issuer = 'https://issuer.example.com';
let castellan: InProcess;
let server: OpenIdIssuer;
let member: string;
let roleArn: string;

const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const everything = { Effect: 'Allow', Action: '*', Resource: '*' };
const credentialsOf = (credentials: Credentials | undefined): ClientCredentials => ({
  accessKeyId: credentials?.AccessKeyId ?? '',
  secretAccessKey: credentials?.SecretAccessKey ?? '',
  sessionToken: credentials?.SessionToken ?? '',
});

beforeAll(async () => {
  server = await startOpenIdIssuer(issuer);
  const outbound = createOutbound({ allowedHosts: [], routes: { 'issuer.example.com': server.url } });
  castellan = await startInProcess('federation-guardrails', { outbound });
  const organizations = castellan.organizations();
  await organizations.createOrganization({ FeatureSet: 'ALL' });
  const { Roots } = await organizations.listRoots({});
  for (const PolicyType of ['SERVICE_CONTROL_POLICY', 'RESOURCE_CONTROL_POLICY'] as const) {
    await organizations.enablePolicyType({ RootId: Roots?.[0]?.Id, PolicyType }).catch(() => undefined);
  }
  const { CreateAccountStatus } = await organizations.createAccount({ AccountName: 'member', Email: 'member@example.org' });
  const { CreateAccountStatus: done } = await organizations.describeCreateAccountStatus({
    CreateAccountRequestId: CreateAccountStatus?.Id,
  });
  member = done?.AccountId ?? '';
  const administrator = await administratorOf(member);
  const iam = castellan.iam(administrator);
  const { OpenIDConnectProviderArn } = await iam.createOpenIDConnectProvider({ Url: issuer, ClientIDList: ['client-1'] });
  const trust = document({ Effect: 'Allow', Principal: { Federated: OpenIDConnectProviderArn }, Action: 'sts:AssumeRoleWithWebIdentity' });
  const { Role } = await iam.createRole({ RoleName: 'web', AssumeRolePolicyDocument: trust });
  await iam.putRolePolicy({ RoleName: 'web', PolicyName: 'all', PolicyDocument: document(everything) });
  roleArn = Role?.Arn ?? '';
});
afterAll(async () => {
  await castellan?.stop();
  await server?.stop();
});

/** The role that a new account has for its organisation's administrators. */
async function administratorOf(account: string): Promise<ClientCredentials> {
  const iam = castellan.iam();
  await iam.createUser({ UserName: 'administrator' });
  await iam.putUserPolicy({ UserName: 'administrator', PolicyName: 'all', PolicyDocument: document(everything) });
  const { AccessKey: key } = await iam.createAccessKey({ UserName: 'administrator' });
  const user = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
  const RoleArn = `arn:aws:iam::${account}:role/OrganizationAccountAccessRole`;
  return credentialsOf((await castellan.sts(user).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'set-up' }))).Credentials);
}

async function assume(sub: string): Promise<ClientCredentials> {
  const now = Math.floor(castellan.clock.now() / 1000);
  const WebIdentityToken = await server.sign({ iss: issuer, aud: 'client-1', sub, iat: now, exp: now + 300 });
  const request = { RoleArn: roleArn, RoleSessionName: 'web-session', WebIdentityToken };
  return credentialsOf((await castellan.sts().send(new AssumeRoleWithWebIdentityCommand(request))).Credentials);
}

async function attach(Type: 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY', Name: string, statement: object): Promise<void> {
  const organizations = castellan.organizations();
  const { Policy } = await organizations.createPolicy({ Type, Name, Description: Name, Content: document(statement) });
  await organizations.attachPolicy({ PolicyId: Policy?.PolicySummary?.Id, TargetId: member });
}

test('a resource control policy keeps identities of other tenants out, whatever the trust policy says', async () => {
  await assume('tenant-b');
  await attach('RESOURCE_CONTROL_POLICY', 'tenant', {
    Effect: 'Deny',
    Principal: '*',
    Action: 'sts:AssumeRoleWithWebIdentity',
    Resource: '*',
    Condition: { StringNotLikeIfExists: { 'issuer.example.com:sub': 'tenant-a*' } },
  });
  await expect(assume('tenant-b')).rejects.toMatchObject({
    name: 'AccessDenied',
    message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
  });
  await assume('tenant-a/user');
});

test('a service control policy does not bind who federates, but the session that comes of it', async () => {
  await attach('SERVICE_CONTROL_POLICY', 'nothing', { Effect: 'Deny', Action: ['sts:*', 'iam:ListUsers'], Resource: '*' });
  const session = await assume('tenant-a/user');
  await expect(castellan.iam(session).send(new ListUsersCommand({}))).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining('with an explicit deny in a service control policy'),
  });
});
