// Customer managed keys, as the tagging API finds and tags them.
import { callsTo } from '../../kit/calls.ts';
import { taggableRecords } from '../../kit/taggables.ts';
import type { Operations } from './api.gen.ts';
import { keyArn } from './key-names.ts';
import { keys } from './records.ts';
import { tagList } from './tags.ts';

const call = callsTo<Operations>('kms');

export const taggableKeys = taggableRecords({
  type: 'kms:key',
  cloudFormationType: 'AWS::KMS::Key',
  prefix: 'key/',
  records: keys,
  resourceOf: (place, key) => (key.manager === 'AWS' ? undefined : { arn: keyArn(place, key), tags: key.tags }),
  keyOf: ({ resource }) => [resource.slice('key/'.length)],
  tag: (context, arn, tags) => call(context, 'TagResource', { KeyId: arn, Tags: tagList(tags) }),
  untag: (context, arn, keys) => call(context, 'UntagResource', { KeyId: arn, TagKeys: keys }),
});
