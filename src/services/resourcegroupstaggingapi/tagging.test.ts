// Tags of every service's resources through the tagging API: set, removed, searched and counted, through the whole pipeline.
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { CreateSecretCommand, DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { testUser } from '../../../test/users.ts';
import type { Structure } from '../../protocol/protocol.ts';

let castellan: InProcess;
let keyArn = '';
let secretArn = '';
const roleArn = 'arn:aws:iam::111122223333:role/service/worker';
const policyArn = 'arn:aws:iam::111122223333:policy/plain';
const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

const call = async (operation: string, input: Structure, credentials?: ClientCredentials) =>
  castellan.call('resourcegroupstaggingapi', operation, input, credentials);
const tagged = async (input: Structure = {}) => {
  const { output } = await call('GetResources', input);
  return output['ResourceTagMappingList'] as readonly {
    readonly ResourceARN: string;
    readonly Tags: readonly { Key: string; Value: string }[];
  }[];
};
const arns = async (input: Structure = {}) => (await tagged(input)).map(({ ResourceARN }) => ResourceARN);

beforeAll(async () => {
  castellan = await startInProcess('tagging');
  keyArn = (await castellan.kms().createKey({ Tags: [{ TagKey: 'stage', TagValue: 'test' }] })).KeyMetadata?.Arn ?? '';
  const secret = new CreateSecretCommand({
    Name: 'database/password',
    SecretString: 'x',
    Tags: [
      { Key: 'stage', Value: 'live' },
      { Key: 'team', Value: 'blue' },
    ],
  });
  secretArn = (await castellan.secretsManager().send(secret)).ARN ?? '';
  const iam = castellan.iam();
  await iam.createRole({ RoleName: 'worker', Path: '/service/', AssumeRolePolicyDocument: JSON.stringify(trust) });
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }] };
  await iam.createPolicy({ PolicyName: 'plain', PolicyDocument: JSON.stringify(document), Tags: [{ Key: 'stage', Value: 'live' }] });
});
afterAll(async () => {
  await castellan.stop();
});

