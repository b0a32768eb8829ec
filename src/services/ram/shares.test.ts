// Shares as records: making, changing, listing from both sides, tokens, tags, who may do it, limits, and several doing it at once.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asList, asRecord, type RamSetting, ramSetting } from '../../../test/ram-setting.ts';
import { testUser } from '../../../test/users.ts';
import { counts, quotas } from './quotas.ts';

let setting: RamSetting;
beforeAll(async () => {
  setting = await ramSetting('ram-shares');
});
afterAll(async () => {
  await setting.castellan.stop();
});

async function newShare(input: object): Promise<string> {
  return String(asRecord((await setting.ok('CreateResourceShare', input))['resourceShare'])['resourceShareArn']);
}

test('a share is answered as AWS answers it, changed, and shown as deleted for two hours', async () => {
  const { ok, ram, castellan, owner } = setting;
  const { resourceShare } = await ok('CreateResourceShare', { name: 'first', tags: [{ key: 'team', value: 'a' }] });
  expect(resourceShare).toEqual({
    resourceShareArn: expect.stringMatching(new RegExp(`^arn:aws:ram:us-east-1:${owner.account}:resource-share/[0-9a-f-]{36}$`)),
    name: 'first',
    owningAccountId: owner.account,
    allowExternalPrincipals: true,
    status: 'ACTIVE',
    tags: [{ key: 'team', value: 'a' }],
    creationTime: expect.any(Number),
    lastUpdatedTime: expect.any(Number),
    featureSet: 'STANDARD',
    resourceShareConfiguration: { retainSharingOnAccountLeaveOrganization: false },
  });
  const { resourceShareArn } = asRecord(resourceShare);
  const updated = await ok('UpdateResourceShare', { resourceShareArn, name: 'renamed', allowExternalPrincipals: false });
  expect(updated['resourceShare']).toMatchObject({ name: 'renamed', allowExternalPrincipals: false });
  const refused = await ram('AssociateResourceShare', { resourceShareArn, principals: [setting.outsider.account] });
  expect(refused).toMatchObject({ status: 400, error: 'InvalidParameterException' });
  expect(refused.output['message']).toBe(
    `Principal ${setting.outsider.account} is not in your AWS organization. You do not have permission to add external AWS accounts to a resource share.`,
  );
  expect(await ok('DeleteResourceShare', { resourceShareArn })).toEqual({ returnValue: true });
  const find = (more: object = {}) => ok('GetResourceShares', { resourceOwner: 'SELF', name: 'renamed', ...more });
  expect((await find())['resourceShares']).toMatchObject([{ status: 'DELETED' }]);
  expect((await find({ resourceShareStatus: 'ACTIVE' }))['resourceShares']).toEqual([]);
  for (const operation of ['UpdateResourceShare', 'DeleteResourceShare', 'AssociateResourceShare']) {
    const answer = await ram(operation, { resourceShareArn, principals: ['999988887777'] });
    expect(answer.error, operation).toBe('InvalidStateTransitionException');
  }
  castellan.clock.advance(2 * 3_600_000 + 2_000);
  await castellan.work.settle();
  expect((await find())['resourceShares']).toEqual([]);
  expect(await ram('GetResourceShares', { resourceOwner: 'SELF', resourceShareArns: [resourceShareArn] })).toMatchObject({
    error: 'UnknownResourceException',
  });
});

