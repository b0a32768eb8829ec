// Effective management policies: what all policies from the root down to an account come to, and what is wrong with the result.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_effective.html
import type { Scope } from '../../kit/context.ts';
import { accountShape } from './accounts.ts';
import type { EffectivePolicyType, EffectivePolicyValidationError } from './api.gen.ts';
import { type EffectivePolicy, effectivePolicy } from './effective-policy.ts';
import { problemsOf } from './effective-problems.ts';
import type { Effective } from './inheritance.ts';
import { listPage } from './listing.ts';
import { type MemberRecord, memberOrder, members, type OrganizationRecord } from './records.ts';
import { accessDenied, fault, invalidInput } from './service.ts';
import { isDelegated, organizationOperation } from './standing.ts';
import { findMember, requireMember } from './tree.ts';

/** @throws Fault EffectivePolicyNotFoundException */
async function requireEffectivePolicy(
  scope: Scope,
  organization: OrganizationRecord,
  member: MemberRecord,
  type: EffectivePolicyType,
): Promise<EffectivePolicy & { readonly content: Effective }> {
  const effective = await effectivePolicy(scope.transaction, organization, member, type);
  if (effective?.content === undefined) {
    throw fault('EffectivePolicyNotFoundException', 'The effective policy of the specified type was not found for the account.');
  }
  return { ...effective, content: effective.content };
}

export const DescribeEffectivePolicy = organizationOperation('DescribeEffectivePolicy', {
  who: 'members',
  on: ({ TargetId, PolicyType }, _organization, { account }) => [
    { id: TargetId ?? account, context: { 'organizations:PolicyType': PolicyType } },
  ],
  async handle({ PolicyType, TargetId }, context, organization) {
    const target = TargetId ?? context.account;
    if (!/^\d{12}$/.test(target))
      throw invalidInput('TARGET_NOT_SUPPORTED', "You can't perform the specified operation on that target entity.");
    // AWS: member accounts see their own; the management account and delegated administrators, everyone's.
    const isManager = context.account === organization.managementAccount || (await isDelegated(context, organization));
    if (target !== context.account && !isManager) throw accessDenied();
    const member = await findMember(context.transaction, organization, target);
    if (member === undefined) throw fault('TargetNotFoundException', "You specified a target that doesn't exist.");
    const { content, updatedAtMs } = await requireEffectivePolicy(context, organization, member, PolicyType);
    return {
      EffectivePolicy: { PolicyContent: JSON.stringify(content), LastUpdatedTimestamp: updatedAtMs, TargetId: target, PolicyType },
    };
  },
});

export const ListAccountsWithInvalidEffectivePolicy = organizationOperation('ListAccountsWithInvalidEffectivePolicy', {
  who: 'readers',
  on: ({ PolicyType }) => [{ arn: '*', context: { 'organizations:PolicyType': PolicyType } }],
  async handle(input, context, organization) {
    const { transaction } = context;
    if (organization.policyTypes[input.PolicyType] === undefined) {
      throw fault('EffectivePolicyNotFoundException', 'The specified policy type is not enabled.');
    }
    // A page looks at as many accounts as it may answer, so it may be empty though more follow, as AWS warns.
    const page = await listPage(context, memberOrder, [organization.organizationId], input);
    const found = await Promise.all(
      page.items.map(async ({ account }) => {
        const member = await members.get(transaction, account);
        const problems = member === undefined ? [] : await problemsFor(context, organization, member, input.PolicyType);
        return member !== undefined && problems.length > 0 ? [await accountShape(context, organization, member)] : [];
      }),
    );
    return { Accounts: found.flat(), PolicyType: input.PolicyType, ...page.state };
  },
});

async function problemsFor(
  scope: Scope,
  organization: OrganizationRecord,
  member: MemberRecord,
  type: EffectivePolicyType,
): Promise<readonly EffectivePolicyValidationError[]> {
  const effective = await effectivePolicy(scope.transaction, organization, member, type);
  if (effective?.content === undefined) return [];
  return problemsOf(type, effective.content).map(({ code, message, path }) => ({
    ErrorCode: code,
    ErrorMessage: message,
    PathToError: path,
    ContributingPolicies: effective.contributors,
  }));
}

export const ListEffectivePolicyValidationErrors = organizationOperation('ListEffectivePolicyValidationErrors', {
  who: 'readers',
  on: ({ AccountId, PolicyType }) => [{ id: AccountId, context: { 'organizations:PolicyType': PolicyType } }],
  async handle({ AccountId, PolicyType, NextToken }, context, organization) {
    if (NextToken !== undefined) throw invalidInput('INVALID_PAGINATION_TOKEN', 'You specified an invalid value for nextToken.');
    const member = await requireMember(context, organization, AccountId);
    const { updatedAtMs } = await requireEffectivePolicy(context, organization, member, PolicyType);
    return {
      AccountId,
      PolicyType,
      Path: `${member.parentPath}${AccountId}/`,
      EvaluationTimestamp: updatedAtMs,
      EffectivePolicyValidationErrors: await problemsFor(context, organization, member, PolicyType),
    };
  },
});

export const effectiveOperations = [DescribeEffectivePolicy, ListAccountsWithInvalidEffectivePolicy, ListEffectivePolicyValidationErrors];
