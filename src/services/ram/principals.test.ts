// With whom resource groups and other types are shared: accounts, units, organisations, roles, users, services and the own account.
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClientCredentials } from '../../../test/in-process.ts';
import { asList, asRecord, type Member, type RamSetting, ramSetting } from '../../../test/ram-setting.ts';
import { testUser } from '../../../test/users.ts';

let setting: RamSetting;
beforeAll(async () => {
  setting = await ramSetting('ram-principals');
  await setting.ok('EnableSharingWithAwsOrganization');
});
afterAll(async () => {
  await setting.castellan.stop();
});

const denied = 'AccessDeniedException';
const everything = [{ Effect: 'Allow', Action: '*', Resource: '*' }];
let made = 0;

async function newShare(input: object, as?: ClientCredentials): Promise<string> {
  made += 1;
  const { resourceShare } = await setting.ok('CreateResourceShare', { name: `share-${made}`, ...input }, as);
  return String(asRecord(resourceShare)['resourceShareArn']);
}

async function principalsOf(resourceShareArn: string): Promise<readonly Record<string, unknown>[]> {
  const asked = { associationType: 'PRINCIPAL', resourceShareArns: [resourceShareArn] };
  return asList((await setting.ok('GetResourceShareAssociations', asked))['resourceShareAssociations']);
}

async function invitationOf(resourceShareArn: string, to: Member): Promise<Record<string, unknown>> {
  const { resourceShareInvitations } = await setting.ok('GetResourceShareInvitations', { resourceShareArns: [resourceShareArn] }, to.user);
  return asList(resourceShareInvitations)[0] ?? {};
}

