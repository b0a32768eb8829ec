// Application groups: members by hand and by tag-sync tasks, which act as the role that they were given.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { testUser } from '../../../test/users.ts';
import type { Structure } from '../../protocol/protocol.ts';

let castellan: InProcess;
let application = '';
const roleArn = 'arn:aws:iam::111122223333:role/tagger';

const call = async (operation: string, input: Structure = {}, credentials?: ClientCredentials) =>
  castellan.call('resource-groups', operation, input, credentials);
const newKey = async (tags: Readonly<Record<string, string>> = {}): Promise<string> => {
  const Tags = Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
  return (await castellan.kms().createKey({ Tags })).KeyMetadata?.Arn ?? '';
};
const members = async (): Promise<readonly string[]> => {
  const { output } = await call('ListGroupResources', { Group: 'shop' });
  return (output['ResourceIdentifiers'] as readonly { readonly ResourceArn: string }[]).map(({ ResourceArn }) => ResourceArn);
};
const pass = async () => {
  castellan.clock.advance(20_000);
  await castellan.work.settle();
};

beforeAll(async () => {
  castellan = await startInProcess('applications');
  const Configuration = [{ Type: 'AWS::ResourceGroups::ApplicationGroup' }];
  const { output } = await call('CreateGroup', { Name: 'shop', Configuration });
  application = (output['Group'] as { readonly GroupArn: string }).GroupArn;
  const trust = { Effect: 'Allow', Principal: { Service: 'resource-groups.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const iam = castellan.iam();
  await iam.createRole({ RoleName: 'tagger', AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }) });
});
afterAll(async () => {
  await castellan.stop();
});

const roleMay = async (...Action: readonly string[]) => {
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
  await castellan.iam().putRolePolicy({ RoleName: 'tagger', PolicyName: 'p', PolicyDocument });
};

test('an application group has an id in its ARN, which is the tag of its members', async () => {
  expect(application).toMatch(/^arn:aws:resource-groups:us-east-1:111122223333:group\/shop\/[a-z0-9]{26}$/);
  const { output } = await call('GetGroup', { Group: application });
  expect(output).toEqual({ Group: { GroupArn: application, Name: 'shop', ApplicationTag: { awsApplication: application } } });
});

test('resources are grouped and ungrouped by hand, by whoever may tag them', async () => {
  const key = await newKey();
  const missing = key.replace(/[^/]+$/, '01234567-89ab-cdef-0123-456789abcdef');
  const user = await testUser(castellan, 'grouper', [{ Effect: 'Allow', Action: ['resource-groups:*', 'tag:*'], Resource: '*' }]);
  expect((await call('GroupResources', { Group: 'shop', ResourceArns: [key] }, user)).output).toMatchObject({
    Succeeded: [],
    Failed: [{ ResourceArn: key, ErrorCode: 'AccessDeniedException', ErrorMessage: expect.stringContaining('kms:TagResource') }],
  });
  expect((await call('GroupResources', { Group: 'shop', ResourceArns: [key, missing] })).output).toEqual({
    Succeeded: [key],
    Failed: [{ ResourceArn: missing, ErrorCode: 'NotFoundException', ErrorMessage: expect.stringContaining('does not exist') }],
    Pending: [],
  });
  expect(await members()).toEqual([key]);
  const statuses = async (...Values: readonly string[]) => {
    const Filters = [{ Name: 'status', Values }];
    return (await call('ListGroupingStatuses', { Group: 'shop', Filters })).output['GroupingStatuses'];
  };
  expect(await statuses('SUCCESS')).toEqual([{ ResourceArn: key, Action: 'GROUP', Status: 'SUCCESS', UpdatedAt: expect.any(Number) }]);
  expect(await statuses('FAILED')).toMatchObject([{ ResourceArn: missing, ErrorCode: 'NotFoundException' }]);
  expect((await call('UngroupResources', { Group: 'shop', ResourceArns: [key, missing] })).output).toMatchObject({
    Succeeded: [key],
    Failed: [{ ResourceArn: missing, ErrorCode: 'RESOURCE_NOT_FOUND' }],
  });
  expect(await members()).toEqual([]);
});

test('a tag-sync task is started by whoever may pass its role, and needs one of a tag and a query', async () => {
  const start = { Group: 'shop', TagKey: 'app', TagValue: 'shop', RoleArn: roleArn };
  const user = await testUser(castellan, 'starter', [{ Effect: 'Allow', Action: 'resource-groups:*', Resource: '*' }]);
  expect(await call('StartTagSyncTask', start, user)).toMatchObject({
    status: 403,
    output: { message: expect.stringContaining('iam:PassRole') },
  });
  const { TagValue: _, ...half } = start;
  expect(await call('StartTagSyncTask', half)).toMatchObject({ error: 'BadRequestException' });
  expect(await call('StartTagSyncTask', { Group: 'shop', RoleArn: roleArn })).toMatchObject({ error: 'BadRequestException' });
  expect(await call('StartTagSyncTask', { ...start, Group: 'nowhere' })).toMatchObject({ error: 'NotFoundException' });
});

