// Attaching policies to roots, units and accounts, and the types that are enabled in the root.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_policies_attach.html

import { profileOf } from '../../kit/account-directory.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { PolicyTargetSummary, PolicyType } from './api.gen.ts';
import { accountArn, rootArn, unitArn } from './arns.ts';
import { attachedIds, putAttachment, removeAttachment } from './attachment-records.ts';
import { type AwsManagedPolicy, managedPolicy, managedPolicyOf } from './aws-managed.ts';
import { badToken, listPage, type PageInput, pageSize, startToken } from './listing.ts';
import { findPolicy, requirePolicy, summaryShape } from './policies.ts';
import { policyQuotas } from './quotas.ts';
import {
  attachedTo,
  attachments,
  detachedDefaults,
  memberOrder,
  type OrganizationRecord,
  organizations,
  serviceAccess,
  units,
} from './records.ts';
import { constraint, fault, invalidInput } from './service.ts';
import { policyTypeServices } from './service-access.ts';
import { organizationOperation } from './standing.ts';
import { guardrailsChanged, requireTarget } from './tree.ts';
import { rootShape } from './units.ts';

function requireEnabled(organization: OrganizationRecord, type: PolicyType): void {
  if (organization.policyTypes[type] === undefined) {
    throw fault('PolicyTypeNotEnabledException', 'This operation can be performed only for enabled policy types.');
  }
}

export const AttachPolicy = organizationOperation('AttachPolicy', {
  who: 'policies',
  on: ({ PolicyId, TargetId }) => [{ id: PolicyId }, { id: TargetId }],
  async handle(input, context, organization) {
    const { transaction, now } = context;
    const { organizationId } = organization;
    const { policyId, type } = await requirePolicy(context, organization, input.PolicyId);
    await requireTarget(context, organization, input.TargetId);
    requireEnabled(organization, type);
    const attached = await attachedIds(transaction, organizationId, input.TargetId, type);
    if (attached.includes(policyId)) {
      throw fault('DuplicatePolicyAttachmentException', 'The selected policy is already attached to the specified target.');
    }
    if (attached.length >= policyQuotas[type].perTarget) {
      throw constraint(
        'MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED',
        'You have attached the maximum number of policies to the specified target.',
      );
    }
    if (managedPolicy(policyId) === undefined)
      putAttachment(transaction, { organizationId, targetId: input.TargetId, type, policyId, atMs: now });
    else detachedDefaults.remove(transaction, { organizationId, targetId: input.TargetId });
    guardrailsChanged(context, organizationId);
    return {};
  },
});

export const DetachPolicy = organizationOperation('DetachPolicy', {
  who: 'policies',
  on: ({ PolicyId, TargetId }) => [{ id: PolicyId }, { id: TargetId }],
  async handle(input, context, organization) {
    const { transaction } = context;
    const { organizationId } = organization;
    const { policyId, type } = await requirePolicy(context, organization, input.PolicyId);
    await requireTarget(context, organization, input.TargetId);
    requireEnabled(organization, type);
    const managed = managedPolicy(policyId);
    if (managed?.isDetachable === false) throw invalidInput('NON_DETACHABLE_POLICY', "You can't detach this AWS managed policy.");
    const attached = await attachedIds(transaction, organizationId, input.TargetId, type);
    if (!attached.includes(policyId))
      throw fault('PolicyNotAttachedException', "The policy isn't attached to the specified target in the specified root.");
    if (type === 'SERVICE_CONTROL_POLICY' && attached.length === 1) {
      throw constraint(
        'MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED',
        'You cannot remove the last policy attached to the specified target. You must have at least one attached at all times.',
      );
    }
    if (managed === undefined) removeAttachment(transaction, { organizationId, targetId: input.TargetId, type, policyId, atMs: 0 });
    else detachedDefaults.put(transaction, { organizationId, targetId: input.TargetId });
    guardrailsChanged(context, organizationId);
    return {};
  },
});

