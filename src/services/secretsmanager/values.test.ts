// Versions and their labels through the whole pipeline: every rule of AWSCURRENT, AWSPREVIOUS and AWSPENDING, tokens, limits, batches.
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  type PutSecretValueCommandInput,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let client: SecretsManagerClient;
beforeAll(async () => {
  castellan = await startInProcess('values');
  client = castellan.secretsManager();
});
afterAll(async () => {
  await castellan.stop();
});

const create = async (Name: string) => (await client.send(new CreateSecretCommand({ Name, SecretString: 'one' }))).VersionId ?? '';
const put = async (SecretId: string, SecretString: string, more: Partial<PutSecretValueCommandInput> = {}) =>
  (await client.send(new PutSecretValueCommand({ SecretId, SecretString, ...more }))).VersionId ?? '';
const get = (SecretId: string, which: { VersionId?: string; VersionStage?: string } = {}) =>
  client.send(new GetSecretValueCommand({ SecretId, ...which }));
const stages = async (SecretId: string) => (await client.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages;
const move = (SecretId: string, VersionStage: string, from: string | undefined, to: string | undefined) =>
  client.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage, RemoveFromVersionId: from, MoveToVersionId: to }));

test('a new value is current, the one before it previous, and the one before that loses its label', async () => {
  const one = await create('flow');
  const two = await put('flow', 'two');
  expect(await stages('flow')).toEqual({ [one]: ['AWSPREVIOUS'], [two]: ['AWSCURRENT'] });
  const three = await put('flow', 'three');
  expect(await stages('flow')).toEqual({ [two]: ['AWSPREVIOUS'], [three]: ['AWSCURRENT'] });
  expect((await get('flow', { VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('two');
  expect((await get('flow', { VersionId: one })).SecretString).toBe('one');
});

test('binary values come back as they were given', async () => {
  const SecretBinary = new Uint8Array([0, 1, 254, 255]);
  await client.send(new CreateSecretCommand({ Name: 'binary', SecretBinary }));
  const value = await get('binary');
  expect(value.SecretBinary).toEqual(SecretBinary);
  expect(value.SecretString).toBeUndefined();
});

test('a pending version leaves the current one alone until the label moves', async () => {
  const one = await create('pending');
  const two = await put('pending', 'two', { VersionStages: ['AWSPENDING'] });
  expect(await stages('pending')).toEqual({ [one]: ['AWSCURRENT'], [two]: ['AWSPENDING'] });
  await move('pending', 'AWSCURRENT', one, two);
  expect(await stages('pending')).toEqual({ [one]: ['AWSPREVIOUS'], [two]: ['AWSPENDING', 'AWSCURRENT'] });
  await move('pending', 'AWSPENDING', two, undefined);
  expect(await stages('pending')).toEqual({ [one]: ['AWSPREVIOUS'], [two]: ['AWSCURRENT'] });
});

test('the first version is current, whatever labels it is given', async () => {
  await client.send(new CreateSecretCommand({ Name: 'first' }));
  const one = await put('first', 'one', { VersionStages: ['mine'] });
  expect(await stages('first')).toEqual({ [one]: ['mine', 'AWSCURRENT'] });
});

test('a label is moved only by who says from where', async () => {
  const one = await create('moved');
  const two = await put('moved', 'two', { VersionStages: ['blue'] });
  const three = await put('moved', 'three', { VersionStages: ['green'] });
  await expect(move('moved', 'AWSCURRENT', undefined, two)).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: `The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version ${one}, so you must explicitly reference that version in RemoveFromVersionId.`,
  });
  await expect(move('moved', 'AWSCURRENT', three, two)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(move('moved', 'AWSCURRENT', one, undefined)).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
  });
  await expect(move('moved', 'blue', one, undefined)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(move('moved', 'blue', two, '00000000-0000-0000-0000-000000000000')).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  await move('moved', 'new', undefined, three);
  expect(await stages('moved')).toEqual({ [one]: ['AWSCURRENT'], [two]: ['blue'], [three]: ['green', 'new'] });
});

test('the same token with the same value changes nothing, with another value it is refused', async () => {
  await create('token');
  const ClientRequestToken = 'e2a4c8b7-1f4d-4a5d-9f2d-0f6a4d5f7c11';
  await put('token', 'two', { ClientRequestToken });
  const three = await put('token', 'three');
  expect(await put('token', 'two', { ClientRequestToken })).toBe(ClientRequestToken);
  expect(await stages('token')).toEqual({ [ClientRequestToken]: ['AWSPREVIOUS'], [three]: ['AWSCURRENT'] });
  const { ARN } = await client.send(new DescribeSecretCommand({ SecretId: 'token' }));
  await expect(put('token', 'other', { ClientRequestToken })).rejects.toMatchObject({
    name: 'ResourceExistsException',
    message: `You can't use ClientRequestToken ${ClientRequestToken} because that value is already in use for a version of secret ${ARN}.`,
  });
});

test('a value is read by version and label only when they belong together', async () => {
  const one = await create('both');
  const two = await put('both', 'two');
  expect((await get('both', { VersionId: two, VersionStage: 'AWSCURRENT' })).SecretString).toBe('two');
  await expect(get('both', { VersionId: one, VersionStage: 'AWSCURRENT' })).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: 'You provided a VersionStage that is not associated to the provided VersionId.',
  });
  const missing = '00000000-0000-0000-0000-000000000000';
  await expect(get('both', { VersionId: missing })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: `Secrets Manager can't find the specified secret value for VersionId: ${missing}`,
  });
  await expect(get('both', { VersionStage: 'AWSPENDING' })).rejects.toMatchObject({
    message: "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
  });
});

