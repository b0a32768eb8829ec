// What a unit of work has read: single keys, and ranges as far as they were really walked.
import type { Entry, Range } from '../store.ts';
import { compareKeys, isInRange } from '../unit-of-work.ts';

export interface ReadSet {
  point(collection: string, key: string): void;
  range(collection: string, range: Range, found: readonly Entry[]): void;
  /** Whether a write to this key would have changed something that was read. */
  includes(collection: string, key: string): boolean;
  isEmpty(): boolean;
}

interface ReadRange {
  readonly collection: string;
  readonly range: Range;
  /** The last key that was seen, when the limit ended the walk; beyond it nothing was read. */
  readonly until: string | undefined;
}

/** Every unit fills one and few are asked what is in theirs, so it is a list until somebody asks. */
export function createReadSet(): ReadSet {
  /** Collection and key by turns. */
  const points: string[] = [];
  const ranges: ReadRange[] = [];
  let indexed = 0;
  let keys: Map<string, Set<string>> | undefined;

  const index = (): ReadonlyMap<string, ReadonlySet<string>> => {
    keys ??= new Map();
    for (; indexed < points.length; indexed += 2) {
      const [collection = '', key = ''] = [points[indexed], points[indexed + 1]];
      const known = keys.get(collection);
      if (known === undefined) keys.set(collection, new Set([key]));
      else known.add(key);
    }
    return keys;
  };
  return {
    point(collection, key) {
      points.push(collection, key);
    },
    range(collection, range, found) {
      ranges.push({ collection, range, until: found.length >= range.limit ? found.at(-1)?.key : undefined });
    },
    includes(collection, key) {
      if (index().get(collection)?.has(key) === true) return true;
      return ranges.some((read) => read.collection === collection && isInside(key, read));
    },
    isEmpty: () => points.length === 0 && ranges.length === 0,
  };
}

function isInside(key: string, { range, until }: ReadRange): boolean {
  if (!isInRange(key, range)) return false;
  if (until === undefined) return true;
  const order = compareKeys(key, until);
  return range.descending ? order >= 0 : order <= 0;
}
