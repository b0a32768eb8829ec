// Shares and customer managed permissions, as the tagging API finds and tags them.
import { callsTo } from '../../kit/calls.ts';
import { type Tags, taggableRecords } from '../../kit/taggables.ts';
import type { Operations } from './api.gen.ts';
import { permissionArn, shareArn } from './arns.ts';
import { permissions, shares } from './records.ts';

const call = callsTo<Operations>('ram');

export const taggableShares = taggableRecords({
  type: 'ram:resource-share',
  cloudFormationType: 'AWS::RAM::ResourceShare',
  prefix: 'resource-share/',
  records: shares,
  resourceOf: (place, share) => (share.isDeleted ? undefined : { arn: shareArn(place, share), tags: share.tags }),
  keyOf: ({ resource }) => [resource.split('/')[1] ?? ''],
  tag: (context, arn, tags) => call(context, 'TagResource', { resourceShareArn: arn, tags: listOf(tags) }),
  untag: (context, arn, keys) => call(context, 'UntagResource', { resourceShareArn: arn, tagKeys: keys }),
});

export const taggablePermissions = taggableRecords({
  type: 'ram:permission',
  cloudFormationType: 'AWS::RAM::Permission',
  prefix: 'permission/',
  records: permissions,
  resourceOf: (place, permission) =>
    permission.isDeleted || permission.featureSet !== 'STANDARD'
      ? undefined
      : { arn: permissionArn(place, permission), tags: permission.tags },
  keyOf: ({ resource }) => [resource.split('/')[1] ?? ''],
  tag: (context, arn, tags) => call(context, 'TagResource', { resourceArn: arn, tags: listOf(tags) }),
  untag: (context, arn, keys) => call(context, 'UntagResource', { resourceArn: arn, tagKeys: keys }),
});

function listOf(tags: Tags) {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}
