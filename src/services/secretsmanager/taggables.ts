// Secrets and their replicas, as the tagging API finds and tags them. A replica has its primary's tags, and cannot be tagged itself.
import { callsTo } from '../../kit/calls.ts';
import { type TaggableItem, taggableRecords } from '../../kit/taggables.ts';
import type { Operations } from './api.gen.ts';
import { replicas, secrets } from './records.ts';
import { arnOf } from './secret-ids.ts';
import { tagList } from './tags.ts';

const call = callsTo<Operations>('secretsmanager');

const common = {
  type: 'secretsmanager:secret',
  cloudFormationType: 'AWS::SecretsManager::Secret',
  prefix: 'secret:',
  /** The six random characters and their hyphen are not part of the name. */
  keyOf: ({ resource }: { readonly resource: string }) => [resource.slice('secret:'.length, -7)],
  tag: (context: Parameters<typeof call>[0], arn: string, tags: Readonly<Record<string, string>>) =>
    call(context, 'TagResource', { SecretId: arn, Tags: tagList(tags) }),
  untag: (context: Parameters<typeof call>[0], arn: string, keys: readonly string[]) =>
    call(context, 'UntagResource', { SecretId: arn, TagKeys: keys }),
};

export const taggableSecrets = [
  taggableRecords({
    ...common,
    records: secrets,
    resourceOf: (place, secret): TaggableItem['resource'] => ({ arn: arnOf(place, secret), tags: secret.tags }),
  }),
  taggableRecords({
    ...common,
    key: 'secretsmanager:secret#replica',
    records: replicas,
    async resourceOf(place, { account, region, name, primaryRegion }) {
      const primary = await secrets.get(place.transaction, account, primaryRegion, name);
      return primary && { arn: arnOf(place, { ...primary, region }), tags: primary.tags };
    },
  }),
];
