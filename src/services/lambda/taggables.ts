// Functions, as the tagging API finds and tags them.
import { callsTo } from '../../kit/calls.ts';
import { taggableRecords } from '../../kit/taggables.ts';
import type { Operations } from './api.gen.ts';
import { functionArn } from './names.ts';
import { functions, latest } from './records.ts';

const call = callsTo<Operations>('lambda');

export const taggableFunctions = taggableRecords({
  type: 'lambda:function',
  cloudFormationType: 'AWS::Lambda::Function',
  prefix: 'function:',
  records: functions,
  // Tags are the function's: its versions have none.
  resourceOf: (place, { version, tags, ...named }) =>
    version === latest ? { arn: functionArn(place, { ...named, qualifier: undefined }), tags } : undefined,
  keyOf: ({ resource }) => [resource.slice('function:'.length), latest],
  tag: (context, arn, tags) => call(context, 'TagResource', { Resource: arn, Tags: tags }),
  untag: (context, arn, keys) => call(context, 'UntagResource', { Resource: arn, TagKeys: keys }),
});
