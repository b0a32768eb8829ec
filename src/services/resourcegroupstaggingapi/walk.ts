// The way over all that can be tagged in an account and region: type by type, record by record, in an order that pages continue in.
import type { Scope } from '../../kit/context.ts';
import type { Taggable, TaggableItem, TagPlace } from '../../kit/taggables.ts';
import { globalRegion } from './service.ts';

/** The last record that was looked at. */
export interface Position {
  /** Of the type: see `Taggable.key`. */
  readonly key: string;
  readonly cursor: string;
}

interface Batch {
  readonly taggable: Taggable;
  readonly items: readonly TaggableItem[];
}

const batchMax = 500;

export function placeOf({ transaction, partition, account, region }: Scope): TagPlace & { readonly region: string } {
  return { transaction, partition, account, region };
}

/** The types that Get operations show in a region, as far as the filters (`kms`, `kms:key`) name them. */
export async function listedTypes(scope: Scope, region: string, filters: readonly string[] | undefined): Promise<readonly Taggable[]> {
  const all = await scope.taggables.all();
  return all.filter(({ type, isListed, isGlobal }) => isListed && (!isGlobal || region === globalRegion) && matchesType(type, filters));
}

export function matchesType(type: string, filters: readonly string[] | undefined): boolean {
  return filters === undefined || filters.length === 0 || filters.some((filter) => type === filter || type.startsWith(`${filter}:`));
}

/** Records in batches from after the position. */
export async function* walk(types: readonly Taggable[], place: TagPlace, from?: Position): AsyncGenerator<Batch> {
  for (const taggable of types) {
    if (from !== undefined && taggable.key < from.key) continue;
    let after = from?.key === taggable.key ? from.cursor : undefined;
    for (;;) {
      const items = await taggable.list(place, { limit: batchMax, ...(after === undefined ? {} : { after }) });
      if (items.length > 0) yield { taggable, items };
      after = items.at(-1)?.cursor;
      if (items.length < batchMax) break;
    }
  }
}
