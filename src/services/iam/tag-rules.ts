// What all taggable resources of IAM share: how tags are added, removed and listed. Keys are unique without regard to case.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
import type { Access } from '../../kit/operation.ts';
import type { Tag } from './api.gen.ts';
import { tagList, tagRecord } from './entities.ts';
import { type ListInput, pageOfItems } from './listing.ts';
import { quotas } from './quotas.ts';
import type { Tags } from './records.ts';
import { fault } from './service.ts';

/** @throws Fault LimitExceeded when there would be more than fifty. */
export function merged(tags: Tags, added: readonly Tag[]): Tags {
  const incoming = tagRecord(added);
  const keys = new Set(Object.keys(incoming).map((key) => key.toLowerCase()));
  const kept = Object.entries(tags).filter(([key]) => !keys.has(key.toLowerCase()));
  const all = { ...Object.fromEntries(kept), ...incoming };
  if (Object.keys(all).length > quotas.TagsPerResource) throw fault('LimitExceeded', 'The number of tags has reached the maximum limit.');
  return all;
}

export function without(tags: Tags, keys: readonly string[]): Tags {
  const removed = new Set(keys.map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.has(key.toLowerCase())));
}

/** For untagging only the keys are in the request: aws:TagKeys. */
export function keyTags(keys: readonly string[]): Partial<Access> {
  return { context: { 'aws:TagKeys': keys } };
}

/** AWS: sorted by key. */
export function tagPage(tags: Tags, input: ListInput) {
  const sorted = tagList(tags).toSorted((left, right) => (left.Key < right.Key ? -1 : 1));
  const page = pageOfItems(sorted, input, ({ Key }) => Key);
  return { Tags: page.items, ...page.state };
}