/** A role of the account that anybody in it may assume, with all permissions, and a session of it. */
async function newRole(RoleName: string, of: Member) {
  const iam = setting.castellan.iam(of.user);
  const trust = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${of.account}:root` }, Action: 'sts:AssumeRole' };
  const document = (Statement: unknown) => JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.createRole({ RoleName, AssumeRolePolicyDocument: document(trust) });
  await iam.putRolePolicy({ RoleName, PolicyName: 'all', PolicyDocument: document(everything) });
  const RoleArn = `arn:aws:iam::${of.account}:role/${RoleName}`;
  const session = async (): Promise<ClientCredentials> => {
    const { Credentials } = await setting.castellan.sts(of.user).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }));
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  };
  const remove = async () => {
    await iam.deleteRolePolicy({ RoleName, PolicyName: 'all' });
    await iam.deleteRole({ RoleName });
  };
  return { arn: RoleArn, session, remove };
}

test('an account of the organisation has a shared group at once, without an invitation', async () => {
  const { member, ok, read } = setting;
  const group = await setting.newGroup('for-account');
  const resourceShareArn = await newShare({ resourceArns: [group], principals: [member.account] });
  expect(await read(group, member.user)).toBe('allowed');
  expect(await read(group, setting.outsider.user)).toBe(denied);
  expect(await principalsOf(resourceShareArn)).toMatchObject([{ associatedEntity: member.account, status: 'ASSOCIATED', external: false }]);
  expect(await ok('GetResourceShareInvitations', {}, member.user)).toEqual({ resourceShareInvitations: [] });
  expect(await ok('ListResources', { resourceOwner: 'OTHER-ACCOUNTS', resourceArns: [group] }, member.user)).toMatchObject({
    resources: [{ arn: group, type: 'resource-groups:Group', status: 'AVAILABLE', resourceRegionScope: 'REGIONAL', resourceShareArn }],
  });
});

test('a unit gives a group to the accounts in it and in the units below, as long as they are there', async () => {
  const { castellan, member, read, rootId, unitId, unitArn, otherUnitId } = setting;
  const organizations = castellan.organizations();
  const { OrganizationalUnit: below } = await organizations.createOrganizationalUnit({ ParentId: unitId, Name: 'Below' });
  const inner = await setting.newMember('inner');
  const group = await setting.newGroup('for-unit');
  const ofBelow = await setting.newGroup('for-unit-below');
  await newShare({ resourceArns: [group], principals: [unitArn], allowExternalPrincipals: false });
  await newShare({ resourceArns: [ofBelow], principals: [below?.Arn], allowExternalPrincipals: false });
  const move = (SourceParentId: string, DestinationParentId: string) =>
    organizations.moveAccount({ AccountId: inner.account, SourceParentId, DestinationParentId });
  const seen = async () => Promise.all([read(group, inner.user), read(ofBelow, inner.user)]);
  expect(await seen()).toEqual([denied, denied]);
  await move(rootId, below?.Id ?? '');
  expect(await seen()).toEqual(['allowed', 'allowed']);
  await move(below?.Id ?? '', unitId);
  expect(await seen()).toEqual(['allowed', denied]);
  await move(unitId, otherUnitId);
  expect(await seen()).toEqual([denied, denied]);
  expect([await read(group, member.user), await read(ofBelow, member.user)]).toEqual(['allowed', denied]);
});

test('an organisation gives a group to all of its accounts, also those that come later, and to everybody in the owner’s own', async () => {
  const { castellan, member, outsider, organizationArn, read } = setting;
  const group = await setting.newGroup('for-all');
  const powerless = await testUser(castellan, 'owner-powerless', [{ Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' }]);
  expect(await read(group, powerless)).toBe(denied);
  const resourceShareArn = await newShare({ resourceArns: [group], principals: [organizationArn] });
  expect(await read(group, member.user)).toBe('allowed');
  expect(await read(group, (await setting.newMember('latecomer')).user)).toBe('allowed');
  expect(await read(group, outsider.user)).toBe(denied);
  // AWS: the policy says "Principal": "*", which in the account of the resource is access and not only leave to give it.
  expect(await read(group, powerless)).toBe('allowed');
  // Elsewhere it is leave, and the account's administrator gives the access.
  const nothing = [{ Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' }];
  expect(await read(group, await testUser(castellan, 'member-powerless', nothing, member.root))).toBe(denied);
  await setting.ok('DisassociateResourceShare', { resourceShareArn, principals: [organizationArn] });
  expect(await read(group, powerless)).toBe(denied);
  // Another account than the management account stands in the ARN, or another organisation.
  for (const wrong of [organizationArn.replace(/::\d{12}:/, '::999988887777:'), organizationArn.replace(/o-.*/, 'o-aaaaaaaaaa')]) {
    const refused = await setting.ram('CreateResourceShare', { name: 'x', principals: [wrong] });
    expect(refused, wrong).toMatchObject({ status: 400, error: 'UnknownResourceException' });
  }
});

test('an account outside has a group once it accepts, within twelve hours', async () => {
  const { castellan, outsider, ok, ram, read } = setting;
  const group = await setting.newGroup('for-outsider');
  const accepted = await newShare({ resourceArns: [group], principals: [outsider.account] });
  expect(await principalsOf(accepted)).toMatchObject([{ status: 'ASSOCIATING', external: true }]);
  const { resourceShareInvitationArn } = await invitationOf(accepted, outsider);
  expect(await read(group, outsider.user)).toBe(denied);
  expect(await ok('ListPendingInvitationResources', { resourceShareInvitationArn }, outsider.user)).toMatchObject({
    resources: [{ arn: group, type: 'resource-groups:Group' }],
  });
  castellan.clock.advance(12 * 3_600_000 - 1_000);
  await ok('AcceptResourceShareInvitation', { resourceShareInvitationArn }, outsider.user);
  expect(await principalsOf(accepted)).toMatchObject([{ status: 'ASSOCIATED', external: true }]);
  expect(await read(group, outsider.user)).toBe('allowed');
  await ok('DeleteResourceShare', { resourceShareArn: accepted });
  expect(await read(group, outsider.user)).toBe(denied);

  const late = await newShare({ resourceArns: [group], principals: [outsider.account] });
  castellan.clock.advance(12 * 3_600_000 + 1_000);
  const lateInvitation = await invitationOf(late, outsider);
  expect(lateInvitation).toMatchObject({ status: 'EXPIRED' });
  const { resourceShareInvitationArn: lateArn } = lateInvitation;
  expect(await ram('AcceptResourceShareInvitation', { resourceShareInvitationArn: lateArn }, outsider.user)).toMatchObject({
    status: 400,
    error: 'ResourceShareInvitationExpiredException',
  });
  await castellan.work.settle();
  expect(await principalsOf(late)).toMatchObject([{ status: 'FAILED' }]);

  const declined = await newShare({ resourceArns: [group], principals: [outsider.account] });
  const { resourceShareInvitationArn: declinedArn } = await invitationOf(declined, outsider);
  await ok('RejectResourceShareInvitation', { resourceShareInvitationArn: declinedArn }, outsider.user);
  expect(await read(group, outsider.user)).toBe(denied);
  for (const operation of ['AcceptResourceShareInvitation', 'RejectResourceShareInvitation']) {
    expect(await ram(operation, { resourceShareInvitationArn: declinedArn }, outsider.user), operation).toMatchObject({
      error: 'ResourceShareInvitationAlreadyRejectedException',
    });
  }
  // It is still shown, with its name, when the share is long forgotten.
  await ok('DeleteResourceShare', { resourceShareArn: declined });
  castellan.clock.advance(3 * 3_600_000);
  await castellan.work.settle();
  const { resourceShareInvitations } = await ok(
    'GetResourceShareInvitations',
    { resourceShareInvitationArns: [declinedArn] },
    outsider.user,
  );
  expect(resourceShareInvitations).toMatchObject([{ resourceShareArn: declined, resourceShareName: `share-${made}`, status: 'REJECTED' }]);
  // Nobody else answers it, and nobody else sees it.
  expect(await ram('AcceptResourceShareInvitation', { resourceShareInvitationArn: declinedArn }, setting.member.user)).toMatchObject({
    error: 'ResourceShareInvitationArnNotFoundException',
  });
  expect(await ram('GetResourceShareInvitations', { resourceShareArns: [`${declined}0`] }, outsider.user)).toMatchObject({
    error: 'UnknownResourceException',
  });
});

test('groups are not shared with single roles or users, or with services, whichever of the two comes into the share first', async () => {
  const { castellan, member, ok, ram } = setting;
  const group = await setting.newGroup('for-accounts-only');
  await testUser(castellan, 'single', everything, member.root);
  const { arn: role } = await newRole('single', member);
  for (const principal of [`arn:aws:iam::${member.account}:user/single`, role, 'guardduty.amazonaws.com']) {
    const withGroup = { name: 'x', resourceArns: [group], principals: [principal] };
    expect(await ram('CreateResourceShare', withGroup), principal).toMatchObject({ status: 400, error: 'OperationNotPermittedException' });
    const resourceShareArn = await newShare({ principals: [principal] });
    const refused = await ram('AssociateResourceShare', { resourceShareArn, resourceArns: [group] });
    expect(refused, principal).toMatchObject({ status: 400, error: 'OperationNotPermittedException' });
    await ok('DeleteResourceShare', { resourceShareArn });
  }
});

test('a role of the organisation has what is shared with it, in its sessions and nowhere else; whoever gets its name later has nothing', async () => {
  const { describe: look, member, newPolicy, ok, ram } = setting;
  const arn = await newPolicy('for-role');
  const [role, other] = [await newRole('reader', member), await newRole('bystander', member)];
  const resourceShareArn = await newShare({ resourceArns: [arn], principals: [role.arn] });
  expect(await principalsOf(resourceShareArn)).toMatchObject([{ associatedEntity: role.arn, status: 'ASSOCIATED', external: false }]);
  const [inRole, inOther] = [await role.session(), await other.session()];
  expect(await look(arn, inRole)).toBe('allowed');
  expect(await look(arn, inOther)).toBe(denied);
  expect(await look(arn, member.user)).toBe(denied);
  const policies = async () => (await ok('GetResourcePolicies', { resourceArns: [arn] }))['policies'] as readonly string[];
  expect(JSON.parse((await policies())[0] ?? '').Statement[0].Principal).toEqual({ AWS: role.arn });
  await role.remove();
  expect(JSON.parse((await policies())[0] ?? '').Statement[0].Principal.AWS).toMatch(/^AROA/);
  expect(await look(arn, inRole)).not.toBe('allowed');
  const namesake = await newRole('reader', member);
  expect(await look(arn, await namesake.session())).toBe(denied);
  // Named again, it is this role.
  await ok('DisassociateResourceShare', { resourceShareArn, principals: [role.arn] });
  await ok('AssociateResourceShare', { resourceShareArn, principals: [role.arn] });
  expect(await look(arn, await namesake.session())).toBe('allowed');
  const missing = `arn:aws:iam::${member.account}:role/missing`;
  expect(await ram('AssociateResourceShare', { resourceShareArn, principals: [missing] })).toMatchObject({
    status: 400,
    error: 'UnknownResourceException',
    output: { message: `Principal ${missing} could not be found.` },
  });
});

test('a role outside is invited, and its account answers for it', async () => {
  const { describe: look, newPolicy, ok, outsider } = setting;
  const arn = await newPolicy('for-strange-role');
  const role = await newRole('stranger', outsider);
  const resourceShareArn = await newShare({ resourceArns: [arn], principals: [role.arn] });
  const invitation = await invitationOf(resourceShareArn, outsider);
  expect(invitation).toMatchObject({ status: 'PENDING', receiverAccountId: outsider.account, receiverArn: role.arn });
  expect(await look(arn, await role.session())).toBe(denied);
  await ok('AcceptResourceShareInvitation', { resourceShareInvitationArn: invitation['resourceShareInvitationArn'] }, outsider.user);
  expect(await look(arn, await role.session())).toBe('allowed');
  expect(await look(arn, outsider.user)).toBe(denied);
});

test('an account that shares with itself gives all of its roles and users what the share grants', async () => {
  const { castellan, member, owner, ok, read } = setting;
  const group = await setting.newGroup('for-self');
  const user = await testUser(castellan, 'self-powerless', [{ Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' }]);
  expect(await read(group, user)).toBe(denied);
  const resourceShareArn = await newShare({ resourceArns: [group], principals: [owner.account] });
  expect(await principalsOf(resourceShareArn)).toMatchObject([{ status: 'ASSOCIATED', external: false }]);
  expect(await read(group, user)).toBe('allowed');
  expect(await read(group, member.user)).toBe(denied);
  const [policy = ''] = (await ok('GetResourcePolicies', { resourceArns: [group] }))['policies'] as readonly string[];
  expect(JSON.parse(policy).Statement).toMatchObject([
    { Principal: '*', Condition: { StringEquals: { 'aws:PrincipalAccount': owner.account } } },
  ]);
  const others = asList((await ok('GetResourceShares', { resourceOwner: 'OTHER-ACCOUNTS' }))['resourceShares']);
  expect(others.map((each) => each['resourceShareArn'])).not.toContain(resourceShareArn);
});

test('an owner in no organisation invites everybody, whatever it says about external principals', async () => {
  const { member, outsider, ok, ram, read } = setting;
  const group = await setting.newGroup('from-outside', outsider.user);
  const input = { resourceArns: [group], principals: [member.account], allowExternalPrincipals: false };
  const resourceShareArn = await newShare(input, outsider.user);
  const { resourceShareInvitationArn } = await invitationOf(resourceShareArn, member);
  await ok('AcceptResourceShareInvitation', { resourceShareInvitationArn }, member.user);
  expect(await read(group, member.user)).toBe('allowed');
  const organization = await ram('AssociateResourceShare', { resourceShareArn, principals: [setting.organizationArn] }, outsider.user);
  expect(organization).toMatchObject({ error: 'UnknownResourceException' });
});

test('who leaves the organisation loses groups that were shared inside of it for good, and keeps those that the share lets it keep', async () => {
  const { castellan, organizationArn, ok, read } = setting;
  const leaver = await setting.newMember('leaver');
  const names = ['left-account', 'left-organisation', 'left-kept'];
  const [ofAccount = '', ofOrganization = '', kept = ''] = await Promise.all(names.map((name) => setting.newGroup(name)));
  const direct = await newShare({ resourceArns: [ofAccount], principals: [leaver.account] });
  await newShare({ resourceArns: [ofOrganization], principals: [organizationArn] });
  const resourceShareConfiguration = { retainSharingOnAccountLeaveOrganization: true };
  await newShare({ resourceArns: [kept], principals: [leaver.account], resourceShareConfiguration });
  const own = await setting.newGroup('leavers-own', leaver.user);
  await newShare({ resourceArns: [own], principals: [setting.member.account] }, leaver.user);
  const seen = () => Promise.all([ofAccount, ofOrganization, kept].map((arn) => read(arn, leaver.user)));
  expect(await seen()).toEqual(['allowed', 'allowed', 'allowed']);
  expect(await read(own, setting.member.user)).toBe('allowed');
  castellan.clock.advance(5 * 24 * 3_600_000);
  await castellan.organizations(leaver.user).leaveOrganization({});
  expect(await seen()).toEqual([denied, denied, 'allowed']);
  expect(await read(own, setting.member.user)).toBe(denied);
  await castellan.work.settle();
  expect(await principalsOf(direct)).toMatchObject([{ status: 'DISASSOCIATED' }]);
  // Back again, it has what everybody in the organisation has, and nothing of its own.
  const { Handshake } = await castellan.organizations().inviteAccountToOrganization({ Target: { Id: leaver.account, Type: 'ACCOUNT' } });
  await castellan.organizations(leaver.user).acceptHandshake({ HandshakeId: Handshake?.Id });
  expect(await seen()).toEqual([denied, 'allowed', 'allowed']);
  expect(await read(own, setting.member.user)).toBe(denied);
  await ok('AssociateResourceShare', { resourceShareArn: direct, principals: [leaver.account] });
  expect(await seen()).toEqual(['allowed', 'allowed', 'allowed']);
});

test('without sharing in the organisation its accounts are strangers who are invited', async () => {
  const { castellan, member, ok, ram, read, organizationArn } = setting;
  const group = await setting.newGroup('not-trusted');
  await castellan.organizations().disableAWSServiceAccess({ ServicePrincipal: 'ram.amazonaws.com' });
  expect(await ram('CreateResourceShare', { name: 'x', principals: [organizationArn] })).toMatchObject({
    error: 'UnknownResourceException',
  });
  const resourceShareArn = await newShare({ resourceArns: [group], principals: [member.account] });
  const { resourceShareInvitationArn } = await invitationOf(resourceShareArn, member);
  expect(await read(group, member.user)).toBe(denied);
  await ok('AcceptResourceShareInvitation', { resourceShareInvitationArn }, member.user);
  expect(await read(group, member.user)).toBe('allowed');
  await ok('EnableSharingWithAwsOrganization');
  expect(await read(group, member.user)).toBe('allowed');
});
