// Deletion and restoring through the whole pipeline, with the clock moved.
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  type DeleteSecretCommandInput,
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  type SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

const dayMs = 24 * 60 * 60 * 1000;
let castellan: InProcess;
let client: SecretsManagerClient;
beforeAll(async () => {
  castellan = await startInProcess('deletion');
  client = castellan.secretsManager();
});
afterAll(async () => {
  await castellan.stop();
});

const create = (Name: string) => client.send(new CreateSecretCommand({ Name, SecretString: 'value' }));
const remove = (SecretId: string, how: Omit<DeleteSecretCommandInput, 'SecretId'> = {}) =>
  client.send(new DeleteSecretCommand({ SecretId, ...how }));
const get = (SecretId: string) => client.send(new GetSecretValueCommand({ SecretId }));
const describe = (SecretId: string) => client.send(new DescribeSecretCommand({ SecretId }));
const events = (name: string) =>
  castellan.store.transact((transaction) => transaction.events({ attribute: { key: 'EventName', value: name }, limit: 100 }));

test('a secret waits for its recovery window, can be restored until then, and is gone afterwards', async () => {
  await create('waiting');
  const { DeletionDate } = await remove('waiting', { RecoveryWindowInDays: 7 });
  expect(Math.round(((DeletionDate?.getTime() ?? 0) - castellan.clock.now()) / dayMs)).toBe(7);
  expect((await describe('waiting')).DeletedDate).toEqual(DeletionDate);
  castellan.clock.advance(6 * dayMs);
  await castellan.work.settle();
  await client.send(new RestoreSecretCommand({ SecretId: 'waiting' }));
  expect((await get('waiting')).SecretString).toBe('value');
  castellan.clock.advance(2 * dayMs);
  await castellan.work.settle();
  expect((await describe('waiting')).DeletedDate).toBeUndefined();

  await remove('waiting');
  castellan.clock.advance(30 * dayMs + 1);
  await castellan.work.settle();
  await expect(describe('waiting')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  const { ARN } = await create('waiting');
  expect((await describe('waiting')).ARN).toBe(ARN);
  for (const name of ['StartSecretVersionDelete', 'CancelSecretVersionDelete', 'EndSecretVersionDelete']) {
    const [event] = await events(name);
    expect(JSON.parse(event?.record ?? '{}')).toMatchObject({
      eventType: 'AwsServiceEvent',
      additionalEventData: { SecretId: expect.stringContaining(':secret:waiting-'), SecretVersionId: expect.any(String) },
    });
  }
});

test('a secret that is marked for deletion answers nothing else, in AWS’s words', async () => {
  const { VersionId = '' } = await create('marked');
  await remove('marked');
  const SecretId = 'marked';
  const ResourcePolicy = '{"Version":"2012-10-17","Statement":[]}';
  const refused = [
    new GetSecretValueCommand({ SecretId }),
    new PutSecretValueCommand({ SecretId, SecretString: 'x' }),
    new UpdateSecretCommand({ SecretId, Description: 'x' }),
    new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'x', MoveToVersionId: VersionId }),
    new TagResourceCommand({ SecretId, Tags: [{ Key: 'a', Value: 'b' }] }),
    new UntagResourceCommand({ SecretId, TagKeys: ['a'] }),
    new GetResourcePolicyCommand({ SecretId }),
    new PutResourcePolicyCommand({ SecretId, ResourcePolicy }),
    new DeleteSecretCommand({ SecretId }),
  ];
  for (const command of refused) {
    await expect((client.send as (each: object) => Promise<unknown>).call(client, command)).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: "You can't perform this operation on the secret because it was marked for deletion.",
    });
  }
  await expect(create('marked')).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: "You can't create this secret because a secret with this name is already scheduled for deletion.",
  });
  expect((await client.send(new ListSecretVersionIdsCommand({ SecretId }))).Versions?.length).toBe(1);
  const listed = async (IncludePlannedDeletion: boolean) =>
    (await client.send(new ListSecretsCommand({ IncludePlannedDeletion }))).SecretList?.some(({ Name }) => Name === 'marked');
  expect([await listed(false), await listed(true)]).toEqual([false, true]);
});

test('a forced deletion is immediate, also of what is marked or was never there', async () => {
  const { ARN = '' } = await create('forced');
  await remove('forced', { ForceDeleteWithoutRecovery: true });
  await expect(get('forced')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  expect((await remove(ARN, { ForceDeleteWithoutRecovery: true })).ARN).toBe(ARN);
  expect(await remove('never', { ForceDeleteWithoutRecovery: true })).toMatchObject({ Name: 'never' });
  await create('forced');
  await remove('forced');
  await remove('forced', { ForceDeleteWithoutRecovery: true });
  await create('forced');
  await expect(get(ARN)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  expect((await get('forced')).SecretString).toBe('value');
});

test.each<[Omit<DeleteSecretCommandInput, 'SecretId'>, string]>([
  [{ RecoveryWindowInDays: 6 }, 'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).'],
  [{ RecoveryWindowInDays: 31 }, 'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).'],
  [
    { RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true },
    "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
  ],
])('refuses %j', async (how, message) => {
  await expect(remove('any', how)).rejects.toMatchObject({ name: 'InvalidParameterException', message });
});

test('only a secret that exists can be deleted or restored', async () => {
  const missing = { name: 'ResourceNotFoundException', message: "Secrets Manager can't find the specified secret." };
  await expect(remove('nobody')).rejects.toMatchObject(missing);
  await expect(client.send(new RestoreSecretCommand({ SecretId: 'nobody' }))).rejects.toMatchObject(missing);
});
