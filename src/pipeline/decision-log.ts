// Explained decisions. Refusals are stored with their ledger entry and stand as long as it does; the last allowed ones are kept in memory
// as they were asked (policies are immutable values), and explained when somebody wants to know.
import { limits } from '../base/limits.ts';
import type { Explained } from '../kit/decision-records.ts';
import { explain } from '../policy/explain.ts';
import type { AuthorizationRequest } from '../policy/policy.ts';

interface Asked {
  readonly timeMs: number;
  readonly operation: string;
  readonly asked: readonly AuthorizationRequest[];
}

export interface DecisionLog {
  remember(requestId: string, asked: Asked): void;
  /** From memory: what was allowed lately on this node. */
  recall(requestId: string): Explained | undefined;
}

export function createDecisionLog(): DecisionLog {
  const recent = new Map<string, Asked>();
  return {
    remember(requestId, asked) {
      recent.set(requestId, asked);
      if (recent.size > limits.recentDecisionsMax) recent.delete(recent.keys().next().value ?? requestId);
    },
    recall(requestId) {
      const found = recent.get(requestId);
      if (found === undefined) return undefined;
      return { requestId, timeMs: found.timeMs, operation: found.operation, decisions: found.asked.map((question) => explain(question)) };
    },
  };
}
