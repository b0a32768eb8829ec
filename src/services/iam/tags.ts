// Tags of users, roles and policies. Keys are unique without regard to case.
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import type { Tag } from './api.gen.ts';
import { entityAccess, onEntity, permissionsChanged, requireRole, requireUser, tagList, tagRecord } from './entities.ts';
import { findManagedPolicy } from './managed-policies.ts';
import { onPolicy, requirePolicy } from './policies.ts';
import { type PolicyRecord, policies, roles, type Tags, users } from './records.ts';
import { fault, operation } from './service.ts';

function merged(tags: Tags, added: readonly Tag[]): Tags {
  const incoming = tagRecord(added);
  const keys = new Set(Object.keys(incoming).map((key) => key.toLowerCase()));
  const kept = Object.entries(tags).filter(([key]) => !keys.has(key.toLowerCase()));
  const all = { ...Object.fromEntries(kept), ...incoming };
  if (Object.keys(all).length > 50) throw fault('LimitExceeded', 'The number of tags has reached the maximum limit.');
  return all;
}

function without(tags: Tags, keys: readonly string[]): Tags {
  const removed = new Set(keys.map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.has(key.toLowerCase())));
}

/** For untagging only the keys are in the request: aws:TagKeys. */
function keyTags(keys: readonly string[]): Partial<Access> {
  return { context: { 'aws:TagKeys': keys } };
}

async function requireOwnPolicy(scope: Scope, arn: string): Promise<PolicyRecord> {
  const { record, isAwsManaged } = await requirePolicy(scope, arn);
  if (isAwsManaged) throw fault('InvalidInput', `Policy ${arn} is managed by AWS and cannot be tagged.`);
  return record;
}

async function policyAccess(scope: Scope, action: string, arn: string, extra: Partial<Access>): Promise<Access> {
  const found = await findManagedPolicy(scope.transaction, arn);
  return { action, resource: arn, shownAs: `policy ${arn}`, ...(found === undefined ? {} : { resourceTags: found.record.tags }), ...extra };
}

export const tagOperations = [
  operation('TagUser', {
    access: (input, scope) => entityAccess(scope, 'iam:TagUser', 'user', input.UserName, { requestTags: tagRecord(input.Tags) }),
    async handle(input, context) {
      const user = await requireUser(context, input.UserName);
      users.put(context.transaction, { ...user, tags: merged(user.tags, input.Tags) });
      permissionsChanged(context);
      return {};
    },
  }),
  operation('UntagUser', {
    access: (input, scope) => entityAccess(scope, 'iam:UntagUser', 'user', input.UserName, keyTags(input.TagKeys)),
    async handle(input, context) {
      const user = await requireUser(context, input.UserName);
      users.put(context.transaction, { ...user, tags: without(user.tags, input.TagKeys) });
      permissionsChanged(context);
      return {};
    },
  }),
  operation('ListUserTags', {
    access: onEntity('iam:ListUserTags', 'user', (input) => input.UserName),
    handle: async (input, context) => ({ Tags: tagList((await requireUser(context, input.UserName)).tags), IsTruncated: false }),
  }),
  operation('TagRole', {
    access: (input, scope) => entityAccess(scope, 'iam:TagRole', 'role', input.RoleName, { requestTags: tagRecord(input.Tags) }),
    async handle(input, context) {
      const role = await requireRole(context, input.RoleName);
      roles.put(context.transaction, { ...role, tags: merged(role.tags, input.Tags) });
      permissionsChanged(context);
      return {};
    },
  }),
  operation('UntagRole', {
    access: (input, scope) => entityAccess(scope, 'iam:UntagRole', 'role', input.RoleName, keyTags(input.TagKeys)),
    async handle(input, context) {
      const role = await requireRole(context, input.RoleName);
      roles.put(context.transaction, { ...role, tags: without(role.tags, input.TagKeys) });
      permissionsChanged(context);
      return {};
    },
  }),
  operation('ListRoleTags', {
    access: onEntity('iam:ListRoleTags', 'role', (input) => input.RoleName),
    handle: async (input, context) => ({ Tags: tagList((await requireRole(context, input.RoleName)).tags), IsTruncated: false }),
  }),
  operation('TagPolicy', {
    access: (input, scope) => policyAccess(scope, 'iam:TagPolicy', input.PolicyArn, { requestTags: tagRecord(input.Tags) }),
    async handle(input, context) {
      const record = await requireOwnPolicy(context, input.PolicyArn);
      policies.put(context.transaction, { ...record, tags: merged(record.tags, input.Tags) });
      return {};
    },
  }),
  operation('UntagPolicy', {
    access: (input, scope) => policyAccess(scope, 'iam:UntagPolicy', input.PolicyArn, keyTags(input.TagKeys)),
    async handle(input, context) {
      const record = await requireOwnPolicy(context, input.PolicyArn);
      policies.put(context.transaction, { ...record, tags: without(record.tags, input.TagKeys) });
      return {};
    },
  }),
  operation('ListPolicyTags', {
    access: onPolicy('iam:ListPolicyTags'),
    handle: async (input, context) => ({ Tags: tagList((await requirePolicy(context, input.PolicyArn)).record.tags), IsTruncated: false }),
  }),
];
