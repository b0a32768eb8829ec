// Tags of users, roles and policies.
import { entityAccess, onEntity, permissionsChanged, requireRole, requireUser, tagRecord } from './entities.ts';
import { onPolicy, policyAccess, requireOwnPolicy, requirePolicy } from './policy-access.ts';
import { policies, roles, users } from './records.ts';
import { operation } from './service.ts';
import { keyTags, merged, tagPage, without } from './tag-rules.ts';

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
