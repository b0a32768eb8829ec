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

const federated = (provider: string, condition?: object) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: provider },
        Action: 'sts:AssumeRoleWithWebIdentity',
        ...(condition === undefined ? {} : { Condition: condition }),
      },
    ],
  });

// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
test.each([
  ['agent.buildkite.com', 'agent.buildkite.com:sub'],
  ['api.pulumi.com/oidc', 'api.pulumi.com/oidc:aud'],
  ['app.terraform.io', 'app.terraform.io:sub'],
  ['gitlab.com', 'gitlab.com:sub'],
  ['oidc-configuration.audit-log.githubusercontent.com', 'oidc-configuration.audit-log.githubusercontent.com:sub'],
  ['oidc.codefresh.io', 'oidc.codefresh.io:sub'],
  ['oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb', 'oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb:sub'],
  ['oidc.vercel.com', 'oidc.vercel.com:aud'],
  ['proidc.upbound.io', 'proidc.upbound.io:sub'],
  ['sandboxes.cloud', 'sandboxes.cloud:aud'],
  ['scalr.io', 'scalr.io:sub'],
  ['studio.datachain.ai/api', 'studio.datachain.ai/api:sub'],
  ['sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d', 'sts:RoleSessionName'],
  ['token.actions.githubusercontent.com', 'token.actions.githubusercontent.com:sub'],
  ['tokens.cloud.shisho.dev', 'tokens.cloud.shisho.dev:sub'],
  ['vstoken.actions.githubusercontent.com', 'vstoken.actions.githubusercontent.com:sub'],
])('a role that trusts %s, which many customers share, must ask for %s, when it is made and when it is changed', async (issuer, key) => {
  const provider = arn(`oidc-provider/${issuer}`);
  const RoleName = `shared-${issuer.replaceAll(/[^a-z0-9]/g, '-')}`.slice(0, 64);
  const refusal = { name: 'MalformedPolicyDocumentException', message: expect.stringContaining(key) };
  const broad = [undefined, { StringLike: { [key]: '*' } }, { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } }];
  for (const condition of broad)
    await expect(iam.createRole({ RoleName, AssumeRolePolicyDocument: federated(provider, condition) })).rejects.toMatchObject(refusal);
  await iam.createRole({ RoleName, AssumeRolePolicyDocument: federated(provider, { StringLike: { [key]: 'mine:*' } }) });
  await expect(iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: federated(provider) })).rejects.toMatchObject(refusal);
});

test('a role that trusts Cognito must ask for its identity pool', async () => {
  const provider = 'cognito-identity.amazonaws.com';
  const make = (condition?: object) => iam.createRole({ RoleName: 'pool', AssumeRolePolicyDocument: federated(provider, condition) });
  await expect(make()).rejects.toThrow('A condition block must be present for the Cognito provider');
  const amr = { 'ForAnyValue:StringLike': { [`${provider}:amr`]: 'authenticated' } };
  await expect(make(amr)).rejects.toThrow(`${provider}:aud`);
  await make({ ...amr, StringEquals: { [`${provider}:aud`]: 'us-east-1:12345678-dead-beef-cafe-123456790ab' } });
});

// AWS resolves users and roles to ids, so they must be there; an identity provider is only looked for when somebody comes from it.
test('a trust policy may name an identity provider that is not there yet, but no such user or role', async () => {
  await iam.createRole({ RoleName: 'early', AssumeRolePolicyDocument: federated(arn('oidc-provider/idp.example.com')) });
  await iam.createRole({ RoleName: 'early-saml', AssumeRolePolicyDocument: federated(arn('saml-provider/None')) });
  for (const kind of ['user', 'role']) {
    const make = iam.createRole({ RoleName: 'late', AssumeRolePolicyDocument: trusting(arn(`${kind}/nobody`)) });
    await expect(make).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message: `Invalid principal in policy: "AWS":"${arn(`${kind}/nobody`)}"`,
    });
  }
  await expect(iam.createRole({ RoleName: 'none', AssumeRolePolicyDocument: federated('arn:aws:iam::1:x/y') })).rejects.toThrow(
    'Federated principals must be valid domain names or SAML metadata ARNs',
  );
});
