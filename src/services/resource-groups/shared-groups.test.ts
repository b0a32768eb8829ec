// Groups that resource shares give to other accounts: what these may do with them, as long as they are shared, and nothing else.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClientCredentials } from '../../../test/in-process.ts';
import { asList, asRecord, type RamSetting, ramSetting } from '../../../test/ram-setting.ts';
import { testUser } from '../../../test/users.ts';

const stage = { TagFilters: [{ Key: 'Stage', Values: ['Test'] }] };
const everyType = { Type: 'TAG_FILTERS_1_0', Query: JSON.stringify({ ResourceTypeFilters: ['AWS::AllSupported'], ...stage }) };

let setting: RamSetting;
let keyArns: readonly string[];
beforeAll(async () => {
  setting = await ramSetting('shared-groups');
  await setting.ok('EnableSharingWithAwsOrganization');
  const Tags = [{ TagKey: 'Stage', TagValue: 'Test' }];
  const made = await Promise.all([1, 2, 3].map(() => setting.castellan.kms().createKey({ Tags })));
  keyArns = made.map(({ KeyMetadata }) => KeyMetadata?.Arn ?? '').toSorted();
  await setting.castellan.kms().createKey({});
  // The member has a key that the query would find, too; the group is not its own.
  await setting.castellan.kms(setting.member.user).createKey({ Tags });
});
afterAll(async () => {
  await setting.castellan.stop();
});

const groups = (operation: string, input: object, as: ClientCredentials = setting.owner.user) =>
  setting.castellan.call('resource-groups', operation, { ...input }, as);

async function newGroup(Name: string, more: object = { ResourceQuery: everyType }): Promise<string> {
  const { output } = await groups('CreateGroup', { Name, ...more });
  return String(asRecord(output['Group'])['GroupArn']);
}

async function share(name: string, resourceArns: readonly string[], principals: readonly string[]): Promise<string> {
  const { resourceShare } = await setting.ok('CreateResourceShare', { name, resourceArns, principals });
  return String(asRecord(resourceShare)['resourceShareArn']);
}

test('a shared group is read by its ARN, with the members that it has in its owner’s account, until it is no longer shared', async () => {
  const { member, ok } = setting;
  const Group = await newGroup('shared');
  const read = async () =>
    Promise.all(['GetGroup', 'ListGroupResources'].map(async (operation) => (await groups(operation, { Group }, member.user)).error));
  expect(await read()).toEqual(['AccessDeniedException', 'AccessDeniedException']);
  const resourceShareArn = await share('shared', [Group], [member.account]);
  expect(await read()).toEqual([undefined, undefined]);
  expect((await groups('GetGroup', { Group }, member.user)).output).toEqual((await groups('GetGroup', { Group })).output);
  const inAccount = (await groups('ListGroupResources', { Group })).output;
  expect(asList(inAccount['ResourceIdentifiers']).map(({ ResourceArn }) => ResourceArn)).toEqual(keyArns);
  expect((await groups('ListGroupResources', { Group }, member.user)).output).toEqual(inAccount);
  await ok('DisassociateResourceShare', { resourceShareArn, resourceArns: [Group] });
  expect(await read()).toEqual(['AccessDeniedException', 'AccessDeniedException']);
  await ok('AssociateResourceShare', { resourceShareArn, resourceArns: [Group] });
  expect(await read()).toEqual([undefined, undefined]);
  await ok('DeleteResourceShare', { resourceShareArn });
  expect(await read()).toEqual(['AccessDeniedException', 'AccessDeniedException']);
});

