// Values under KMS keys through the whole pipeline: the managed key, customer keys, who may use them, and what a key's state means for a secret.
import { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateSecretCommand,
  type CreateSecretCommandInput,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  ReplicateSecretToRegionsCommand,
  type SecretsManagerClient,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { storedExplanation } from '../../kit/decision-records.ts';

let castellan: InProcess;
let root: SecretsManagerClient;
beforeAll(async () => {
  castellan = await startInProcess('envelope');
  root = castellan.secretsManager();
});
afterAll(async () => {
  await castellan.stop();
});

type Statement = Readonly<Record<string, unknown>>;
const document = (...Statement: Statement[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const allow = (Action: string | string[], Condition?: object): Statement => ({
  Effect: 'Allow',
  Action,
  Resource: '*',
  ...(Condition === undefined ? {} : { Condition }),
});
async function user(UserName: string, statements: Statement[], as: ClientCredentials = castellan.root): Promise<SecretsManagerClient> {
  const iam = castellan.iam(as);
  await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument: document(...statements) }));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return castellan.secretsManager({ accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' });
}
async function newKey(Policy?: string): Promise<string> {
  const { KeyMetadata } = await castellan.kms().createKey(Policy === undefined ? {} : { Policy });
  return KeyMetadata?.Arn ?? '';
}
const create = (Name: string, more: Partial<CreateSecretCommandInput> = {}, client = root) =>
  client.send(new CreateSecretCommand({ Name, SecretString: `value of ${Name}`, ...more }));
const get = (client: SecretsManagerClient, SecretId: string) => client.send(new GetSecretValueCommand({ SecretId }));
const put = (client: SecretsManagerClient, SecretId: string) => client.send(new PutSecretValueCommand({ SecretId, SecretString: 'new' }));
const keysOf = async (SecretId: string) =>
  ((await root.send(new ListSecretVersionIdsCommand({ SecretId }))).Versions ?? []).map(({ KmsKeyIds }) => KmsKeyIds?.[0]);
const records = (name: string) =>
  castellan.store.transact(async (transaction) =>
    (await transaction.events({ attribute: { key: 'EventName', value: name }, limit: 10 })).map(({ record }) => JSON.parse(record)),
  );
const noKms = { name: 'AccessDeniedException', message: 'Access to KMS is not allowed' };

test('the managed key is made when it is first needed, and needs no permission but the secret’s', async () => {
  const reader = await user('reader', [allow('secretsmanager:*')]);
  await create('managed', {}, reader);
  expect((await get(reader, 'managed')).SecretString).toBe('value of managed');
  expect(await keysOf('managed')).toEqual(['DefaultEncryptionKey']);
  expect((await root.send(new DescribeSecretCommand({ SecretId: 'managed' }))).KmsKeyId).toBeUndefined();
  const { KeyMetadata } = await castellan.kms().describeKey({ KeyId: 'alias/aws/secretsmanager' });
  expect(KeyMetadata?.KeyManager).toBe('AWS');
});

test('KMS is called as the caller, through Secrets Manager, with the secret and its version as encryption context', async () => {
  const { ARN, VersionId } = await create('context', { KmsKeyId: await newKey() });
  await get(root, 'context');
  for (const name of ['GenerateDataKey', 'Decrypt']) {
    expect((await records(name))[0]).toMatchObject({
      userIdentity: { type: 'Root', invokedBy: 'secretsmanager.amazonaws.com' },
      sourceIPAddress: 'secretsmanager.amazonaws.com',
      requestParameters: { encryptionContext: { SecretARN: ARN, SecretVersionId: VersionId } },
    });
  }
});

test('a caller without kms:Decrypt is refused with the KMS reason, and the explanation says which permission it was', async () => {
  const KmsKeyId = await newKey();
  await create('customer', { KmsKeyId });
  const half = await user('half', [allow('secretsmanager:*')]);
  const whole = await user('whole', [allow(['secretsmanager:*', 'kms:Decrypt', 'kms:GenerateDataKey'])]);
  expect((await get(whole, 'customer')).SecretString).toBe('value of customer');
  await put(whole, 'customer');
  const refused = await get(half, 'customer').catch((error: unknown) => error);
  expect(refused).toMatchObject(noKms);
  await expect(put(half, 'customer')).rejects.toMatchObject(noKms);
  await expect(create('other', { KmsKeyId }, half)).rejects.toMatchObject(noKms);
  const { requestId } = (refused as { readonly $metadata: { readonly requestId: string } }).$metadata;
  const explained = await castellan.store.transact((transaction) => storedExplanation(transaction, requestId));
  expect(explained?.message).toBe(
    'User: arn:aws:iam::111122223333:user/half is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because no identity-based policy allows the kms:Decrypt action',
  );
  expect(JSON.stringify(explained?.decisions)).toContain(KmsKeyId);
});

test('a key may be used for one secret only, and through Secrets Manager only', async () => {
  const KmsKeyId = await newKey();
  const { ARN } = await create('bound', { KmsKeyId });
  await create('unbound', { KmsKeyId });
  const bound = await user('bound', [
    allow('secretsmanager:GetSecretValue'),
    allow('kms:Decrypt', {
      StringEquals: { 'kms:EncryptionContext:SecretARN': ARN, 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' },
    }),
  ]);
  expect((await get(bound, 'bound')).SecretString).toBe('value of bound');
  await expect(get(bound, 'unbound')).rejects.toMatchObject(noKms);
});

test('another account needs the policy of the secret and that of the key', async () => {
  const foreign = await castellan.addAccount('999988887777');
  const KmsKeyId = await newKey();
  const { ARN = '' } = await create('shared', { KmsKeyId });
  const guest = await user('guest', [allow(['secretsmanager:*', 'kms:Decrypt'])], foreign);
  await expect(get(guest, ARN)).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining('GetSecretValue'),
  });
  const ResourcePolicy = document({ ...allow('secretsmanager:GetSecretValue'), Principal: { AWS: '999988887777' } });
  await root.send(new PutResourcePolicyCommand({ SecretId: ARN, ResourcePolicy }));
  await expect(get(guest, ARN)).rejects.toMatchObject(noKms);
  const own = { ...allow('kms:*'), Principal: { AWS: '111122223333' } };
  const Policy = document(own, { ...allow('kms:Decrypt'), Principal: { AWS: '999988887777' } });
  await castellan.kms().putKeyPolicy({ KeyId: KmsKeyId, PolicyName: 'default', Policy });
  expect((await get(guest, ARN)).SecretString).toBe('value of shared');
});

test('a disabled key, and one that waits for its deletion, let nothing in or out', async () => {
  const KmsKeyId = await newKey();
  await create('state', { KmsKeyId });
  const failures = async () => {
    await expect(get(root, 'state')).rejects.toMatchObject({ name: 'DecryptionFailure' });
    await expect(put(root, 'state')).rejects.toMatchObject({ name: 'EncryptionFailure' });
  };
  await castellan.kms().disableKey({ KeyId: KmsKeyId });
  await failures();
  await castellan.kms().enableKey({ KeyId: KmsKeyId });
  expect((await get(root, 'state')).SecretString).toBe('value of state');
  await castellan.kms().scheduleKeyDeletion({ KeyId: KmsKeyId, PendingWindowInDays: 7 });
  await failures();
});

test.each(['00000000-0000-0000-0000-000000000000', 'alias/none', 'no-key'])('refuses the key %s, which is none', async (KmsKeyId) => {
  await expect(create('no-key', { KmsKeyId })).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: expect.stringContaining('The operation failed because of an invalid KMS key: '),
  });
});

