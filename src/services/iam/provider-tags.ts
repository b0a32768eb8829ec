// Tags of identity providers: merging, removing, and pages sorted by key as these operations list them.
import { commonFault } from '../../kit/operation.ts';
import { decodeMarker, encodeMarker } from '../../kit/paging.ts';
import type { Tag } from './api.gen.ts';
import { tagRecord } from './entities.ts';
import type { ListInput } from './listing.ts';
import type { Tags } from './records.ts';
import { fault } from './service.ts';

const tagsMax = 50;
const defaultPageSize = 100;

export function mergedTags(tags: Tags, added: readonly Tag[] | undefined): Tags {
  const incoming = tagRecord(added);
  const all = { ...withoutTags(tags, Object.keys(incoming)), ...incoming };
  if (Object.keys(all).length > tagsMax) throw fault('LimitExceeded', 'The number of tags has reached the maximum limit.');
  return all;
}

/** AWS: keys are told apart without regard to case. */
export function withoutTags(tags: Tags, keys: readonly string[]): Tags {
  const removed = new Set(keys.map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.has(key.toLowerCase())));
}

export function sortedTags(tags: Tags): readonly Tag[] {
  return Object.entries(tags)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([Key, Value]) => ({ Key, Value }));
}

export function tagPage(tags: Tags, { Marker, MaxItems = defaultPageSize }: ListInput) {
  const onBadMarker = () => commonFault('ValidationError', `Invalid Marker: ${(Marker ?? '').slice(0, 128)}`);
  const after = Marker === undefined ? undefined : decodeMarker(Marker, onBadMarker);
  const left = sortedTags(tags).filter(({ Key }) => after === undefined || Key > after);
  const page = left.slice(0, MaxItems);
  const marker = left.length > page.length ? encodeMarker(page.at(-1)?.Key) : undefined;
  return { Tags: page, ...(marker === undefined ? { IsTruncated: false } : { IsTruncated: true, Marker: marker }) };
}