test('the members of a shared group come page by page, narrowed by type', async () => {
  const { member } = setting;
  const Group = await newGroup('paged');
  await share('paged', [Group], [member.account]);
  const found: unknown[] = [];
  let NextToken: unknown;
  do {
    const more = NextToken === undefined ? {} : { NextToken };
    const { output } = await groups('ListGroupResources', { Group, MaxResults: 1, ...more }, member.user);
    expect(asList(output['Resources']).length).toBeLessThanOrEqual(1);
    found.push(...asList(output['ResourceIdentifiers']).map(({ ResourceArn }) => ResourceArn));
    NextToken = output['NextToken'];
  } while (NextToken !== undefined);
  expect(found).toEqual(keyArns);
  const narrowed = (...Values: readonly string[]) =>
    groups('ListGroupResources', { Group, Filters: [{ Name: 'resource-type', Values }] }, member.user);
  expect(asList((await narrowed('AWS::KMS::Key')).output['Resources'])).toHaveLength(3);
  expect(asList((await narrowed('AWS::Lambda::Function')).output['Resources'])).toEqual([]);
  for (const wrong of ['AAAA', Buffer.from('v1:x').toString('base64'), Buffer.from('v1:{}').toString('base64')]) {
    expect(await groups('ListGroupResources', { Group, NextToken: wrong }, member.user)).toMatchObject({ error: 'BadRequestException' });
  }
});

test('a configuration is read across accounts; a stack’s group says that there is no stack', async () => {
  const { member } = setting;
  const Configuration = [
    { Type: 'AWS::EC2::CapacityReservationPool' },
    { Type: 'AWS::ResourceGroups::Generic', Parameters: [{ Name: 'allowed-resource-types', Values: ['AWS::EC2::CapacityReservation'] }] },
  ];
  const pool = await newGroup('pool', { Configuration });
  const stackArn = `arn:aws:cloudformation:us-east-1:${setting.owner.account}:stack/web/6a6c3d20`;
  const Query = JSON.stringify({ ResourceTypeFilters: ['AWS::AllSupported'], StackIdentifier: stackArn });
  const ofStack = await newGroup('of-stack', { ResourceQuery: { Type: 'CLOUDFORMATION_STACK_1_0', Query } });
  await share('configured', [pool, ofStack], [member.account]);
  expect((await groups('GetGroupConfiguration', { Group: pool }, member.user)).output).toMatchObject({
    GroupConfiguration: { Status: 'UPDATE_COMPLETE', Configuration: [{ Type: 'AWS::EC2::CapacityReservationPool' }, {}] },
  });
  expect((await groups('ListGroupResources', { Group: pool }, member.user)).output).toMatchObject({ Resources: [] });
  expect((await groups('ListGroupResources', { Group: ofStack }, member.user)).output).toMatchObject({
    QueryErrors: [{ ErrorCode: 'CLOUDFORMATION_STACK_NOT_EXISTING' }],
  });
});

test('a share is what the account may have at most: its users need permissions too, and nothing of the group can be changed', async () => {
  const { castellan, member } = setting;
  const Group = await newGroup('read-only');
  await share('read-only', [Group], [member.account]);
  const reader = await testUser(
    castellan,
    'group-reader',
    [{ Effect: 'Allow', Action: 'resource-groups:GetGroup', Resource: Group }],
    member.root,
  );
  expect((await groups('GetGroup', { Group }, reader)).status).toBe(200);
  expect(await groups('ListGroupResources', { Group }, reader)).toMatchObject({ status: 403, error: 'AccessDeniedException' });
  const refused: readonly (readonly [string, object])[] = [
    ['GetGroupQuery', { Group }],
    ['UpdateGroup', { Group, Description: 'mine' }],
    ['UpdateGroupQuery', { Group, ResourceQuery: everyType }],
    ['PutGroupConfiguration', { Group, Configuration: [] }],
    ['GetTags', { Arn: Group }],
    ['Tag', { Arn: Group, Tags: { a: 'b' } }],
    ['Untag', { Arn: Group, Keys: ['a'] }],
    ['GroupResources', { Group, ResourceArns: keyArns }],
    ['DeleteGroup', { Group }],
  ];
  for (const [operation, input] of refused) {
    for (const as of [member.user, member.root]) {
      expect(await groups(operation, input, as), operation).toMatchObject({ status: 403, error: 'AccessDeniedException' });
    }
  }
  // Whether there is such a group is not told to those with whom it is not shared.
  for (const name of ['read-only', 'nowhere']) {
    const unknown = Group.replace('read-only', name);
    expect(await groups('GetGroup', { Group: unknown }, setting.outsider.user), name).toMatchObject({ error: 'AccessDeniedException' });
  }
  for (const elsewhere of [Group.replace('us-east-1', 'eu-west-1'), Group.replace('arn:aws:', 'arn:aws-cn:')]) {
    expect(await groups('GetGroup', { Group: elsewhere }), elsewhere).toMatchObject({ status: 404, error: 'NotFoundException' });
  }
  expect((await groups('GetGroup', { Group: 'read-only' }, member.user)).error).toBe('NotFoundException');
  expect(asList((await groups('ListGroups', {}, member.user)).output['Groups'])).toEqual([]);
});