describe('TagResources', () => {
  test("tags resources of several services at once, each by its service's own operation", async () => {
    const { output } = await call('TagResources', { ResourceARNList: [keyArn, secretArn, roleArn], Tags: { owner: 'ada' } });
    expect(output).toEqual({ FailedResourcesMap: {} });
    const { Tags } = await castellan.secretsManager().send(new DescribeSecretCommand({ SecretId: secretArn }));
    expect(Tags).toContainEqual({ Key: 'owner', Value: 'ada' });
    const { Role } = await castellan.iam().send(new GetRoleCommand({ RoleName: 'worker' }));
    expect(Role?.Tags).toEqual([{ Key: 'owner', Value: 'ada' }]);
    expect(await arns({ TagFilters: [{ Key: 'owner', Values: ['ada'] }] })).toEqual([keyArn, secretArn]);
  });

  test("demands the owning service's permission too, and tells for each resource what was refused", async () => {
    const user = await testUser(castellan, 'half-tagger', [
      { Effect: 'Allow', Action: ['tag:TagResources', 'kms:TagResource'], Resource: '*' },
    ]);
    const { status, output } = await call('TagResources', { ResourceARNList: [keyArn, secretArn, roleArn], Tags: { by: 'half' } }, user);
    expect(status).toBe(200);
    expect(output).toEqual({
      FailedResourcesMap: {
        [secretArn]: {
          StatusCode: 400,
          ErrorCode: 'AccessDeniedException',
          ErrorMessage: expect.stringContaining(`is not authorized to perform: secretsmanager:TagResource on resource: ${secretArn}`),
        },
        [roleArn]: { StatusCode: 403, ErrorCode: 'AccessDenied', ErrorMessage: expect.stringContaining('iam:TagRole') },
      },
    });
    expect(await arns({ TagFilters: [{ Key: 'by' }] })).toEqual([keyArn]);
  });

  test('a condition on kms:ViaService sees the tagging API', async () => {
    const through = { StringEquals: { 'kms:ViaService': 'tagging.us-east-1.amazonaws.com' } };
    const user = await testUser(castellan, 'through-tagger', [
      { Effect: 'Allow', Action: 'tag:*', Resource: '*' },
      { Effect: 'Allow', Action: 'kms:TagResource', Resource: '*', Condition: through },
    ]);
    const { output } = await call('TagResources', { ResourceARNList: [keyArn], Tags: { via: 'tagging' } }, user);
    expect(output).toEqual({ FailedResourcesMap: {} });
    await expect(castellan.kms(user).tagResource({ KeyId: keyArn, Tags: [{ TagKey: 'via', TagValue: 'kms' }] })).rejects.toThrow(
      'not authorized',
    );
  });

  test('says in the map what a service does not find, and of types that cannot be tagged', async () => {
    const missing = 'arn:aws:iam::111122223333:role/nobody';
    const elsewhere = keyArn.replace('us-east-1', 'eu-west-1');
    const foreign = keyArn.replace('111122223333', '444455556666');
    const unknown = 'arn:aws:quantum:us-east-1:111122223333:cat/alive';
    const { output } = await call('TagResources', { ResourceARNList: [missing, elsewhere, foreign, unknown], Tags: { a: 'b' } });
    expect(output['FailedResourcesMap']).toMatchObject({
      [missing]: { StatusCode: 404, ErrorCode: 'NoSuchEntity', ErrorMessage: 'The role with name nobody cannot be found.' },
      [elsewhere]: { StatusCode: 400, ErrorCode: 'InvalidParameterException' },
      [foreign]: { StatusCode: 400, ErrorCode: 'InvalidParameterException' },
      [unknown]: { StatusCode: 500, ErrorCode: 'InternalServiceException' },
    });
  });

  test.each([
    { input: { ResourceARNList: [], Tags: { a: 'b' } } },
    { input: { ResourceARNList: Array.from({ length: 21 }, (_, index) => `${roleArn}${index}`), Tags: { a: 'b' } } },
    { input: { ResourceARNList: [roleArn], Tags: {} } },
    { input: { ResourceARNList: ['no-arn'], Tags: { a: 'b' } } },
    { input: { ResourceARNList: ['arn:aws-cn:iam::111122223333:role/worker'], Tags: { a: 'b' } } },
  ])('refuses as a whole what is out of bounds or no ARN of this partition: $input', async ({ input }) => {
    expect(await call('TagResources', input)).toMatchObject({ status: 400, error: 'InvalidParameterException' });
  });

  test('loses no tag when many tag one resource at once', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `parallel-${index}`);
    const answers = await Promise.all(keys.map((key) => call('TagResources', { ResourceARNList: [secretArn], Tags: { [key]: 'x' } })));
    expect(answers.map(({ output }) => output)).toEqual(keys.map(() => ({ FailedResourcesMap: {} })));
    const [secret] = await tagged({ ResourceARNList: [secretArn] });
    expect(secret?.Tags.map(({ Key }) => Key)).toEqual(expect.arrayContaining(keys));
    await call('UntagResources', { ResourceARNList: [secretArn], TagKeys: keys });
  });
});

describe('UntagResources', () => {
  test('removes tags, and a resource that has lost its last tag is still listed, without any', async () => {
    const { KeyMetadata } = await castellan.kms().createKey({ Tags: [{ TagKey: 'only', TagValue: 'tag' }] });
    const arn = KeyMetadata?.Arn ?? '';
    const request = { ResourceARNList: [arn], TagKeys: ['only', 'never-there'] };
    expect((await call('UntagResources', request)).output).toEqual({ FailedResourcesMap: {} });
    expect((await call('UntagResources', request)).output).toEqual({ FailedResourcesMap: {} });
    expect(await tagged({ ResourceARNList: [arn] })).toEqual([{ ResourceARN: arn, Tags: [] }]);
    expect(await arns()).toContain(arn);
    expect(await arns({ TagFilters: [{ Key: 'only' }] })).toEqual([]);
  });

  test("demands the owning service's permission to untag", async () => {
    const user = await testUser(castellan, 'untagger', [{ Effect: 'Allow', Action: 'tag:UntagResources', Resource: '*' }]);
    const { output } = await call('UntagResources', { ResourceARNList: [policyArn], TagKeys: ['stage'] }, user);
    expect(output['FailedResourcesMap']).toMatchObject({ [policyArn]: { StatusCode: 403, ErrorCode: 'AccessDenied' } });
  });
});

