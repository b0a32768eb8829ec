// The way over all that can be tagged in an account and region: type by type, record by record, in an order that pages continue in.
import type { Taggable, TaggableItem, TagPlace } from './taggables.ts';

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
