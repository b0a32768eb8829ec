// What other services ask about an account's part in its organisation: whether it manages or administers, and what it has switched on.
import type { OrganizationDirectory } from '../../kit/ports.ts';
import { branchOf } from './branches.ts';
import { delegations, members, organizations, serviceAccess } from './records.ts';

export function createOrganizationDirectory(): OrganizationDirectory {
  return {
    branchOf,
    async standingOf(transaction, account, servicePrincipal) {
      const member = await members.get(transaction, account);
      const organization = member === undefined ? undefined : await organizations.get(transaction, member.organizationId);
      if (organization === undefined) return undefined;
      const { organizationId, managementAccount, featureSet } = organization;
      const [trusted, delegated] = await Promise.all([
        serviceAccess.get(transaction, organizationId, servicePrincipal),
        delegations.get(transaction, organizationId, account, servicePrincipal),
      ]);
      return {
        organizationId,
        managementAccount,
        hasAllFeatures: featureSet === 'ALL',
        isServiceTrusted: trusted !== undefined,
        hasServiceControl: organization.policyTypes.SERVICE_CONTROL_POLICY !== undefined,
        isDelegatedAdministrator: delegated !== undefined,
      };
    },
  };
}
