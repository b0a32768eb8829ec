// The accounts of an organisation: showing, moving, closing and letting them go.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts.html
import { profileOf, setClosed } from '../../kit/account-directory.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { Account, AccountState, AccountStatus } from './api.gen.ts';
import { accountArn } from './arns.ts';
import { listPage } from './listing.ts';
import { moveMember, removeMember } from './membership.ts';
import { dayMs, quotas } from './quotas.ts';
import { children, closures, delegations, due, type MemberRecord, memberOrder, members, type OrganizationRecord } from './records.ts';
import { constraint, fault, orderOf } from './service.ts';
import { organizationOperation } from './standing.ts';
import { countOf, findNode, requireMember, requireParent } from './tree.ts';

/** AWS: the older member tells less than the newer one. */
const statusOf: Readonly<Record<AccountState, AccountStatus>> = {
  PENDING_ACTIVATION: 'ACTIVE',
  ACTIVE: 'ACTIVE',
  SUSPENDED: 'SUSPENDED',
  PENDING_CLOSURE: 'PENDING_CLOSURE',
  CLOSED: 'SUSPENDED',
};

export async function accountShape(scope: Scope, organization: OrganizationRecord, member: MemberRecord): Promise<Account> {
  const { account, state, joinedMethod, joinedAtMs, parentPath } = member;
  const { name, email } = await profileOf(scope.transaction, account);
  return {
    Id: account,
    Arn: accountArn(scope.partition, organization, account),
    Email: email,
    Name: name,
    Status: statusOf[state],
    State: state,
    Paths: [`${parentPath}${account}/`],
    JoinedMethod: joinedMethod,
    JoinedTimestamp: joinedAtMs,
  };
}

export const DescribeAccount = organizationOperation('DescribeAccount', {
  who: 'readers',
  on: ({ AccountId }) => [{ id: AccountId }],
  async handle(input, context, organization) {
    return { Account: await accountShape(context, organization, await requireMember(context, organization, input.AccountId)) };
  },
});

export const ListAccounts = organizationOperation('ListAccounts', {
  who: 'readers',
  async handle(input, context, organization) {
    const page = await listPage(context, memberOrder, [organization.organizationId], input);
    return {
      Accounts: await shapes(
        context,
        organization,
        page.items.map(({ account }) => account),
      ),
      ...page.state,
    };
  },
});

export const ListAccountsForParent = organizationOperation('ListAccountsForParent', {
  who: 'readers',
  on: ({ ParentId }) => [{ id: ParentId }],
  async handle(input, context, organization) {
    const parent = await requireParent(context, organization, input.ParentId);
    const page = await listPage(context, children, [organization.organizationId, parent.id, 'ACCOUNT'], input);
    return {
      Accounts: await shapes(
        context,
        organization,
        page.items.map(({ id }) => id),
      ),
      ...page.state,
    };
  },
});

async function shapes(scope: Scope, organization: OrganizationRecord, accounts: readonly string[]): Promise<readonly Account[]> {
  const found = await Promise.all(accounts.map((account) => members.get(scope.transaction, account)));
  return Promise.all(found.flatMap((member) => (member === undefined ? [] : [accountShape(scope, organization, member)])));
}

export const MoveAccount = organizationOperation('MoveAccount', {
  who: 'management',
  on: ({ AccountId, SourceParentId, DestinationParentId }) => [{ id: AccountId }, { id: SourceParentId }, { id: DestinationParentId }],
  async handle(input, context, organization) {
    const { transaction } = context;
    const member = await requireMember(context, organization, input.AccountId);
    const source = await findNode(transaction, organization, input.SourceParentId);
    if (source === undefined || member.parentId !== source.id) {
      throw fault('SourceParentNotFoundException', "You specified a source parent that doesn't exist.");
    }
    const destination = await findNode(transaction, organization, input.DestinationParentId);
    if (destination === undefined)
      throw fault('DestinationParentNotFoundException', "You specified a destination parent that doesn't exist.");
    if (destination.id === source.id)
      throw fault('DuplicateAccountException', 'That account is already present in the specified destination.');
    moveMember(context, member, destination);
    return {};
  },
});

export const RemoveAccountFromOrganization = organizationOperation('RemoveAccountFromOrganization', {
  who: 'management',
  on: ({ AccountId }) => [{ id: AccountId }],
  async handle(input, context, organization) {
    await release(context, organization, await requireMember(context, organization, input.AccountId));
    return {};
  },
});

