// Members of a group that another account shares with the caller. The tagging API answers everybody about the own account only, so the group's
// query is asked of the owner's tagged resources here; the share of the group is the permission for it.
import { isRecord } from '../../base/record.ts';
import type { Context } from '../../kit/context.ts';
import { type Position, walk } from '../../kit/taggable-walk.ts';
import type { Tags } from '../../kit/taggables.ts';
import type { ResourceIdentifier } from './api.gen.ts';
import type { ParsedQuery, TagFilter } from './queries.ts';
import { badRequest } from './service.ts';

/** Records that one request looks at before it answers with what it has found. */
const scannedMax = 10_000;
/** AWS: resources that belong to no region are found in this one. */
const globalRegion = 'us-east-1';

interface Page {
  readonly found: readonly ResourceIdentifier[];
  /** Undefined on the last page. */
  readonly position: string | undefined;
}

/** @throws Fault BadRequestException for a position that is none */
export async function membersElsewhere(
  context: Context,
  account: string,
  query: Extract<ParsedQuery, { readonly kind: 'tags' }>,
  { limit, after }: { readonly limit: number; readonly after: string | undefined },
): Promise<Page> {
  const { transaction, partition, region } = context;
  const types = (await context.taggables.all()).filter(
    ({ cloudFormationType: type, isListed, isGlobal }) =>
      type !== undefined && isListed && (!isGlobal || region === globalRegion) && (query.types === 'all' || query.types.includes(type)),
  );
  const found: ResourceIdentifier[] = [];
  let position = after === undefined ? undefined : parsePosition(after);
  let scanned = 0;
  for await (const { taggable, items } of walk(types, { transaction, partition, account, region }, position)) {
    for (const { cursor, resource } of items) {
      if (scanned === scannedMax || found.length === limit) return { found, position: position && JSON.stringify(position) };
      if (resource !== undefined && isMember(resource.tags, query.filters)) {
        found.push({ ResourceArn: resource.arn, ResourceType: taggable.cloudFormationType });
      }
      position = { key: taggable.key, cursor };
      scanned += 1;
    }
  }
  return { found, position: undefined };
}

/** Resources that carry no tag are in no group. */
function isMember(tags: Tags, filters: readonly TagFilter[]): boolean {
  const matches = ({ Key, Values }: TagFilter): boolean => {
    const value = Object.hasOwn(tags, Key) ? tags[Key] : undefined;
    return value !== undefined && (Values.length === 0 || Values.includes(value));
  };
  return Object.keys(tags).length > 0 && filters.every(matches);
}

function parsePosition(text: string): Position {
  const bad = () => badRequest('The NextToken is not valid.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad();
  }
  if (!isRecord(value)) throw bad();
  const { key, cursor } = value;
  if (typeof key !== 'string' || typeof cursor !== 'string') throw bad();
  return { key, cursor };
}
