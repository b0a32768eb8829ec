// What other services ask about an account's part in its organisation: whether it manages or administers, and what it has switched on.
import type { OrganizationDirectory, OrganizationMember } from '../../kit/ports.ts';
import type { Transaction } from '../../store/store.ts';
import type { EffectivePolicyType } from './api.gen.ts';
import { branchOf } from './branches.ts';
import { effectivePolicy } from './effective-policy.ts';
import { policyQuotas } from './quotas.ts';
import { delegations, members, organizations, policies, serviceAccess, tagsOf, units } from './records.ts';

export function createOrganizationDirectory(): OrganizationDirectory {
  return {
    branchOf,
    async unitPath(transaction, organizationId, unitId) {
      return (await units.get(transaction, organizationId, unitId))?.path;
    },
    managementOf,
    membersFrom,
    async effectivePolicy(transaction, account, type) {
      const member = await members.get(transaction, account);
      const organization = member === undefined ? undefined : await organizations.get(transaction, member.organizationId);
      if (member === undefined || organization === undefined || !isEffectiveType(type)) return undefined;
      return (await effectivePolicy(transaction, organization, member, type))?.content;
    },
    async standingOf(transaction, account, servicePrincipal) {
      const member = await members.get(transaction, account);
      const organization = member === undefined ? undefined : await organizations.get(transaction, member.organizationId);
      if (member === undefined || organization === undefined) return undefined;
      const { organizationId, managementAccount, featureSet } = organization;
      const [tags, trusted, delegated] = await Promise.all([
        tagsOf.get(transaction, organizationId, account),
        serviceAccess.get(transaction, organizationId, servicePrincipal),
        delegations.get(transaction, organizationId, account, servicePrincipal),
      ]);
      return {
        organizationId,
        managementAccount,
        path: member.parentPath,
        tags: tags?.tags ?? {},
        hasAllFeatures: featureSet === 'ALL',
        isServiceTrusted: trusted !== undefined,
        hasServiceControl: organization.policyTypes.SERVICE_CONTROL_POLICY !== undefined,
        isDelegatedAdministrator: delegated !== undefined,
      };
    },
  };
}

async function membersFrom(transaction: Transaction, account: string, limit: number): Promise<readonly OrganizationMember[]> {
  const first = await members.get(transaction, account);
  const further = await members.list(transaction, [], { after: account, limit: first === undefined ? limit : limit - 1 });
  const found = [...(first === undefined ? [] : [first]), ...further.map(({ value }) => value)];
  return found.map((member) => ({ organizationId: member.organizationId, account: member.account, path: member.parentPath }));
}

function isEffectiveType(type: string): type is EffectivePolicyType {
  return type in policyQuotas && type !== 'SERVICE_CONTROL_POLICY' && type !== 'RESOURCE_CONTROL_POLICY';
}

async function managementOf(transaction: Transaction, id: string): Promise<string | undefined> {
  if (/^\d{12}$/.test(id)) return (await members.get(transaction, id))?.managementAccount;
  for (const { organizationId, rootId, managementAccount } of await organizations.all(transaction)) {
    if (id === rootId) return managementAccount;
    const found = id.startsWith('p-') ? policies.get(transaction, organizationId, id) : units.get(transaction, organizationId, id);
    if ((await found) !== undefined) return managementAccount;
  }
  return undefined;
}
