// Resource groups through the whole pipeline: groups with queries and configurations, their members, tags and settings.
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { testUser } from '../../../test/users.ts';
import type { Structure } from '../../protocol/protocol.ts';

let castellan: InProcess;
let keyArn = '';
let otherKeyArn = '';
let secretArn = '';

const call = async (operation: string, input: Structure = {}, credentials?: ClientCredentials) =>
  castellan.call('resource-groups', operation, input, credentials);
const tagQuery = (query: object) => ({ Type: 'TAG_FILTERS_1_0', Query: JSON.stringify(query) });
const all = ['AWS::AllSupported'];
const stage = (...Values: readonly string[]) => ({ Key: 'Stage', Values });
const newKey = async (tags: Readonly<Record<string, string>>): Promise<string> => {
  const Tags = Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
  return (await castellan.kms().createKey({ Tags })).KeyMetadata?.Arn ?? '';
};

beforeAll(async () => {
  castellan = await startInProcess('resource-groups');
  keyArn = await newKey({ Stage: 'Test', Version: '1' });
  otherKeyArn = await newKey({ Stage: 'Archived', Version: '4' });
  const Tags = [
    { Key: 'Stage', Value: 'Deploy' },
    { Key: 'Version', Value: '2' },
  ];
  secretArn = (await castellan.secretsManager().send(new CreateSecretCommand({ Name: 's', SecretString: 'x', Tags }))).ARN ?? '';
});
afterAll(async () => {
  await castellan.stop();
});

describe('a group with a query', () => {
  const ResourceQuery = tagQuery({
    ResourceTypeFilters: all,
    TagFilters: [stage('Test', 'Deploy'), { Key: 'Version', Values: ['1', '2'] }],
  });

  test('is made, shown, changed and made once', async () => {
    const made = await call('CreateGroup', { Name: 'web', Description: 'the web', ResourceQuery, Tags: { team: 'blue' } });
    const Group = { GroupArn: 'arn:aws:resource-groups:us-east-1:111122223333:group/web', Name: 'web', Description: 'the web' };
    expect(made).toMatchObject({ status: 200, output: { Group, ResourceQuery, Tags: { team: 'blue' } } });
    expect(await call('CreateGroup', { Name: 'web' })).toMatchObject({
      status: 400,
      error: 'BadRequestException',
      output: { Message: 'Cannot create group: group already exists' },
    });
    expect((await call('GetGroup', { GroupName: 'web' })).output).toEqual({ Group });
    expect((await call('GetGroup', { Group: Group.GroupArn })).output).toEqual({ Group });
    expect((await call('UpdateGroup', { Group: 'web', Description: 'new' })).output).toMatchObject({ Group: { Description: 'new' } });
    expect((await call('GetGroupQuery', { Group: 'web' })).output).toEqual({ GroupQuery: { GroupName: 'web', ResourceQuery } });
    expect(await call('GetGroupConfiguration', { Group: 'web' })).toMatchObject({ error: 'BadRequestException' });
    expect(await call('PutGroupConfiguration', { Group: 'web', Configuration: [] })).toMatchObject({ error: 'BadRequestException' });
    expect(await call('GetGroup', { Group: 'nowhere' })).toMatchObject({ status: 404, error: 'NotFoundException' });
    expect(await call('GetGroup', {})).toMatchObject({ status: 400, error: 'BadRequestException' });
  });

  test('has what its query finds now: all keys must match, of a key one value', async () => {
    const members = async (input: Structure = {}) => (await call('ListGroupResources', { Group: 'web', ...input })).output;
    const key = { ResourceArn: keyArn, ResourceType: 'AWS::KMS::Key' };
    const secret = { ResourceArn: secretArn, ResourceType: 'AWS::SecretsManager::Secret' };
    expect(await members()).toEqual({
      Resources: [{ Identifier: key }, { Identifier: secret }],
      ResourceIdentifiers: [key, secret],
      QueryErrors: [],
    });
    await castellan.kms().tagResource({ KeyId: keyArn, Tags: [{ TagKey: 'Stage', TagValue: 'Archived' }] });
    expect(await members()).toMatchObject({ ResourceIdentifiers: [secret] });
    await castellan.kms().tagResource({ KeyId: keyArn, Tags: [{ TagKey: 'Stage', TagValue: 'Test' }] });
    const filter = (...Values: readonly string[]) => ({ Filters: [{ Name: 'resource-type', Values }] });
    expect(await members(filter('AWS::KMS::Key'))).toMatchObject({ ResourceIdentifiers: [key] });
    const first = await members({ MaxResults: 1 });
    expect(first).toMatchObject({ ResourceIdentifiers: [key] });
    expect(await members({ MaxResults: 1, NextToken: first['NextToken'] })).toMatchObject({ ResourceIdentifiers: [secret] });
    expect(await call('ListGroupResources', { Group: 'web', NextToken: 'AAAA' })).toMatchObject({ error: 'BadRequestException' });
  });

  test('a filter by a type that the query does not have is refused, and named', async () => {
    const query = tagQuery({ ResourceTypeFilters: ['AWS::KMS::Key'], TagFilters: [stage('Test')] });
    expect((await call('UpdateGroupQuery', { Group: 'web', ResourceQuery: query })).status).toBe(200);
    const Filters = [{ Name: 'resource-type', Values: ['AWS::KMS::Key', 'AWS::Lambda::Function'] }];
    expect(await call('ListGroupResources', { Group: 'web', Filters })).toMatchObject({
      error: 'BadRequestException',
      output: { Message: 'The resource types specified as filters in the request are not valid: AWS::Lambda::Function' },
    });
  });

  test('is listed to whoever may see the resources by tag, too', async () => {
    const user = await testUser(castellan, 'lister', [{ Effect: 'Allow', Action: 'resource-groups:*', Resource: '*' }]);
    expect(await call('ListGroupResources', { Group: 'web' }, user)).toMatchObject({
      status: 401,
      error: 'UnauthorizedException',
      output: { Message: expect.stringContaining('tag:GetResources') },
    });
  });

  test('is deleted without its members', async () => {
    expect((await call('DeleteGroup', { Group: 'web' })).output).toMatchObject({ Group: { Name: 'web' } });
    expect(await call('GetGroup', { Group: 'web' })).toMatchObject({ error: 'NotFoundException' });
    expect((await castellan.kms().describeKey({ KeyId: keyArn })).KeyMetadata?.KeyState).toBe('Enabled');
  });
});

