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
  readonly range: Range;
  /** The last key that was seen, when the limit ended the walk; beyond it nothing was read. */
  readonly until: string | undefined;
}

export function createReadSet(): ReadSet {
  const points = new Map<string, Set<string>>();
  const ranges = new Map<string, ReadRange[]>();
  const inside = (key: string, { range, until }: ReadRange): boolean => {
    if (!isInRange(key, range)) return false;
    if (until === undefined) return true;
    const order = compareKeys(key, until);
    return range.descending ? order >= 0 : order <= 0;
  };
  return {
    point(collection, key) {
      const keys = points.get(collection);
      if (keys === undefined) points.set(collection, new Set([key]));
      else keys.add(key);
    },
    range(collection, range, found) {
      const read = { range, until: found.length >= range.limit ? found.at(-1)?.key : undefined };
      const known = ranges.get(collection);
      if (known === undefined) ranges.set(collection, [read]);
      else known.push(read);
    },
    includes(collection, key) {
      return points.get(collection)?.has(key) === true || ranges.get(collection)?.some((read) => inside(key, read)) === true;
    },
    isEmpty: () => points.size === 0 && ranges.size === 0,
  };
}
