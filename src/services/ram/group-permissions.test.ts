// Customer managed permissions for resource groups: what they grant, which conditions they may have, their versions, and putting one for another.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asList, asRecord, type RamSetting, ramSetting } from '../../../test/ram-setting.ts';
import { testUser } from '../../../test/users.ts';

const type = 'resource-groups:Group';
const managed = 'arn:aws:ram::aws:permission/AWSRAMDefaultPermissionResourceGroup';
const template = (...actions: readonly string[]) =>
  JSON.stringify({ Effect: 'Allow', Action: actions.map((each) => `resource-groups:${each}`) });

let setting: RamSetting;
beforeAll(async () => {
  setting = await ramSetting('ram-group-permissions');
  await setting.ok('EnableSharingWithAwsOrganization');
});
afterAll(async () => {
  await setting.castellan.stop();
});

async function newPermission(name: string, policyTemplate: string): Promise<string> {
  const { permission } = await setting.ok('CreatePermission', { name, resourceType: type, policyTemplate });
  return String(asRecord(permission)['arn']);
}

async function newShare(name: string, permissionArns: readonly string[]) {
  const group = await setting.newGroup(name);
  const input = { name, resourceArns: [group], principals: [setting.member.account], permissionArns };
  const { resourceShare } = await setting.ok('CreateResourceShare', input);
  return { group, resourceShareArn: String(asRecord(resourceShare)['resourceShareArn']) };
}

async function workDone(): Promise<void> {
  setting.castellan.clock.advance(10_000);
  await setting.castellan.work.settle();
}

/** What the member may do with the group: G, C, L. */
async function may(Group: string): Promise<string> {
  const call = async (operation: string) =>
    (await setting.castellan.call('resource-groups', operation, { Group }, setting.member.user)).error !== 'AccessDeniedException';
  const allowed = await Promise.all(['GetGroup', 'GetGroupConfiguration', 'ListGroupResources'].map(call));
  return ['G', 'C', 'L'].filter((_, index) => allowed[index]).join('');
}

test('the managed permission is the default of the type, and grants three reads', async () => {
  const { ok } = setting;
  expect((await ok('GetPermission', { permissionArn: managed }))['permission']).toMatchObject({
    arn: managed,
    name: 'AWSRAMDefaultPermissionResourceGroup',
    resourceType: type,
    version: '1',
    defaultVersion: true,
    isResourceTypeDefault: true,
    permissionType: 'AWS_MANAGED',
    featureSet: 'STANDARD',
    status: 'ATTACHABLE',
    permission: template('GetGroup', 'GetGroupConfiguration', 'ListGroupResources'),
  });
  const { group, resourceShareArn } = await newShare('by-default', []);
  expect(await may(group)).toBe('GCL');
  // AWS: of a permission in a share the list says that it is associated.
  expect((await ok('ListResourceSharePermissions', { resourceShareArn }))['permissions']).toMatchObject([
    { arn: managed, status: 'ASSOCIATED' },
  ]);
  expect(asList((await ok('ListResourceTypes'))['resourceTypes'])).toContainEqual({
    resourceType: type,
    serviceName: 'resource-groups',
    resourceRegionScope: 'REGIONAL',
  });
});

test('a share keeps the version that it got; a new default is for new shares, until the old ones are told to change', async () => {
  const { ok, ram } = setting;
  const permissionArn = await newPermission('Growing', template('GetGroup'));
  const former = await newShare('former', [permissionArn]);
  expect(await may(former.group)).toBe('G');
  await ok('CreatePermissionVersion', { permissionArn, policyTemplate: template('GetGroup', 'ListGroupResources') });
  const later = await newShare('later', [permissionArn]);
  expect([await may(former.group), await may(later.group)]).toEqual(['G', 'GL']);
  // One share alone is brought to the default by associating the permission again.
  await ok('AssociateResourceSharePermission', { resourceShareArn: former.resourceShareArn, permissionArn, replace: true });
  expect(await may(former.group)).toBe('GL');
  await ok('SetDefaultPermissionVersion', { permissionArn, permissionVersion: 1 });
  expect([await may(former.group), await may(later.group)]).toEqual(['GL', 'GL']);
  await ok('ReplacePermissionAssociations', { fromPermissionArn: permissionArn, toPermissionArn: permissionArn });
  await workDone();
  expect([await may(former.group), await may(later.group)]).toEqual(['G', 'G']);
  expect(await ram('DeletePermissionVersion', { permissionArn, permissionVersion: 1 })).toMatchObject({
    error: 'InvalidParameterException',
  });
  await ok('DeletePermissionVersion', { permissionArn, permissionVersion: 2 });
  expect(await ram('GetPermission', { permissionArn, permissionVersion: 3 })).toMatchObject({ error: 'UnknownResourceException' });
});

