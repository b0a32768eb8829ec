// Replicas through the whole pipeline: they follow their primary, are read-only, and can stand alone.
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RemoveRegionsFromReplicationCommand,
  ReplicateSecretToRegionsCommand,
  type SecretsManagerClient,
  StopReplicationToReplicaCommand,
  TagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let home: SecretsManagerClient;
let abroad: SecretsManagerClient;
beforeAll(async () => {
  castellan = await startInProcess('replication');
  home = castellan.secretsManager();
  abroad = castellan.secretsManager(undefined, 'eu-west-1');
});
afterAll(async () => {
  await castellan.stop();
});

const replicated = (Name: string) =>
  home.send(new CreateSecretCommand({ Name, SecretString: 'one', AddReplicaRegions: [{ Region: 'eu-west-1' }] }));
const get = (client: SecretsManagerClient, SecretId: string) => client.send(new GetSecretValueCommand({ SecretId }));

test('a replica has the primary’s ARN in its own region, its versions, labels and tags, and follows each change', async () => {
  const { ARN = '', ReplicationStatus } = await replicated('followed');
  expect(ReplicationStatus).toMatchObject([
    { Region: 'eu-west-1', Status: 'InSync', StatusMessage: 'Replication succeeded', KmsKeyId: 'alias/aws/secretsmanager' },
  ]);
  await home.send(new PutSecretValueCommand({ SecretId: 'followed', SecretString: 'two' }));
  await home.send(new TagResourceCommand({ SecretId: 'followed', Tags: [{ Key: 'a', Value: 'b' }] }));
  const there = ARN.replace('us-east-1', 'eu-west-1');
  expect(await get(abroad, there)).toMatchObject({ ARN: there, SecretString: 'two', VersionStages: ['AWSCURRENT'] });
  expect(await abroad.send(new DescribeSecretCommand({ SecretId: 'followed' }))).toMatchObject({
    ARN: there,
    PrimaryRegion: 'us-east-1',
    Tags: [{ Key: 'a', Value: 'b' }],
  });
  expect((await abroad.send(new ListSecretsCommand({}))).SecretList?.map(({ Name }) => Name)).toEqual(['followed']);
  await expect(abroad.send(new PutSecretValueCommand({ SecretId: 'followed', SecretString: 'x' }))).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
  });
  await expect(home.send(new DeleteSecretCommand({ SecretId: 'followed' }))).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: `You can't delete secret ${ARN} that still has replica regions [eu-west-1]`,
  });
});

test('a replica is removed at once, and then the primary can be deleted', async () => {
  await replicated('removed');
  const remove = () => home.send(new RemoveRegionsFromReplicationCommand({ SecretId: 'removed', RemoveReplicaRegions: ['eu-west-1'] }));
  expect((await remove()).ReplicationStatus).toEqual([]);
  await expect(get(abroad, 'removed')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await expect(remove()).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await home.send(new DeleteSecretCommand({ SecretId: 'removed', ForceDeleteWithoutRecovery: true }));
});

test('a replica that is stopped is a secret of its own', async () => {
  await replicated('alone');
  await abroad.send(new StopReplicationToReplicaCommand({ SecretId: 'alone' }));
  await home.send(new PutSecretValueCommand({ SecretId: 'alone', SecretString: 'two' }));
  expect((await get(abroad, 'alone')).SecretString).toBe('one');
  await abroad.send(new PutSecretValueCommand({ SecretId: 'alone', SecretString: 'three' }));
  expect([(await get(home, 'alone')).SecretString, (await get(abroad, 'alone')).SecretString]).toEqual(['two', 'three']);
  expect((await home.send(new DescribeSecretCommand({ SecretId: 'alone' }))).ReplicationStatus).toBeUndefined();
  await expect(abroad.send(new StopReplicationToReplicaCommand({ SecretId: 'alone' }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
});

test('a name that is taken in the other region fails there, unless it may be overwritten', async () => {
  await abroad.send(new CreateSecretCommand({ Name: 'taken', SecretString: 'theirs' }));
  const { ReplicationStatus } = await replicated('taken');
  expect(ReplicationStatus).toMatchObject([
    { Region: 'eu-west-1', Status: 'Failed', StatusMessage: 'Secret with this name already exists in this region.' },
  ]);
  expect((await get(abroad, 'taken')).SecretString).toBe('theirs');
  const again = { SecretId: 'taken', AddReplicaRegions: [{ Region: 'eu-west-1' }], ForceOverwriteReplicaSecret: true };
  expect((await home.send(new ReplicateSecretToRegionsCommand(again))).ReplicationStatus).toMatchObject([{ Status: 'InSync' }]);
  expect((await get(abroad, 'taken')).SecretString).toBe('one');
});

test('a replica that another primary overwrites is no longer its first one’s, and a replicated secret is not overwritten', async () => {
  await replicated('contested');
  const third = castellan.secretsManager(undefined, 'eu-west-2');
  await third.send(new CreateSecretCommand({ Name: 'contested', SecretString: 'other' }));
  const overwrite = (Region: string) => ({ SecretId: 'contested', AddReplicaRegions: [{ Region }], ForceOverwriteReplicaSecret: true });
  await third.send(new ReplicateSecretToRegionsCommand(overwrite('eu-west-1')));
  await home.send(new PutSecretValueCommand({ SecretId: 'contested', SecretString: 'two' }));
  expect((await get(abroad, 'contested')).SecretString).toBe('other');
  expect((await home.send(new DescribeSecretCommand({ SecretId: 'contested' }))).ReplicationStatus).toMatchObject([{ Status: 'Failed' }]);
  const refused = await third.send(new ReplicateSecretToRegionsCommand(overwrite('us-east-1')));
  expect(refused.ReplicationStatus).toMatchObject([{ Status: 'InSync' }, { Region: 'us-east-1', Status: 'Failed' }]);
  expect((await get(home, 'contested')).SecretString).toBe('two');
});

test('refuses the primary’s own region and the same region twice', async () => {
  await home.send(new CreateSecretCommand({ Name: 'regions', SecretString: 'x' }));
  for (const regions of [['us-east-1'], ['eu-west-1', 'eu-west-1']]) {
    const AddReplicaRegions = regions.map((Region) => ({ Region }));
    await expect(home.send(new ReplicateSecretToRegionsCommand({ SecretId: 'regions', AddReplicaRegions }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'Invalid replica region.',
    });
  }
});