test('what is no principal, resource or share is refused', async () => {
  const { ram, newPolicy, castellan, owner, member, organizationArn } = setting;
  const foreign = await newPolicy('foreign', member.user);
  const elsewhere = `arn:aws:network-firewall:eu-west-1:${owner.account}:firewall-policy/x`;
  const missing = `arn:aws:network-firewall:us-east-1:${owner.account}:firewall-policy/missing`;
  const cases: readonly (readonly [object, string])[] = [
    [{ principals: ['12345'] }, 'InvalidParameterException'],
    [{ principals: [`arn:aws:iam::${member.account}:root`] }, 'InvalidParameterException'],
    [{ principals: ['o-aaaaaaaaaa'] }, 'InvalidParameterException'],
    [{ principals: ['arn:aws:s3:::bucket'] }, 'InvalidParameterException'],
    [{ principals: [`arn:aws:iam::${owner.account}:role/nobody`] }, 'UnknownResourceException'],
    [{ principals: [`arn:aws-cn:iam::${owner.account}:user/admin`] }, 'InvalidParameterException'],
    [{ principals: [organizationArn] }, 'UnknownResourceException'],
    [{ principals: [`arn:aws:organizations::${owner.account}:ou/o-aaaaaaaaaa/ou-aaaa-aaaaaaaa`] }, 'UnknownResourceException'],
    [{ resourceArns: ['bucket'] }, 'MalformedArnException'],
    [{ resourceArns: ['arn:aws:s3:::bucket'] }, 'InvalidParameterException'],
    [{ resourceArns: [foreign] }, 'OperationNotPermittedException'],
    [{ resourceArns: [elsewhere] }, 'InvalidParameterException'],
    [{ resourceArns: [missing] }, 'UnknownResourceException'],
    [{ sources: ['everywhere'] }, 'InvalidParameterException'],
    [{ name: ' ' }, 'InvalidParameterException'],
    [{ permissionArns: ['arn:aws:ram::aws:permission/None'] }, 'UnknownResourceException'],
    [{ tags: [{ key: 'aws:x', value: '' }] }, 'TagPolicyViolationException'],
    [{ tags: Array.from({ length: 51 }, (_, index) => ({ key: `k${index}`, value: '' })) }, 'TagLimitExceededException'],
    [{ clientToken: '' }, 'InvalidClientTokenException'],
    [{ resourceArns: Array.from({ length: 101 }, (_, index) => `${missing}${index}`) }, 'ResourceShareLimitExceededException'],
  ];
  for (const [input, error] of cases) {
    expect(await ram('CreateResourceShare', { name: 'x', ...input }), JSON.stringify(input).slice(0, 80)).toMatchObject({
      status: 400,
      error,
    });
  }
  // Nothing of all that was kept.
  expect((await ram('GetResourceShares', { resourceOwner: 'SELF', name: 'x' })).output['resourceShares']).toEqual([]);
  for (const resourceShareArn of ['x', 'arn:aws:ram:us-east-1:111122223333:permission/x']) {
    expect(await ram('DeleteResourceShare', { resourceShareArn })).toMatchObject({ error: 'MalformedArnException' });
  }
  const unknown = `arn:aws:ram:us-east-1:${owner.account}:resource-share/00000000-0000-0000-0000-000000000000`;
  expect(await ram('DeleteResourceShare', { resourceShareArn: unknown })).toMatchObject({ error: 'UnknownResourceException' });
  const resourceShareArn = await newShare({ name: 'empty' });
  expect(await ram('AssociateResourceShare', { resourceShareArn })).toMatchObject({ error: 'InvalidParameterException' });
  expect(castellan.account).toBe(owner.account);
});

test('a call with its token repeated is answered with the first answer, with another input it is refused', async () => {
  const { ok, ram, castellan } = setting;
  const input = { name: 'once', clientToken: 'token-1' };
  const first = await ok('CreateResourceShare', input);
  expect(first['clientToken']).toBe('token-1');
  expect(await ok('CreateResourceShare', input)).toEqual(first);
  expect(await ram('CreateResourceShare', { ...input, name: 'twice' })).toMatchObject({ error: 'IdempotentParameterMismatchException' });
  const { resourceShareArn } = asRecord(first['resourceShare']);
  const remove = { resourceShareArn, clientToken: 'token-1' };
  expect(await ok('DeleteResourceShare', remove)).toEqual({ returnValue: true, clientToken: 'token-1' });
  expect(await ok('DeleteResourceShare', remove)).toEqual({ returnValue: true, clientToken: 'token-1' });
  expect((await ok('GetResourceShares', { resourceOwner: 'SELF', name: 'once' }))['resourceShares']).toHaveLength(1);
  castellan.clock.advance(25 * 3_600_000);
  await castellan.work.settle();
  await ok('CreateResourceShare', { ...input, name: 'much later' });
});

