// Secrets through the whole pipeline, as the SDK sees them: names and ARNs, making, describing, changing, tags, listing.
import {
  CreateSecretCommand,
  type CreateSecretCommandInput,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  type ListSecretsCommandInput,
  type SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let client: SecretsManagerClient;
beforeAll(async () => {
  castellan = await startInProcess('secrets');
  client = castellan.secretsManager();
});
afterAll(async () => {
  await castellan.stop();
});

const create = (Name: string, more: Partial<CreateSecretCommandInput> = {}) =>
  client.send(new CreateSecretCommand({ Name, SecretString: `value of ${Name}`, ...more }));
const describe = (SecretId = '') => client.send(new DescribeSecretCommand({ SecretId }));
const names = async (input: ListSecretsCommandInput) => {
  const { SecretList = [] } = await client.send(new ListSecretsCommand(input));
  return SecretList.map(({ Name }) => Name);
};

test('a secret has an ARN with six random characters and is found by name, by ARN and by partial ARN', async () => {
  const { ARN = '', VersionId } = await create('app/db');
  expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:111122223333:secret:app\/db-[A-Za-z0-9]{6}$/);
  for (const SecretId of ['app/db', ARN, ARN.slice(0, -7)]) {
    expect(await client.send(new GetSecretValueCommand({ SecretId }))).toMatchObject({
      ARN,
      Name: 'app/db',
      VersionId,
      SecretString: 'value of app/db',
      VersionStages: ['AWSCURRENT'],
    });
  }
});

test('a name that ends like an ARN is found by its whole ARN, and by a partial one as long as no secret has that suffix', async () => {
  const { ARN: other = '' } = await create('plain');
  const suffix = other.slice(-6);
  const { ARN = '' } = await create(`plain-${suffix}`);
  expect((await describe(ARN)).Name).toBe(`plain-${suffix}`);
  expect((await describe(ARN.slice(0, -7))).Name).toBe('plain');
  const { ARN: free = '' } = await create('plain-abcdef');
  expect((await describe(free.slice(0, -7))).Name).toBe('plain-abcdef');
});

test.each([
  ['nobody', 'ResourceNotFoundException', "Secrets Manager can't find the specified secret."],
  [
    'arn:aws:secretsmanager:us-east-1:111122223333:secret:nobody-AbCdEf',
    'ResourceNotFoundException',
    "Secrets Manager can't find the specified secret.",
  ],
  [
    'arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db',
    'ResourceNotFoundException',
    "Secrets Manager can't find the specified secret.",
  ],
  [
    'no spaces',
    'ValidationException',
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  ],
])('does not find %s', async (SecretId, name, message) => {
  await expect(describe(SecretId)).rejects.toMatchObject({ name, message });
});

test('the same request again is answered again, and a name is given once', async () => {
  const ClientRequestToken = 'b5f1d7ab-6c0d-4c75-a8b8-0d1fcb28d9a1';
  const first = await create('once', { ClientRequestToken });
  expect(await create('once', { ClientRequestToken })).toMatchObject({ ARN: first.ARN, VersionId: ClientRequestToken });
  const taken = { name: 'ResourceExistsException', message: 'The operation failed because the secret once already exists.' };
  await expect(create('once', { ClientRequestToken, SecretString: 'other' })).rejects.toMatchObject(taken);
  await expect(create('once')).rejects.toMatchObject(taken);
});

test('one of sixteen who make the same secret at once succeeds', async () => {
  const results = await Promise.allSettled(Array.from({ length: 16 }, () => create('raced')));
  expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(1);
});

test('a secret without a value has no version, and says so', async () => {
  const { VersionId } = await client.send(new CreateSecretCommand({ Name: 'empty' }));
  expect(VersionId).toBeUndefined();
  expect((await describe('empty')).VersionIdsToStages).toBeUndefined();
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'empty' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
  });
});

