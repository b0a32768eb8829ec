// Cost categories and anomaly monitors, as the tagging API finds and tags them.
import { callsTo } from '../../kit/calls.ts';
import type { Context } from '../../kit/context.ts';
import { type Taggable, type Tags, taggableRecords } from '../../kit/taggables.ts';
import { monitors } from './anomaly-records.ts';
import type { Operations } from './api.gen.ts';
import { type CategoryRecord, categories } from './categories.ts';

const call = callsTo<Operations>('ce');

const common = {
  isGlobal: true,
  tag: (context: Context, ResourceArn: string, tags: Tags) =>
    call(context, 'TagResource', { ResourceArn, ResourceTags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
  untag: (context: Context, ResourceArn: string, keys: readonly string[]) =>
    call(context, 'UntagResource', { ResourceArn, ResourceTagKeys: keys }),
};

const records = taggableRecords({
  ...common,
  type: 'ce:costcategory',
  cloudFormationType: 'AWS::CE::CostCategory',
  prefix: 'costcategory/',
  records: categories,
  resourceOf: (_place, { arn, tags }: CategoryRecord) => ({ arn, tags }),
  keyOf: ({ resource }) => [resource],
});

const taggableCategories: Taggable = {
  ...records,
  async find({ transaction }, { account, resource }) {
    // An ARN does not tell the name; an account has few of them.
    return (await categories.all(transaction, account)).find(({ arn }) => arn.endsWith(`:${resource}`));
  },
};

const monitorPrefix = 'anomalymonitor/';
const taggableMonitors = taggableRecords({
  ...common,
  type: 'ce:anomalymonitor',
  cloudFormationType: 'AWS::CE::AnomalyMonitor',
  prefix: monitorPrefix,
  records: monitors,
  resourceOf: (_place, { arn, tags }) => ({ arn, tags }),
  keyOf: ({ resource }) => [resource.slice(monitorPrefix.length)],
});

export const costTaggables = [taggableCategories, taggableMonitors];
