// Which contexts the ledger is known to hold, so that an engine writes each once. Told of contexts only when they are committed.
import { limits } from '../base/limits.ts';
import type { Asked, LedgerEvent } from './store.ts';

export interface KnownContexts {
  has(asked: Asked): boolean;
  /** These events are committed. */
  add(events: readonly LedgerEvent[]): void;
  clear(): void;
}

export function createKnownContexts(): KnownContexts {
  const known = new Set<string>();
  return {
    has: ({ context }) => known.has(context.id),
    add(events) {
      for (const { asked } of events) {
        if (asked === undefined || known.has(asked.context.id)) continue;
        // Full: all are written once more, which the ledger does not mind.
        if (known.size >= limits.askedContextsMax) known.clear();
        known.add(asked.context.id);
      }
    },
    clear: () => known.clear(),
  };
}