test('a group that is deleted is in no share any more, and a new one of its name is not shared', async () => {
  const { member, ok } = setting;
  const Group = await newGroup('gone');
  const resourceShareArn = await share('gone', [Group], [member.account]);
  await groups('DeleteGroup', { Group });
  expect(await groups('GetGroup', { Group }, member.user)).toMatchObject({ error: 'AccessDeniedException' });
  const found = await ok('GetResourceShareAssociations', { associationType: 'RESOURCE', resourceShareArns: [resourceShareArn] });
  expect(found['resourceShareAssociations']).toMatchObject([{ associatedEntity: Group, status: 'DISASSOCIATED' }]);
  expect((await ok('ListResources', { resourceOwner: 'OTHER-ACCOUNTS', resourceArns: [Group] }, member.user))['resources']).toEqual([]);
  await newGroup('gone');
  expect(await groups('GetGroup', { Group }, member.user)).toMatchObject({ error: 'AccessDeniedException' });
  await ok('AssociateResourceShare', { resourceShareArn, resourceArns: [Group] });
  expect((await groups('GetGroup', { Group }, member.user)).status).toBe(200);
});

test('reading a shared group is in the ledgers of both accounts under one shared event id', async () => {
  const { castellan, member, owner } = setting;
  const Group = await newGroup('audited');
  await share('audited', [Group], [member.account]);
  const { requestId } = await groups('GetGroup', { Group }, member.user);
  const events = await castellan.store.transact((transaction) =>
    transaction.events({ attribute: { key: 'EventName', value: 'GetGroup' }, limit: 100 }),
  );
  const entries = events.map(({ record }) => JSON.parse(record)).filter((each) => each.requestID === requestId);
  expect(entries.map((each) => each.recipientAccountId).toSorted()).toEqual([member.account, owner.account].toSorted());
  expect(new Set(entries.map((each) => each.sharedEventID)).size).toBe(1);
  expect(entries[0]?.resources).toMatchObject([{ ARN: Group }]);
});

test('whoever shares a group must be allowed to put a policy on it', async () => {
  const { castellan, ram, member } = setting;
  const Group = await newGroup('guarded');
  const allowed = [{ Effect: 'Allow', Action: ['ram:*', 'resource-groups:Get*'], Resource: '*' }];
  const sharer = await testUser(castellan, 'sharer', allowed);
  const input = { name: 'guarded', resourceArns: [Group], principals: [member.account] };
  const refused = await ram('CreateResourceShare', input, sharer);
  expect(refused).toMatchObject({ error: 'AccessDeniedException' });
  expect(JSON.stringify(refused.output)).toContain('resource-groups:PutGroupPolicy');
  const full = await testUser(castellan, 'full-sharer', [
    ...allowed,
    { Effect: 'Allow', Action: 'resource-groups:PutGroupPolicy', Resource: Group },
  ]);
  expect((await ram('CreateResourceShare', input, full)).status).toBe(200);
});