test('a task puts resources with its tag into the application and takes them out again, as far as its role may', async () => {
  const first = await newKey({ app: 'shop' });
  const other = await newKey({ app: 'other' });
  const byHand = await newKey();
  await call('GroupResources', { Group: 'shop', ResourceArns: [byHand] });
  const foreign = await newKey({ app: 'shop', awsApplication: 'arn:aws:resource-groups:us-east-1:111122223333:group/else/x' });
  const started = await call('StartTagSyncTask', { Group: 'shop', TagKey: 'app', TagValue: 'shop', RoleArn: roleArn });
  const TaskArn = String(started.output['TaskArn']);
  const task = async () => (await call('GetTagSyncTask', { TaskArn })).output;
  expect(await task()).toMatchObject({ GroupArn: application, TagKey: 'app', Status: 'ACTIVE', RoleArn: roleArn });
  await pass();
  // The role may do nothing yet.
  expect(await task()).toMatchObject({ Status: 'ERROR', ErrorMessage: expect.stringContaining('tag:GetResources') });
  await roleMay('tag:GetResources', 'tag:TagResources', 'tag:UntagResources');
  await pass();
  expect(await task()).toMatchObject({ Status: 'ACTIVE' });
  expect(await members()).toEqual([byHand]);
  const statuses = async (Values: readonly string[]) => {
    const { output } = await call('ListGroupingStatuses', { Group: 'shop', Filters: [{ Name: 'resource-arn', Values }] });
    return output['GroupingStatuses'];
  };
  expect(await statuses([first])).toMatchObject([{ Status: 'FAILED', ErrorCode: 'AccessDeniedException' }]);
  await roleMay('tag:*', 'kms:TagResource', 'kms:UntagResource');
  await pass();
  expect([...(await members())].toSorted()).toEqual([byHand, first].toSorted());
  expect(await statuses([foreign])).toMatchObject([{ Status: 'SKIPPED' }]);
  const second = await newKey({ app: 'shop' });
  await castellan.kms().untagResource({ KeyId: first, TagKeys: ['app'] });
  await pass();
  expect([...(await members())].toSorted()).toEqual([byHand, second].toSorted());
  const { Tags } = await castellan.kms().listResourceTags({ KeyId: other });
  expect(Tags).toEqual([{ TagKey: 'app', TagValue: 'other' }]);
  expect((await call('ListTagSyncTasks', { Filters: [{ GroupName: 'shop' }] })).output).toMatchObject({ TagSyncTasks: [{ TaskArn }] });
  expect((await call('CancelTagSyncTask', { TaskArn })).status).toBe(200);
  expect(await call('GetTagSyncTask', { TaskArn })).toMatchObject({ status: 404, error: 'NotFoundException' });
  await castellan.kms().untagResource({ KeyId: second, TagKeys: ['app'] });
  await pass();
  expect([...(await members())].toSorted()).toEqual([byHand, second].toSorted());
});

test('a task with a query takes more resources than one step does, and says whose role does not trust it', async () => {
  await roleMay('tag:*', 'kms:TagResource');
  const keys = await Promise.all(Array.from({ length: 45 }, () => newKey({ many: 'yes' })));
  const Query = JSON.stringify({ ResourceTypeFilters: ['AWS::KMS::Key'], TagFilters: [{ Key: 'many', Values: ['yes'] }] });
  const ResourceQuery = { Type: 'TAG_FILTERS_1_0', Query };
  await call('StartTagSyncTask', { Group: 'shop', ResourceQuery, RoleArn: roleArn });
  await pass();
  const { output } = await castellan.call('resourcegroupstaggingapi', 'GetResources', {
    TagFilters: [{ Key: 'awsApplication', Values: [application] }, { Key: 'many' }],
  });
  expect(output['ResourceTagMappingList']).toHaveLength(keys.length);
  const started = await call('StartTagSyncTask', { Group: 'shop', ResourceQuery, RoleArn: `${roleArn}-that-is-not-there` });
  await pass();
  const TaskArn = String(started.output['TaskArn']);
  expect((await call('GetTagSyncTask', { TaskArn })).output).toMatchObject({
    Status: 'ERROR',
    ErrorMessage: expect.stringContaining('sts:AssumeRole'),
  });
  // A deleted application has no tasks any more.
  await call('DeleteGroup', { Group: 'shop' });
  await pass();
  expect((await call('ListTagSyncTasks')).output).toEqual({ TagSyncTasks: [] });
});