test('several that do the same at once make one share, one association and one invitation', async () => {
  const { ok, ram, newPolicy, outsider } = setting;
  const arn = await newPolicy('raced');
  const made = await Promise.all(Array.from({ length: 8 }, () => ok('CreateResourceShare', { name: 'raced', clientToken: 'race' })));
  const arns = new Set(made.map((each) => asRecord(each['resourceShare'])['resourceShareArn']));
  expect(arns.size).toBe(1);
  const [resourceShareArn] = arns;
  const associate = { resourceShareArn, resourceArns: [arn], principals: [outsider.account] };
  await Promise.all(Array.from({ length: 8 }, () => ok('AssociateResourceShare', associate)));
  const find = async (associationType: string) =>
    (await ok('GetResourceShareAssociations', { associationType, resourceShareArns: [resourceShareArn] }))['resourceShareAssociations'];
  expect(await find('RESOURCE')).toHaveLength(1);
  expect(await find('PRINCIPAL')).toMatchObject([{ associatedEntity: outsider.account, status: 'ASSOCIATING', external: true }]);
  const invitations = asList((await ok('GetResourceShareInvitations', {}, outsider.user))['resourceShareInvitations']);
  expect(invitations).toHaveLength(1);
  const { resourceShareInvitationArn } = invitations[0] ?? {};
  const answers = await Promise.all(
    ['AcceptResourceShareInvitation', 'RejectResourceShareInvitation'].map((each) =>
      ram(each, { resourceShareInvitationArn }, outsider.user),
    ),
  );
  expect(answers.filter(({ error }) => error === undefined)).toHaveLength(1);
  await ok('DeleteResourceShare', { resourceShareArn });
});

test('both sides list shares, resources and principals, page by page, with their filters', async () => {
  const { ok, ram, newPolicy, member, owner, organizationArn, outsider } = setting;
  await ok('EnableSharingWithAwsOrganization');
  const resources = [await newPolicy('l1'), await newPolicy('l2'), await newPolicy('l3')];
  const shares = [
    await newShare({ name: 'l1', resourceArns: resources.slice(0, 2), principals: [organizationArn], tags: [{ key: 'l', value: '1' }] }),
    await newShare({
      name: 'l2',
      resourceArns: resources.slice(1),
      principals: [member.account, outsider.account],
      tags: [{ key: 'l', value: '2' }],
    }),
    await newShare({ name: 'l3', principals: [member.account] }),
  ];
  const all = async (operation: string, list: string, input: object, as = owner.user) => {
    const found: Record<string, unknown>[] = [];
    let nextToken: unknown;
    do {
      const page = await ok(operation, { maxResults: 1, ...input, ...(nextToken === undefined ? {} : { nextToken }) }, as);
      expect(asList(page[list]).length).toBeLessThanOrEqual(1);
      found.push(...asList(page[list]));
      nextToken = page['nextToken'];
    } while (nextToken !== undefined);
    return found;
  };
  const other = { resourceOwner: 'OTHER-ACCOUNTS' };
  const seen = await all('GetResourceShares', 'resourceShares', other, member.user);
  expect(seen.map((each) => each['resourceShareArn'])).toEqual(shares.toSorted());
  // The owner's tags are not for others.
  expect(seen.every((each) => each['tags'] === undefined)).toBe(true);
  expect(await all('GetResourceShares', 'resourceShares', other, outsider.user)).toEqual([]);
  const shared = await all('ListResources', 'resources', other, member.user);
  expect(shared.map((each) => `${each['resourceShareArn']} ${each['arn']}`).toSorted()).toEqual(
    [
      `${shares[0]} ${resources[0]}`,
      `${shares[0]} ${resources[1]}`,
      `${shares[1]} ${resources[1]}`,
      `${shares[1]} ${resources[2]}`,
    ].toSorted(),
  );
  expect(shared[0]).toMatchObject({ type: 'network-firewall:FirewallPolicy', status: 'AVAILABLE', resourceRegionScope: 'REGIONAL' });
  const own = { resourceOwner: 'SELF' };
  const only = await all('ListResources', 'resources', {
    ...own,
    resourceArns: [resources[2]],
    resourceType: 'network-firewall:firewallpolicy',
  });
  expect(only).toMatchObject([{ arn: resources[2], resourceShareArn: shares[1] }]);
  expect(await all('ListResources', 'resources', { ...own, principal: organizationArn })).toHaveLength(2);
  // AWS shares subnets; here are none. What nobody shares is no type.
  expect(await ok('ListResources', { ...own, resourceType: 'ec2:Subnet' })).toEqual({ resources: [] });
  expect(await ram('ListResources', { ...own, resourceType: 'kms:Key' })).toMatchObject({ error: 'InvalidResourceTypeException' });
  const principals = await all('ListPrincipals', 'principals', { ...own, resourceShareArns: shares });
  expect(principals.map((each) => [each['id'], each['external']]).toSorted()).toEqual(
    [
      [organizationArn, false],
      [member.account, false],
      [outsider.account, true],
      [member.account, false],
    ].toSorted(),
  );
  expect((await all('ListPrincipals', 'principals', other, member.user)).map((each) => each['id'])).toEqual(Array(3).fill(owner.account));
  expect(await all('ListPrincipals', 'principals', { ...own, resourceArn: resources[0] })).toMatchObject([{ id: organizationArn }]);
  const tagged = await all('GetResourceShares', 'resourceShares', {
    ...own,
    tagFilters: [{ tagKey: 'l', tagValues: ['1'] }, { tagKey: 'none' }],
  });
  expect(tagged).toMatchObject([{ name: 'l1' }]);
  const byResource = await all('GetResourceShareAssociations', 'resourceShareAssociations', {
    associationType: 'RESOURCE',
    resourceArn: resources[1],
  });
  expect(byResource.map((each) => each['resourceShareName']).toSorted()).toEqual(['l1', 'l2']);
  const wrong = { associationType: 'PRINCIPAL', resourceArn: resources[0] };
  expect(await ram('GetResourceShareAssociations', wrong)).toMatchObject({ error: 'InvalidParameterException' });
  expect(await ram('GetResourceShares', { ...other, resourceShareArns: [shares[0]] }, outsider.user)).toMatchObject({
    error: 'UnknownResourceException',
  });
  // Another region has its own shares.
  expect(shares[0]).toContain(':us-east-1:');
});

