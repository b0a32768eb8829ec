// TagResource, UntagResource and ListTagsForResource on cost categories and anomaly monitors.
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import { findMonitor } from './anomalies.ts';
import { monitors } from './anomaly-records.ts';
import { categories } from './categories.ts';
import { findCategory } from './cost-categories.ts';
import { fault, operation } from './service.ts';
import { checkedTags, type Tags, tagsOf } from './tags.ts';

type TagAction = 'ce:TagResource' | 'ce:UntagResource' | 'ce:ListTagsForResource';

async function tagAccess(scope: Scope, action: TagAction, arn: string, more: Partial<Access> = {}): Promise<Access> {
  const account = arn.split(':')[4];
  const resource = resourceNamed<'ce:costcategory' | 'ce:anomalymonitor'>(arn);
  const tags = (await findTagged(scope, arn))?.tags ?? {};
  return { action, resource, ...(account ? { resourceAccount: account } : {}), resourceTags: tags, ...more };
}

interface Tagged {
  readonly tags: Tags;
  readonly save: (tags: Tags) => void;
}

async function findTagged(scope: Scope, arn: string): Promise<Tagged | undefined> {
  const category = await findCategory(scope, arn);
  if (category !== undefined) return { tags: category.tags, save: (tags) => categories.put(scope.transaction, { ...category, tags }) };
  const monitor = await findMonitor(scope, arn);
  return monitor && { tags: monitor.tags, save: (tags) => monitors.put(scope.transaction, { ...monitor, tags }) };
}

/** @throws Fault ResourceNotFoundException */
async function requireTagged(scope: Scope, arn: string): Promise<Tagged> {
  const found = await findTagged(scope, arn);
  if (found === undefined) throw fault('ResourceNotFoundException', `No resource found with ARN ${arn}`, { fields: { ResourceName: arn } });
  return found;
}

export const TagResource = operation('TagResource', {
  access: (input, scope) => tagAccess(scope, 'ce:TagResource', input.ResourceArn, { requestTags: tagsOf(input.ResourceTags) }),
  async handle(input, context) {
    const { tags, save } = await requireTagged(context, input.ResourceArn);
    save(checkedTags(input.ResourceTags, tags, input.ResourceArn));
    return {};
  },
});

export const UntagResource = operation('UntagResource', {
  access: (input, scope) => tagAccess(scope, 'ce:UntagResource', input.ResourceArn, { context: { 'aws:TagKeys': input.ResourceTagKeys } }),
  async handle(input, context) {
    const { tags, save } = await requireTagged(context, input.ResourceArn);
    save(Object.fromEntries(Object.entries(tags).filter(([key]) => !input.ResourceTagKeys.includes(key))));
    return {};
  },
});

export const ListTagsForResource = operation('ListTagsForResource', {
  access: (input, scope) => tagAccess(scope, 'ce:ListTagsForResource', input.ResourceArn),
  async handle(input, context) {
    const { tags } = await requireTagged(context, input.ResourceArn);
    return { ResourceTags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
  },
});

export const resourceTagOperations = [TagResource, UntagResource, ListTagsForResource];
