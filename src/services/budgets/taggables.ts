// Budgets and their actions, as the tagging API finds and tags them.
import { callsTo } from '../../kit/calls.ts';
import type { Context } from '../../kit/context.ts';
import { type Tags, taggableRecords } from '../../kit/taggables.ts';
import type { Operations } from './api.gen.ts';
import { actions, budgets } from './records.ts';

const call = callsTo<Operations>('budgets');

const common = {
  prefix: 'budget/',
  isGlobal: true,
  tag: (context: Context, ResourceARN: string, tags: Tags) =>
    call(context, 'TagResource', { ResourceARN, ResourceTags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
  untag: (context: Context, ResourceARN: string, keys: readonly string[]) =>
    call(context, 'UntagResource', { ResourceARN, ResourceTagKeys: keys }),
};

export const taggableBudgets = [
  taggableRecords({
    ...common,
    type: 'budgets:budget',
    cloudFormationType: 'AWS::Budgets::Budget',
    records: budgets,
    resourceOf: ({ partition }, { account, name, tags }) => ({ arn: `arn:${partition}:budgets::${account}:budget/${name}`, tags }),
    keyOf: ({ resource }) => [resource.slice(common.prefix.length)],
  }),
  taggableRecords({
    ...common,
    type: 'budgets:budgetAction',
    cloudFormationType: 'AWS::Budgets::BudgetsAction',
    records: actions,
    resourceOf: ({ partition }, { account, budget, actionId, tags }) => ({
      arn: `arn:${partition}:budgets::${account}:budget/${budget}/action/${actionId}`,
      tags,
    }),
    keyOf: ({ resource }) => resource.slice(common.prefix.length).split('/action/'),
  }),
];
