// Tags of groups themselves.
import { groupAccess, requireGroup } from './names.ts';
import { groups } from './records.ts';
import { operation } from './service.ts';
import { requireTags } from './tag-rules.ts';

export const Tag = operation('Tag', {
  access: ({ Arn, Tags }, scope) => groupAccess(scope, 'resource-groups:Tag', { Group: Arn }, { requestTags: Tags }),
  async handle({ Arn, Tags }, context) {
    const group = await requireGroup(context, { Group: Arn });
    requireTags(Tags, group.tags);
    groups.put(context.transaction, { ...group, tags: { ...group.tags, ...Tags } });
    return { Arn, Tags };
  },
});

export const Untag = operation('Untag', {
  access: ({ Arn, Keys }, scope) => groupAccess(scope, 'resource-groups:Untag', { Group: Arn }, { context: { 'aws:TagKeys': Keys } }),
  async handle({ Arn, Keys }, context) {
    const group = await requireGroup(context, { Group: Arn });
    const tags = Object.fromEntries(Object.entries(group.tags).filter(([key]) => !Keys.includes(key)));
    groups.put(context.transaction, { ...group, tags });
    return { Arn, Keys };
  },
});

export const GetTags = operation('GetTags', {
  access: ({ Arn }, scope) => groupAccess(scope, 'resource-groups:GetTags', { Group: Arn }),
  async handle({ Arn }, context) {
    return { Arn, Tags: (await requireGroup(context, { Group: Arn })).tags };
  },
});

export const tagOperations = [Tag, Untag, GetTags];