describe('queries', () => {
  test('are searched without a group', async () => {
    const search = async (ResourceQuery: object) => (await call('SearchResources', { ResourceQuery })).output;
    const query = tagQuery({ ResourceTypeFilters: ['AWS::KMS::Key', 'AWS::EC2::Instance'], TagFilters: [stage()] });
    const { ResourceIdentifiers } = await search(query);
    expect((ResourceIdentifiers as readonly { ResourceArn: string }[]).map(({ ResourceArn }) => ResourceArn).toSorted()).toEqual(
      [keyArn, otherKeyArn].toSorted(),
    );
    const none = tagQuery({ ResourceTypeFilters: ['AWS::EC2::Instance'], TagFilters: [stage()] });
    expect(await search(none)).toEqual({ ResourceIdentifiers: [], QueryErrors: [] });
  });

  test('for a stack say that it does not exist', async () => {
    const StackIdentifier = 'arn:aws:cloudformation:us-east-1:111122223333:stack/web/6a6c3d20';
    const ResourceQuery = { Type: 'CLOUDFORMATION_STACK_1_0', Query: JSON.stringify({ ResourceTypeFilters: all, StackIdentifier }) };
    expect((await call('SearchResources', { ResourceQuery })).output).toMatchObject({
      ResourceIdentifiers: [],
      QueryErrors: [{ ErrorCode: 'CLOUDFORMATION_STACK_NOT_EXISTING' }],
    });
  });

  test.each([
    ['{"ResourceTypeFilters":', 'Query not valid: Query format not valid: check JSON syntax'],
    ['[]', 'Query not valid: Query format not valid: check JSON syntax'],
    ['{}', 'ResourceTypeFilters'],
    [JSON.stringify({ ResourceTypeFilters: [] }), 'ResourceTypeFilters'],
    [JSON.stringify({ ResourceTypeFilters: ['kms:key'] }), 'kms:key'],
    [JSON.stringify({ ResourceTypeFilters: [...all, 'AWS::KMS::Key'] }), 'cannot be combined'],
    [JSON.stringify({ ResourceTypeFilters: all, TagFilters: [{ Values: ['x'] }] }), 'Key'],
    [JSON.stringify({ ResourceTypeFilters: all, TagFilters: [{ Key: 'a', Values: 'x' }] }), 'Values'],
    [JSON.stringify({ ResourceTypeFilters: all, TagFilters: [stage(), stage()] }), 'one of TagFilters'],
    [JSON.stringify({ ResourceTypeFilters: all, TagFilters: Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}` })) }), '50 keys'],
    [JSON.stringify({ ResourceTypeFilters: all, StackIdentifier: 'x' }), 'StackIdentifier'],
  ])('%s is not valid', async (Query, message) => {
    const ResourceQuery = { Type: 'TAG_FILTERS_1_0', Query };
    for (const [operation, input] of [
      ['CreateGroup', { Name: 'invalid', ResourceQuery }],
      ['SearchResources', { ResourceQuery }],
    ] as const) {
      expect(await call(operation, input)).toMatchObject({
        status: 400,
        error: 'BadRequestException',
        output: { Message: expect.stringContaining(message) },
      });
    }
  });

  test.each([{}, { StackIdentifier: 'web' }, { StackIdentifier: 'arn:aws:cloudformation:eu-west-1:111122223333:stack/web/x' }])(
    'a stack query with %j is not valid',
    async (more) => {
      const Query = JSON.stringify({ ResourceTypeFilters: all, ...more });
      const ResourceQuery = { Type: 'CLOUDFORMATION_STACK_1_0', Query };
      expect(await call('CreateGroup', { Name: 'stack', ResourceQuery })).toMatchObject({ error: 'BadRequestException' });
    },
  );
});

describe('configurations', () => {
  const item = (Type: string, parameters: Readonly<Record<string, readonly string[]>> = {}) => ({
    Type,
    Parameters: Object.entries(parameters).map(([Name, Values]) => ({ Name, Values })),
  });
  const generic = (type: string) =>
    item('AWS::ResourceGroups::Generic', { 'allowed-resource-types': [type], 'deletion-protection': ['UNLESS_EMPTY'] });
  const hosts = item('AWS::EC2::HostManagement', {
    'auto-allocate-host': ['true'],
    'allowed-host-families': ['mac1', 'mac2'],
    'any-host-based-license-configuration': ['true'],
  });

  test('of a host group are kept and replaced', async () => {
    const Configuration = [hosts, generic('AWS::EC2::Host')];
    const shown = { Configuration, Status: 'UPDATE_COMPLETE' };
    expect((await call('CreateGroup', { Name: 'hosts', Configuration })).output).toMatchObject({ GroupConfiguration: shown });
    const pool = [item('AWS::EC2::CapacityReservationPool'), generic('AWS::EC2::CapacityReservation')];
    expect((await call('PutGroupConfiguration', { Group: 'hosts', Configuration: pool })).status).toBe(202);
    expect((await call('GetGroupConfiguration', { Group: 'hosts' })).output).toMatchObject({
      GroupConfiguration: { Configuration: [{ Type: 'AWS::EC2::CapacityReservationPool' }, generic('AWS::EC2::CapacityReservation')] },
    });
    expect(await call('GetGroupQuery', { Group: 'hosts' })).toMatchObject({ error: 'BadRequestException' });
    expect(await call('GroupResources', { Group: 'hosts', ResourceArns: [keyArn] })).toMatchObject({ error: 'BadRequestException' });
    expect((await call('ListGroupResources', { Group: 'hosts' })).output).toMatchObject({ Resources: [] });
  });

  test.each([
    [[item('AWS::EC2::Unknown')], 'is not supported'],
    [[item('AWS::CloudFormation::Stack')], 'managed by its service'],
    [[hosts], 'requires an item of type AWS::ResourceGroups::Generic'],
    [[hosts, generic('AWS::EC2::CapacityReservation')], 'AWS::EC2::Host'],
    [[hosts, hosts], 'unique Type'],
    [[item('AWS::EC2::HostManagement', { colour: ['red'] }), generic('AWS::EC2::Host')], 'no parameter colour'],
    [[item('AWS::EC2::HostManagement', { 'auto-allocate-host': ['maybe'] }), generic('AWS::EC2::Host')], 'not permitted'],
    [[item('AWS::ResourceGroups::Generic', { 'deletion-protection': ['ALWAYS'] })], 'not permitted'],
    [[item('AWS::ResourceGroups::ApplicationGroup'), generic('AWS::EC2::Host')], 'cannot be combined'],
  ])('%j is not valid', async (Configuration, message) => {
    expect(await call('CreateGroup', { Name: 'invalid', Configuration })).toMatchObject({
      error: 'BadRequestException',
      output: { Message: expect.stringContaining(message) },
    });
  });

  test('exclude a query, and names of AWS are reserved', async () => {
    const both = { ResourceQuery: tagQuery({ ResourceTypeFilters: all }), Configuration: [generic('AWS::EC2::Host')] };
    expect(await call('CreateGroup', { Name: 'both', ...both })).toMatchObject({ error: 'BadRequestException' });
    expect(await call('CreateGroup', { Name: 'AwsThings' })).toMatchObject({ error: 'BadRequestException' });
    expect(await call('CreateGroup', { Name: 'plain', Criticality: 1 })).toMatchObject({ error: 'BadRequestException' });
  });
});

test('groups are listed in pages and by what they are', async () => {
  const Configuration = [{ Type: 'AWS::ResourceGroups::ApplicationGroup' }];
  await call('CreateGroup', { Name: 'list-app', Configuration, Owner: 'ada', Criticality: 2, DisplayName: 'An App' });
  await call('CreateGroup', { Name: 'list-keys', ResourceQuery: tagQuery({ ResourceTypeFilters: ['AWS::KMS::Key'] }) });
  await call('CreateGroup', { Name: 'list-all', ResourceQuery: tagQuery({ ResourceTypeFilters: all }) });
  const names = async (...Filters: readonly Structure[]) => {
    const { output } = await call('ListGroups', { Filters });
    return (output['GroupIdentifiers'] as readonly { readonly GroupName: string }[]).map(({ GroupName }) => GroupName);
  };
  expect(await names()).toEqual(expect.arrayContaining(['list-all', 'list-app', 'list-keys']));
  expect(await names({ Name: 'configuration-type', Values: ['AWS::ResourceGroups::ApplicationGroup'] })).toEqual(['list-app']);
  expect(await names({ Name: 'resource-type', Values: ['AWS::KMS::Key'] })).toEqual(['list-keys']);
  expect(await names({ Name: 'owner', Values: ['ada'] }, { Name: 'criticality', Values: ['2'] })).toEqual(['list-app']);
  expect(await names({ Name: 'owner', Values: ['bob'] })).toEqual([]);
  const first = await call('ListGroups', { MaxResults: 1 });
  const NextToken = first.output['NextToken'];
  expect(first.output['GroupIdentifiers']).toHaveLength(1);
  const second = await call('ListGroups', { MaxResults: 50, NextToken });
  expect(second.output['GroupIdentifiers']).toHaveLength((await names()).length - 1);
});

test('groups have tags, which the tagging API finds and changes', async () => {
  await call('CreateGroup', { Name: 'tagged', Tags: { team: 'blue' } });
  const Arn = 'arn:aws:resource-groups:us-east-1:111122223333:group/tagged';
  expect((await call('Tag', { Arn, Tags: { stage: 'live' } })).output).toEqual({ Arn, Tags: { stage: 'live' } });
  expect((await call('GetTags', { Arn })).output).toEqual({ Arn, Tags: { team: 'blue', stage: 'live' } });
  expect((await call('Untag', { Arn, Keys: ['team'] })).output).toEqual({ Arn, Keys: ['team'] });
  expect(await call('Tag', { Arn, Tags: { 'aws:x': 'y' } })).toMatchObject({ error: 'BadRequestException' });
  await castellan.call('resourcegroupstaggingapi', 'TagResources', { ResourceARNList: [Arn], Tags: { via: 'api' } });
  const { output } = await castellan.call('resourcegroupstaggingapi', 'GetResources', { ResourceTypeFilters: ['resource-groups:group'] });
  expect(output['ResourceTagMappingList']).toEqual([
    {
      ResourceARN: Arn,
      Tags: [
        { Key: 'stage', Value: 'live' },
        { Key: 'via', Value: 'api' },
      ],
    },
  ]);
  const reader = await testUser(castellan, 'live-only', [
    {
      Effect: 'Allow',
      Action: 'resource-groups:GetGroup',
      Resource: '*',
      Condition: { StringEquals: { 'aws:ResourceTag/stage': 'live' } },
    },
  ]);
  expect((await call('GetGroup', { Group: 'tagged' }, reader)).status).toBe(200);
  expect(await call('GetGroup', { Group: 'list-all' }, reader)).toMatchObject({ status: 403, error: 'AccessDeniedException' });
});

test('the settings of the account are kept', async () => {
  const shown = (status: string) => ({
    AccountSettings: { GroupLifecycleEventsDesiredStatus: status, GroupLifecycleEventsStatus: status },
  });
  expect((await call('GetAccountSettings')).output).toEqual(shown('INACTIVE'));
  expect((await call('UpdateAccountSettings', { GroupLifecycleEventsDesiredStatus: 'ACTIVE' })).output).toEqual(shown('ACTIVE'));
  expect((await call('GetAccountSettings')).output).toEqual(shown('ACTIVE'));
});
