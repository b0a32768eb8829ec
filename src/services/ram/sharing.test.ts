// Shares that bind: what is shared can be used, by those with whom it is shared, as long as it is.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asList, asRecord, type RamSetting, ramSetting } from '../../../test/ram-setting.ts';
import { testUser } from '../../../test/users.ts';

let setting: RamSetting;
beforeAll(async () => {
  setting = await ramSetting('ram-sharing');
});
afterAll(async () => {
  await setting.castellan.stop();
});

let made = 0;
async function newShare(input: object): Promise<string> {
  made += 1;
  const { resourceShare } = await setting.ok('CreateResourceShare', { name: `share-${made}`, ...input });
  return String(asRecord(resourceShare)['resourceShareArn']);
}

const enable = () => setting.ok('EnableSharingWithAwsOrganization');

test('a strange account uses a resource once it has accepted the invitation, and no longer when it is taken out', async () => {
  const { describe: look, update, outsider, ok, ram, newPolicy } = setting;
  const arn = await newPolicy('shared');
  const other = await newPolicy('not-shared');
  expect(await look(arn, outsider.user)).toBe('AccessDeniedException');
  const resourceShareArn = await newShare({ resourceArns: [arn], principals: [outsider.account] });
  expect(await look(arn, outsider.user)).toBe('AccessDeniedException');
  const { resourceShareInvitations } = await ok('GetResourceShareInvitations', {}, outsider.user);
  const [invitation = {}] = asList(resourceShareInvitations);
  expect(invitation).toMatchObject({
    resourceShareName: 'share-1',
    senderAccountId: setting.owner.account,
    receiverAccountId: outsider.account,
    status: 'PENDING',
  });
  const { resourceShareInvitationArn } = invitation;
  const pending = await ok('ListPendingInvitationResources', { resourceShareInvitationArn }, outsider.user);
  expect(pending['resources']).toMatchObject([{ arn, type: 'network-firewall:FirewallPolicy', status: 'AVAILABLE' }]);
  const answer = await ok('AcceptResourceShareInvitation', { resourceShareInvitationArn }, outsider.user);
  expect(answer['resourceShareInvitation']).toMatchObject({ status: 'ACCEPTED' });
  expect(await ram('AcceptResourceShareInvitation', { resourceShareInvitationArn }, outsider.user)).toMatchObject({
    status: 400,
    error: 'ResourceShareInvitationAlreadyAcceptedException',
  });
  expect(await look(arn, outsider.user)).toBe('allowed');
  expect(await update(arn, outsider.user)).toBe('AccessDeniedException');
  expect(await look(other, outsider.user)).toBe('AccessDeniedException');
  // A share is what the consuming account may have at most: its users need permissions of their own.
  const powerless = await testUser(
    setting.castellan,
    'powerless',
    [{ Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' }],
    outsider.root,
  );
  expect(await look(arn, powerless)).toBe('AccessDeniedException');
  await ok('DisassociateResourceShare', { resourceShareArn, principals: [outsider.account] });
  expect(await look(arn, outsider.user)).toBe('AccessDeniedException');
});

test('an invitation runs out after seven days, and is declined by saying so', async () => {
  const { describe: look, outsider, ok, ram, newPolicy, castellan } = setting;
  const arn = await newPolicy('late');
  const resourceShareArn = await newShare({ resourceArns: [arn], principals: [outsider.account] });
  const invitationOf = async (share: string) =>
    asList((await ok('GetResourceShareInvitations', { resourceShareArns: [share] }, outsider.user))['resourceShareInvitations'])[0];
  const resourceShareInvitationArn = (await invitationOf(resourceShareArn))?.['resourceShareInvitationArn'];
  castellan.clock.advance(7 * 24 * 3_600_000 - 1_000);
  expect(await invitationOf(resourceShareArn)).toMatchObject({ status: 'PENDING' });
  castellan.clock.advance(2_000);
  // Before and after the job has come to it.
  for (const settle of [false, true]) {
    if (settle) await castellan.work.settle();
    expect(await invitationOf(resourceShareArn)).toMatchObject({ status: 'EXPIRED' });
    for (const operation of ['AcceptResourceShareInvitation', 'RejectResourceShareInvitation', 'ListPendingInvitationResources']) {
      expect(await ram(operation, { resourceShareInvitationArn }, outsider.user), operation).toMatchObject({
        error: 'ResourceShareInvitationExpiredException',
      });
    }
  }
  const associations = await ok('GetResourceShareAssociations', { associationType: 'PRINCIPAL', resourceShareArns: [resourceShareArn] });
  expect(associations['resourceShareAssociations']).toMatchObject([{ status: 'FAILED', statusMessage: 'The invitation has expired.' }]);
  // Sharing again sends another invitation.
  await ok('AssociateResourceShare', { resourceShareArn, principals: [outsider.account] });
  const invitations = asList((await ok('GetResourceShareInvitations', {}, outsider.user))['resourceShareInvitations']);
  const again = invitations.find((each) => each['resourceShareArn'] === resourceShareArn && each['status'] === 'PENDING');
  const { resourceShareInvitation } = await ok(
    'RejectResourceShareInvitation',
    { resourceShareInvitationArn: again?.['resourceShareInvitationArn'] },
    outsider.user,
  );
  expect(resourceShareInvitation).toMatchObject({ status: 'REJECTED' });
  expect(await look(arn, outsider.user)).toBe('AccessDeniedException');
});

test('sharing with the organisation needs trusted access and RAM’s own role; only the management account switches it on', async () => {
  const { ram, ok, newPolicy, organizationArn, unitArn, member, castellan } = setting;
  const arn = await newPolicy('inside');
  const refused = await ram('CreateResourceShare', { name: 'x', resourceArns: [arn], principals: [unitArn] });
  expect(refused).toMatchObject({ error: 'UnknownResourceException' });
  expect(refused.output['message']).toBe(`OrganizationalUnit ${setting.unitId} could not be found.`);
  // Switched on at Organizations alone, the role is missing, and RAM sees nothing.
  await castellan.organizations().enableAWSServiceAccess({ ServicePrincipal: 'ram.amazonaws.com' });
  expect(await ram('CreateResourceShare', { name: 'x', principals: [organizationArn] })).toMatchObject({
    error: 'UnknownResourceException',
  });
  expect(await ram('EnableSharingWithAwsOrganization', {}, member.user)).toMatchObject({ error: 'OperationNotPermittedException' });
  const limited = await testUser(castellan, 'ram-only', [{ Effect: 'Allow', Action: 'ram:*', Resource: '*' }]);
  expect(await ram('EnableSharingWithAwsOrganization', {}, limited)).toMatchObject({ error: 'AccessDeniedException' });
  expect(await enable()).toEqual({ returnValue: true });
  expect(await enable()).toEqual({ returnValue: true });
  const { Role } = await castellan.iam().getRole({ RoleName: 'AWSServiceRoleForResourceAccessManager' });
  expect(Role?.Arn).toContain('role/aws-service-role/ram.amazonaws.com/');
  await ok('CreateResourceShare', { name: 'x', resourceArns: [arn], principals: [unitArn] });
});

test('accounts of the organisation and of a unit need no invitation, and lose the share when they move or leave, at the next request', async () => {
  const { describe: look, ok, newPolicy, organizationArn, unitArn, member, castellan, rootId, unitId, otherUnitId } = setting;
  await enable();
  const organizations = castellan.organizations();
  const ofUnit = await newPolicy('of-unit');
  const ofAll = await newPolicy('of-all');
  const ofAccount = await newPolicy('of-account');
  await newShare({ resourceArns: [ofUnit], principals: [unitArn], allowExternalPrincipals: false });
  await newShare({ resourceArns: [ofAll], principals: [organizationArn], allowExternalPrincipals: false });
  const visitor = await setting.newMember('visitor');
  const direct = await newShare({ resourceArns: [ofAccount], principals: [visitor.account], allowExternalPrincipals: false });
  const kept = await newShare({
    resourceArns: [await newPolicy('kept')],
    principals: [visitor.account],
    resourceShareConfiguration: { retainSharingOnAccountLeaveOrganization: true },
  });
  const keptArn = ofAccount.replace('of-account', 'kept');
  expect(await look(ofUnit, member.user)).toBe('allowed');
  expect(await look(ofAll, member.user)).toBe('allowed');
  expect(await look(ofUnit, visitor.user)).toBe('AccessDeniedException');
  expect(await look(ofAll, visitor.user)).toBe('allowed');
  expect(await look(ofAccount, visitor.user)).toBe('allowed');
  const seen = asList((await ok('GetResourceShares', { resourceOwner: 'OTHER-ACCOUNTS' }, visitor.user))['resourceShares']);
  expect(seen.map(({ resourceShareArn }) => resourceShareArn)).toEqual(expect.arrayContaining([direct, kept]));
  expect(seen).toHaveLength(3);
  await organizations.moveAccount({ AccountId: member.account, SourceParentId: unitId, DestinationParentId: otherUnitId });
  expect(await look(ofUnit, member.user)).toBe('AccessDeniedException');
  expect(await look(ofAll, member.user)).toBe('allowed');
  await organizations.moveAccount({ AccountId: member.account, SourceParentId: otherUnitId, DestinationParentId: unitId });
  expect(await look(ofUnit, member.user)).toBe('allowed');
  await organizations.moveAccount({ AccountId: visitor.account, SourceParentId: rootId, DestinationParentId: unitId });
  expect(await look(ofUnit, visitor.user)).toBe('allowed');
  castellan.clock.advance(5 * 24 * 3_600_000);
  await castellan.organizations(visitor.user).leaveOrganization({});
  expect(await Promise.all([ofUnit, ofAll, ofAccount].map((arn) => look(arn, visitor.user)))).toEqual(
    Array(3).fill('AccessDeniedException'),
  );
  expect(await look(keptArn, visitor.user)).toBe('allowed');
  const left = asList((await ok('GetResourceShares', { resourceOwner: 'OTHER-ACCOUNTS' }, visitor.user))['resourceShares']);
  expect(left.map(({ resourceShareArn }) => resourceShareArn)).toEqual([kept]);
  await castellan.work.settle();
  const { resourceShareAssociations } = await ok('GetResourceShareAssociations', {
    associationType: 'PRINCIPAL',
    resourceShareArns: [direct],
  });
  expect(resourceShareAssociations).toMatchObject([
    { status: 'DISASSOCIATED', external: false, statusMessage: 'The account has left the organization.' },
  ]);
});

test('switching trusted access off ends all sharing inside the organisation', async () => {
  const { describe: look, newPolicy, organizationArn, member, castellan } = setting;
  await enable();
  const arn = await newPolicy('while-trusted');
  await newShare({ resourceArns: [arn], principals: [organizationArn] });
  expect(await look(arn, member.user)).toBe('allowed');
  await castellan.organizations().disableAWSServiceAccess({ ServicePrincipal: 'ram.amazonaws.com' });
  expect(await look(arn, member.user)).toBe('AccessDeniedException');
  await enable();
});

test('a share is explained as a policy of the resource that comes from the share; a service control policy still refuses', async () => {
  const { newPolicy, member, castellan, unitId } = setting;
  await enable();
  const arn = await newPolicy('explained');
  const shareArn = await newShare({ resourceArns: [arn], principals: [member.account] });
  const update = {
    FirewallPolicyArn: arn,
    UpdateToken: '01234567-89ab-cdef-0123-456789abcdef',
    FirewallPolicy: { StatelessDefaultActions: ['aws:pass'], StatelessFragmentDefaultActions: ['aws:pass'] },
  };
  const refused = await castellan.call('network-firewall', 'UpdateFirewallPolicy', update, member.user);
  expect(refused.output['message'] ?? refused.output['Message']).toBe(
    `User: arn:aws:iam::${member.account}:user/admin is not authorized to perform: network-firewall:UpdateFirewallPolicy on resource: ${arn}`,
  );
  const explained = await castellan.explain(refused.requestId);
  const layer = explained?.decisions[0]?.layers.find((each) => each.layer === 'resource');
  expect(layer).toMatchObject({ result: 'does not allow', policies: [{ name: `resource share share-${made} (${shareArn})` }] });
  const organizations = castellan.organizations();
  const { Policy } = await organizations.createPolicy({
    Name: 'no-firewalls',
    Description: '',
    Type: 'SERVICE_CONTROL_POLICY',
    Content: JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Deny', Action: 'network-firewall:*', Resource: '*' } }),
  });
  const PolicyId = Policy?.PolicySummary?.Id;
  await organizations.attachPolicy({ PolicyId, TargetId: unitId });
  const bySCP = await castellan.call('network-firewall', 'DescribeFirewallPolicy', { FirewallPolicyArn: arn }, member.user);
  expect(JSON.stringify(bySCP.output)).toContain('with an explicit deny in a service control policy');
  await organizations.detachPolicy({ PolicyId, TargetId: unitId });
});

test('a role or a user alone may get a share, where the type allows that', async () => {
  const { describe: look, ok, ram, newPolicy, member, castellan } = setting;
  await enable();
  const arn = await newPolicy('for-one');
  const one = await testUser(castellan, 'one', [{ Effect: 'Allow', Action: 'network-firewall:*', Resource: '*' }], member.root);
  await newShare({ resourceArns: [arn], principals: [`arn:aws:iam::${member.account}:user/one`] });
  expect(await look(arn, one)).toBe('allowed');
  expect(await look(arn, member.user)).toBe('AccessDeniedException');
  const rules = `arn:aws:network-firewall:us-east-1:${castellan.account}:stateful-rulegroup/rules`;
  const user = `arn:aws:iam::${member.account}:user/one`;
  expect(await ram('CreateResourceShare', { name: 'x', resourceArns: [rules], principals: [user] })).toMatchObject({
    error: 'OperationNotPermittedException',
  });
  const outside = await ram('CreateResourceShare', { name: 'x', resourceArns: [rules], principals: [setting.outsider.account] });
  expect(outside).toMatchObject({ error: 'OperationNotPermittedException' });
  expect(outside.output['message']).toBe(
    'The resource you are attempting to share can only be shared within your AWS Organization. This error may also occur if you have not enabled sharing with your AWS organization, or that onboarding process is still in progress.',
  );
  // The other way round: what is already shared with an outsider takes no such resource.
  const shareArn = await newShare({ principals: [setting.outsider.account] });
  expect(await ram('AssociateResourceShare', { resourceShareArn: shareArn, resourceArns: [rules] })).toMatchObject({
    error: 'OperationNotPermittedException',
  });
  await ok('DeleteResourceShare', { resourceShareArn: shareArn });
});

test('a service comes in only on behalf of the sources that the share names', async () => {
  const { ok, ram, newPolicy, castellan, member } = setting;
  const arn = await newPolicy('for-a-service');
  const principals = ['guardduty.amazonaws.com'];
  const resourceShareArn = await newShare({ resourceArns: [arn], principals, sources: [member.account] });
  const lookFor = (account: string) =>
    castellan.runService('guardduty', async (contextFor) => {
      const call = {
        service: 'network-firewall',
        operation: 'DescribeFirewallPolicy',
        input: { FirewallPolicyArn: arn },
        options: { as: 'service' as const },
      };
      return contextFor({ account, region: 'us-east-1' })
        .call(call)
        .then(
          () => 'allowed',
          (error: Error) => error.name,
        );
    });
  expect(await lookFor(member.account)).toBe('allowed');
  expect(await lookFor(setting.outsider.account)).not.toBe('allowed');
  const listed = await ok('ListSourceAssociations', { resourceShareArns: [resourceShareArn] });
  expect(listed['sourceAssociations']).toMatchObject([{ sourceId: member.account, sourceType: 'ACCOUNT', status: 'ASSOCIATED' }]);
  const last = await ram('DisassociateResourceShare', { resourceShareArn, sources: [member.account] });
  expect(last).toMatchObject({ error: 'InvalidParameterException' });
  expect(last.output['message']).toBe('At least one source must remain when service principals are present.');
  await ok('AssociateResourceShare', { resourceShareArn, sources: [setting.outsider.account] });
  await ok('DisassociateResourceShare', { resourceShareArn, sources: [member.account] });
  expect(await lookFor(member.account)).not.toBe('allowed');
  expect(await lookFor(setting.outsider.account)).toBe('allowed');
});

test('who has accepted a share may give it back, inside the organisation only its owner takes it away', async () => {
  const { describe: look, ok, ram, newPolicy, member, outsider } = setting;
  await enable();
  const arn = await newPolicy('to-leave');
  const resourceShareArn = await newShare({ resourceArns: [arn], principals: [outsider.account, member.account] });
  const leave = (input: object, as: typeof member) => ram('DisassociateResourceShare', { resourceShareArn, ...input }, as.user);
  expect(await leave({ principals: [outsider.account] }, outsider)).toMatchObject({ error: 'UnknownResourceException' });
  const { resourceShareInvitations } = await ok('GetResourceShareInvitations', { resourceShareArns: [resourceShareArn] }, outsider.user);
  const { resourceShareInvitationArn } = asList(resourceShareInvitations)[0] ?? {};
  await ok('AcceptResourceShareInvitation', { resourceShareInvitationArn }, outsider.user);
  expect(await look(arn, outsider.user)).toBe('allowed');
  expect(await leave({ resourceArns: [arn] }, outsider)).toMatchObject({ error: 'OperationNotPermittedException' });
  expect(await leave({ principals: [member.account] }, outsider)).toMatchObject({ error: 'OperationNotPermittedException' });
  expect(await leave({}, outsider)).toMatchObject({ error: 'InvalidParameterException' });
  expect((await leave({ principals: [outsider.account] }, outsider)).output['resourceShareAssociations']).toMatchObject([
    { associatedEntity: outsider.account, associationType: 'PRINCIPAL', status: 'DISASSOCIATING', external: true },
  ]);
  expect(await look(arn, outsider.user)).toBe('AccessDeniedException');
  // AWS: access inside an organisation is automatic, and so nobody leaves it.
  expect(await leave({ principals: [member.account] }, member)).toMatchObject({ error: 'OperationNotPermittedException' });
  expect(await look(arn, member.user)).toBe('allowed');
});

test('a deleted resource’s successor is not shared', async () => {
  const { describe: look, newPolicy, member, organizationArn, castellan } = setting;
  await enable();
  const arn = await newPolicy('to-delete');
  await newShare({ resourceArns: [arn], principals: [organizationArn] });
  expect(await look(arn, member.user)).toBe('allowed');
  await castellan.call('network-firewall', 'DeleteFirewallPolicy', { FirewallPolicyArn: arn }, setting.owner.user);
  await newPolicy('to-delete');
  expect(await look(arn, member.user)).toBe('AccessDeniedException');
});
