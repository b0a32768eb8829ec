// What a replay finds, summed up by principal and action: how often, when, one example, and why.
import { isoSeconds } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { PolicyLayer } from '../policy/policy.ts';
import type { AskedEntry } from '../store/store.ts';

/** Why a call is refused: in today's state for what the changes would allow, in the changed one for what they would refuse. */
export interface Reason {
  /** AWS's sentence. */
  readonly sentence: string;
  readonly layer: PolicyLayer | 'tag-policy' | undefined;
  /** The policy that decided, where one did: with the level of the tree at which it is attached. */
  readonly policy: string | undefined;
  /** Of guardrails: which level of the organisation, the root first. */
  readonly level: { readonly index: number; readonly node: string } | undefined;
}

export interface Line {
  readonly change: 'refused' | 'allowed' | 'cannot-tell';
  /** Of sessions their role. */
  readonly principal: string;
  readonly action: string;
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly example: Example;
  readonly reason: Reason | undefined;
  /** Of what cannot be told: why. */
  readonly because: string | undefined;
  readonly missingKeys: readonly string[] | undefined;
}

export interface Example {
  readonly eventId: string;
  readonly account: string;
  readonly region: string;
  readonly resource: string;
}

/** What makes two findings one line. */
export interface Finding {
  readonly change: Line['change'];
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly because?: string;
  readonly missingKeys?: readonly string[];
  readonly reason?: (() => Reason) | undefined;
}

interface Row {
  /** Without its way to the reason, which holds on to policies. */
  readonly finding: Omit<Finding, 'reason'>;
  readonly reason: Reason | undefined;
  readonly example: Example;
  readonly firstMs: number;
  lastMs: number;
  count: number;
}

export interface Tally {
  add(finding: Finding, event: AskedEntry): void;
  /** Refusals first, then the most frequent. */
  lines(): Iterable<Line>;
  /** Calls of lines that there was no more room for. */
  readonly unlisted: number;
}

export function createTally(): Tally {
  const rows = new Map<string, Row>();
  let unlisted = 0;
  return {
    add(finding, event) {
      const { change, principal, action, because = '', missingKeys = [] } = finding;
      const key = [change, principal, action, because, ...missingKeys].join('\n');
      const row = rows.get(key);
      if (row !== undefined) {
        row.count += 1;
        row.lastMs = Math.max(row.lastMs, event.timeMs);
      } else if (rows.size >= limits.whatIfLinesMax) unlisted += 1;
      else rows.set(key, rowOf(finding, event));
    },
    *lines() {
      for (const row of [...rows.values()].sort(byWeight)) yield lineOf(row);
    },
    get unlisted() {
      return unlisted;
    },
  };
}

function rowOf({ reason, ...finding }: Finding, { eventId, account, region, timeMs }: AskedEntry): Row {
  const example = { eventId, account, region, resource: finding.resource };
  return { finding, reason: reason?.(), example, firstMs: timeMs, lastMs: timeMs, count: 1 };
}

const order: readonly Line['change'][] = ['refused', 'allowed', 'cannot-tell'];

function byWeight(left: Row, right: Row): number {
  return order.indexOf(left.finding.change) - order.indexOf(right.finding.change) || right.count - left.count;
}

function lineOf({ finding, reason, example, firstMs, lastMs, count }: Row): Line {
  const { change, principal, action, because, missingKeys } = finding;
  const times = { firstSeen: isoSeconds(firstMs), lastSeen: isoSeconds(lastMs) };
  return { change, principal, action, count, ...times, example, reason, because, missingKeys };
}
