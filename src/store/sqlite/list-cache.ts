// Short lists that were read lately (the grants and aliases of a key, the policies of a user): decoded, until something in their collection is
// written. Only the process that writes the file reads it, so nothing else can change it.
import { limits } from '../../base/limits.ts';
import type { Entry, Range } from '../store.ts';

export interface ListCache {
  get(collection: string, range: Range): readonly Entry[] | undefined;
  set(collection: string, range: Range, entries: readonly Entry[]): void;
  /** Something in the collection is about to change. */
  drop(collection: string): void;
  clear(): void;
}

/** Longer lists are pages that nobody asks for twice. */
const entriesMax = 32;

export function createListCache(): ListCache {
  const lists = new Map<string, Map<string, readonly Entry[]>>();
  let size = 0;
  const clear = (): void => {
    lists.clear();
    size = 0;
  };
  return {
    clear,
    get: (collection, range) => lists.get(collection)?.get(idOf(range)),
    set(collection, range, entries) {
      if (entries.length > entriesMax) return;
      // Full: all begin anew, which is simpler than an order of age and as good for lists that are asked for all the time.
      if (size >= limits.listCacheEntriesMax) clear();
      const known = lists.get(collection) ?? new Map<string, readonly Entry[]>();
      lists.set(collection, known.set(idOf(range), entries));
      size += 1 + entries.length;
    },
    drop(collection) {
      for (const entries of lists.get(collection)?.values() ?? []) size -= 1 + entries.length;
      lists.delete(collection);
    },
  };
}

function idOf({ prefix = '', after, limit, descending = false }: Range): string {
  return JSON.stringify([prefix, after, limit, descending]);
}
