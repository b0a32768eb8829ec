// GetTagKeys and GetTagValues: what is in use in the region, sorted. A request looks at a bounded window of resources and answers a page of
// what is in it; only beyond a window's size may a key or value come a second time.
import type { Context } from '../../kit/context.ts';
import { type Position, walk } from '../../kit/taggable-walk.ts';
import type { Tags } from '../../kit/taggables.ts';
import { operation } from './service.ts';
import { decodeToken, encodeToken, invalidToken, type Query } from './tokens.ts';
import { listedTypes, placeOf } from './walk.ts';

const perPage = 500;
const windowMax = 20_000;

export const GetTagKeys = operation('GetTagKeys', {
  access: () => ({ action: 'tag:GetTagKeys', resource: '*' }),
  async handle(input, context) {
    const { texts, token } = await distinctPage(context, { token: input.PaginationToken, query: { operation: 'GetTagKeys' } }, (tags) =>
      Object.keys(tags),
    );
    return { PaginationToken: token, TagKeys: texts };
  },
});

export const GetTagValues = operation('GetTagValues', {
  access: () => ({ action: 'tag:GetTagValues', resource: '*' }),
  async handle(input, context) {
    const valueIn = (tags: Tags) => (Object.hasOwn(tags, input.Key) ? [tags[input.Key] ?? ''] : []);
    const query = { operation: 'GetTagValues', filters: { Key: input.Key } };
    const { texts, token } = await distinctPage(context, { token: input.PaginationToken, query }, valueIn);
    return { PaginationToken: token, TagValues: texts };
  },
});

interface DistinctRequest {
  readonly token: string | undefined;
  readonly query: Query;
}

interface DistinctPage {
  readonly texts: readonly string[];
  readonly token: string;
}

async function distinctPage(
  context: Context,
  { token, query }: DistinctRequest,
  textsIn: (tags: Tags) => readonly string[],
): Promise<DistinctPage> {
  const { window, after } = decodeDistinct(decodeToken(token, context, query));
  const types = await listedTypes(context, context.region, undefined);
  const found = new Set<string>();
  let next: Position | undefined;
  let scanned = 0;
  scan: for await (const { taggable, items } of walk(types, placeOf(context), window)) {
    for (const { cursor, resource } of items) {
      if (scanned >= windowMax) break scan;
      if (resource !== undefined) for (const text of textsIn(resource.tags)) found.add(text);
      next = { key: taggable.key, cursor };
      scanned += 1;
    }
  }
  const left = [...found].toSorted().filter((text) => after === undefined || text > after);
  const texts = left.slice(0, perPage);
  const isWindowDone = left.length === texts.length;
  const position = isWindowDone ? (scanned < windowMax ? undefined : { window: next }) : { window, after: texts.at(-1) };
  return { texts, token: encodeToken(context, query, position) };
}

function decodeDistinct(decoded: ReturnType<typeof decodeToken>): { readonly window?: Position; readonly after?: string } {
  if (decoded === undefined) return {};
  const { window, after } = decoded;
  if (after !== undefined && typeof after !== 'string') throw invalidToken();
  return { ...(isPosition(window) ? { window } : {}), ...(after === undefined ? {} : { after }) };
}

function isPosition(value: unknown): value is Position {
  if (typeof value !== 'object' || value === null || !('key' in value) || !('cursor' in value)) return false;
  return typeof value.key === 'string' && typeof value.cursor === 'string';
}
