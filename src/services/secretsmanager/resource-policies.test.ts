// Who may use a secret: identity policies, policies on secrets, other accounts, condition keys, and the checks of a new policy.
import { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateSecretCommand,
  DeleteResourcePolicyCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UntagResourceCommand,
  ValidateResourcePolicyCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let root: SecretsManagerClient;
beforeAll(async () => {
  castellan = await startInProcess('resource-policies');
  root = castellan.secretsManager();
});
afterAll(async () => {
  await castellan.stop();
});

type Statement = Readonly<Record<string, unknown>>;
const document = (...Statement: Statement[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const create = async (Name: string) => {
  const { ARN = '' } = await root.send(new CreateSecretCommand({ Name, SecretString: 'value', Tags: [{ Key: 'team', Value: 'red' }] }));
  return ARN;
};
async function user(UserName: string, ...statements: Statement[]): Promise<SecretsManagerClient> {
  return castellan.secretsManager(await userKey(castellan.root, UserName, statements));
}
async function userKey(as: ClientCredentials, UserName: string, statements: Statement[]): Promise<ClientCredentials> {
  const iam = castellan.iam(as);
  await iam.send(new CreateUserCommand({ UserName }));
  if (statements.length > 0)
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument: document(...statements) }));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
}
const allow = (Action: string, Resource: string, Condition?: object): Statement => ({
  Effect: 'Allow',
  Action: `secretsmanager:${Action}`,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});
const get = (client: SecretsManagerClient, SecretId: string, VersionStage?: string) =>
  client.send(new GetSecretValueCommand({ SecretId, VersionStage }));
const putPolicy = (SecretId: string, policy: string, BlockPublicPolicy?: boolean, client = root) =>
  client.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy: policy, BlockPublicPolicy }));
const denied = { name: 'AccessDeniedException' };

test('an identity policy on the ARN is enough, and names the resource when it is missing', async () => {
  const ARN = await create('own');
  const reader = await user('reader', allow('GetSecretValue', `${ARN.slice(0, -6)}??????`));
  expect((await get(reader, 'own')).SecretString).toBe('value');
  await expect(reader.send(new DescribeSecretCommand({ SecretId: 'own' }))).rejects.toMatchObject({
    ...denied,
    message: `User: arn:aws:iam::111122223333:user/reader is not authorized to perform: secretsmanager:DescribeSecret on resource: ${ARN} because no identity-based policy allows the secretsmanager:DescribeSecret action`,
  });
  await expect(get(reader, 'not-there')).rejects.toMatchObject({
    ...denied,
    message: expect.stringContaining('secretsmanager:GetSecretValue on resource: not-there because'),
  });
});

test('the policy on a secret lets in whom it names and keeps out whom it denies', async () => {
  const ARN = await create('shared');
  const guest = await user('guest');
  const admin = await user('admin', allow('*', '*'));
  await expect(get(guest, ARN)).rejects.toMatchObject(denied);
  await putPolicy(
    'shared',
    document(
      { ...allow('GetSecretValue', '*'), Principal: { AWS: 'arn:aws:iam::111122223333:user/guest' } },
      { ...allow('PutSecretValue', '*'), Effect: 'Deny', Principal: { AWS: 'arn:aws:iam::111122223333:user/admin' } },
    ),
  );
  expect((await get(guest, ARN)).SecretString).toBe('value');
  await expect(admin.send(new PutSecretValueCommand({ SecretId: ARN, SecretString: 'x' }))).rejects.toMatchObject({
    ...denied,
    message: expect.stringContaining('with an explicit deny in a resource-based policy'),
  });
  await root.send(new DeleteResourcePolicyCommand({ SecretId: 'shared' }));
  expect((await root.send(new GetResourcePolicyCommand({ SecretId: 'shared' }))).ResourcePolicy).toBeUndefined();
  await expect(get(guest, ARN)).rejects.toMatchObject(denied);
});