test('a value is counted in bytes', async () => {
  const value = 'é'.repeat(32_768);
  await client.send(new CreateSecretCommand({ Name: 'long', SecretString: value }));
  expect((await get('long')).SecretString).toBe(value);
  await expect(put('long', `${value}x`)).rejects.toMatchObject({ name: 'InvalidParameterException' });
});

test('a secret carries twenty labels at most', async () => {
  await create('labels');
  await put('labels', 'x', { VersionStages: Array.from({ length: 19 }, (_each, index) => `label-${index}`) });
  await expect(put('labels', 'y', { VersionStages: ['one-more'] })).rejects.toMatchObject({ name: 'LimitExceededException' });
  expect(Object.values((await stages('labels')) ?? {}).flat().length).toBe(20);
});

test('keeps a hundred versions and those of the last day, and records which it lets go', async () => {
  await create('many');
  for (let index = 0; index < 110; index += 1) await put('many', `value ${index}`);
  const count = async () => {
    const page = await client.send(new ListSecretVersionIdsCommand({ SecretId: 'many', IncludeDeprecated: true, MaxResults: 100 }));
    const rest = await client.send(
      new ListSecretVersionIdsCommand({ SecretId: 'many', IncludeDeprecated: true, MaxResults: 100, NextToken: page.NextToken }),
    );
    return (page.Versions?.length ?? 0) + (page.NextToken === undefined ? 0 : (rest.Versions?.length ?? 0));
  };
  expect(await count()).toBe(111);
  castellan.clock.advance(25 * 3_600_000);
  await put('many', 'last');
  expect(await count()).toBe(100);
  expect((await client.send(new ListSecretVersionIdsCommand({ SecretId: 'many' }))).Versions?.length).toBe(2);
  const removed = await castellan.store.transact((transaction) =>
    transaction.events({ attribute: { key: 'EventName', value: 'SecretVersionDeletion' }, limit: 100 }),
  );
  expect(removed.length).toBe(12);
});

test('reads twenty secrets at once, each with its own error', async () => {
  await create('batch/one');
  await create('batch/two');
  const byId = await client.send(new BatchGetSecretValueCommand({ SecretIdList: ['batch/one', 'nobody', 'batch/two'] }));
  expect(byId.SecretValues?.map(({ Name }) => Name)).toEqual(['batch/one', 'batch/two']);
  expect(byId.Errors).toEqual([
    { SecretId: 'nobody', ErrorCode: 'ResourceNotFoundException', Message: "Secrets Manager can't find the specified secret." },
  ]);
  const Filters = [{ Key: 'name' as const, Values: ['batch/'] }];
  const page = await client.send(new BatchGetSecretValueCommand({ Filters, MaxResults: 1 }));
  const rest = await client.send(new BatchGetSecretValueCommand({ Filters, MaxResults: 1, NextToken: page.NextToken }));
  expect([...(page.SecretValues ?? []), ...(rest.SecretValues ?? [])].map(({ Name }) => Name)).toEqual(['batch/one', 'batch/two']);
  for (const input of [{}, { Filters, SecretIdList: ['batch/one'] }, { SecretIdList: ['batch/one'], MaxResults: 1 }]) {
    await expect(client.send(new BatchGetSecretValueCommand(input))).rejects.toMatchObject({ name: 'InvalidParameterException' });
  }
});

test('labels are on one version each while many write at once', async () => {
  await create('busy');
  await Promise.all(Array.from({ length: 40 }, (_each, index) => put('busy', `value ${index}`)));
  const labels = Object.values((await stages('busy')) ?? {}).flat();
  expect(labels.toSorted()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
});