test('refuses two values at once, and tags that are reserved or too many', async () => {
  await expect(create('both', { SecretBinary: new Uint8Array([1]) })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(create('tagged', { Tags: [{ Key: 'aws:x', Value: '' }] })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  const Tags = Array.from({ length: 51 }, (_each, index) => ({ Key: `k${index}`, Value: '' }));
  await expect(create('tagged', { Tags })).rejects.toMatchObject({ name: 'InvalidParameterException' });
});

test('describes what is known of a secret, and the day when it was last read', async () => {
  const { ARN, VersionId = '' } = await create('described', { Description: 'd', Tags: [{ Key: 'dept', Value: 'x' }] });
  expect((await describe('described')).LastAccessedDate).toBeUndefined();
  await client.send(new GetSecretValueCommand({ SecretId: 'described' }));
  const { $metadata: _, CreatedDate, LastChangedDate, LastAccessedDate, ...rest } = await describe('described');
  expect(rest).toEqual({
    ARN,
    Name: 'described',
    Description: 'd',
    Tags: [{ Key: 'dept', Value: 'x' }],
    VersionIdsToStages: { [VersionId]: ['AWSCURRENT'] },
  });
  expect(LastAccessedDate?.toISOString()).toMatch(/T00:00:00.000Z$/);
  expect(LastChangedDate).toEqual(CreatedDate);
});

test('an update changes what it names, and a new value becomes the current version', async () => {
  const { VersionId: first = '' } = await create('updated', { Description: 'before' });
  expect((await client.send(new UpdateSecretCommand({ SecretId: 'updated', Description: 'after' }))).VersionId).toBeUndefined();
  const { VersionId: second = '' } = await client.send(new UpdateSecretCommand({ SecretId: 'updated', SecretString: 'new' }));
  expect(await describe('updated')).toMatchObject({
    Description: 'after',
    VersionIdsToStages: { [first]: ['AWSPREVIOUS'], [second]: ['AWSCURRENT'] },
  });
});

test('tags are added, replaced and taken away by key', async () => {
  await create('tags', { Tags: [{ Key: 'a', Value: '1' }] });
  await client.send(
    new TagResourceCommand({
      SecretId: 'tags',
      Tags: [
        { Key: 'a', Value: '2' },
        { Key: 'b', Value: '3' },
      ],
    }),
  );
  await client.send(new UntagResourceCommand({ SecretId: 'tags', TagKeys: ['b', 'never there'] }));
  expect((await describe('tags')).Tags).toEqual([{ Key: 'a', Value: '2' }]);
});

test('lists by filters: prefixes, words, negation, several values and several filters', async () => {
  await create('list/One', { Description: 'Database of Berlin', Tags: [{ Key: 'Stage', Value: 'prod' }] });
  await create('list/Two', { Description: 'queue', Tags: [{ Key: 'Stage', Value: 'test' }] });
  await create('list/Three', { Description: 'database of Rome' });
  const inList = { Key: 'name', Values: ['list/'] } as const;
  const found = (Key: 'name' | 'description' | 'tag-key' | 'tag-value' | 'all' | 'primary-region', ...Values: string[]) =>
    names({ Filters: [inList, { Key, Values }].map(({ Key: key, Values: values }) => ({ Key: key, Values: [...values] })) });
  expect(await found('name', 'list/T')).toEqual(['list/Two', 'list/Three']);
  expect(await found('name', 'list/t')).toEqual([]);
  expect(await found('description', 'DATABASE')).toEqual(['list/One', 'list/Three']);
  expect(await found('tag-key', 'Sta')).toEqual(['list/One', 'list/Two']);
  expect(await found('tag-value', 'prod', 'test')).toEqual(['list/One', 'list/Two']);
  expect(await found('tag-value', '!prod')).toEqual(['list/Two', 'list/Three']);
  expect(await found('all', 'berlin prod')).toEqual(['list/One']);
  expect(await found('primary-region', 'us-')).toEqual(['list/One', 'list/Two', 'list/Three']);
});

test('pages through the list in the order that was asked for', async () => {
  for (const name of ['c', 'a', 'd', 'b', 'e']) await create(`page/${name}`);
  for (const SortOrder of ['asc', 'desc'] as const) {
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.send(
        new ListSecretsCommand({ Filters: [{ Key: 'name', Values: ['page/'] }], SortBy: 'name', SortOrder, MaxResults: 2, NextToken }),
      );
      expect(page.SecretList?.length).toBeLessThanOrEqual(2);
      seen.push(...(page.SecretList ?? []).map(({ Name }) => Name));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    const sorted = ['page/a', 'page/b', 'page/c', 'page/d', 'page/e'];
    expect(seen).toEqual(SortOrder === 'asc' ? sorted : sorted.reverse());
  }
  for (const NextToken of ['x', Buffer.from('v1:[]').toString('base64url')]) {
    await expect(names({ NextToken })).rejects.toMatchObject({ name: 'InvalidNextTokenException' });
  }
});
