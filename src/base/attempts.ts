// How often somebody may try to sign in: per name and per address, forgotten after a while. In memory of one node; every failure is in the ledger.
import { limits } from './limits.ts';

export interface Attempts {
  /** Counts the attempt. */
  mayTry(name: string, address: string, now: number): boolean;
  /** A right password ends the name's count. */
  succeeded(name: string): void;
}

interface Count {
  readonly sinceMs: number;
  readonly tries: number;
}

const windowMs = 5 * 60_000;
const nameMax = 10;
const addressMax = 50;

export function createAttempts(): Attempts {
  const counts = new Map<string, Count>();
  const count = (key: string, now: number): number => {
    const known = counts.get(key);
    const next = known === undefined || now - known.sinceMs > windowMs ? { sinceMs: now, tries: 1 } : { ...known, tries: known.tries + 1 };
    counts.delete(key);
    counts.set(key, next);
    if (counts.size > limits.signInCountsMax) counts.delete(counts.keys().next().value ?? key);
    return next.tries;
  };
  return {
    mayTry(name, address, now) {
      const tries = [count(`name ${name.slice(0, 200)}`, now), count(`address ${address}`, now)] as const;
      return tries[0] <= nameMax && tries[1] <= addressMax;
    },
    succeeded: (name) => void counts.delete(`name ${name.slice(0, 200)}`),
  };
}