describe('GetResources', () => {
  test('lists what is tagged or was, and of IAM neither users nor roles', async () => {
    const untagged = (await castellan.kms().createKey({})).KeyMetadata?.Arn ?? '';
    const listed = await arns();
    expect(listed).toEqual(expect.arrayContaining([keyArn, secretArn, policyArn]));
    expect(listed).not.toContain(untagged);
    expect(listed).not.toContain(roleArn);
    expect(await arns({ ResourceARNList: [roleArn, untagged] })).toEqual([]);
  });

  test('all filters must match, of a filter one value, and a filter without values asks for the key', async () => {
    const filtered = (...TagFilters: readonly Structure[]) => arns({ TagFilters });
    expect(await filtered({ Key: 'stage', Values: ['test', 'live'] })).toEqual([policyArn, keyArn, secretArn]);
    expect(await filtered({ Key: 'stage', Values: ['live'] })).toEqual([policyArn, secretArn]);
    expect(await filtered({ Key: 'stage' }, { Key: 'team', Values: ['blue', 'red'] })).toEqual([secretArn]);
    expect(await filtered({ Key: 'Stage' })).toEqual([]);
    expect(await filtered({ Key: 'constructor' })).toEqual([]);
  });

  test('type filters name a service or one of its types', async () => {
    const stage = [{ Key: 'stage' }];
    expect(await arns({ TagFilters: stage, ResourceTypeFilters: ['kms'] })).toEqual([keyArn]);
    expect(await arns({ TagFilters: stage, ResourceTypeFilters: ['kms:key', 'secretsmanager:secret'] })).toEqual([keyArn, secretArn]);
    expect(await arns({ TagFilters: stage, ResourceTypeFilters: ['ec2:instance'] })).toEqual([]);
    expect(await arns({ TagFilters: stage, ResourceTypeFilters: ['km'] })).toEqual([]);
  });

  test.each([
    { ResourceARNList: ['x'], ResourcesPerPage: 5 },
    { ResourceARNList: [roleArn], TagFilters: [{ Key: 'a' }] },
    { ResourceARNList: [roleArn], ResourceTypeFilters: ['iam'] },
    { ResourcesPerPage: 0 },
    { ResourcesPerPage: 101 },
    { TagsPerPage: 99 },
    { TagsPerPage: 501 },
    { ExcludeCompliantResources: true },
    { TagFilters: [{ Values: ['x'] }] },
    { TagFilters: [{ Key: 'a' }, { Key: 'a' }] },
    { ResourceTypeFilters: ['KMS Key'] },
    { PaginationToken: 'x' },
  ])('refuses %j', async (input) => {
    expect(await call('GetResources', input)).toMatchObject({ status: 400, error: 'InvalidParameterException' });
  });
});

test('keys and values in use are listed once each, in order, of what is listed', async () => {
  const { output: keys } = await call('GetTagKeys', {});
  expect(keys['PaginationToken']).toBe('');
  expect(keys['TagKeys']).toEqual(expect.arrayContaining(['owner', 'stage', 'team']));
  expect(keys['TagKeys']).toEqual([...new Set(keys['TagKeys'] as readonly string[])].toSorted());
  expect((await call('GetTagValues', { Key: 'stage' })).output).toEqual({ PaginationToken: '', TagValues: ['live', 'test'] });
  expect((await call('GetTagValues', { Key: 'nowhere' })).output).toEqual({ PaginationToken: '', TagValues: [] });
});
