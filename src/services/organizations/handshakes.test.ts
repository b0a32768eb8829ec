// Handshakes through the whole pipeline: invitations answered in every way and by nobody, the change to all features, responsibility transfers.
import type { Organizations } from '@aws-sdk/client-organizations';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';

let castellan: InProcess;
let organizations: Organizations;
let organizationId = '';
const dayMs = 86_400_000;
beforeAll(async () => {
  castellan = await startInProcess('handshakes');
  organizations = castellan.organizations();
  organizationId = (await organizations.createOrganization({ FeatureSet: 'CONSOLIDATED_BILLING' })).Organization?.Id ?? '';
});
afterAll(async () => {
  await castellan.stop();
});

async function invite(account: string): Promise<string> {
  const { Handshake } = await organizations.inviteAccountToOrganization({ Target: { Type: 'ACCOUNT', Id: account }, Notes: 'welcome' });
  return Handshake?.Id ?? '';
}

async function stranger(account: string): Promise<Organizations> {
  return castellan.organizations(await castellan.addAccount(account));
}

describe('an invitation', () => {
  test('tells who invites, and is accepted by the invited account alone', async () => {
    const invited = await stranger('222222222222');
    const HandshakeId = await invite('222222222222');
    const { Handshake } = await invited.describeHandshake({ HandshakeId });
    expect(Handshake).toMatchObject({
      Arn: `arn:aws:organizations::${castellan.account}:handshake/${organizationId}/invite/${HandshakeId}`,
      Action: 'INVITE',
      State: 'OPEN',
      Parties: [
        { Id: organizationId, Type: 'ORGANIZATION' },
        { Id: '222222222222', Type: 'ACCOUNT' },
      ],
    });
    expect(Handshake?.Resources?.map(({ Type }) => Type)).toEqual(['ORGANIZATION', 'ACCOUNT', 'NOTES']);
    expect(Handshake?.Resources?.[0]?.Resources?.map(({ Type }) => Type)).toEqual([
      'MASTER_EMAIL',
      'MASTER_NAME',
      'ORGANIZATION_FEATURE_SET',
    ]);
    expect((await invited.listHandshakesForAccount({})).Handshakes).toMatchObject([{ Id: HandshakeId }]);
    expect((await organizations.listHandshakesForOrganization({})).Handshakes).toMatchObject([{ Id: HandshakeId }]);
    await expect(invite('222222222222')).rejects.toMatchObject({ name: 'DuplicateHandshakeException' });
    const outsider = await stranger('333333333333');
    await expect(outsider.describeHandshake({ HandshakeId })).rejects.toMatchObject({ name: 'HandshakeNotFoundException' });
    await expect(outsider.acceptHandshake({ HandshakeId })).rejects.toMatchObject({ name: 'HandshakeNotFoundException' });
    await expect(organizations.acceptHandshake({ HandshakeId })).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(invited.cancelHandshake({ HandshakeId })).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect((await invited.acceptHandshake({ HandshakeId })).Handshake?.State).toBe('ACCEPTED');
    expect((await invited.describeOrganization({})).Organization?.Id).toBe(organizationId);
    expect((await organizations.describeAccount({ AccountId: '222222222222' })).Account?.JoinedMethod).toBe('INVITED');
    await expect(invited.acceptHandshake({ HandshakeId })).rejects.toMatchObject({ name: 'HandshakeAlreadyInStateException' });
    await expect(organizations.cancelHandshake({ HandshakeId })).rejects.toMatchObject({ name: 'InvalidHandshakeTransitionException' });
    await expect(invite('222222222222')).rejects.toMatchObject({ Reason: 'ALREADY_IN_AN_ORGANIZATION' });
  });

  test('is declined, cancelled, or expires when its fifteen days are over, and is forgotten thirty days later', async () => {
    const invited = await stranger('333333333333');
    const declined = await invite('333333333333');
    expect((await invited.declineHandshake({ HandshakeId: declined })).Handshake?.State).toBe('DECLINED');
    const cancelled = await invite('333333333333');
    expect((await organizations.cancelHandshake({ HandshakeId: cancelled })).Handshake?.State).toBe('CANCELED');
    await expect(invited.acceptHandshake({ HandshakeId: cancelled })).rejects.toMatchObject({
      name: 'InvalidHandshakeTransitionException',
    });
    const left = await invite('333333333333');
    castellan.clock.advance(15 * dayMs + 1_000);
    await expect(invited.acceptHandshake({ HandshakeId: left })).rejects.toMatchObject({ name: 'InvalidHandshakeTransitionException' });
    await castellan.work.settle();
    expect((await invited.describeHandshake({ HandshakeId: left })).Handshake?.State).toBe('EXPIRED');
    const { Handshakes } = await invited.listHandshakesForAccount({ Filter: { ActionType: 'INVITE' } });
    expect(Handshakes?.map(({ State }) => State)).toEqual(['DECLINED', 'CANCELED', 'EXPIRED']);
    castellan.clock.advance(31 * dayMs);
    await castellan.work.settle();
    expect((await invited.listHandshakesForAccount({})).Handshakes).toEqual([]);
    await expect(invited.describeHandshake({ HandshakeId: left })).rejects.toMatchObject({ name: 'HandshakeNotFoundException' });
  });

  test('is good for one organisation: who belongs to one cannot accept another’s', async () => {
    const other = await stranger('444444444444');
    await other.createOrganization({});
    await invite('444444444444');
    const id = (await other.listHandshakesForAccount({})).Handshakes?.[0]?.Id;
    await expect(other.acceptHandshake({ HandshakeId: id })).rejects.toMatchObject({
      name: 'HandshakeConstraintViolationException',
      Reason: 'ALREADY_IN_AN_ORGANIZATION',
    });
    await other.declineHandshake({ HandshakeId: id });
  });

  test('goes to an address too, and not to an organisation', async () => {
    const Target = { Type: 'EMAIL', Id: 'root+333333333333@example.com' } as const;
    const { Handshake } = await organizations.inviteAccountToOrganization({ Target, Tags: [{ Key: 'k', Value: 'v' }] });
    const invited = await stranger('333333333333');
    expect((await invited.listHandshakesForAccount({})).Handshakes).toMatchObject([{ Id: Handshake?.Id }]);
    await invited.acceptHandshake({ HandshakeId: Handshake?.Id });
    expect((await organizations.listTagsForResource({ ResourceId: '333333333333' })).Tags).toEqual([{ Key: 'k', Value: 'v' }]);
    await expect(organizations.inviteAccountToOrganization({ Target: { Type: 'ORGANIZATION', Id: organizationId } })).rejects.toMatchObject(
      { Reason: 'INVALID_PARTY_TYPE_TARGET' },
    );
  });

  test('accepted many times at once makes one member', async () => {
    const invited = await stranger('555555555555');
    const HandshakeId = await invite('555555555555');
    const answers = await Promise.allSettled(Array.from({ length: 5 }, () => invited.acceptHandshake({ HandshakeId })));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { Accounts } = await organizations.listAccounts({});
    expect(Accounts?.filter(({ Id }) => Id === '555555555555')).toHaveLength(1);
  });
});

