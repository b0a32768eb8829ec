// Cost categories, as the tagging API finds and tags them. Their ARNs do not tell their names.
import { callsTo } from '../../kit/calls.ts';
import { type Taggable, taggableRecords } from '../../kit/taggables.ts';
import type { Operations } from './api.gen.ts';
import { type CategoryRecord, categories } from './categories.ts';

const call = callsTo<Operations>('ce');
const prefix = 'costcategory/';

const records = taggableRecords({
  type: 'ce:costcategory',
  cloudFormationType: 'AWS::CE::CostCategory',
  prefix,
  isGlobal: true,
  records: categories,
  resourceOf: (_place, { arn, tags }: CategoryRecord) => ({ arn, tags }),
  keyOf: ({ resource }) => [resource],
  tag: (context, ResourceArn, tags) =>
    call(context, 'TagResource', { ResourceArn, ResourceTags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
  untag: (context, ResourceArn, keys) => call(context, 'UntagResource', { ResourceArn, ResourceTagKeys: keys }),
});

export const taggableCategories: Taggable = {
  ...records,
  async find({ transaction }, { account, resource }) {
    // An account has few of them.
    return (await categories.all(transaction, account)).find(({ arn }) => arn.endsWith(`:${resource}`));
  },
};