export const ListPoliciesForTarget = organizationOperation('ListPoliciesForTarget', {
  who: 'readers',
  on: ({ TargetId, Filter }) => [{ id: TargetId, context: { 'organizations:PolicyType': Filter } }],
  async handle(input, context, organization) {
    await requireTarget(context, organization, input.TargetId);
    // AWS: nothing of a type that is not enabled is attached anywhere.
    if (organization.policyTypes[input.Filter] === undefined) return { Policies: [] };
    const ids = await attachedIds(context.transaction, organization.organizationId, input.TargetId, input.Filter);
    const found = await Promise.all(ids.map((id) => findPolicy(context, organization, id)));
    const summaries = found.flatMap((policy) => (policy === undefined ? [] : [summaryShape(context, organization, policy)]));
    return pageOfList(summaries, input);
  },
});

/** Few things stand on one target, so a page is cut from all of them; the token is the position. */
function pageOfList<Item>(items: readonly Item[], input: PageInput): { readonly Policies: readonly Item[]; readonly NextToken?: string } {
  const start = input.NextToken === undefined ? 0 : Number(input.NextToken);
  if (!Number.isInteger(start) || start < 0) throw badToken();
  const end = start + (input.MaxResults ?? 20);
  return { Policies: items.slice(start, end), ...(end < items.length ? { NextToken: String(end) } : {}) };
}

export const ListTargetsForPolicy = organizationOperation('ListTargetsForPolicy', {
  who: 'readers',
  on: ({ PolicyId }) => [{ id: PolicyId }],
  async handle(input, context, organization) {
    const policy = await requirePolicy(context, organization, input.PolicyId);
    if (!('organizationId' in policy)) return targetsOfDefault(context, organization, policy, input);
    const page = await listPage(context, attachedTo, [organization.organizationId, policy.policyId], input);
    return {
      Targets: await targetShapes(
        context,
        organization,
        page.items.map(({ targetId }) => targetId),
      ),
      ...page.state,
    };
  },
});

/** Where AWS's own policy stands: everywhere except where it was detached. */
async function targetsOfDefault(scope: Scope, organization: OrganizationRecord, policy: AwsManagedPolicy, input: PageInput) {
  const { organizationId, policyTypes } = organization;
  if (policyTypes[policy.type] === undefined) return { Targets: [] };
  const { ids, state } = await everyTarget(scope, organization, input);
  const detached = await Promise.all(ids.map((id) => detachedDefaults.get(scope.transaction, organizationId, id)));
  const standing = ids.filter((_, index) => policy.type !== 'SERVICE_CONTROL_POLICY' || detached[index] === undefined);
  return { Targets: await targetShapes(scope, organization, standing), ...state };
}

/** A page of the root, then the units, then the accounts. */
async function everyTarget(scope: Scope, { organizationId, rootId }: OrganizationRecord, input: PageInput) {
  const most = input.MaxResults ?? pageSize;
  const [first = '', given = startToken] = (input.NextToken ?? 'root').split(' ', 2);
  const stages = ['root', 'units', 'accounts'];
  if (!stages.includes(first)) throw badToken();
  const ids: string[] = [];
  let token = given;
  for (const stage of stages.slice(stages.indexOf(first))) {
    if (ids.length === most) return { ids, state: { NextToken: `${stage} ${startToken}` } };
    if (stage === 'root') {
      ids.push(rootId);
      continue;
    }
    const page = { NextToken: token, MaxResults: most - ids.length };
    token = startToken;
    const { found, state } = await idsOf(scope, organizationId, stage === 'units', page);
    ids.push(...found);
    if (state.NextToken !== undefined) return { ids, state: { NextToken: `${stage} ${state.NextToken}` } };
  }
  return { ids, state: {} };
}

async function idsOf(scope: Scope, organizationId: string, isUnits: boolean, page: PageInput) {
  if (isUnits) {
    const { items, state } = await listPage(scope, units, [organizationId], page);
    return { found: items.map(({ unitId }) => unitId), state };
  }
  const { items, state } = await listPage(scope, memberOrder, [organizationId], page);
  return { found: items.map(({ account }) => account), state };
}

