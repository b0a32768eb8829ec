// Tags of keys. https://docs.aws.amazon.com/kms/latest/developerguide/tagging-keys.html
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { decodeMarker, encodeMarker } from '../../kit/paging.ts';
import type { Tag } from './api.gen.ts';
import { keyAccess } from './key-access.ts';
import { keyArn, requireKeyById } from './key-names.ts';
import { requireState } from './key-states.ts';
import { keys } from './records.ts';
import { fault, operation } from './service.ts';

const tagsMax = 50;

export function tagRecord(tags: readonly Tag[] | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((tags ?? []).map(({ TagKey, TagValue }) => [TagKey, TagValue]));
}

export function tagList(tags: Readonly<Record<string, string>>): readonly Tag[] {
  return Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
}

/** @throws Fault TagException, LimitExceededException */
export function requireTags(tags: readonly Tag[] | undefined, existing: Readonly<Record<string, string>> = {}): void {
  const names = (tags ?? []).map(({ TagKey }) => TagKey);
  if (names.some((name) => /^aws:/i.test(name))) throw fault('TagException', 'Tags beginning with aws: are reserved.');
  if (new Set(names).size < names.length) throw fault('TagException', 'Duplicate tag keys');
  if (new Set([...names, ...Object.keys(existing)]).size > tagsMax) {
    throw fault('LimitExceededException', `The number of tags on a key cannot be greater than ${tagsMax}.`);
  }
}

/** AWS: tags of a key that is made need the permission to tag, from the caller's own policies, since the key has none yet. */
export function tagNewKeyAccess(scope: Scope, region: string, tags: readonly Tag[] = []): readonly Access[] {
  if (tags.length === 0) return [];
  const resource = keyArn(scope, { account: scope.account, region, keyId: '*' });
  return [{ action: 'kms:TagResource', resource, requestTags: tagRecord(tags), context: { 'kms:CallerAccount': scope.account } }];
}

export const TagResource = operation('TagResource', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:TagResource', requestTags: tagRecord(input.Tags) }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    requireState(context, key, 'Enabled', 'Disabled', 'PendingImport', 'Unavailable');
    requireTags(input.Tags, key.tags);
    keys.put(context.transaction, { ...key, tags: { ...key.tags, ...tagRecord(input.Tags) } });
    return {};
  },
});

export const UntagResource = operation('UntagResource', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:UntagResource', context: { 'aws:TagKeys': input.TagKeys } }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    requireState(context, key, 'Enabled', 'Disabled', 'PendingImport', 'Unavailable');
    const tags = Object.fromEntries(Object.entries(key.tags).filter(([name]) => !input.TagKeys.includes(name)));
    keys.put(context.transaction, { ...key, tags });
    return {};
  },
});

export const ListResourceTags = operation('ListResourceTags', {
  access: (input, scope) => keyAccess(scope, input.KeyId, { action: 'kms:ListResourceTags' }),
  async handle(input, context) {
    const key = await requireKeyById(context, input.KeyId);
    const all = tagList(key.tags).toSorted((left, right) => (left.TagKey < right.TagKey ? -1 : 1));
    // Tag keys have characters that markers may not have, and can be gone when the next page is asked for.
    const after =
      input.Marker === undefined ? undefined : decodeMarker(input.Marker, () => fault('InvalidMarkerException', 'Invalid marker.'));
    const rest = all.filter(({ TagKey }) => after === undefined || TagKey > after);
    const shown = rest.slice(0, Math.min(input.Limit ?? tagsMax, tagsMax));
    if (shown.length === rest.length) return { Tags: shown, Truncated: false };
    return { Tags: shown, Truncated: true, NextMarker: encodeMarker(shown.at(-1)?.TagKey) };
  },
});

export const tagOperations = [TagResource, UntagResource, ListResourceTags];
