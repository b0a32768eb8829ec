// The write sets of recent commits, in order: what a unit of work that started earlier must not have read. Bounded; a unit that started
// before the oldest one kept counts as in conflict.
import type { Writes } from '../unit-of-work.ts';
import type { ReadSet } from './read-set.ts';

export interface CommitLog {
  /** The number of the last commit; a unit remembers it when it starts. */
  current(): number;
  /** Whether nothing that the unit read has been written since it started. */
  isValid(readSet: ReadSet, started: number): boolean;
  commit(writes: Writes): void;
  /** Everything running is in conflict: the state was replaced. */
  invalidateAll(): void;
}

type WriteSet = readonly (readonly [collection: string, key: string])[];

const keptMax = 4_096;

export function createCommitLog(): CommitLog {
  let last = 0;
  let kept: WriteSet[] = [];
  return {
    current: () => last,
    isValid(readSet, started) {
      if (started === last || readSet.isEmpty()) return true;
      const since = last - started;
      if (since > kept.length) return false;
      for (let index = kept.length - since; index < kept.length; index += 1) {
        for (const [collection, key] of kept[index] ?? []) if (readSet.includes(collection, key)) return false;
      }
      return true;
    },
    commit(writes) {
      const set = writeSetOf(writes);
      if (set.length === 0) return;
      last += 1;
      kept.push(set);
      if (kept.length > 2 * keptMax) kept = kept.slice(-keptMax);
    },
    invalidateAll() {
      last += 1;
      kept = [];
    },
  };
}

function writeSetOf(writes: Writes): WriteSet {
  const set: (readonly [string, string])[] = [];
  for (const [collection, documents] of writes.documents) for (const key of documents.keys()) set.push([collection, key]);
  return set;
}
