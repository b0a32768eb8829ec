// The organisation's resource policy: what the management account hands over to member accounts.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html

import type { Scope } from '../../kit/context.ts';
import { parseDocument } from '../../policy/document.ts';
import type { ResourcePolicy } from './api.gen.ts';
import { resourcePolicyArn } from './arns.ts';
import { type OrganizationRecord, type ResourcePolicyRecord, resourcePolicies, tagsOf } from './records.ts';
import { fault, invalidInput, shortId } from './service.ts';
import { organizationOperation } from './standing.ts';
import { checkedTags, putTags } from './tags.ts';

async function shape(scope: Scope, organization: OrganizationRecord, { policyId, content }: ResourcePolicyRecord): Promise<ResourcePolicy> {
  const { partition, principals } = scope;
  return {
    ResourcePolicySummary: { Id: policyId, Arn: resourcePolicyArn(partition, organization, policyId) },
    Content: await principals.shownPolicy(scope, content),
  };
}

/** @throws Fault InvalidInputException */
function checkPolicy(content: string): void {
  const parsed = parseDocument(content);
  const statements = 'document' in parsed ? parsed.document.statements : [];
  const isWhole = statements.length > 0 && statements.every(({ actions, resources }) => actions !== undefined && resources !== undefined);
  if (!isWhole) throw invalidInput('INVALID_PATTERN', 'The provided policy document is not valid.');
  const isNamed = statements.every(({ principals }) => principals !== undefined && !principals.isNegated && principals.entries.length > 0);
  if (!isNamed) throw invalidInput('INVALID_PRINCIPAL', 'You specified an invalid principal element in the policy.');
  const isOurs = statements.every(({ actions }) => actions?.values.every((action) => /^organizations:/i.test(action)));
  if (!isOurs) throw invalidInput('INVALID_PATTERN', 'The provided policy document contains an unsupported action.');
}

export const PutResourcePolicy = organizationOperation('PutResourcePolicy', {
  who: 'management',
  on: (_input, organization, { partition }) => [{ arn: resourcePolicyArn(partition, organization, 'rp-*') }],
  tags: ({ Tags }) => Tags,
  async handle(input, context, organization) {
    const { transaction, ids } = context;
    const { organizationId } = organization;
    checkPolicy(input.Content);
    const known = await resourcePolicies.get(transaction, organizationId);
    const content = await context.principals.keptPolicy(context, input.Content);
    const record = { organizationId, policyId: known?.policyId ?? `rp-${shortId(ids, 8)}`, content };
    resourcePolicies.put(transaction, record);
    if (input.Tags !== undefined) putTags(transaction, organization, record.policyId, checkedTags(input.Tags));
    return { ResourcePolicy: await shape(context, organization, record) };
  },
});

export const DescribeResourcePolicy = organizationOperation('DescribeResourcePolicy', {
  who: 'readers',
  async handle(_input, context, organization) {
    return { ResourcePolicy: await shape(context, organization, await requireResourcePolicy(context, organization)) };
  },
});

export const DeleteResourcePolicy = organizationOperation('DeleteResourcePolicy', {
  who: 'management',
  async handle(_input, context, organization) {
    const { transaction } = context;
    const record = await requireResourcePolicy(context, organization);
    tagsOf.remove(transaction, { organizationId: organization.organizationId, resourceId: record.policyId, tags: {} });
    resourcePolicies.remove(transaction, record);
    return {};
  },
});

async function requireResourcePolicy({ transaction }: Scope, { organizationId }: OrganizationRecord): Promise<ResourcePolicyRecord> {
  const record = await resourcePolicies.get(transaction, organizationId);
  if (record === undefined)
    throw fault('ResourcePolicyNotFoundException', "We can't find a resource policy request with the parameter that you specified.");
  return record;
}

export const resourcePolicyOperations = [PutResourcePolicy, DescribeResourcePolicy, DeleteResourcePolicy];
