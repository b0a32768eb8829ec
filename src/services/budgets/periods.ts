// The periods of budgets: days, calendar months, quarters and years in UTC, or one of the budget's own.
import { isoSeconds } from '../../base/clock.ts';
import type { TimeUnit } from './api.gen.ts';

/** AWS: the end of a budget without one, 06/15/87 00:00 UTC. */
export const endless = Date.UTC(2087, 5, 15);

export interface BudgetPeriod {
  readonly startMs: number;
  readonly endMs: number;
}

/** The period in which a moment lies, or one so many before it. */
export function periodAt(unit: Exclude<TimeUnit, 'CUSTOM'>, ms: number, before = 0): BudgetPeriod {
  const date = new Date(ms);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (unit) {
    case 'DAILY':
      return { startMs: Date.UTC(year, month, day - before), endMs: Date.UTC(year, month, day - before + 1) };
    case 'MONTHLY':
      return { startMs: Date.UTC(year, month - before), endMs: Date.UTC(year, month - before + 1) };
    case 'QUARTERLY': {
      const quarter = month - (month % 3) - 3 * before;
      return { startMs: Date.UTC(year, quarter), endMs: Date.UTC(year, quarter + 3) };
    }
    case 'ANNUALLY':
      return { startMs: Date.UTC(year - before), endMs: Date.UTC(year - before + 1) };
  }
}

/** What a budget looks at now; undefined while it has not begun. */
export function currentPeriod(
  { timeUnit, startMs, endMs }: { readonly timeUnit: TimeUnit; readonly startMs: number; readonly endMs: number },
  now: number,
): BudgetPeriod | undefined {
  if (now < startMs) return undefined;
  if (timeUnit === 'CUSTOM') return { startMs, endMs };
  const period = periodAt(timeUnit, now);
  return { startMs: Math.max(period.startMs, startMs), endMs: Math.min(period.endMs, endMs) };
}

export function dayOf(ms: number): string {
  return isoSeconds(ms).slice(0, 10);
}
