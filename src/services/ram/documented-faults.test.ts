// Faults that the model documents for lists and inputs, each asked for: tokens of other queries, sizes of pages, missing parameters, filters.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asList, asRecord, type RamSetting, ramSetting } from '../../../test/ram-setting.ts';

let setting: RamSetting;
let resourceShareArn: string;
let group: string;
beforeAll(async () => {
  setting = await ramSetting('ram-documented-faults');
  await setting.ok('EnableSharingWithAwsOrganization');
  group = await setting.newGroup('listed');
  const other = await setting.newGroup('listed-too');
  const principals = [setting.member.account, setting.organizationArn, setting.outsider.account];
  const tags = [{ key: 'stage', value: 'test' }];
  const { resourceShare } = await setting.ok('CreateResourceShare', { name: 'listed', resourceArns: [group, other], principals, tags });
  resourceShareArn = String(asRecord(resourceShare)['resourceShareArn']);
  await setting.ok('CreateResourceShare', { name: 'second', resourceArns: [group], principals: [setting.member.account] });
});
afterAll(async () => {
  await setting.castellan.stop();
});

const managed = 'arn:aws:ram::aws:permission/AWSRAMDefaultPermissionResourceGroup';
const nowhere = (kind: string, id = '00000000-0000-0000-0000-000000000000') => `arn:aws:ram:us-east-1:111122223333:${kind}/${id}`;
const invitation = nowhere('resource-share-invitation');

/** Every list, with what it needs. */
const lists = (): Readonly<Record<string, object>> => ({
  GetResourcePolicies: { resourceArns: [group] },
  GetResourceShareAssociations: { associationType: 'RESOURCE' },
  GetResourceShares: { resourceOwner: 'SELF' },
  ListPermissionAssociations: {},
  ListPermissionVersions: { permissionArn: managed },
  ListPermissions: {},
  ListPrincipals: { resourceOwner: 'SELF' },
  ListReplacePermissionAssociationsWork: {},
  ListResourceSharePermissions: { resourceShareArn },
  ListResourceTypes: {},
  ListResources: { resourceOwner: 'SELF' },
  ListSourceAssociations: {},
});

test('a token is good for the query that gave it, whatever the size of its pages, and for no other', async () => {
  const { ok, ram } = setting;
  const first = await ok('ListResources', { resourceOwner: 'SELF', maxResults: 1 });
  const { nextToken } = first;
  const rest = await ok('ListResources', { resourceOwner: 'SELF', maxResults: 500, nextToken });
  expect([...asList(first['resources']), ...asList(rest['resources'])]).toHaveLength(3);
  for (const [operation, input] of Object.entries(lists())) {
    if (operation === 'ListResources') continue;
    expect(await ram(operation, { ...input, nextToken }), operation).toMatchObject({ status: 400, error: 'InvalidNextTokenException' });
  }
  const other = { resourceOwner: 'SELF', resourceShareArns: [resourceShareArn], nextToken };
  expect(await ram('ListResources', other)).toMatchObject({ error: 'InvalidNextTokenException' });
  for (const wrong of ['', 'x', 'e30=', Buffer.from('v1:').toString('base64url')]) {
    for (const [operation, input] of Object.entries(lists())) {
      expect(await ram(operation, { ...input, nextToken: wrong }), operation).toMatchObject({
        status: 400,
        error: 'InvalidNextTokenException',
      });
    }
    expect(await ram('GetResourceShareInvitations', { nextToken: wrong })).toMatchObject({ error: 'InvalidNextTokenException' });
  }
});

test('pages have 1 to 500 items; only the list of invitations has a fault of its own for that', async () => {
  const { ram } = setting;
  for (const maxResults of [0, 501]) {
    for (const [operation, input] of Object.entries(lists())) {
      expect(await ram(operation, { ...input, maxResults }), operation).toMatchObject({ status: 400, error: 'InvalidParameterException' });
    }
    expect(await ram('GetResourceShareInvitations', { maxResults })).toMatchObject({ status: 400, error: 'InvalidMaxResultsException' });
  }
});