test('one permission is put in the place of another in all shares that use it, by whoever may change the groups’ policies', async () => {
  const { castellan, ok, ram } = setting;
  const [wide, narrow] = [
    await newPermission('Wide', template('GetGroup', 'GetGroupConfiguration')),
    await newPermission('Narrow', template('GetGroup')),
  ];
  const shares = await Promise.all([1, 2, 3].map((index) => newShare(`replaced-${index}`, [wide])));
  const other = await newShare('replaced-not', [managed]);
  const replace = { fromPermissionArn: wide, toPermissionArn: narrow };
  const limited = await testUser(castellan, 'ram-only', [
    { Effect: 'Allow', Action: 'ram:*', Resource: '*' },
    { Effect: 'Allow', Action: 'resource-groups:PutGroupPolicy', Resource: shares.slice(0, 2).map(({ group }) => group) },
  ]);
  const refused = await ram('ReplacePermissionAssociations', replace, limited);
  expect(refused).toMatchObject({ status: 403, error: 'AccessDeniedException' });
  expect(JSON.stringify(refused.output)).toContain(`resource-groups:PutGroupPolicy on resource: ${shares[2]?.group}`);
  await ok('ReplacePermissionAssociations', replace);
  await workDone();
  for (const { group } of shares) expect(await may(group)).toBe('G');
  expect(await may(other.group)).toBe('GCL');
  const uses = asList(
    (await ok('ListPermissionAssociations', { permissionArn: narrow, resourceType: 'Resource-Groups:group' }))['permissions'],
  );
  expect(uses.map((each) => each['resourceShareArn']).toSorted()).toEqual(shares.map((each) => each.resourceShareArn).toSorted());
  // AWS: only of shares that have a resource of the type.
  await ok('DisassociateResourceShare', { resourceShareArn: shares[0]?.resourceShareArn, resourceArns: [shares[0]?.group] });
  expect(asList((await ok('ListPermissionAssociations', { permissionArn: narrow, resourceType: type }))['permissions'])).toHaveLength(2);
  expect(asList((await ok('ListPermissionAssociations', { permissionArn: narrow }))['permissions'])).toHaveLength(3);
});

test('a condition is asked at each request; some conditions are the share’s to make, and may not be in a permission', async () => {
  const { ok, ram, castellan, member } = setting;
  const withCondition = (Condition: object) => JSON.stringify({ Effect: 'Allow', Action: ['resource-groups:GetGroup'], Condition });
  const permissionArn = await newPermission('ForUsers', withCondition({ StringEquals: { 'aws:PrincipalTag/team': ['blue'] } }));
  const { group } = await newShare('conditional', [permissionArn]);
  expect(await setting.read(group, member.user)).toBe('AccessDeniedException');
  await castellan.iam(member.root).tagUser({ UserName: 'admin', Tags: [{ Key: 'team', Value: 'blue' }] });
  expect(await setting.read(group, member.user)).toBe('allowed');
  const conditions: readonly object[] = [
    { StringEquals: { 'aws:PrincipalOrgID': 'o-aaaaaaaaaa' } },
    { 'ForAnyValue:StringLike': { 'AWS:PrincipalOrgPaths': 'o-aaaaaaaaaa/*' } },
    { StringEquals: { 'aws:principalaccount': '111122223333' } },
    { ArnLike: { 'aws:SourceArn': '*' } },
    { StringEquals: { 'aws:SourceAccount': '111122223333' } },
    { StringEquals: { 'aws:PrincipalTag/aws:x': 'y' } },
    { StringEquals: { 'aws:ResourceTag/aws:x': 'y' } },
    { StringEquals: { 'aws:RequestTag/aws:x': 'y' } },
    { StringNotEquals: { 'aws:PrincipalTag/team': 'blue' } },
    { 'ForAllValues:StringNotLikeIfExists': { 'aws:TagKeys': 'x' } },
    { NotIpAddress: { 'aws:SourceIp': '192.0.2.0/24' } },
    { StringEquals: { 'aws:PrincipalTag/team': 'blue' }, Bool: { 'aws:SecureTransport': 'true' } },
  ];
  for (const condition of conditions) {
    const input = { name: 'Wrong', resourceType: type, policyTemplate: withCondition(condition) };
    expect(await ram('CreatePermission', input), JSON.stringify(condition)).toMatchObject({ status: 400, error: 'InvalidPolicyException' });
    const version = { permissionArn, policyTemplate: input.policyTemplate };
    expect(await ram('CreatePermissionVersion', version), JSON.stringify(condition)).toMatchObject({ error: 'InvalidPolicyException' });
  }
  const statements = `[${template('GetGroup')},${template('ListGroupResources')}]`;
  expect(await ram('CreatePermission', { name: 'Two', resourceType: type, policyTemplate: statements })).toMatchObject({
    error: 'MalformedPolicyTemplateException',
  });
  const change = { name: 'Change', resourceType: type, policyTemplate: template('GetGroup', 'DeleteGroup') };
  expect(await ram('CreatePermission', change)).toMatchObject({ error: 'InvalidPolicyException' });
  expect(await ram('CreatePermission', { ...change, resourceType: 'resource-groups:group' })).toMatchObject({
    error: 'InvalidParameterException',
  });
  expect(
    (await ok('ListPermissions', { permissionType: 'CUSTOMER_MANAGED', resourceType: 'RESOURCE-GROUPS:GROUP' }))['permissions'],
  ).not.toEqual([]);
});
