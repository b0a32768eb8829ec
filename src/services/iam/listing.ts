// Pages in IAM's way: PathPrefix, Marker and MaxItems in, IsTruncated and Marker out.

import type { Collection } from '../../kit/collection.ts';
import type { Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import { decodeMarker, encodeMarker, pageOf } from '../../kit/paging.ts';

export interface ListInput {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
  readonly PathPrefix?: string | undefined;
}

export interface ListPage<Value> {
  readonly items: readonly Value[];
  readonly state: { readonly IsTruncated: boolean; readonly Marker?: string };
}

const defaultPageSize = 100;

/** One page of what lies under these key parts. */
export async function listPage<Value extends object>(
  scope: Scope,
  records: Collection<Value>,
  under: readonly string[],
  input: ListInput,
  matches?: (value: Value) => boolean,
): Promise<ListPage<Value>> {
  const page = await pageOf(
    scope.transaction,
    records,
    {
      under,
      limit: input.MaxItems ?? defaultPageSize,
      marker: input.Marker,
      onBadMarker: () => badMarker(input),
    },
    matches,
  );
  return { items: page.items, state: stateOf(page.marker) };
}

/** One page of items that are at hand, in the order of their keys. */
export function pageOfItems<Item>(items: readonly Item[], input: ListInput, keyOf: (item: Item) => string): ListPage<Item> {
  const after = input.Marker === undefined ? undefined : decodeMarker(input.Marker, () => badMarker(input));
  const start = after === undefined ? 0 : items.findIndex((item) => keyOf(item) > after);
  const rest = start === -1 ? [] : items.slice(start);
  const page = rest.slice(0, input.MaxItems ?? defaultPageSize);
  const last = page.at(-1);
  return { items: page, state: stateOf(last === undefined || page.length === rest.length ? undefined : encodeMarker(keyOf(last))) };
}

function badMarker(input: ListInput): Error {
  return commonFault('ValidationError', `Invalid Marker: ${(input.Marker ?? '').slice(0, 128)}`);
}

function stateOf(marker: string | undefined): ListPage<never>['state'] {
  return marker === undefined ? { IsTruncated: false } : { IsTruncated: true, Marker: marker };
}

/** One page of the account's entities whose path begins with PathPrefix. */
export function pathPage<Value extends { readonly path: string }>(
  scope: Scope,
  records: Collection<Value>,
  input: ListInput,
): Promise<ListPage<Value>> {
  const prefix = input.PathPrefix ?? '/';
  return listPage(scope, records, [scope.account], input, (value) => value.path.startsWith(prefix));
}