test('a parameter that is missing is called missing where the operation has a fault for that, and invalid elsewhere', async () => {
  const { ram } = setting;
  const missing: readonly (readonly [string, string])[] = [
    ['UpdateResourceShare', 'MissingRequiredParameterException'],
    ['ListPendingInvitationResources', 'MissingRequiredParameterException'],
    ['PromotePermissionCreatedFromPolicy', 'MissingRequiredParameterException'],
    ['PromoteResourceShareCreatedFromPolicy', 'MissingRequiredParameterException'],
    ['CreateResourceShare', 'InvalidParameterException'],
    ['AssociateResourceShare', 'InvalidParameterException'],
    ['CreatePermission', 'InvalidParameterException'],
    ['GetResourceShares', 'InvalidParameterException'],
    ['TagResource', 'InvalidParameterException'],
  ];
  for (const [operation, error] of missing) expect(await ram(operation, {}), operation).toMatchObject({ status: 400, error });
});

test('what is named and is not there, or is no such name, is answered as each operation documents it', async () => {
  const { ram } = setting;
  const malformed = 'MalformedArnException';
  const unknown = 'UnknownResourceException';
  const template = JSON.stringify({ Effect: 'Allow', Action: ['resource-groups:GetGroup'] });
  const cases: readonly (readonly [string, object, string])[] = [
    ['AcceptResourceShareInvitation', { resourceShareInvitationArn: 'x' }, malformed],
    ['AcceptResourceShareInvitation', { resourceShareInvitationArn: invitation }, 'ResourceShareInvitationArnNotFoundException'],
    ['RejectResourceShareInvitation', { resourceShareInvitationArn: invitation }, 'ResourceShareInvitationArnNotFoundException'],
    ['ListPendingInvitationResources', { resourceShareInvitationArn: invitation }, 'ResourceShareInvitationArnNotFoundException'],
    ['GetResourceShareInvitations', { resourceShareInvitationArns: [invitation] }, 'ResourceShareInvitationArnNotFoundException'],
    ['GetResourceShareInvitations', { resourceShareArns: ['x'] }, malformed],
    ['GetResourceShareInvitations', { resourceShareArns: [nowhere('resource-share')] }, unknown],
    ['GetResourceShares', { resourceOwner: 'SELF', resourceShareArns: [nowhere('resource-share')] }, unknown],
    ['GetResourceShares', { resourceOwner: 'SELF', permissionArn: 'x' }, malformed],
    ['GetResourceShareAssociations', { associationType: 'RESOURCE', resourceArn: 'x' }, malformed],
    ['GetResourceShareAssociations', { associationType: 'RESOURCE', principal: '111122223333' }, 'InvalidParameterException'],
    ['GetResourceShareAssociations', { associationType: 'PRINCIPAL', resourceArn: group }, 'InvalidParameterException'],
    ['GetResourceShareAssociations', { associationType: 'RESOURCE', resourceShareArns: [nowhere('resource-share')] }, unknown],
    ['GetResourcePolicies', { resourceArns: ['x'] }, malformed],
    ['GetResourcePolicies', { resourceArns: [`${group}-none`] }, 'ResourceArnNotFoundException'],
    ['ListResources', { resourceOwner: 'SELF', resourceType: 'none' }, 'InvalidResourceTypeException'],
    ['ListResources', { resourceOwner: 'SELF', resourceArns: ['x'] }, malformed],
    ['ListPrincipals', { resourceOwner: 'SELF', resourceArn: 'x' }, malformed],
    ['ListPrincipals', { resourceOwner: 'OTHER-ACCOUNTS', resourceShareArns: [resourceShareArn] }, unknown],
    ['ListPermissionVersions', { permissionArn: nowhere('permission', 'None') }, unknown],
    ['ListPermissionAssociations', { permissionVersion: 1 }, 'InvalidParameterException'],
    ['ListPermissionAssociations', { permissionArn: 'x' }, malformed],
    ['ListResourceSharePermissions', { resourceShareArn: nowhere('resource-share') }, unknown],
    ['GetPermission', { permissionArn: managed, permissionVersion: 2 }, unknown],
    ['CreatePermissionVersion', { permissionArn: managed, policyTemplate: template }, 'InvalidParameterException'],
    ['DeletePermission', { permissionArn: managed }, 'OperationNotPermittedException'],
    ['AssociateResourceSharePermission', { resourceShareArn, permissionArn: nowhere('permission', 'None') }, unknown],
    ['DisassociateResourceSharePermission', { resourceShareArn, permissionArn: managed }, 'InvalidStateTransitionException'],
    ['ReplacePermissionAssociations', { fromPermissionArn: 'x', toPermissionArn: managed }, malformed],
    ['PromoteResourceShareCreatedFromPolicy', { resourceShareArn }, 'InvalidStateTransitionException'],
    ['PromotePermissionCreatedFromPolicy', { permissionArn: managed, name: 'x' }, 'InvalidParameterException'],
    ['DisassociateResourceShare', { resourceShareArn, principals: ['999900001111'] }, unknown],
    ['DisassociateResourceShare', { resourceShareArn }, 'InvalidParameterException'],
    ['TagResource', { resourceShareArn, resourceArn: managed, tags: [{ key: 'a', value: 'b' }] }, 'InvalidParameterException'],
    ['TagResource', { resourceShareArn, tags: [{ key: 'a' }] }, 'InvalidParameterException'],
    ['TagResource', { resourceShareArn, tags: [{ key: '', value: '' }] }, 'InvalidParameterException'],
    ['TagResource', { resourceShareArn, tags: [{ key: 'AWS:a', value: '' }] }, 'TagPolicyViolationException'],
    ['TagResource', { resourceArn: managed, tags: [{ key: 'a', value: 'b' }] }, 'InvalidParameterException'],
    ['UntagResource', { resourceArn: nowhere('permission', 'None'), tagKeys: ['a'] }, unknown],
  ];
  for (const [operation, input, error] of cases) {
    expect(await ram(operation, input), `${operation} ${JSON.stringify(input)}`).toMatchObject({ status: 400, error });
  }
});

