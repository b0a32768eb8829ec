// Policies of an organisation, whatever their type. https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies.html
import type { Scope } from '../../kit/context.ts';
import type { Policy, PolicySummary, PolicyType } from './api.gen.ts';
import { policyArn } from './arns.ts';
import { type AwsManagedPolicy, managedPolicy, managedPolicyOf } from './aws-managed.ts';
import { listPage, pageSize, startToken } from './listing.ts';
import { checkContent } from './policy-content.ts';
import { policyQuotas } from './quotas.ts';
import { attachedTo, type OrganizationRecord, type PolicyRecord, policies, policyNames, policyOrder, tagsOf } from './records.ts';
import { constraint, fault, invalidInput, shortId } from './service.ts';
import { organizationOperation } from './standing.ts';
import { checkedTags, putTags } from './tags.ts';
import { count, countOf, guardrailsChanged } from './tree.ts';

type AnyPolicy = Pick<PolicyRecord, 'policyId' | 'type' | 'name' | 'description' | 'content'>;

export function summaryShape(scope: Scope, organization: OrganizationRecord, policy: AnyPolicy): PolicySummary {
  return {
    Id: policy.policyId,
    Arn: policyArn(scope.partition, organization, policy.type, policy.policyId),
    Name: policy.name,
    Description: policy.description,
    Type: policy.type,
    AwsManaged: managedPolicy(policy.policyId) !== undefined,
  };
}

function policyShape(scope: Scope, organization: OrganizationRecord, policy: AnyPolicy): Policy {
  return { PolicySummary: summaryShape(scope, organization, policy), Content: policy.content };
}

export async function findPolicy(
  scope: Scope,
  { organizationId }: OrganizationRecord,
  policyId: string,
): Promise<PolicyRecord | AwsManagedPolicy | undefined> {
  return managedPolicy(policyId) ?? (await policies.get(scope.transaction, organizationId, policyId));
}

/** @throws Fault PolicyNotFoundException */
export async function requirePolicy(
  scope: Scope,
  organization: OrganizationRecord,
  policyId: string,
): Promise<PolicyRecord | AwsManagedPolicy> {
  const policy = await findPolicy(scope, organization, policyId);
  if (policy === undefined) throw fault('PolicyNotFoundException', "You specified a policy that doesn't exist.");
  return policy;
}

/** @throws Fault PolicyNotFoundException, InvalidInputException for AWS's own */
async function requireOwnPolicy(scope: Scope, organization: OrganizationRecord, policyId: string): Promise<PolicyRecord> {
  const policy = await requirePolicy(scope, organization, policyId);
  if (!('organizationId' in policy)) {
    throw invalidInput('IMMUTABLE_POLICY', 'You specified a policy that is managed by AWS and cannot be modified.');
  }
  return policy;
}

export const CreatePolicy = organizationOperation('CreatePolicy', {
  who: 'policies',
  on: ({ Type }, organization, { partition }) => [
    { arn: policyArn(partition, organization, Type, 'p-*'), context: { 'organizations:PolicyType': Type } },
  ],
  tags: ({ Tags }) => Tags,
  async handle(input, context, organization) {
    const { transaction, ids, now } = context;
    const { organizationId } = organization;
    if (organization.featureSet !== 'ALL') {
      throw fault(
        'PolicyTypeNotAvailableForOrganizationException',
        'This policy type is not available for your organization. You must enable all features first.',
      );
    }
    checkContent(input.Type, input.Content);
    const what = `policies ${input.Type}`;
    if ((await countOf(transaction, organization, what)) >= policyQuotas[input.Type].perOrganization) {
      throw constraint(
        'POLICY_NUMBER_LIMIT_EXCEEDED',
        'You have exceeded the maximum number of policies of this type for your organization.',
      );
    }
    await freeName(context, organizationId, input.Type, input.Name);
    const policy: PolicyRecord = {
      organizationId,
      policyId: `p-${shortId(ids, 10)}`,
      type: input.Type,
      name: input.Name,
      description: input.Description,
      content: input.Content,
      createdAtMs: now,
      updatedAtMs: now,
    };
    policies.put(transaction, policy);
    policyOrder.put(transaction, policy);
    policyNames.put(transaction, policy);
    await count(transaction, organization, what, 1);
    putTags(transaction, organization, policy.policyId, checkedTags(input.Tags));
    return { Policy: policyShape(context, organization, policy) };
  },
});

