// Inline policies of users, groups and roles: the same four operations three times.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
import type { Context } from '../../kit/context.ts';
import { countedSize } from '../../policy/validate-document.ts';
import { requireIdentityDocument, shownDocument } from './documents.ts';
import { onEntity, permissionsChanged, requireEntity, requireModifiableEntity } from './entities.ts';
import { type ListInput, listPage } from './listing.ts';
import { quotas } from './quotas.ts';
import { type EntityKind, type InlinePolicyRecord, inlinePolicies, lower } from './records.ts';
import { fault, type Nothing, operation } from './service.ts';

interface PutInput {
  readonly name: string;
  readonly policyName: string;
  readonly document: string;
}

const sizeQuota = { user: quotas.UserPolicySize, group: quotas.GroupPolicySize, role: quotas.RolePolicySize } as const;

async function put(context: Context, kind: EntityKind, { name, policyName, document }: PutInput): Promise<Nothing> {
  const { transaction, account } = context;
  const entity = await requireModifiableEntity(context, kind, name);
  requireIdentityDocument(document);
  const others = await inlinePolicies.all(transaction, account, kind, lower(entity.name));
  let size = countedSize(document);
  for (const other of others) if (other.policyName !== policyName) size += countedSize(other.document);
  if (size > sizeQuota[kind])
    throw fault('LimitExceeded', `Maximum policy size of ${sizeQuota[kind]} bytes exceeded for ${kind} ${entity.name}`);
  inlinePolicies.put(transaction, { account, kind, name: entity.name, policyName, document });
  permissionsChanged(context);
  return {};
}

async function require(context: Context, kind: EntityKind, name: string, policyName: string): Promise<InlinePolicyRecord> {
  const entity = await requireEntity(context, kind, name);
  const record = await inlinePolicies.get(context.transaction, context.account, kind, lower(entity.name), policyName);
  if (record === undefined) throw fault('NoSuchEntity', `The ${kind} policy with name ${policyName} cannot be found.`);
  return record;
}

async function remove(context: Context, kind: EntityKind, name: string, policyName: string): Promise<Nothing> {
  await requireModifiableEntity(context, kind, name);
  inlinePolicies.remove(context.transaction, await require(context, kind, name, policyName));
  permissionsChanged(context);
  return {};
}

async function list(context: Context, kind: EntityKind, name: string, input: ListInput) {
  const entity = await requireEntity(context, kind, name);
  const page = await listPage(context, inlinePolicies, [context.account, kind, lower(entity.name)], input);
  return { PolicyNames: page.items.map(({ policyName }) => policyName), ...page.state };
}

export const inlinePolicyOperations = [
  operation('PutUserPolicy', {
    access: onEntity('iam:PutUserPolicy', 'user', (input) => input.UserName),
    handle: (input, context) =>
      put(context, 'user', { name: input.UserName, policyName: input.PolicyName, document: input.PolicyDocument }),
  }),
  operation('GetUserPolicy', {
    access: onEntity('iam:GetUserPolicy', 'user', (input) => input.UserName),
    async handle(input, context) {
      const { name, policyName, document } = await require(context, 'user', input.UserName, input.PolicyName);
      return { UserName: name, PolicyName: policyName, PolicyDocument: shownDocument(document) };
    },
  }),
  operation('DeleteUserPolicy', {
    access: onEntity('iam:DeleteUserPolicy', 'user', (input) => input.UserName),
    handle: (input, context) => remove(context, 'user', input.UserName, input.PolicyName),
  }),
  operation('ListUserPolicies', {
    access: onEntity('iam:ListUserPolicies', 'user', (input) => input.UserName),
    handle: (input, context) => list(context, 'user', input.UserName, input),
  }),
  operation('PutGroupPolicy', {
    access: onEntity('iam:PutGroupPolicy', 'group', (input) => input.GroupName),
    handle: (input, context) =>
      put(context, 'group', { name: input.GroupName, policyName: input.PolicyName, document: input.PolicyDocument }),
  }),
  operation('GetGroupPolicy', {
    access: onEntity('iam:GetGroupPolicy', 'group', (input) => input.GroupName),
    async handle(input, context) {
      const { name, policyName, document } = await require(context, 'group', input.GroupName, input.PolicyName);
      return { GroupName: name, PolicyName: policyName, PolicyDocument: shownDocument(document) };
    },
  }),
  operation('DeleteGroupPolicy', {
    access: onEntity('iam:DeleteGroupPolicy', 'group', (input) => input.GroupName),
    handle: (input, context) => remove(context, 'group', input.GroupName, input.PolicyName),
  }),
  operation('ListGroupPolicies', {
    access: onEntity('iam:ListGroupPolicies', 'group', (input) => input.GroupName),
    handle: (input, context) => list(context, 'group', input.GroupName, input),
  }),
  operation('PutRolePolicy', {
    access: onEntity('iam:PutRolePolicy', 'role', (input) => input.RoleName),
    handle: (input, context) =>
      put(context, 'role', { name: input.RoleName, policyName: input.PolicyName, document: input.PolicyDocument }),
  }),
  operation('GetRolePolicy', {
    access: onEntity('iam:GetRolePolicy', 'role', (input) => input.RoleName),
    async handle(input, context) {
      const { name, policyName, document } = await require(context, 'role', input.RoleName, input.PolicyName);
      return { RoleName: name, PolicyName: policyName, PolicyDocument: shownDocument(document) };
    },
  }),
  operation('DeleteRolePolicy', {
    access: onEntity('iam:DeleteRolePolicy', 'role', (input) => input.RoleName),
    handle: (input, context) => remove(context, 'role', input.RoleName, input.PolicyName),
  }),
  operation('ListRolePolicies', {
    access: onEntity('iam:ListRolePolicies', 'role', (input) => input.RoleName),
    handle: (input, context) => list(context, 'role', input.RoleName, input),
  }),
];