test('sentences are AWS’s where they are known', async () => {
  const { ram, member } = setting;
  const limit = 'The specified value for NextToken is not valid.';
  const inside =
    'The resource you are attempting to share can only be shared within your AWS Organization. This error may also occur if you have not enabled sharing with your AWS organization, or that onboarding process is still in progress.';
  const cases: readonly (readonly [string, object, string])[] = [
    [
      'GetResourceShares',
      { resourceOwner: 'SELF', resourceShareArns: ['x'] },
      'The specified resource share ARN is not valid. Verify the ARN and try again.',
    ],
    ['GetResourcePolicies', { resourceArns: ['x'] }, 'The specified resource ARN is not valid. Verify the ARN and try again.'],
    [
      'DeleteResourceShare',
      { resourceShareArn: nowhere('resource-share') },
      `ResourceShare ${nowhere('resource-share')} could not be found.`,
    ],
    [
      'CreateResourceShare',
      { name: 'x', principals: ['o-aaaaaaaaaa'] },
      'Principal ID o-aaaaaaaaaa is malformed. Verify the ID and try again.',
    ],
    [
      'CreateResourceShare',
      { name: 'x', principals: [`arn:aws:iam::${member.account}:root`] },
      `Principal ID arn:aws:iam::${member.account}:root is malformed. Verify the ID and try again.`,
    ],
    [
      'CreateResourceShare',
      { name: 'x', principals: ['arn:aws:organizations::111122223333:organization/o-bbbbbbbbbb'] },
      'Organization o-bbbbbbbbbb could not be found.',
    ],
    ['ListResources', { resourceOwner: 'SELF', nextToken: 'x' }, limit],
    // It has an external principal.
    ['UpdateResourceShare', { resourceShareArn, allowExternalPrincipals: false }, inside],
  ];
  for (const [operation, input, message] of cases) expect((await ram(operation, input)).output['message'], operation).toBe(message);
});

