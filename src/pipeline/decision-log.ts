// Explained decisions. Refusals are stored with their ledger entry and stand as long as it does; the last allowed ones are kept in memory
// as they were asked (policies are immutable values), and explained when somebody wants to know.
import { limits } from '../base/limits.ts';
import { type Explanation, explain } from '../policy/explain.ts';
import type { AuthorizationRequest } from '../policy/policy.ts';
import type { Document, Transaction } from '../store/store.ts';

export interface Explained {
  readonly requestId: string;
  readonly timeMs: number;
  /** `iam:CreateUser`. */
  readonly operation: string;
  /** AWS's sentence; undefined when the request was allowed. */
  readonly message?: string | undefined;
  readonly decisions: readonly Explanation[];
  /** For sts:DecodeAuthorizationMessage. */
  readonly encodedMessage?: string | undefined;
}

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

const collection = 'explanation';

export function storeExplanation(transaction: Transaction, explained: Explained): void {
  // Encoding boundary: an explanation is plain JSON data.
  transaction.put(collection, explained.requestId, JSON.parse(JSON.stringify(explained)) as Document);
}

export async function storedExplanation(transaction: Transaction, requestId: string): Promise<Explained | undefined> {
  const document = await transaction.get(collection, requestId);
  // Decoding boundary: only storeExplanation writes this collection.
  return document as unknown as Explained | undefined;
}
