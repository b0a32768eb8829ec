// Managed permissions: AWS's own and the customer's, their versions, what shares use of them, and policies that become shares.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asList, asRecord, type RamSetting, ramSetting } from '../../../test/ram-setting.ts';

const type = 'network-firewall:FirewallPolicy';
const managed = 'arn:aws:ram::aws:permission/AWSRAMDefaultPermissionNetworkFirewallPolicy';
const managedUpdate = 'arn:aws:ram::aws:permission/AWSRAMTestPermissionFirewallPolicyUpdate';
const template = (...actions: readonly string[]) =>
  JSON.stringify({ Effect: 'Allow', Action: actions.map((each) => `network-firewall:${each}`) });

let setting: RamSetting;
beforeAll(async () => {
  setting = await ramSetting('ram-permissions');
  await setting.ok('EnableSharingWithAwsOrganization');
});
afterAll(async () => {
  await setting.castellan.stop();
});

const arnOf = (name: string) => `arn:aws:ram:us-east-1:${setting.owner.account}:permission/${name}`;

async function newShare(name: string, more: object = {}): Promise<{ readonly shareArn: string; readonly policyArn: string }> {
  const policyArn = await setting.newPolicy(name);
  const principals = [setting.member.account];
  const { resourceShare } = await setting.ok('CreateResourceShare', { name, resourceArns: [policyArn], principals, ...more });
  return { shareArn: String(asRecord(resourceShare)['resourceShareArn']), policyArn };
}

test('a type’s default permission is used unless another is named, and only one of a type', async () => {
  const { ok, ram, describe: look, update, member } = setting;
  const first = await newShare('by-default');
  expect((await ok('ListResourceSharePermissions', { resourceShareArn: first.shareArn }))['permissions']).toMatchObject([
    {
      arn: managed,
      version: '1',
      defaultVersion: true,
      isResourceTypeDefault: true,
      permissionType: 'AWS_MANAGED',
      featureSet: 'STANDARD',
    },
  ]);
  // Whoever has the share sees what it grants.
  const seen = await ok('ListResourceSharePermissions', { resourceShareArn: first.shareArn }, member.user);
  expect(seen['permissions']).toHaveLength(1);
  const second = await newShare('by-name', { permissionArns: [managedUpdate] });
  expect(await update(second.policyArn, member.user)).toBe('allowed');
  expect(await update(first.policyArn, member.user)).toBe('AccessDeniedException');
  const both = { name: 'x', permissionArns: [managed, managedUpdate] };
  expect(await ram('CreateResourceShare', both)).toMatchObject({ error: 'InvalidParameterException' });
  const again = { resourceShareArn: first.shareArn, permissionArn: managedUpdate };
  expect(await ram('AssociateResourceSharePermission', again)).toMatchObject({ error: 'InvalidParameterException' });
  await ok('AssociateResourceSharePermission', { ...again, replace: true });
  expect(await update(first.policyArn, member.user)).toBe('allowed');
  expect(await ram('DisassociateResourceSharePermission', again)).toMatchObject({ error: 'InvalidStateTransitionException' });
  await ok('DisassociateResourceShare', { resourceShareArn: first.shareArn, resourceArns: [first.policyArn] });
  expect(await look(first.policyArn, member.user)).toBe('AccessDeniedException');
  await ok('DisassociateResourceSharePermission', again);
  expect(await ok('ListResourceSharePermissions', { resourceShareArn: first.shareArn })).toEqual({ permissions: [] });
});

