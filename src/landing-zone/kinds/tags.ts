// Tags of what Organizations holds, and the marks on its root for what has no tags of its own.
import { listAll, textIn } from '../api.ts';
import { itemMark, type Tag } from '../marks.ts';
import type { World } from '../world.ts';

export async function tagsOf(world: World, id: string): Promise<ReadonlyMap<string, string>> {
  const tags = await listAll(world.api, { service: 'organizations', operation: 'ListTagsForResource', input: { ResourceId: id } }, 'Tags');
  return tagMap(tags);
}

export function tagMap(tags: readonly Readonly<Record<string, unknown>>[]): ReadonlyMap<string, string> {
  return new Map(tags.map((tag) => [textIn(tag, 'Key') || textIn(tag, 'TagKey'), textIn(tag, 'Value') || textIn(tag, 'TagValue')]));
}

function rootMark(address: string): string {
  return `${itemMark}:${address}`;
}

export function isMarkedOnRoot(world: World, address: string): boolean {
  return world.rootTags.get(rootMark(address)) === world.file.zone;
}

export async function markOnRoot(world: World, address: string): Promise<void> {
  const Tags: readonly Tag[] = [{ Key: rootMark(address), Value: world.file.zone }];
  await world.api({ service: 'organizations', operation: 'TagResource', input: { ResourceId: world.rootId, Tags } });
}

export async function unmarkOnRoot(world: World, address: string): Promise<void> {
  const input = { ResourceId: world.rootId, TagKeys: [rootMark(address)] };
  await world.api({ service: 'organizations', operation: 'UntagResource', input });
}