async function freeName({ transaction }: Scope, organizationId: string, type: PolicyType, name: string): Promise<void> {
  const isTaken = managedPolicyOf(type)?.name === name || (await policyNames.get(transaction, organizationId, type, name)) !== undefined;
  if (isTaken) throw fault('DuplicatePolicyException', 'A policy with the same name already exists.');
}

export const DescribePolicy = organizationOperation('DescribePolicy', {
  who: 'readers',
  on: ({ PolicyId }) => [{ id: PolicyId }],
  async handle(input, context, organization) {
    return { Policy: policyShape(context, organization, await requirePolicy(context, organization, input.PolicyId)) };
  },
});

export const UpdatePolicy = organizationOperation('UpdatePolicy', {
  who: 'policies',
  on: ({ PolicyId }) => [{ id: PolicyId }],
  async handle(input, context, organization) {
    const { transaction, now } = context;
    const policy = await requireOwnPolicy(context, organization, input.PolicyId);
    if (input.Content !== undefined) checkContent(policy.type, input.Content);
    const updated: PolicyRecord = {
      ...policy,
      name: input.Name ?? policy.name,
      description: input.Description ?? policy.description,
      content: input.Content ?? policy.content,
      updatedAtMs: now,
    };
    if (updated.name !== policy.name) {
      await freeName(context, organization.organizationId, policy.type, updated.name);
      policyNames.remove(transaction, policy);
      policyNames.put(transaction, updated);
    }
    policies.put(transaction, updated);
    guardrailsChanged(context, organization.organizationId);
    return { Policy: policyShape(context, organization, updated) };
  },
});

export const DeletePolicy = organizationOperation('DeletePolicy', {
  who: 'policies',
  on: ({ PolicyId }) => [{ id: PolicyId }],
  async handle(input, context, organization) {
    const { transaction } = context;
    const { organizationId } = organization;
    const policy = await requireOwnPolicy(context, organization, input.PolicyId);
    if ((await attachedTo.list(transaction, [organizationId, policy.policyId], { limit: 1 })).length > 0) {
      throw fault(
        'PolicyInUseException',
        'The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before performing this operation.',
      );
    }
    policies.remove(transaction, policy);
    policyOrder.remove(transaction, policy);
    policyNames.remove(transaction, policy);
    tagsOf.remove(transaction, { organizationId, resourceId: policy.policyId, tags: {} });
    await count(transaction, organization, `policies ${policy.type}`, -1);
    return {};
  },
});

export const ListPolicies = organizationOperation('ListPolicies', {
  who: 'readers',
  on: ({ Filter }) => [{ arn: '*', context: { 'organizations:PolicyType': Filter } }],
  async handle(input, context, organization) {
    const { transaction } = context;
    const { organizationId } = organization;
    const most = input.MaxResults ?? pageSize;
    // AWS's own policy comes first, and takes a place on the first page.
    const managed = input.NextToken === undefined ? managedPolicyOf(input.Filter) : undefined;
    const first = managed === undefined ? [] : [summaryShape(context, organization, managed)];
    if (first.length === most) return { Policies: first, NextToken: startToken };
    const page = await listPage(context, policyOrder, [organizationId, input.Filter], { ...input, MaxResults: most - first.length });
    const found = await Promise.all(page.items.map(({ policyId }) => policies.get(transaction, organizationId, policyId)));
    const own = found.flatMap((policy) => (policy === undefined ? [] : [summaryShape(context, organization, policy)]));
    return { Policies: [...first, ...own], ...page.state };
  },
});

export const policyOperations = [CreatePolicy, DescribePolicy, UpdatePolicy, DeletePolicy, ListPolicies];