test('filters narrow every list, alone and together', async () => {
  const { ok, member, organizationArn, outsider } = setting;
  const count = async (operation: string, list: string, input: object) => asList((await ok(operation, input))[list]).length;
  const self = { resourceOwner: 'SELF' };
  const cases: readonly (readonly [string, string, object, number])[] = [
    ['GetResourceShares', 'resourceShares', { ...self, name: 'listed' }, 1],
    ['GetResourceShares', 'resourceShares', { ...self, resourceShareStatus: 'ACTIVE' }, 2],
    ['GetResourceShares', 'resourceShares', { ...self, resourceShareStatus: 'DELETED' }, 0],
    ['GetResourceShares', 'resourceShares', { ...self, tagFilters: [{ tagKey: 'stage' }] }, 1],
    ['GetResourceShares', 'resourceShares', { ...self, tagFilters: [{ tagKey: 'stage', tagValues: ['live'] }] }, 0],
    ['GetResourceShares', 'resourceShares', { ...self, permissionArn: managed }, 2],
    ['GetResourceShares', 'resourceShares', { ...self, permissionArn: managed, permissionVersion: 2 }, 0],
    ['GetResourceShareAssociations', 'resourceShareAssociations', { associationType: 'PRINCIPAL' }, 4],
    ['GetResourceShareAssociations', 'resourceShareAssociations', { associationType: 'PRINCIPAL', associationStatus: 'ASSOCIATING' }, 1],
    ['GetResourceShareAssociations', 'resourceShareAssociations', { associationType: 'PRINCIPAL', principal: member.account }, 2],
    ['GetResourceShareAssociations', 'resourceShareAssociations', { associationType: 'PRINCIPAL', principal: organizationArn }, 1],
    [
      'GetResourceShareAssociations',
      'resourceShareAssociations',
      { associationType: 'PRINCIPAL', principal: organizationArn.split('/')[1] },
      1,
    ],
    ['GetResourceShareAssociations', 'resourceShareAssociations', { associationType: 'RESOURCE', resourceArn: group }, 2],
    ['ListResources', 'resources', { ...self, principal: organizationArn }, 2],
    ['ListResources', 'resources', { ...self, resourceType: 'RESOURCE-groups:group' }, 3],
    ['ListResources', 'resources', { ...self, resourceRegionScope: 'GLOBAL' }, 0],
    ['ListResources', 'resources', { ...self, resourceArns: [group], resourceShareArns: [resourceShareArn] }, 1],
    ['ListPrincipals', 'principals', { ...self, resourceArn: group }, 4],
    ['ListPrincipals', 'principals', { ...self, principals: [outsider.account, organizationArn] }, 2],
    ['ListPrincipals', 'principals', { ...self, resourceType: 'resource-groups:Group', resourceShareArns: [resourceShareArn] }, 3],
    ['ListPermissionAssociations', 'permissions', { permissionArn: managed, permissionVersion: 1 }, 2],
    ['ListPermissionAssociations', 'permissions', { associationStatus: 'FAILED' }, 0],
    ['ListPermissionAssociations', 'permissions', { featureSet: 'CREATED_FROM_POLICY' }, 0],
    ['ListResourceTypes', 'resourceTypes', { resourceRegionScope: 'REGIONAL' }, 2],
  ];
  for (const [operation, list, input, expected] of cases) {
    expect(await count(operation, list, input), `${operation} ${JSON.stringify(input)}`).toBe(expected);
  }
});
