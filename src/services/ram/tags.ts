// Tags of shares and of customer managed permissions.

import type { Context, Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { permissionAccess, shareAccess } from './access.ts';
import type { TagResourceRequest, UntagResourceRequest } from './api.gen.ts';
import { requirePermission } from './permission-lookup.ts';
import { permissions, shares, type Tags } from './records.ts';
import { invalidParameter, operation, unknown } from './service.ts';
import { requestTagsOf, requireTags } from './tag-rules.ts';
import { requireOwnShare } from './views.ts';

type Target = Pick<TagResourceRequest, 'resourceShareArn' | 'resourceArn'>;

async function accessTo(scope: Scope, action: 'ram:TagResource' | 'ram:UntagResource', target: Target): Promise<Access> {
  const { resourceShareArn, resourceArn } = target;
  return resourceArn === undefined ? shareAccess(scope, action, resourceShareArn ?? '') : permissionAccess(scope, action, resourceArn);
}

export const TagResource = operation('TagResource', {
  access: async (input: TagResourceRequest, scope) => ({
    ...(await accessTo(scope, 'ram:TagResource', input)),
    requestTags: requestTagsOf(input.tags),
  }),
  async handle(input, context) {
    await change(context, input, (tags) => requireTags(tags, input.tags));
    return {};
  },
});

export const UntagResource = operation('UntagResource', {
  access: async (input: UntagResourceRequest, scope) => {
    const access = await accessTo(scope, 'ram:UntagResource', input);
    return { ...access, context: { ...access.context, 'aws:TagKeys': input.tagKeys } };
  },
  async handle(input, context) {
    await change(context, input, (tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !input.tagKeys.includes(key))));
    return {};
  },
});

async function change(context: Context, { resourceShareArn, resourceArn }: Target, next: (tags: Tags) => Tags): Promise<void> {
  if ((resourceShareArn === undefined) === (resourceArn === undefined)) {
    throw invalidParameter('You must specify either resourceShareArn or resourceArn, but not both.');
  }
  const { transaction, now } = context;
  if (resourceShareArn !== undefined) {
    const share = await requireOwnShare(context, resourceShareArn);
    if (share.isDeleted) throw unknown('ResourceShare', resourceShareArn);
    shares.put(transaction, { ...share, tags: next(share.tags), updatedAtMs: now });
    return;
  }
  const { record } = await requirePermission(context, resourceArn ?? '');
  if (record === undefined) throw invalidParameter('AWS managed permissions cannot be tagged.');
  if (record.isDeleted) throw unknown('Permission', resourceArn ?? '');
  permissions.put(transaction, { ...record, tags: next(record.tags), updatedAtMs: now });
}

export const tagOperations = [TagResource, UntagResource];