async function targetShapes(
  scope: Scope,
  organization: OrganizationRecord,
  ids: readonly string[],
): Promise<readonly PolicyTargetSummary[]> {
  return Promise.all(ids.map((id) => targetShape(scope, organization, id)));
}

async function targetShape(scope: Scope, organization: OrganizationRecord, TargetId: string): Promise<PolicyTargetSummary> {
  const { partition, transaction } = scope;
  if (TargetId === organization.rootId) return { TargetId, Arn: rootArn(partition, organization, TargetId), Name: 'Root', Type: 'ROOT' };
  if (/^\d{12}$/.test(TargetId)) {
    const { name } = await profileOf(transaction, TargetId);
    return { TargetId, Arn: accountArn(partition, organization, TargetId), Name: name, Type: 'ACCOUNT' };
  }
  const unit = await units.get(transaction, organization.organizationId, TargetId);
  return { TargetId, Arn: unitArn(partition, organization, TargetId), Name: unit?.name ?? TargetId, Type: 'ORGANIZATIONAL_UNIT' };
}

export const EnablePolicyType = organizationOperation('EnablePolicyType', {
  who: 'policies',
  on: ({ RootId, PolicyType }) => [{ id: RootId, context: { 'organizations:PolicyType': PolicyType } }],
  async handle(input, context, organization) {
    requireRoot(organization, input.RootId);
    if (organization.featureSet !== 'ALL') {
      throw fault(
        'PolicyTypeNotAvailableForOrganizationException',
        'This policy type is not available for your organization. You must enable all features first.',
      );
    }
    const trusted = policyTypeServices[input.PolicyType];
    if (trusted !== undefined && (await serviceAccess.get(context.transaction, organization.organizationId, trusted)) === undefined) {
      throw constraint(
        'SERVICE_ACCESS_NOT_ENABLED',
        'You must enable service access for the service before you can enable its policy type.',
      );
    }
    if (organization.policyTypes[input.PolicyType] === 'enabled') {
      throw fault('PolicyTypeAlreadyEnabledException', 'The specified policy type is already enabled.');
    }
    const changed: OrganizationRecord = { ...organization, policyTypes: { ...organization.policyTypes, [input.PolicyType]: 'enabled' } };
    organizations.put(context.transaction, changed);
    guardrailsChanged(context, organization.organizationId);
    return { Root: rootShape(context, changed) };
  },
});

export const DisablePolicyType = organizationOperation('DisablePolicyType', {
  who: 'policies',
  on: ({ RootId, PolicyType }) => [{ id: RootId, context: { 'organizations:PolicyType': PolicyType } }],
  async handle(input, context, organization) {
    requireRoot(organization, input.RootId);
    requireEnabled(organization, input.PolicyType);
    const { [input.PolicyType]: _, ...policyTypes } = organization.policyTypes;
    const changed: OrganizationRecord = { ...organization, policyTypes };
    organizations.put(context.transaction, changed);
    await forgetAttachments(context, organization.organizationId, input.PolicyType);
    guardrailsChanged(context, organization.organizationId);
    return { Root: rootShape(context, changed) };
  },
});

/** AWS: what was attached is lost; enabling the type again attaches only AWS's own policy. */
async function forgetAttachments({ transaction }: Context, organizationId: string, type: PolicyType): Promise<void> {
  for (const attachment of await attachments.all(transaction, organizationId)) {
    if (attachment.type === type) removeAttachment(transaction, attachment);
  }
  if (managedPolicyOf(type)?.isDetachable !== true) return;
  for (const detached of await detachedDefaults.all(transaction, organizationId)) detachedDefaults.remove(transaction, detached);
}

function requireRoot({ rootId }: OrganizationRecord, given: string): void {
  if (given !== rootId) throw fault('RootNotFoundException', "You specified a root that doesn't exist.");
}

export const attachmentOperations = [
  AttachPolicy,
  DetachPolicy,
  ListPoliciesForTarget,
  ListTargetsForPolicy,
  EnablePolicyType,
  DisablePolicyType,
];
