// Lists of secrets: every order in pages of any size, tokens, filters over many secrets, replicas, and regions that had no index.
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  type ListSecretsCommandInput,
  RemoveRegionsFromReplicationCommand,
  ReplicateSecretToRegionsCommand,
  type SecretsManagerClient,
  StopReplicationToReplicaCommand,
  TagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let client: SecretsManagerClient;
beforeAll(async () => {
  castellan = await startInProcess('lists');
  client = castellan.secretsManager();
});
afterAll(async () => {
  await castellan.stop();
});

const create = (Name: string, as = client) => as.send(new CreateSecretCommand({ Name, SecretString: Name }));
const remove = (SecretId: string) => client.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
async function names(input: ListSecretsCommandInput = {}, as = client): Promise<readonly string[]> {
  const found: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await as.send(new ListSecretsCommand({ ...input, NextToken }));
    expect(page.SecretList?.length).toBeLessThanOrEqual(input.MaxResults ?? 100);
    found.push(...(page.SecretList ?? []).map(({ Name = '' }) => Name));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return found;
}

test('every order lists every secret once, in pages of any size', async () => {
  const made = ['m', 'b/2', 'b/10', 'b', 'Z', 'a-1', 'a_1', 'x.y', 'c', 'k'];
  for (const name of made) {
    await create(name);
    castellan.clock.advance(1_000);
  }
  const changed = ['k', 'a-1', 'm'];
  for (const SecretId of changed) {
    await client.send(new TagResourceCommand({ SecretId, Tags: [{ Key: 'k', Value: 'v' }] }));
    castellan.clock.advance(1_000);
  }
  castellan.clock.advance(86_400_000);
  await client.send(new GetSecretValueCommand({ SecretId: 'x.y' }));
  const untouched = made.filter((name) => !changed.includes(name));
  const byName = made.toSorted((one, other) => (one < other ? -1 : 1));
  const orders = {
    'created-date': made,
    name: byName,
    'last-changed-date': [...untouched, ...changed],
    'last-accessed-date': [...byName.filter((name) => name !== 'x.y'), 'x.y'],
  } as const;
  for (const [SortBy, expected] of Object.entries(orders) as [keyof typeof orders, readonly string[]][]) {
    for (const MaxResults of [1, 3, 9, 10, 11]) {
      expect(await names({ SortBy, MaxResults })).toEqual(expected);
      expect(await names({ SortBy, MaxResults, SortOrder: 'desc' })).toEqual(expected.toReversed());
    }
  }
  expect(await names()).toEqual(made);
  for (const name of made) await remove(name);
  expect(await names()).toEqual([]);
});

test('a page goes on where the last one ended, whatever has come and gone meanwhile', async () => {
  for (const name of ['p1', 'p2', 'p3', 'p4']) await create(name);
  const first = await client.send(new ListSecretsCommand({ SortBy: 'name', MaxResults: 2 }));
  await remove('p2');
  await remove('p3');
  await create('p0');
  await create('p25');
  const rest = await client.send(new ListSecretsCommand({ SortBy: 'name', NextToken: first.NextToken }));
  expect(rest.SecretList?.map(({ Name }) => Name)).toEqual(['p25', 'p4']);
  for (const name of ['p0', 'p1', 'p25', 'p4']) await remove(name);
});

test('a token is good for the list that it was given for, and nothing else is a token', async () => {
  for (const name of ['t1', 't2', 't3']) await create(name);
  const { NextToken } = await client.send(new ListSecretsCommand({ MaxResults: 1 }));
  const refused = { name: 'InvalidNextTokenException', message: 'The NextToken value is invalid.' };
  for (const input of [{ SortBy: 'name' }, { SortOrder: 'desc' }, { SortBy: 'last-changed-date' }] as const) {
    await expect(client.send(new ListSecretsCommand({ ...input, NextToken }))).rejects.toMatchObject(refused);
  }
  await expect(client.send(new ListSecretsCommand({ NextToken: 'none' }))).rejects.toMatchObject(refused);
  for (const name of ['t1', 't2', 't3']) await remove(name);
});

test('replicas stand in the list of their region, at the age of their primary, until they are removed, overwritten or stopped', async () => {
  const abroad = castellan.secretsManager(undefined, 'eu-west-1');
  await create('own-1', abroad);
  castellan.clock.advance(1_000);
  await create('copied');
  await create('stopped');
  castellan.clock.advance(1_000);
  await create('own-2', abroad);
  const replicate = (SecretId: string) =>
    client.send(
      new ReplicateSecretToRegionsCommand({ SecretId, AddReplicaRegions: [{ Region: 'eu-west-1' }], ForceOverwriteReplicaSecret: true }),
    );
  await replicate('copied');
  await replicate('stopped');
  expect(await names({ MaxResults: 1 }, abroad)).toEqual(['own-1', 'copied', 'stopped', 'own-2']);
  expect(await names({ SortBy: 'name', MaxResults: 1 }, abroad)).toEqual(['copied', 'own-1', 'own-2', 'stopped']);
  await abroad.send(new StopReplicationToReplicaCommand({ SecretId: 'stopped' }));
  await client.send(new RemoveRegionsFromReplicationCommand({ SecretId: 'copied', RemoveReplicaRegions: ['eu-west-1'] }));
  expect(await names({}, abroad)).toEqual(['own-1', 'stopped', 'own-2']);
  // What is overwritten leaves its place to the replica.
  castellan.clock.advance(1_000);
  await create('own-1');
  await replicate('own-1');
  expect(await names({}, abroad)).toEqual(['stopped', 'own-2', 'own-1']);
});

test('a secret that is marked for deletion is listed only when it is asked for, and comes back when its name is given anew', async () => {
  await create('marked');
  await client.send(new DeleteSecretCommand({ SecretId: 'marked' }));
  const Filters = [{ Key: 'name' as const, Values: ['marked'] }];
  expect(await names({ Filters })).toEqual([]);
  expect(await names({ Filters, IncludePlannedDeletion: true })).toEqual(['marked']);
  castellan.clock.advance(31 * 86_400_000);
  await castellan.work.settle();
  expect(await names({ Filters, IncludePlannedDeletion: true })).toEqual([]);
  await create('marked');
  expect(await names({ Filters })).toEqual(['marked']);
});

test('a region whose secrets were made before lists had an index is listed whole', async () => {
  const region = castellan.secretsManager(undefined, 'ap-south-1');
  for (const name of ['i1', 'i2', 'i3']) await create(name, region);
  const before = await names({}, region);
  await castellan.store.transact(async (transaction) => {
    for (const collection of ['secretsmanager.listed', 'secretsmanager.indexed-region']) {
      for (const { key } of await transaction.list(collection, { limit: 1_000 })) {
        if (key.includes('ap-south-1')) transaction.delete(collection, key);
      }
    }
  });
  await create('i4', region);
  expect(await names({}, region)).toEqual([...before, 'i4']);
});

test('a filter that few of many match pages through all of them', async () => {
  for (let index = 0; index < 700; index += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, each) => create(`many/${String(index + each).padStart(3, '0')}`)));
  }
  expect(await names({ Filters: [{ Key: 'name', Values: ['many/69'] }], MaxResults: 3 })).toHaveLength(10);
  expect(await names({ Filters: [{ Key: 'name', Values: ['many/'] }] })).toHaveLength(700);
  const batch = await client.send(new BatchGetSecretValueCommand({ Filters: [{ Key: 'name', Values: ['many/0'] }], MaxResults: 5 }));
  expect(batch.SecretValues).toHaveLength(5);
  expect(batch.NextToken).toBeDefined();
});
