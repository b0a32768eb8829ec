// Federation in the identity account of a landing zone: people of a SAML identity provider and of an OpenID provider, both from the file, come with
// assertions and tokens that are really signed, and go on into a workload account; what is forged, or not mapped, does not.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IAM } from '@aws-sdk/client-iam';
import { Organizations } from '@aws-sdk/client-organizations';
import {
  AssumeRoleCommand,
  AssumeRoleWithSAMLCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  type Credentials as Session,
  STSClient,
} from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenIdProvider, startOpenIdProvider } from '../open-id-provider.ts';
import { awsAttributes, type SamlIdentityProvider, startSamlIdentityProvider } from '../saml-identity-provider.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { temporaryDirectory } from '../temporary.ts';
import { type Credentials, run } from './command.ts';

const directory = temporaryDirectory('landing-zone-federation');
const file = join(directory.path, 'zone.yaml');
let server: ServerProcess;
let openId: OpenIdProvider;
let saml: SamlIdentityProvider;
let ids: Readonly<Record<string, string>> = {};

/** Only what the test is about; the perimeter shows that federated people are let in from the expected networks. */
const zoneText = (clientId: string) => `
emails: aws+{account}@example.org
regions: [us-east-1]
units: [Security, Workloads]
accounts:
  identity: { unit: Security }
  production: { unit: Workloads }
guardrails:
  baseline: { kind: protect-baseline, units: [/] }
  perimeter: { kind: data-perimeter, units: [/], networks: [127.0.0.0/8, "::1/128"] }
roles:
  people:
    description: Who comes from an identity provider.
    accounts: [identity]
    trustsProviders: [corp, login]
    assumes: [reader]
  reader:
    accounts: [production]
    policies: [job-function/ViewOnlyAccess]
  administrator:
    accounts: [production]
    policies: [AdministratorAccess]
identity:
  account: identity
  saml:
    corp: { metadata: corp.xml }
  openIdConnect:
    login: { url: "https://login.example.com", clients: [${clientId}] }
`;

beforeAll(async () => {
  openId = await startOpenIdProvider('https://login.example.com');
  saml = await startSamlIdentityProvider('https://idp.example.com');
  writeFileSync(file, zoneText(openId.clientId));
  writeFileSync(join(directory.path, 'corp.xml'), saml.metadata);
  server = await startServerProcess({
    dataDir: join(directory.path, 'data'),
    arguments: ['--outbound-route', `login.example.com=${openId.url}`, '--outbound-allow', 'login.example.com'],
  });
  expect(await zone('apply', file)).toMatchObject({ status: 0, stderr: '' });
  const { Accounts = [] } = await new Organizations(settings(server.credentials)).listAccounts({});
  ids = Object.fromEntries(Accounts.map(({ Name = '', Id = '' }) => [Name, Id]));
});
afterAll(async () => {
  await server?.stop();
  await openId?.stop();
  directory.remove();
});

function zone(...parameters: readonly string[]) {
  return run('node', ['bin/castellan.js', 'landing-zone', ...parameters, '--data-dir', server.dataDir], {});
}

function settings({ accessKeyId, secretAccessKey, sessionToken }: Credentials) {
  const key = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  return { endpoint: server.endpoint, region: 'us-east-1', credentials: key, maxAttempts: 1 };
}

const nobody: Credentials = { accessKeyId: '', secretAccessKey: '' };
const sts = (as: Credentials) => new STSClient(settings(as));
const roleArn = (account: string, role: string) => `arn:aws:iam::${ids[account]}:role/castellan/${role}`;

function credentialsOf(session: Session | undefined): Credentials {
  return {
    accessKeyId: session?.AccessKeyId ?? '',
    secretAccessKey: session?.SecretAccessKey ?? '',
    sessionToken: session?.SessionToken,
  };
}

async function bySaml(idp: SamlIdentityProvider, more: Readonly<Record<string, readonly string[]>> = {}): Promise<Credentials> {
  const PrincipalArn = `arn:aws:iam::${ids['identity']}:saml-provider/corp`;
  const RoleArn = roleArn('identity', 'people');
  const SAMLAssertion = await idp.respond({ attributes: awsAttributes(RoleArn, PrincipalArn, more) });
  return credentialsOf((await sts(nobody).send(new AssumeRoleWithSAMLCommand({ RoleArn, PrincipalArn, SAMLAssertion }))).Credentials);
}

async function byToken(WebIdentityToken: string): Promise<Credentials> {
  const input = { RoleArn: roleArn('identity', 'people'), RoleSessionName: 'jane', WebIdentityToken };
  return credentialsOf((await sts(nobody).send(new AssumeRoleWithWebIdentityCommand(input))).Credentials);
}

async function onward(as: Credentials, account: string, role: string): Promise<string | undefined> {
  const { Credentials: session } = await sts(as).send(new AssumeRoleCommand({ RoleArn: roleArn(account, role), RoleSessionName: 'jane' }));
  return (await sts(credentialsOf(session)).send(new GetCallerIdentityCommand({}))).Arn;
}

const inProduction = () => `arn:aws:sts::${ids['production']}:assumed-role/reader/jane`;