test('all features are enabled when every invited member has approved and the management account confirms', async () => {
  await expect(
    organizations.createPolicy({ Name: 'p', Description: '', Type: 'SERVICE_CONTROL_POLICY', Content: '{}' }),
  ).rejects.toMatchObject({ name: 'PolicyTypeNotAvailableForOrganizationException' });
  const { Handshake } = await organizations.enableAllFeatures({});
  expect(Handshake).toMatchObject({
    Action: 'ENABLE_ALL_FEATURES',
    State: 'REQUESTED',
    Parties: [{ Id: organizationId, Type: 'ORGANIZATION' }],
  });
  const HandshakeId = Handshake?.Id;
  await expect(organizations.enableAllFeatures({})).rejects.toMatchObject({
    Reason: 'ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION',
  });
  await expect(invite('666666666666')).rejects.toMatchObject({ Reason: 'INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES' });
  await expect(organizations.acceptHandshake({ HandshakeId })).rejects.toMatchObject({ name: 'InvalidHandshakeTransitionException' });
  const { Handshakes } = await organizations.listHandshakesForOrganization({ Filter: { ParentHandshakeId: HandshakeId } });
  expect(Handshakes?.map(({ Action }) => Action)).toEqual(Array.from({ length: 3 }, () => 'APPROVE_ALL_FEATURES'));
  for (const account of ['222222222222', '333333333333', '555555555555']) {
    const member = await stranger(account);
    const mine = await member.listHandshakesForAccount({ Filter: { ActionType: 'APPROVE_ALL_FEATURES' } });
    await member.acceptHandshake({ HandshakeId: mine.Handshakes?.[0]?.Id });
  }
  expect((await organizations.describeHandshake({ HandshakeId })).Handshake?.State).toBe('OPEN');
  expect((await organizations.acceptHandshake({ HandshakeId })).Handshake?.State).toBe('ACCEPTED');
  expect((await organizations.describeOrganization({})).Organization?.FeatureSet).toBe('ALL');
  await expect(organizations.enableAllFeatures({})).rejects.toMatchObject({ Reason: 'ORGANIZATION_ALREADY_HAS_ALL_FEATURES' });
  const RootId = (await organizations.listRoots({})).Roots?.[0]?.Id;
  await organizations.enablePolicyType({ RootId, PolicyType: 'SERVICE_CONTROL_POLICY' });
});