export const LeaveOrganization = organizationOperation('LeaveOrganization', {
  who: 'members',
  async handle(_input, context, organization) {
    await release(context, organization, await requireMember(context, organization, context.account));
    return {};
  },
});

/** @throws Fault MasterCannotLeaveOrganizationException, ConstraintViolationException */
async function release(context: Context, organization: OrganizationRecord, member: MemberRecord): Promise<void> {
  if (member.account === organization.managementAccount) {
    throw fault(
      'MasterCannotLeaveOrganizationException',
      "You can't remove a management account from an organization. If you want the management account to become a member account in another organization, you must first delete the current organization of the management account.",
    );
  }
  const { transaction, now } = context;
  const delegated = await delegations.list(transaction, [organization.organizationId, member.account], { limit: 1 });
  if (delegated.length > 0) {
    throw constraint(
      'CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG',
      'You attempted to remove an account that is registered as a delegated administrator for a service integrated with your organization. To complete this operation, you must first deregister this account as a delegated administrator.',
    );
  }
  if (member.joinedMethod === 'CREATED' && now < member.joinedAtMs + quotas.createdAccountDaysMin * dayMs) {
    throw constraint(
      'WAIT_PERIOD_ACTIVE',
      'This operation requires a wait period. After you create an account, you must wait until at least four days after the account was created.',
    );
  }
  await removeMember(context, organization, member);
}

export const CloseAccount = organizationOperation('CloseAccount', {
  who: 'management',
  on: ({ AccountId }) => [{ id: AccountId }],
  async handle(input, context, organization) {
    const { transaction, now } = context;
    if (input.AccountId === organization.managementAccount) {
      throw constraint('CANNOT_CLOSE_MANAGEMENT_ACCOUNT', 'You cannot close the management account.');
    }
    if (organization.featureSet !== 'ALL') {
      throw constraint(
        'ORGANIZATION_NOT_IN_ALL_FEATURES_MODE',
        'Your organization must have all features enabled to perform this operation.',
      );
    }
    const member = await requireMember(context, organization, input.AccountId);
    if (member.state === 'PENDING_CLOSURE') {
      throw fault('ConflictException', 'The request failed because it conflicts with the current state of the specified resource.');
    }
    if (member.state !== 'ACTIVE')
      throw fault('AccountAlreadyClosedException', 'You attempted to close an account that is already closed.');
    await withinCloseQuota(context, organization);
    members.put(transaction, { ...member, state: 'PENDING_CLOSURE' });
    closures.put(transaction, { organizationId: organization.organizationId, account: member.account, atMs: now });
    due.put(transaction, { dueAtMs: now + closingMs, what: 'suspend-account', id: member.account });
    return {};
  },
});

/** AWS: a few minutes. */
const closingMs = 60_000;

async function withinCloseQuota({ transaction, now }: Context, organization: OrganizationRecord): Promise<void> {
  const { floor, percent, ceiling } = quotas.closedAccountsPer30Days;
  const accounts = await countOf(transaction, organization, 'accounts');
  const allowed = Math.min(ceiling, Math.max(floor, Math.floor((accounts * percent) / 100)));
  const used = await closures.list(transaction, [organization.organizationId], { after: orderOf(now - 30 * dayMs), limit: allowed });
  if (used.length >= allowed)
    throw constraint('CLOSE_ACCOUNT_QUOTA_EXCEEDED', 'You have exceeded close account quota for the past 30 days.');
}

/** The closure is through: nobody gets in, and in ninety days the account is gone. */
export async function suspendAccount(context: Context, member: MemberRecord, atMs: number): Promise<void> {
  const { transaction } = context;
  members.put(transaction, { ...member, state: 'CLOSED' });
  await setClosed(transaction, member.account, true, context.requestId);
  due.put(transaction, { dueAtMs: atMs + quotas.closedAccountDays * dayMs, what: 'close-account', id: member.account });
  context.serviceEvent({
    eventName: 'CloseAccountResult',
    readOnly: false,
    serviceEventDetails: {
      closeAccountStatus: { accountId: member.account, state: 'SUCCEEDED', requestedTimestamp: atMs - closingMs, completedTimestamp: atMs },
    },
  });
}

export const accountOperations = [
  DescribeAccount,
  ListAccounts,
  ListAccountsForParent,
  MoveAccount,
  RemoveAccountFromOrganization,
  LeaveOrganization,
  CloseAccount,
];
