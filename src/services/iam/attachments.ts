// Managed policies on users, groups and roles: the same three operations three times.
import type { Context, Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { entityAccess, onEntity, permissionsChanged, requireEntity, requireModifiableEntity } from './entities.ts';
import { type ListInput, listPage } from './listing.ts';
import { findManagedPolicy, serviceLinkedPath } from './managed-policies.ts';
import { requirePolicyArn } from './policy-access.ts';
import { withinQuota } from './quotas.ts';
import { attachedTo, attachments, type EntityKind, lower } from './records.ts';
import { fault, type Nothing, operation } from './service.ts';

const quotaOf = { user: 'PoliciesPerUser', group: 'PoliciesPerGroup', role: 'PoliciesPerRole' } as const;

async function attach(context: Context, kind: EntityKind, name: string, policyArn: string): Promise<Nothing> {
  const { transaction, account } = context;
  requirePolicyArn(policyArn);
  const entity = await requireModifiableEntity(context, kind, name);
  const policy = await findManagedPolicy(transaction, policyArn);
  if (policy === undefined || (!policy.isAwsManaged && policy.record.account !== account)) {
    throw fault('NoSuchEntity', `Policy ${policyArn} does not exist or is not attachable.`);
  }
  if (policy.isAwsManaged && policy.record.path.startsWith(serviceLinkedPath)) {
    throw fault('PolicyNotAttachable', 'Cannot attach a Service Role Policy to a Customer Role.');
  }
  const attached = await attachments.all(transaction, account, kind, lower(entity.name));
  if (attached.some((each) => each.policyArn === policyArn)) return {};
  withinQuota(quotaOf[kind], attached.length + 1);
  const record = { account, kind, name: entity.name, policyArn, policyName: policy.record.policyName };
  attachments.put(transaction, record);
  attachedTo.put(transaction, record);
  permissionsChanged(context);
  return {};
}

async function detach(context: Context, kind: EntityKind, name: string, policyArn: string): Promise<Nothing> {
  const { transaction, account } = context;
  requirePolicyArn(policyArn);
  const entity = await requireModifiableEntity(context, kind, name);
  const record = await attachments.get(transaction, account, kind, lower(entity.name), policyArn);
  if (record === undefined) throw fault('NoSuchEntity', `Policy ${policyArn} was not found.`);
  attachments.remove(transaction, record);
  attachedTo.remove(transaction, record);
  permissionsChanged(context);
  return {};
}

async function list(context: Context, kind: EntityKind, name: string, input: ListInput) {
  const entity = await requireEntity(context, kind, name);
  const prefix = input.PathPrefix ?? '/';
  const page = await listPage(context, attachments, [context.account, kind, lower(entity.name)], input, ({ policyArn }) =>
    policyArn.slice(policyArn.indexOf(':policy/') + ':policy'.length).startsWith(prefix),
  );
  return {
    AttachedPolicies: page.items.map(({ policyName, policyArn }) => ({ PolicyName: policyName, PolicyArn: policyArn })),
    ...page.state,
  };
}

function changing(scope: Scope, action: Access['action'], kind: EntityKind, name: string, policyArn: string): Promise<Access> {
  return entityAccess(scope, action, kind, name, { context: { 'iam:PolicyARN': policyArn } });
}

export const attachmentOperations = [
  operation('AttachUserPolicy', {
    access: (input, scope) => changing(scope, 'iam:AttachUserPolicy', 'user', input.UserName, input.PolicyArn),
    handle: (input, context) => attach(context, 'user', input.UserName, input.PolicyArn),
  }),
  operation('DetachUserPolicy', {
    access: (input, scope) => changing(scope, 'iam:DetachUserPolicy', 'user', input.UserName, input.PolicyArn),
    handle: (input, context) => detach(context, 'user', input.UserName, input.PolicyArn),
  }),
  operation('ListAttachedUserPolicies', {
    access: onEntity('iam:ListAttachedUserPolicies', 'user', (input) => input.UserName),
    handle: (input, context) => list(context, 'user', input.UserName, input),
  }),
  operation('AttachGroupPolicy', {
    access: (input, scope) => changing(scope, 'iam:AttachGroupPolicy', 'group', input.GroupName, input.PolicyArn),
    handle: (input, context) => attach(context, 'group', input.GroupName, input.PolicyArn),
  }),
  operation('DetachGroupPolicy', {
    access: (input, scope) => changing(scope, 'iam:DetachGroupPolicy', 'group', input.GroupName, input.PolicyArn),
    handle: (input, context) => detach(context, 'group', input.GroupName, input.PolicyArn),
  }),
  operation('ListAttachedGroupPolicies', {
    access: onEntity('iam:ListAttachedGroupPolicies', 'group', (input) => input.GroupName),
    handle: (input, context) => list(context, 'group', input.GroupName, input),
  }),
  operation('AttachRolePolicy', {
    access: (input, scope) => changing(scope, 'iam:AttachRolePolicy', 'role', input.RoleName, input.PolicyArn),
    handle: (input, context) => attach(context, 'role', input.RoleName, input.PolicyArn),
  }),
  operation('DetachRolePolicy', {
    access: (input, scope) => changing(scope, 'iam:DetachRolePolicy', 'role', input.RoleName, input.PolicyArn),
    handle: (input, context) => detach(context, 'role', input.RoleName, input.PolicyArn),
  }),
  operation('ListAttachedRolePolicies', {
    access: onEntity('iam:ListAttachedRolePolicies', 'role', (input) => input.RoleName),
    handle: (input, context) => list(context, 'role', input.RoleName, input),
  }),
];
