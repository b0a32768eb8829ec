// Groups, as the tagging API finds and tags them.
import { callsTo } from '../../kit/calls.ts';
import { taggableRecords } from '../../kit/taggables.ts';
import type { Operations } from './api.gen.ts';
import { groupArn } from './names.ts';
import { groups } from './records.ts';

const call = callsTo<Operations>('resource-groups');

export const taggableGroups = taggableRecords({
  type: 'resource-groups:group',
  cloudFormationType: 'AWS::ResourceGroups::Group',
  prefix: 'group/',
  records: groups,
  resourceOf: (place, group) => ({ arn: groupArn(place, group), tags: group.tags }),
  keyOf: ({ resource }) => [resource.split('/')[1] ?? ''],
  tag: (context, arn, tags) => call(context, 'Tag', { Arn: arn, Tags: tags }),
  untag: (context, arn, keys) => call(context, 'Untag', { Arn: arn, Keys: keys }),
});