test('the providers of the file are there, with what it says of them, and applied twice nothing changes', async () => {
  expect((await zone('apply', file)).stdout).toContain('nothing to do');
  expect((await zone('plan', file)).status).toBe(0);
});

test('whoever has signed in at the SAML identity provider works in the workload account, as far as the role is mapped', async () => {
  const jane = await bySaml(saml);
  expect(await onward(jane, 'production', 'reader')).toBe(inProduction());
  await expect(onward(jane, 'production', 'administrator')).rejects.toThrow('is not authorized to perform: sts:AssumeRole');
});

test('session tags of the identity provider are taken over', async () => {
  const tags = { 'https://aws.amazon.com/SAML/Attributes/PrincipalTag:team': ['red'] };
  expect(await onward(await bySaml(saml, tags), 'production', 'reader')).toBe(inProduction());
});

test('whoever has an ID token of the OpenID provider works in the workload account, as far as the role is mapped', async () => {
  const jane = await byToken(await openId.signIn('jane'));
  expect(await onward(jane, 'production', 'reader')).toBe(inProduction());
  await expect(onward(jane, 'production', 'administrator')).rejects.toThrow('is not authorized to perform: sts:AssumeRole');
});

test('an assertion of another signer and a token of another signer are refused', async () => {
  const forger = await startSamlIdentityProvider(saml.entityId);
  await expect(bySaml(forger)).rejects.toMatchObject({ name: 'InvalidIdentityTokenException' });
  const token = await openId.signIn('jane');
  const [head, claims, signature = ''] = token.split('.');
  const bent = [...signature].reverse().join('');
  await expect(byToken([head, claims, bent].join('.'))).rejects.toMatchObject({ name: 'InvalidIdentityTokenException' });
});

test('metadata that the provider has renewed and a client that is gone are changes, and bind at once', async () => {
  const renewed = await startSamlIdentityProvider(saml.entityId);
  writeFileSync(join(directory.path, 'corp.xml'), renewed.metadata);
  writeFileSync(file, zoneText('another-client'));
  const planned = await zone('plan', file, '--json');
  expect(planned.status).toBe(2);
  const { changes } = JSON.parse(planned.stdout);
  const drift = changes.filter(({ action }: { action: string }) => action !== 'same');
  expect(drift.map(({ action, address }: { action: string; address: string }) => `${action} ${address}`).toSorted()).toEqual([
    'change openid/identity/login',
    'change role/identity/people',
    'change saml/identity/corp',
  ]);
  expect(await zone('apply', file)).toMatchObject({ status: 0, stderr: '' });
  await expect(bySaml(saml)).rejects.toMatchObject({ name: 'InvalidIdentityTokenException' });
  expect(await onward(await bySaml(renewed), 'production', 'reader')).toBe(inProduction());
  await expect(byToken(await openId.signIn('jane'))).rejects.toMatchObject({ name: 'InvalidIdentityTokenException' });
  writeFileSync(join(directory.path, 'corp.xml'), saml.metadata);
  writeFileSync(file, zoneText(openId.clientId));
  expect(await zone('apply', file)).toMatchObject({ status: 0, stderr: '' });
});

test('providers that were changed or deleted by hand are shown, and made again as the file says', async () => {
  const admin = new IAM(settings(server.credentials));
  await admin.createUser({ UserName: 'admin' });
  await admin.attachUserPolicy({ UserName: 'admin', PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });
  const { AccessKey } = await admin.createAccessKey({ UserName: 'admin' });
  const key = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  const RoleArn = `arn:aws:iam::${ids['identity']}:role/OrganizationAccountAccessRole`;
  const { Credentials: session } = await sts(key).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'by-hand' }));
  const iam = new IAM(settings(credentialsOf(session)));
  await iam.deleteSAMLProvider({ SAMLProviderArn: `arn:aws:iam::${ids['identity']}:saml-provider/corp` });
  const OpenIDConnectProviderArn = `arn:aws:iam::${ids['identity']}:oidc-provider/login.example.com`;
  await iam.addClientIDToOpenIDConnectProvider({ OpenIDConnectProviderArn, ClientID: 'stranger' });
  const planned = (await zone('plan', file)).stdout;
  expect(planned).toContain('1 to create, 1 to change, 0 to remove');
  expect(planned).toContain('stranger');
  await zone('apply', file);
  expect((await zone('plan', file)).status).toBe(0);
  expect(await onward(await bySaml(saml), 'production', 'reader')).toBe(inProduction());
});

test('a role that trusts providers is in the identity account, and the file is told so', async () => {
  const wrong = join(directory.path, 'wrong.yaml');
  writeFileSync(wrong, zoneText('x').replace('accounts: [identity]', 'accounts: [identity, production]'));
  const planned = await zone('plan', wrong);
  expect(planned.status).toBe(1);
  expect(planned.stderr).toContain('roles.people.trustsProviders are not known in');
  expect(planned.stderr).toContain('`production`');
});

test('destroy takes the providers back', async () => {
  const gone = await zone('destroy', file, '--yes');
  expect(gone).toMatchObject({ status: 0, stderr: '' });
  expect(gone.stdout).toContain('saml provider corp');
  await expect(bySaml(saml)).rejects.toThrow();
});