test('a responsibility transfer is asked for, accepted by the other organisation, renamed and ended', async () => {
  const other = await stranger('444444444444');
  const soon = new Date(castellan.clock.now() + 40 * dayMs);
  const StartTimestamp = new Date(Date.UTC(soon.getUTCFullYear(), soon.getUTCMonth() + 1, 1));
  const ask = (Id: string, start = StartTimestamp) =>
    organizations.inviteOrganizationToTransferResponsibility({
      Type: 'BILLING',
      Target: { Type: 'ACCOUNT', Id },
      StartTimestamp: start,
      SourceName: 'their bill',
    });
  await expect(ask(castellan.account)).rejects.toMatchObject({ Reason: 'SOURCE_AND_TARGET_CANNOT_MATCH' });
  await expect(ask('444444444444', new Date(StartTimestamp.getTime() + dayMs))).rejects.toMatchObject({
    Reason: 'START_DATE_NOT_BEGINNING_OF_MONTH',
  });
  const { Handshake } = await ask('444444444444');
  await expect(ask('444444444444')).rejects.toMatchObject({ name: 'DuplicateHandshakeException' });
  expect(Handshake).toMatchObject({ Action: 'TRANSFER_RESPONSIBILITY', State: 'REQUESTED' });
  const { ResponsibilityTransfers } = await organizations.listInboundResponsibilityTransfers({ Type: 'BILLING' });
  const Id = ResponsibilityTransfers?.[0]?.Id;
  expect(ResponsibilityTransfers).toMatchObject([
    { Name: 'their bill', Status: 'REQUESTED', Target: { ManagementAccountId: castellan.account }, ActiveHandshakeId: Handshake?.Id },
  ]);
  expect(ResponsibilityTransfers?.[0]?.Arn).toMatch(/:transfer\/o-[a-z0-9]+\/billing\/inbound\/rt-[a-z0-9]{8}$/);
  await expect(organizations.terminateResponsibilityTransfer({ Id })).rejects.toMatchObject({
    name: 'InvalidResponsibilityTransferTransitionException',
  });
  await other.acceptHandshake({ HandshakeId: Handshake?.Id });
  const outbound = await other.listOutboundResponsibilityTransfers({ Type: 'BILLING' });
  expect(outbound.ResponsibilityTransfers).toMatchObject([{ Id, Status: 'ACCEPTED', Source: { ManagementAccountId: '444444444444' } }]);
  await organizations.updateResponsibilityTransfer({ Id, Name: 'renamed' });
  expect((await other.describeResponsibilityTransfer({ Id })).ResponsibilityTransfer?.Name).toBe('renamed');
  await expect(other.updateResponsibilityTransfer({ Id, Name: 'mine' })).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await expect(other.deleteOrganization({})).rejects.toMatchObject({ Reason: 'ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS' });
  expect((await other.terminateResponsibilityTransfer({ Id })).ResponsibilityTransfer).toMatchObject({
    Status: 'WITHDRAWN',
    EndTimestamp: expect.any(Date),
  });
  await expect(organizations.terminateResponsibilityTransfer({ Id })).rejects.toMatchObject({
    name: 'ResponsibilityTransferAlreadyInStatusException',
  });
  await expect(organizations.describeResponsibilityTransfer({ Id: 'rt-12345678' })).rejects.toMatchObject({
    name: 'ResponsibilityTransferNotFoundException',
  });
  await other.deleteOrganization({});
});