test('another key takes over the versions in use, if the caller may use it', async () => {
  const [first, second, third] = [await newKey(), await newKey(), await newKey()];
  await create('moving', { KmsKeyId: first });
  await put(root, 'moving');
  await root.send(new UpdateSecretCommand({ SecretId: 'moving', KmsKeyId: second }));
  expect(await keysOf('moving')).toEqual([second, second]);
  await castellan.kms().disableKey({ KeyId: first });
  expect((await get(root, 'moving')).SecretString).toBe('new');
  const limited = await user('limited', [
    allow('secretsmanager:*'),
    { ...allow(['kms:Decrypt', 'kms:GenerateDataKey']), Resource: second },
  ]);
  await limited.send(new UpdateSecretCommand({ SecretId: 'moving', KmsKeyId: third }));
  expect(await keysOf('moving')).toEqual([second, second]);
  await expect(put(limited, 'moving')).rejects.toMatchObject(noKms);
  await put(root, 'moving');
  expect(await keysOf('moving')).toEqual([second, third]);
});

test('a replica is under a key of its own region', async () => {
  const there = await castellan.kms(undefined, 'eu-west-1').createKey({});
  const KmsKeyId = there.KeyMetadata?.Arn ?? '';
  await create('replicated', { KmsKeyId: await newKey() });
  const AddReplicaRegions = [{ Region: 'eu-west-1', KmsKeyId: there.KeyMetadata?.KeyId }];
  await root.send(new ReplicateSecretToRegionsCommand({ SecretId: 'replicated', AddReplicaRegions }));
  const abroad = castellan.secretsManager(undefined, 'eu-west-1');
  expect((await get(abroad, 'replicated')).SecretString).toBe('value of replicated');
  expect((await records('Decrypt'))[0]).toMatchObject({ awsRegion: 'eu-west-1', resources: [{ ARN: KmsKeyId }] });
  // AWS: its key is the one thing of a replica that changes by itself.
  const other = (await castellan.kms(undefined, 'eu-west-1').createKey({})).KeyMetadata?.Arn ?? '';
  await abroad.send(new UpdateSecretCommand({ SecretId: 'replicated', KmsKeyId: other }));
  expect((await get(abroad, 'replicated')).SecretString).toBe('value of replicated');
  expect((await records('Decrypt'))[0]).toMatchObject({ awsRegion: 'eu-west-1', resources: [{ ARN: other }] });
  await put(root, 'replicated');
  await get(abroad, 'replicated');
  expect((await records('Decrypt'))[0]).toMatchObject({ awsRegion: 'eu-west-1', resources: [{ ARN: other }] });
  await expect(abroad.send(new UpdateSecretCommand({ SecretId: 'replicated', KmsKeyId, Description: 'd' }))).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
  const broken = [{ Region: 'eu-west-2', KmsKeyId }];
  const { ReplicationStatus } = await root.send(new ReplicateSecretToRegionsCommand({ SecretId: 'replicated', AddReplicaRegions: broken }));
  expect(ReplicationStatus).toMatchObject([{ Status: 'InSync' }, { Region: 'eu-west-2', Status: 'Failed' }]);
});
