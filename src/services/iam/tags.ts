// Tags of users, roles and policies.
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { entityAccess, onEntity, permissionsChanged, requireRole, requireUser, tagRecord } from './entities.ts';
import { findManagedPolicy } from './managed-policies.ts';
import { onPolicy, outsideAccount, requirePolicy } from './policies.ts';
import { type PolicyRecord, policies, roles, users } from './records.ts';
import { operation } from './service.ts';
import { keyTags, merged, tagPage, without } from './tag-rules.ts';

async function requireOwnPolicy(scope: Scope, arn: string): Promise<PolicyRecord> {
  const { record, isAwsManaged } = await requirePolicy(scope, arn);
  if (isAwsManaged) throw outsideAccount();
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
    handle: async (input, context) => tagPage((await requireUser(context, input.UserName)).tags, input),
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
    handle: async (input, context) => tagPage((await requireRole(context, input.RoleName)).tags, input),
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
    handle: async (input, context) => tagPage((await requirePolicy(context, input.PolicyArn)).record.tags, input),
  }),
];