test('another account needs both its own policy and the secret’s, uses the ARN, and may not use the default key', async () => {
  const ARN = await create('abroad');
  const foreignRoot = await castellan.addAccount('999988887777');
  const powerless = castellan.secretsManager(await userKey(foreignRoot, 'powerless', []));
  const able = castellan.secretsManager(await userKey(foreignRoot, 'able', [allow('*', '*')]));
  await expect(get(able, ARN)).rejects.toMatchObject(denied);
  await putPolicy('abroad', document({ ...allow('*', '*'), Principal: { AWS: '999988887777' } }));
  await expect(get(powerless, ARN)).rejects.toMatchObject(denied);
  await expect(get(able, ARN)).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.",
  });
  expect((await able.send(new DescribeSecretCommand({ SecretId: ARN }))).Name).toBe('abroad');
  await expect(able.send(new DescribeSecretCommand({ SecretId: 'abroad' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test.each<[string, object, (client: SecretsManagerClient) => Promise<unknown>, (client: SecretsManagerClient) => Promise<unknown>]>([
  [
    'VersionStage',
    { StringEquals: { 'secretsmanager:VersionStage': 'AWSCURRENT' } },
    (client) => get(client, 'keys'),
    (client) => get(client, 'keys', 'AWSPREVIOUS'),
  ],
  [
    'ResourceTag',
    { StringEquals: { 'secretsmanager:ResourceTag/team': 'red', 'aws:ResourceTag/team': 'red' } },
    (client) => get(client, 'keys'),
    (client) => get(client, 'untagged'),
  ],
  [
    'Name',
    { StringLike: { 'secretsmanager:Name': 'team/*' } },
    (client) => client.send(new CreateSecretCommand({ Name: 'team/a' })),
    (client) => client.send(new CreateSecretCommand({ Name: 'other/a' })),
  ],
  [
    'RequestTag',
    { StringEquals: { 'aws:RequestTag/team': 'red' }, 'ForAllValues:StringEquals': { 'aws:TagKeys': 'team' } },
    (client) => client.send(new CreateSecretCommand({ Name: 'tagged/a', Tags: [{ Key: 'team', Value: 'red' }] })),
    (client) => client.send(new CreateSecretCommand({ Name: 'tagged/b', Tags: [{ Key: 'team', Value: 'blue' }] })),
  ],
  [
    'TagKeys',
    { 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'free' } },
    (client) => client.send(new UntagResourceCommand({ SecretId: 'keys', TagKeys: ['free'] })),
    (client) => client.send(new UntagResourceCommand({ SecretId: 'keys', TagKeys: ['team'] })),
  ],
  [
    'RecoveryWindowInDays',
    { NumericGreaterThanEquals: { 'secretsmanager:RecoveryWindowInDays': '20' } },
    (client) => client.send(new DeleteSecretCommand({ SecretId: 'delete-1', RecoveryWindowInDays: 20 })),
    (client) => client.send(new DeleteSecretCommand({ SecretId: 'delete-2', RecoveryWindowInDays: 7 })),
  ],
  [
    'ForceDeleteWithoutRecovery',
    { Bool: { 'secretsmanager:ForceDeleteWithoutRecovery': 'false' } },
    (client) => client.send(new DeleteSecretCommand({ SecretId: 'delete-2', ForceDeleteWithoutRecovery: false })),
    (client) => client.send(new DeleteSecretCommand({ SecretId: 'keys', ForceDeleteWithoutRecovery: true })),
  ],
  [
    'BlockPublicPolicy',
    { Bool: { 'secretsmanager:BlockPublicPolicy': 'true' } },
    (client) => putPolicy('keys', harmless, true, client),
    (client) => putPolicy('keys', harmless, undefined, client),
  ],
  [
    'SecretPrimaryRegion',
    { StringEquals: { 'secretsmanager:SecretPrimaryRegion': 'us-east-1' } },
    (client) => client.send(new DescribeSecretCommand({ SecretId: 'keys' })),
    (client) => client.send(new CreateSecretCommand({ Name: 'region/a' })),
  ],
  [
    'AddReplicaRegions',
    { 'ForAnyValue:StringEquals': { 'secretsmanager:AddReplicaRegions': 'eu-west-1' } },
    (client) => client.send(new CreateSecretCommand({ Name: 'replica/a', AddReplicaRegions: [{ Region: 'eu-west-1' }] })),
    (client) => client.send(new CreateSecretCommand({ Name: 'replica/b', AddReplicaRegions: [{ Region: 'eu-west-2' }] })),
  ],
  [
    'KmsKeyId',
    { Null: { 'secretsmanager:KmsKeyId': 'true' } },
    (client) => client.send(new CreateSecretCommand({ Name: 'key/a' })),
    (client) => client.send(new CreateSecretCommand({ Name: 'key/b', KmsKeyId: 'alias/x' })),
  ],
])('the condition key %s decides', async (name, Condition, allowed, refused) => {
  if (name === 'VersionStage') {
    await create('keys');
    await root.send(new PutSecretValueCommand({ SecretId: 'keys', SecretString: 'second' }));
    for (const Name of ['untagged', 'delete-1', 'delete-2']) await root.send(new CreateSecretCommand({ Name, SecretString: 'x' }));
  }
  const client = await user(`by-${name}`, allow('*', '*', Condition));
  await allowed(client);
  await expect(refused(client)).rejects.toMatchObject(denied);
});

const harmless = document({ ...allow('GetSecretValue', '*'), Principal: { AWS: '111122223333' } });
const publicPolicy = {
  name: 'PublicPolicyException',
  message: "You can't attach a resource-based policy that allows broad access to the secret.",
};
const everybody = (Condition?: object) => document({ ...allow('GetSecretValue', '*', Condition), Principal: '*' });

test.each<[string, string, boolean]>([
  ['everybody', everybody(), true],
  ['everybody of an organisation', everybody({ StringEquals: { 'aws:PrincipalOrgID': 'o-1234567890' } }), false],
  ['everybody who may have no organisation', everybody({ StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o-1234567890' } }), true],
  ['roles of any account', everybody({ ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/x' } }), true],
  ['roles of one account', everybody({ ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/*' } }), false],
  ['the whole internet', everybody({ IpAddress: { 'aws:SourceIp': '0.0.0.0/0' } }), true],
  ['everybody over TLS', everybody({ Bool: { 'aws:SecureTransport': 'true' } }), true],
  ['everybody but one', document({ ...allow('GetSecretValue', '*'), NotPrincipal: { AWS: '111122223333' } }), true],
  ['one account', harmless, false],
])('a policy for %s is public: %s', async (name, policy, isPublic) => {
  const SecretId = 'public';
  if (name === 'everybody') await create(SecretId);
  const { PolicyValidationPassed, ValidationErrors } = await root.send(
    new ValidateResourcePolicyCommand({ SecretId, ResourcePolicy: policy }),
  );
  expect(PolicyValidationPassed).toBe(!isPublic);
  const broad = {
    CheckName: 'PublicAccess',
    ErrorMessage:
      'This resource policy grants broad access to your secret. Secrets Manager does not allow creating and applying such policies in the console.',
  };
  expect(ValidationErrors).toEqual(isPublic ? [broad] : []);
  const blocked = putPolicy(SecretId, policy, true);
  if (isPublic) await expect(blocked).rejects.toMatchObject(publicPolicy);
  else await blocked;
  await putPolicy(SecretId, policy);
});

test.each([
  ['{', 'This resource policy contains invalid Json.'],
  [document({ Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' }), 'This resource policy contains an unsupported principal.'],
  [document({ ...allow('*', '*'), Principal: { AWS: 'nobody' } }), 'This resource policy contains an unsupported principal.'],
  [
    document({ ...allow('*', '*'), Principal: { AWS: 'arn:aws:iam::111122223333:role/none' } }),
    'This resource policy contains an unsupported principal.',
  ],
  [document({ ...allow('*', '*'), Principal: { Service: 'lambda' } }), 'This resource policy contains an unsupported service principal.'],
  [document({ Effect: 'Allow', Action: 's3:*', Resource: '*', Principal: '*' }), 'This resource policy contains an unsupported action.'],
  [
    document({ Effect: 'Maybe', Action: 'secretsmanager:*', Resource: '*', Principal: '*' }),
    'This resource policy contains a syntax error.',
  ],
])('refuses the policy %s', async (policy, message) => {
  await expect(putPolicy('public', policy)).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException', message });
});

test('nobody but root can lock himself out', async () => {
  await create('locked');
  const admin = await user('locksmith', allow('*', '*'));
  const deny = document({ ...allow('*', '*'), Effect: 'Deny', Principal: '*' });
  await expect(putPolicy('locked', deny, undefined, admin)).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: 'Your requested changes will not allow you to manage this secret in the future.',
  });
  await putPolicy('locked', deny);
  await expect(get(admin, 'locked')).rejects.toMatchObject(denied);
});