test('tags of shares and permissions come and go, and policies see them', async () => {
  const { ok, ram, castellan } = setting;
  const resourceShareArn = await newShare({ name: 'tagged', tags: [{ key: 'team', value: 'a' }] });
  await ok('TagResource', { resourceShareArn, tags: [{ key: 'stage', value: 'test' }] });
  await ok('UntagResource', { resourceShareArn, tagKeys: ['team'] });
  const found = asList((await ok('GetResourceShares', { resourceOwner: 'SELF', resourceShareArns: [resourceShareArn] }))['resourceShares']);
  expect(found[0]?.['tags']).toEqual([{ key: 'stage', value: 'test' }]);
  // The tagging API knows shares too.
  const { output } = await castellan.call('resourcegroupstaggingapi', 'GetResources', { ResourceTypeFilters: ['ram:resource-share'] });
  expect(output['ResourceTagMappingList']).toContainEqual({ ResourceARN: resourceShareArn, Tags: [{ Key: 'stage', Value: 'test' }] });
  expect(await ram('TagResource', { tags: [{ key: 'a', value: 'b' }] })).toMatchObject({ error: 'InvalidParameterException' });
  const limited = await testUser(castellan, 'tag-limited', [
    { Effect: 'Allow', Action: 'ram:*', Resource: '*' },
    { Effect: 'Deny', Action: 'ram:DeleteResourceShare', Resource: '*', Condition: { StringEquals: { 'aws:ResourceTag/stage': 'test' } } },
    { Effect: 'Deny', Action: 'ram:TagResource', Resource: '*', Condition: { 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'secret' } } },
  ]);
  expect(await ram('DeleteResourceShare', { resourceShareArn }, limited)).toMatchObject({ status: 403, error: 'AccessDeniedException' });
  const secret = { tags: [{ key: 'secret', value: '' }] };
  expect(await ram('TagResource', { resourceShareArn, ...secret }, limited)).toMatchObject({ error: 'AccessDeniedException' });
  expect(await ram('CreateResourceShare', { name: 'x', ...secret }, limited)).toMatchObject({ error: 'AccessDeniedException' });
});

