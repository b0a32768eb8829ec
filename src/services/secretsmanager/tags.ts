// Tags of secrets. https://docs.aws.amazon.com/secretsmanager/latest/userguide/managing-secrets_tagging.html

import { onSecret } from './access.ts';
import type { Tag } from './api.gen.ts';
import { quotas } from './quotas.ts';
import { secrets, type Tags } from './records.ts';
import { requirePrimary } from './secret-ids.ts';
import { fault, operation } from './service.ts';

/** Later tags of the same key replace earlier ones. */
export function tagRecord(tags: readonly Tag[] = []): Tags {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

export function tagList(tags: Tags): readonly Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** @throws Fault InvalidParameterException */
export function withTags(tags: Tags, added: readonly Tag[] = []): Tags {
  const reserved = added.find(({ Key = '' }) => /^aws:/i.test(Key));
  if (reserved !== undefined) {
    throw fault(
      'InvalidParameterException',
      `The tag key ${reserved.Key} is not valid: keys that begin with aws: are reserved for AWS use.`,
    );
  }
  const all = { ...tags, ...tagRecord(added) };
  if (Object.keys(all).length > quotas.tagsMax) {
    throw fault('InvalidParameterException', `A secret can't have more than ${quotas.tagsMax} tags.`);
  }
  return all;
}

export const TagResource = operation('TagResource', {
  access: onSecret('secretsmanager:TagResource', ({ Tags: tags }: { SecretId: string; Tags: readonly Tag[] }) => ({
    requestTags: tagRecord(tags),
  })),
  async handle(input, context) {
    const { secret } = await requirePrimary(context, input.SecretId);
    secrets.put(context.transaction, { ...secret, tags: withTags(secret.tags, input.Tags), changedAtMs: context.now });
    return {};
  },
});

export const UntagResource = operation('UntagResource', {
  access: onSecret('secretsmanager:UntagResource', ({ TagKeys }: { SecretId: string; TagKeys: readonly string[] }) => ({
    context: { 'aws:TagKeys': TagKeys },
  })),
  async handle(input, context) {
    const { secret } = await requirePrimary(context, input.SecretId);
    const removed = new Set(input.TagKeys);
    const tags = Object.fromEntries(Object.entries(secret.tags).filter(([key]) => !removed.has(key)));
    secrets.put(context.transaction, { ...secret, tags, changedAtMs: context.now });
    return {};
  },
});

export const tagOperations = [TagResource, UntagResource];
