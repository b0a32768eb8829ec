// Delegated administrators: member accounts that administer an AWS service for the organisation, and may read it.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html
import type { Scope } from '../../kit/context.ts';
import { accountShape } from './accounts.ts';
import { listPage } from './listing.ts';
import { quotas } from './quotas.ts';
import { type DelegationRecord, delegations, memberOrder, type OrganizationRecord, serviceAccess } from './records.ts';
import { constraint, fault } from './service.ts';
import { requireServicePrincipal } from './service-access.ts';
import { organizationOperation } from './standing.ts';
import { count, countOf, findMember, requireMember } from './tree.ts';

interface Named {
  readonly AccountId: string;
  readonly ServicePrincipal: string;
}

function on({ AccountId, ServicePrincipal }: Named) {
  return [{ id: AccountId, context: { 'organizations:ServicePrincipal': ServicePrincipal } }];
}

export const RegisterDelegatedAdministrator = organizationOperation('RegisterDelegatedAdministrator', {
  who: 'management',
  on,
  async handle({ AccountId, ServicePrincipal }, context, organization) {
    const { transaction, now } = context;
    const { organizationId, managementAccount } = organization;
    requireServicePrincipal(ServicePrincipal);
    const member = await requireMember(context, organization, AccountId);
    if (AccountId === managementAccount) {
      throw constraint(
        'CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR',
        'You cannot register master account/yourself as delegated administrator for your organization.',
      );
    }
    if (member.state !== 'ACTIVE') {
      throw constraint(
        'CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR',
        'You cannot register a suspended account as a delegated administrator.',
      );
    }
    if ((await serviceAccess.get(transaction, organizationId, ServicePrincipal)) === undefined) {
      throw constraint(
        'SERVICE_ACCESS_NOT_ENABLED',
        'You must enable service access for the service principal before you can register a delegated administrator.',
      );
    }
    if ((await delegations.get(transaction, organizationId, AccountId, ServicePrincipal)) !== undefined) {
      throw fault('AccountAlreadyRegisteredException', 'The provided account is already a delegated administrator for your organization.');
    }
    const what = `delegated ${ServicePrincipal}`;
    if ((await countOf(transaction, organization, what)) >= quotas.delegatedAdministratorsPerService) {
      throw constraint(
        'MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED',
        'You have exceeded the allowed number of delegated administrators for the service.',
      );
    }
    await count(transaction, organization, what, 1);
    delegations.put(transaction, { organizationId, account: AccountId, servicePrincipal: ServicePrincipal, atMs: now });
    return {};
  },
});

export const DeregisterDelegatedAdministrator = organizationOperation('DeregisterDelegatedAdministrator', {
  who: 'management',
  on,
  async handle({ AccountId, ServicePrincipal }, context, organization) {
    const { transaction } = context;
    requireServicePrincipal(ServicePrincipal);
    await requireMember(context, organization, AccountId);
    const delegation = await delegations.get(transaction, organization.organizationId, AccountId, ServicePrincipal);
    if (delegation === undefined) throw notRegistered();
    delegations.remove(transaction, delegation);
    await count(transaction, organization, `delegated ${ServicePrincipal}`, -1);
    return {};
  },
});

function notRegistered(): Error {
  return fault('AccountNotRegisteredException', 'The provided account is not a registered delegated administrator for your organization.');
}

export const ListDelegatedAdministrators = organizationOperation('ListDelegatedAdministrators', {
  who: 'readers',
  on: ({ ServicePrincipal }) => [{ arn: '*', context: { 'organizations:ServicePrincipal': ServicePrincipal } }],
  async handle(input, context, organization) {
    if (input.ServicePrincipal !== undefined) requireServicePrincipal(input.ServicePrincipal);
    const { transaction } = context;
    const byAccount = new Map<string, DelegationRecord>();
    for (const each of await delegations.all(transaction, organization.organizationId)) {
      if (input.ServicePrincipal !== undefined && each.servicePrincipal !== input.ServicePrincipal) continue;
      const earlier = byAccount.get(each.account);
      if (earlier === undefined || earlier.atMs > each.atMs) byAccount.set(each.account, each);
    }
    const page = await listPage(context, memberOrder, [organization.organizationId], input, ({ account }) => byAccount.has(account));
    const shapes = await Promise.all(page.items.map(({ account }) => administratorShape(context, organization, byAccount.get(account))));
    return { DelegatedAdministrators: shapes.flat(), ...page.state };
  },
});

async function administratorShape(scope: Scope, organization: OrganizationRecord, delegation: DelegationRecord | undefined) {
  const member = delegation === undefined ? undefined : await findMember(scope.transaction, organization, delegation.account);
  if (delegation === undefined || member === undefined) return [];
  const { Paths: _, ...shape } = await accountShape(scope, organization, member);
  return [{ ...shape, DelegationEnabledDate: delegation.atMs }];
}

export const ListDelegatedServicesForAccount = organizationOperation('ListDelegatedServicesForAccount', {
  who: 'readers',
  on: ({ AccountId }) => [{ id: AccountId }],
  async handle(input, context, organization) {
    await requireMember(context, organization, input.AccountId);
    const page = await listPage(context, delegations, [organization.organizationId, input.AccountId], input);
    if (page.items.length === 0 && input.NextToken === undefined) throw notRegistered();
    const DelegatedServices = page.items.map(({ servicePrincipal, atMs }) => ({
      ServicePrincipal: servicePrincipal,
      DelegationEnabledDate: atMs,
    }));
    return { DelegatedServices, ...page.state };
  },
});

export const delegationOperations = [
  RegisterDelegatedAdministrator,
  DeregisterDelegatedAdministrator,
  ListDelegatedAdministrators,
  ListDelegatedServicesForAccount,
];
