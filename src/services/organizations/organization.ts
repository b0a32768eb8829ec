// The organisation itself. https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_org.html
import { profileOf } from '../../kit/account-directory.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { advanceGeneration } from '../../kit/generation.ts';
import type { Organization } from './api.gen.ts';
import { accountArn, organizationArn } from './arns.ts';
import { addMember, removeMember } from './membership.ts';
import { members, type OrganizationRecord, organizations, resourcePolicies, serviceAccess } from './records.ts';
import { fault, operation, shortId } from './service.ts';
import { ensureServiceLinkedRole } from './service-role.ts';
import { organizationOperation } from './standing.ts';
import { requireNoTransfers } from './transfers.ts';
import { countOf, rootNode } from './tree.ts';

async function organizationShape(scope: Scope, organization: OrganizationRecord): Promise<Organization> {
  const { partition, transaction } = scope;
  const { organizationId, managementAccount, featureSet } = organization;
  return {
    Id: organizationId,
    Arn: organizationArn(partition, organization),
    FeatureSet: featureSet,
    MasterAccountArn: accountArn(partition, organization, managementAccount),
    MasterAccountId: managementAccount,
    MasterAccountEmail: (await profileOf(transaction, managementAccount)).email,
    // AWS: deprecated, and tells of service control policies only.
    AvailablePolicyTypes: featureSet === 'ALL' ? [{ Type: 'SERVICE_CONTROL_POLICY', Status: 'ENABLED' }] : [],
  };
}

export const CreateOrganization = operation('CreateOrganization', {
  access: () => ({ action: 'organizations:CreateOrganization', resource: '*' }),
  async handle(input, context) {
    const { transaction, account, ids, now } = context;
    if ((await members.get(transaction, account)) !== undefined) {
      throw fault('AlreadyInOrganizationException', 'The provided account is already a member of an organization.');
    }
    const featureSet = input.FeatureSet ?? 'ALL';
    const organization: OrganizationRecord = {
      organizationId: `o-${shortId(ids, 10)}`,
      managementAccount: account,
      featureSet,
      rootId: `r-${shortId(ids, 4)}`,
      createdAtMs: now,
      policyTypes: featureSet === 'ALL' ? { SERVICE_CONTROL_POLICY: 'default' } : {},
    };
    organizations.put(transaction, organization);
    await addMember(context, organization, { account, parent: rootNode(organization), joinedMethod: 'INVITED', state: 'ACTIVE' });
    await ensureServiceLinkedRole(context, account);
    advanceGeneration(transaction, organization.organizationId, context.requestId);
    return { Organization: await organizationShape(context, organization) };
  },
});

export const DescribeOrganization = organizationOperation('DescribeOrganization', {
  who: 'members',
  handle: async (_input, context, organization) => ({ Organization: await organizationShape(context, organization) }),
});

export const DeleteOrganization = organizationOperation('DeleteOrganization', {
  who: 'management',
  async handle(_input, context, organization) {
    if ((await countOf(context.transaction, organization, 'accounts')) > 1) {
      throw fault(
        'OrganizationNotEmptyException',
        'To delete an organization you must first remove all member accounts (except the master).',
      );
    }
    await requireNoTransfers(context, organization);
    await dissolve(context, organization);
    return {};
  },
});

async function dissolve(context: Context, organization: OrganizationRecord): Promise<void> {
  const { transaction } = context;
  const member = await members.get(transaction, organization.managementAccount);
  if (member !== undefined) await removeMember(context, organization, member);
  const policy = await resourcePolicies.get(transaction, organization.organizationId);
  if (policy !== undefined) resourcePolicies.remove(transaction, policy);
  for (const access of await serviceAccess.all(transaction, organization.organizationId)) serviceAccess.remove(transaction, access);
  organizations.remove(transaction, organization);
}

export const organizationOperations = [CreateOrganization, DescribeOrganization, DeleteOrganization];