test('a policy about principals or resource types is asked for each of them, so that none hides behind another', async () => {
  const { ram, newPolicy, castellan, member, outsider } = setting;
  const arn = await newPolicy('guarded');
  const rules = `arn:aws:network-firewall:us-east-1:${castellan.account}:stateful-rulegroup/rules`;
  const allow = { Effect: 'Allow', Action: ['ram:*', 'network-firewall:PutResourcePolicy'], Resource: '*' };
  const deny = (Condition: object) => ({
    Effect: 'Deny',
    Action: ['ram:CreateResourceShare', 'ram:AssociateResourceShare'],
    Resource: '*',
    Condition,
  });
  const toMember = await testUser(castellan, 'to-member', [allow, deny({ StringNotEquals: { 'ram:Principal': member.account } })]);
  const share = (as: typeof toMember, input: object) => ram('CreateResourceShare', { name: 'guarded', ...input }, as);
  expect(await share(toMember, { principals: [member.account] })).toMatchObject({ status: 200 });
  expect(await share(toMember, { principals: [outsider.account] })).toMatchObject({ error: 'AccessDeniedException' });
  expect(await share(toMember, { principals: [member.account, outsider.account] })).toMatchObject({ error: 'AccessDeniedException' });
  const ofType = await testUser(castellan, 'of-type', [
    allow,
    deny({ StringNotEquals: { 'ram:RequestedResourceType': 'network-firewall:FirewallPolicy' } }),
  ]);
  expect(await share(ofType, { resourceArns: [arn], principals: [member.account] })).toMatchObject({ status: 200 });
  expect(await share(ofType, { resourceArns: [arn, rules] })).toMatchObject({ error: 'AccessDeniedException' });
  const inside = await testUser(castellan, 'inside', [allow, deny({ Bool: { 'ram:RequestedAllowsExternalPrincipals': 'true' } })]);
  expect(await share(inside, {})).toMatchObject({ error: 'AccessDeniedException' });
  expect(await share(inside, { allowExternalPrincipals: false })).toMatchObject({ status: 200 });
  // AWS: whoever shares must be allowed to change the resource's policy too.
  const only = await testUser(castellan, 'ram-alone', [{ Effect: 'Allow', Action: 'ram:*', Resource: '*' }]);
  const refused = await share(only, { resourceArns: [arn] });
  expect(refused).toMatchObject({ error: 'AccessDeniedException' });
  expect(JSON.stringify(refused.output)).toContain('network-firewall:PutResourcePolicy');
});

test('limits hold: pending invitations, permissions of a type, shares and associations of an account', async () => {
  const { ok, ram, castellan, owner, newPolicy } = setting;
  const principals = Array.from({ length: quotas.pendingInvitations + 1 }, (_, index) => `5000000000${10 + index}`);
  const pending = asList(
    (await ok('GetResourceShareAssociations', { associationType: 'PRINCIPAL', associationStatus: 'ASSOCIATING' }))[
      'resourceShareAssociations'
    ],
  );
  const free = quotas.pendingInvitations - pending.length;
  const resourceShareArn = await newShare({ name: 'invited', principals: principals.slice(0, free) });
  expect(await ram('AssociateResourceShare', { resourceShareArn, principals: principals.slice(free, free + 1) })).toMatchObject({
    error: 'ResourceShareLimitExceededException',
  });
  // One that is withdrawn makes room.
  await ok('DisassociateResourceShare', { resourceShareArn, principals: principals.slice(0, 1) });
  await ok('AssociateResourceShare', { resourceShareArn, principals: principals.slice(free, free + 1) });
  const resourceType = 'network-firewall:FirewallPolicy';
  const policyTemplate = JSON.stringify({ Effect: 'Allow', Action: 'network-firewall:DescribeFirewallPolicy' });
  for (let made = 0; made < quotas.permissionsPerType; made += 1)
    await ok('CreatePermission', { name: `p${made}`, resourceType, policyTemplate });
  expect(await ram('CreatePermission', { name: 'more', resourceType, policyTemplate })).toMatchObject({
    error: 'PermissionLimitExceededException',
  });
  const arn = await newPolicy('one-more');
  const cases: readonly (readonly [string, number, () => Promise<unknown>])[] = [
    ['shares', quotas.shares, () => ram('CreateResourceShare', { name: 'x' })],
    ['resources', quotas.resources, () => ram('AssociateResourceShare', { resourceShareArn, resourceArns: [arn] })],
    ['principals', quotas.principals, () => ram('AssociateResourceShare', { resourceShareArn, principals: [setting.member.account] })],
    [
      `resources of ${resourceShareArn.split('/')[1]}`,
      quotas.resourcesPerShare,
      () => ram('AssociateResourceShare', { resourceShareArn, resourceArns: [arn] }),
    ],
  ];
  for (const [what, most, act] of cases) {
    const place = { account: owner.account, region: 'us-east-1', what };
    const before = (await castellan.store.transact((transaction) => counts.get(transaction, owner.account, 'us-east-1', what)))?.count ?? 0;
    await castellan.store.transact(async (transaction) => counts.put(transaction, { ...place, count: most }));
    expect(await act(), what).toMatchObject({ error: 'ResourceShareLimitExceededException' });
    await castellan.store.transact(async (transaction) => counts.put(transaction, { ...place, count: before }));
  }
});