test('the policies that RAM writes are shown to the owner as they are evaluated', async () => {
  const { ok, ram, organizationArn, member, unitArn } = setting;
  const { policyArn } = await newShare('shown', { principals: [setting.member.account, organizationArn, unitArn] });
  const { policies } = await ok('GetResourcePolicies', { resourceArns: [policyArn] });
  const [text = ''] = policies as readonly string[];
  const path = (await setting.castellan.organizations().describeOrganization({})).Organization?.Id;
  const base = {
    Effect: 'Allow',
    Action: ['network-firewall:DescribeFirewallPolicy', 'network-firewall:ListFirewallPolicies'],
    Resource: policyArn,
  };
  expect(JSON.parse(text)).toEqual({
    Version: '2012-10-17',
    Statement: expect.arrayContaining([
      { ...base, Principal: { AWS: `arn:aws:iam::${member.account}:root` }, Condition: { StringEquals: { 'aws:PrincipalOrgID': path } } },
      { ...base, Principal: '*', Condition: { StringEquals: { 'aws:PrincipalOrgID': path } } },
      {
        ...base,
        Principal: '*',
        Condition: { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': [`${path}/${setting.rootId}/${setting.unitId}/*`] } },
      },
    ]),
  });
  const one = await ok('GetResourcePolicies', { resourceArns: [policyArn], principal: member.account });
  expect(JSON.parse((one['policies'] as readonly string[])[0] ?? '').Statement).toHaveLength(1);
  expect(await ram('GetResourcePolicies', { resourceArns: ['arn:aws:s3:::bucket'] })).toMatchObject({
    error: 'ResourceArnNotFoundException',
  });
  expect(await ram('GetResourcePolicies', { resourceArns: ['bucket'] })).toMatchObject({ error: 'MalformedArnException' });
});

test('a customer managed permission grants what its template says, and nothing that the type does not have', async () => {
  const { ok, ram, describe: look, update, member } = setting;
  const create = (name: string, policyTemplate: string, more: object = {}) =>
    ram('CreatePermission', { name, resourceType: type, policyTemplate, ...more });
  const made = await create('LookOnly', template('DescribeFirewallPolicy'), { tags: [{ key: 'team', value: 'a' }] });
  expect(made.output['permission']).toMatchObject({
    arn: arnOf('LookOnly'),
    version: '1',
    defaultVersion: true,
    isResourceTypeDefault: false,
    name: 'LookOnly',
    resourceType: type,
    status: 'ATTACHABLE',
    permissionType: 'CUSTOMER_MANAGED',
    tags: [{ key: 'team', value: 'a' }],
  });
  expect(await create('LookOnly', template('DescribeFirewallPolicy'))).toMatchObject({
    status: 409,
    error: 'PermissionAlreadyExistsException',
  });
  const wrong: readonly (readonly [string, string])[] = [
    ['{', 'MalformedPolicyTemplateException'],
    [JSON.stringify({ Effect: 'Deny', Action: ['network-firewall:DescribeFirewallPolicy'] }), 'MalformedPolicyTemplateException'],
    [JSON.stringify({ Effect: 'Allow', Action: [] }), 'MalformedPolicyTemplateException'],
    [JSON.stringify({ ...JSON.parse(template('DescribeFirewallPolicy')), Resource: '*' }), 'MalformedPolicyTemplateException'],
    [JSON.stringify({ ...JSON.parse(template('DescribeFirewallPolicy')), Principal: '*' }), 'MalformedPolicyTemplateException'],
    [template('DeleteFirewallPolicy'), 'InvalidPolicyException'],
    [template('*'), 'InvalidPolicyException'],
    [JSON.stringify({ ...JSON.parse(template('DescribeFirewallPolicy')), Condition: { NoSuch: { a: 'b' } } }), 'InvalidPolicyException'],
  ];
  for (const [text, error] of wrong) expect(await create('Wrong', text), text).toMatchObject({ status: 400, error });
  expect(await ram('CreatePermission', { name: 'X', resourceType: 'ec2:Subnet', policyTemplate: '{}' })).toMatchObject({
    error: 'InvalidParameterException',
  });
  expect(
    await ram('CreatePermission', { name: 'X', resourceType: 'network-firewall:StatefulRuleGroup', policyTemplate: '{}' }),
  ).toMatchObject({ error: 'OperationNotPermittedException' });
  // Only by day: the condition is asked at each request.
  const condition = { Bool: { 'aws:SecureTransport': 'true' } };
  await create(
    'Secured',
    JSON.stringify({ ...JSON.parse(template('DescribeFirewallPolicy', 'UpdateFirewallPolicy')), Condition: condition }),
  );
  const open = await newShare('customer', { permissionArns: [arnOf('LookOnly')] });
  const secured = await newShare('secured', { permissionArns: [arnOf('Secured')] });
  expect(await look(open.policyArn, member.user)).toBe('allowed');
  expect(await update(open.policyArn, member.user)).toBe('AccessDeniedException');
  expect(await look(secured.policyArn, member.user)).toBe('AccessDeniedException');
  expect((await ok('GetPermission', { permissionArn: arnOf('LookOnly') }))['permission']).toMatchObject({
    permission: template('DescribeFirewallPolicy'),
  });
  expect(await ram('GetPermission', { permissionArn: arnOf('None') })).toMatchObject({ error: 'UnknownResourceException' });
  expect(await ram('GetPermission', { permissionArn: 'x' })).toMatchObject({ error: 'MalformedArnException' });
});

test('a new version is for new shares; the others change when they are told to, all at once by a piece of work', async () => {
  const { ok, ram, update, member, castellan } = setting;
  await ok('CreatePermission', { name: 'Growing', resourceType: type, policyTemplate: template('DescribeFirewallPolicy') });
  const permissionArn = arnOf('Growing');
  const shares = [await newShare('g1', { permissionArns: [permissionArn] }), await newShare('g2', { permissionArns: [permissionArn] })];
  const policyTemplate = template('DescribeFirewallPolicy', 'UpdateFirewallPolicy');
  const version = await ok('CreatePermissionVersion', { permissionArn, policyTemplate });
  expect(version['permission']).toMatchObject({ version: '2', defaultVersion: true, permission: policyTemplate });
  const versions = asList((await ok('ListPermissionVersions', { permissionArn }))['permissions']);
  expect(versions.map((each) => [each['version'], each['status'], each['defaultVersion']])).toEqual([
    ['1', 'UNATTACHABLE', false],
    ['2', 'ATTACHABLE', true],
  ]);
  expect(await update(shares[0]?.policyArn ?? '', member.user)).toBe('AccessDeniedException');
  const former = await ok('ListPermissionAssociations', { permissionArn, permissionVersion: 1 });
  expect(former['permissions']).toHaveLength(2);
  const { replacePermissionAssociationsWork: work } = await ok('ReplacePermissionAssociations', {
    fromPermissionArn: permissionArn,
    fromPermissionVersion: 1,
    toPermissionArn: permissionArn,
  });
  expect(work).toMatchObject({ status: 'IN_PROGRESS', fromPermissionVersion: '1', toPermissionVersion: '2' });
  await castellan.work.settle();
  const { replacePermissionAssociationsWorks: works } = await ok('ListReplacePermissionAssociationsWork', {
    workIds: [asRecord(work)['id']],
  });
  expect(works).toMatchObject([{ status: 'COMPLETED' }]);
  for (const { policyArn } of shares) expect(await update(policyArn, member.user)).toBe('allowed');
  expect(await ok('ListPermissionAssociations', { permissionArn, permissionVersion: 1 })).toEqual({ permissions: [] });
  const now = asList((await ok('ListPermissionAssociations', { permissionArn, defaultVersion: true }))['permissions']);
  expect(now).toMatchObject([{ permissionVersion: '2', defaultVersion: true, status: 'ASSOCIATED' }, { permissionVersion: '2' }]);
  expect(await ram('DeletePermissionVersion', { permissionArn, permissionVersion: 2 })).toMatchObject({
    error: 'InvalidParameterException',
  });
  await ok('SetDefaultPermissionVersion', { permissionArn, permissionVersion: 1 });
  // Used, though no longer the default.
  expect(await ram('DeletePermissionVersion', { permissionArn, permissionVersion: 2 })).toMatchObject({
    error: 'OperationNotPermittedException',
  });
  for (const made of [3, 4, 5]) expect(await ok('CreatePermissionVersion', { permissionArn, policyTemplate }), String(made)).toBeTruthy();
  expect(await ram('CreatePermissionVersion', { permissionArn, policyTemplate })).toMatchObject({
    error: 'PermissionVersionsLimitExceededException',
  });
  const stale = { resourceShareArn: shares[0]?.shareArn, permissionArn, permissionVersion: 2, replace: true };
  expect(await ram('AssociateResourceSharePermission', stale)).toMatchObject({ error: 'InvalidParameterException' });
  expect(await ok('DeletePermissionVersion', { permissionArn, permissionVersion: 3 })).toMatchObject({ permissionStatus: 'DELETING' });
  await ok('CreatePermissionVersion', { permissionArn, policyTemplate });
  castellan.clock.advance(2 * 3_600_000 + 1_000);
  await castellan.work.settle();
  const left = asList((await ok('ListPermissionVersions', { permissionArn }))['permissions']);
  expect(left.map((each) => each['version'])).toEqual(['1', '2', '4', '5', '6']);
});

test('a permission that is used stays; a deleted one is shown for two hours and its name is free', async () => {
  const { ok, ram, castellan } = setting;
  const create = () => ok('CreatePermission', { name: 'Short', resourceType: type, policyTemplate: template('DescribeFirewallPolicy') });
  await create();
  const permissionArn = arnOf('Short');
  const { shareArn } = await newShare('short', { permissionArns: [permissionArn] });
  expect(await ram('DeletePermission', { permissionArn })).toMatchObject({ error: 'OperationNotPermittedException' });
  expect(await ram('DeletePermission', { permissionArn: managed })).toMatchObject({ error: 'OperationNotPermittedException' });
  await ok('DeleteResourceShare', { resourceShareArn: shareArn });
  expect(await ok('DeletePermission', { permissionArn })).toEqual({ returnValue: true, permissionStatus: 'DELETING' });
  const statusOf = async () =>
    asList((await ok('ListPermissions', { permissionType: 'CUSTOMER_MANAGED' }))['permissions']).find(({ arn }) => arn === permissionArn)?.[
      'status'
    ];
  expect(await statusOf()).toBe('DELETED');
  expect(await ram('CreateResourceShare', { name: 'x', permissionArns: [permissionArn] })).toMatchObject({
    error: 'InvalidParameterException',
  });
  castellan.clock.advance(2 * 3_600_000 + 1_000);
  await castellan.work.settle();
  expect(await statusOf()).toBeUndefined();
  await create();
  expect(await statusOf()).toBe('ATTACHABLE');
  await ok('DeletePermission', { permissionArn });
  await create();
  castellan.clock.advance(2 * 3_600_000 + 1_000);
  await castellan.work.settle();
  expect(await statusOf()).toBe('ATTACHABLE');
});

test('permissions are listed by type in any case, AWS’s first, page by page', async () => {
  const { ok, ram } = setting;
  const names: unknown[] = [];
  let nextToken: unknown;
  do {
    const page = await ok('ListPermissions', {
      maxResults: 1,
      resourceType: 'Network-Firewall:firewallpolicy',
      ...(nextToken ? { nextToken } : {}),
    });
    names.push(...asList(page['permissions']).map(({ name }) => name));
    nextToken = page['nextToken'];
  } while (nextToken !== undefined);
  expect(names.slice(0, 2)).toEqual(['AWSRAMDefaultPermissionNetworkFirewallPolicy', 'AWSRAMTestPermissionFirewallPolicyUpdate']);
  expect(names).toEqual(expect.arrayContaining(['Growing', 'LookOnly', 'Secured']));
  expect((await ok('ListPermissions', { permissionType: 'AWS_MANAGED' }))['permissions']).toHaveLength(4);
  expect(await ram('ListPermissions', { nextToken: 'x' })).toMatchObject({ error: 'InvalidNextTokenException' });
  expect(await ram('ListPermissions', { maxResults: 501 })).toMatchObject({ error: 'InvalidParameterException' });
  const { resourceTypes } = await ok('ListResourceTypes', { resourceRegionScope: 'REGIONAL' });
  expect(asList(resourceTypes)).toContainEqual({ resourceType: type, serviceName: 'network-firewall', resourceRegionScope: 'REGIONAL' });
  expect(JSON.stringify(resourceTypes)).not.toContain('StatefulRuleGroup');
});

test('what a resource’s own policy grants is shown as a share of its own, and becomes an ordinary one when it is promoted', async () => {
  const { ok, ram, newPolicy, outsider, castellan, owner, update } = setting;
  const ResourceArn = await newPolicy('by-policy');
  const Statement = [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${outsider.account}:root` },
      Action: ['network-firewall:DescribeFirewallPolicy', 'network-firewall:UpdateFirewallPolicy'],
      Resource: ResourceArn,
      Condition: { StringEquals: { 'aws:PrincipalType': 'User' } },
    },
  ];
  const put = () =>
    castellan.call(
      'network-firewall',
      'PutResourcePolicy',
      { ResourceArn, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) },
      owner.user,
    );
  await put();
  await put();
  expect(await update(ResourceArn, outsider.user)).toBe('allowed');
  const mirrors = async () =>
    asList((await ok('GetResourceShares', { resourceOwner: 'SELF', name: 'by-policy' }))['resourceShares']).map((each) => each);
  const [mirror = {}] = await mirrors();
  expect(await mirrors()).toHaveLength(1);
  expect(mirror).toMatchObject({ featureSet: 'CREATED_FROM_POLICY', status: 'ACTIVE' });
  const { resourceShareArn } = mirror;
  expect(await ok('GetResourceShares', { resourceOwner: 'OTHER-ACCOUNTS' }, outsider.user)).toEqual({ resourceShares: [] });
  expect(await ram('DeleteResourceShare', { resourceShareArn })).toMatchObject({ error: 'OperationNotPermittedException' });
  const [used = {}] = asList((await ok('ListResourceSharePermissions', { resourceShareArn }))['permissions']);
  expect(used).toMatchObject({ featureSet: 'CREATED_FROM_POLICY', permissionType: 'CUSTOMER_MANAGED' });
  expect(await ram('PromoteResourceShareCreatedFromPolicy', { resourceShareArn })).toMatchObject({
    error: 'UnmatchedPolicyPermissionException',
  });
  expect(await ram('PromotePermissionCreatedFromPolicy', { permissionArn: managed, name: 'Promoted' })).toMatchObject({
    error: 'InvalidParameterException',
  });
  const promoted = await ok('PromotePermissionCreatedFromPolicy', { permissionArn: used['arn'], name: 'Promoted' });
  expect(promoted['permission']).toMatchObject({ featureSet: 'STANDARD', arn: arnOf('Promoted') });
  expect(await ok('PromoteResourceShareCreatedFromPolicy', { resourceShareArn })).toEqual({ returnValue: true });
  expect(await mirrors()).toMatchObject([{ featureSet: 'STANDARD' }]);
  const seen = asList((await ok('GetResourceShares', { resourceOwner: 'OTHER-ACCOUNTS' }, outsider.user))['resourceShares']);
  expect(seen.map((each) => each['resourceShareArn'])).toEqual([resourceShareArn]);
  await castellan.call('network-firewall', 'DeleteResourcePolicy', { ResourceArn }, owner.user);
  // From now on the share grants it.
  expect(await update(ResourceArn, outsider.user)).toBe('allowed');
  await ok('DeleteResourceShare', { resourceShareArn });
  expect(await update(ResourceArn, outsider.user)).toBe('AccessDeniedException');
});
