// What a tag must be, and how many there may be.
import type { Tag } from './api.gen.ts';
import { quotas } from './quotas.ts';
import type { Tags } from './records.ts';
import { fault, invalidParameter } from './service.ts';

/** As condition keys and tag policies see them. */
export function requestTagsOf(tags: readonly Tag[] | undefined): Tags {
  return Object.fromEntries((tags ?? []).map(({ key = '', value = '' }) => [key, value]));
}

/** The tags with new ones laid over them. @throws Fault TagPolicyViolationException, TagLimitExceededException, InvalidParameterException */
export function requireTags(known: Tags, added: readonly Tag[] | undefined): Tags {
  const keys = new Set<string>();
  for (const { key = '', value } of added ?? []) {
    if (/^aws:/i.test(key)) throw fault('TagPolicyViolationException', `The tag key ${key} is reserved: keys must not start with aws:.`);
    if (key === '' || key.length > 128) throw invalidParameter('A tag key must have 1 to 128 characters.');
    if (value === undefined) throw invalidParameter(`The tag ${key} has no value. It may be empty, but it must be there.`);
    if (value.length > 256) throw invalidParameter('A tag value must have at most 256 characters.');
    if (keys.has(key)) throw invalidParameter(`The tag key ${key} is given twice.`);
    keys.add(key);
  }
  const tags = { ...known, ...requestTagsOf(added) };
  if (Object.keys(tags).length > quotas.tags) throw fault('TagLimitExceededException', `You can have at most ${quotas.tags} tags.`);
  return tags;
}
