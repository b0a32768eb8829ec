// One call of the past in both states: whether the changes make a difference, which one, and what cannot be told.
import type { Identity } from '../kit/ports.ts';
import type { RecordedAccess } from '../pipeline/asked-record.ts';
import { isRefusal } from '../pipeline/authorize.ts';
import { evaluate } from '../policy/evaluate.ts';
import { type Asked, askedOf, type PastCall, resourceName, type State, type Used } from './past-call.ts';
import type { States } from './states.ts';

export type Verdict = { readonly isTimed: boolean; readonly drift: Drift } & (
  | { readonly kind: 'same' }
  /** With the question that is refused in one of the states: of the changes when it would be refused, of today when it would be allowed. */
  | { readonly kind: 'refused' | 'allowed'; readonly asked: Asked; readonly state: 'now' | 'supposed' }
  | {
      readonly kind: 'cannot-tell';
      readonly action: string;
      readonly resource: string;
      readonly reason: string;
      readonly missingKeys: readonly string[];
    }
);

/** How the call was decided, against how it would be decided today. */
export type Drift = 'none' | 'refused-today' | 'allowed-today' | 'unknown';

/** What one state says to a call: the first question that it refuses, or that all are allowed. */
interface Answer {
  readonly refused: Asked | undefined;
  /** Nothing refuses the call and nothing allows it: that of an operation which the build does not have. */
  readonly isOpen: boolean;
  readonly used: Used;
}

export function judge(call: PastCall, timeMs: number, states: States): Verdict {
  const isReached = states.reach(call);
  const gone = whatIsGone(call, states, isReached);
  if (gone !== undefined) {
    if (!isReached) return { kind: 'same', isTimed: false, drift: 'unknown' };
    return { ...cannotTell(call.question.accesses[0], gone, []), isTimed: false, drift: 'unknown' };
  }
  const now = answerOf(call, timeMs, states.now);
  const drift = driftOf(call, now);
  if (!isReached) return { kind: 'same', isTimed: now.used.isTimed, drift };
  if (states.appears(call)) {
    const reason = 'the organization had no resource policy then, and whether it can delegate the operation was not recorded';
    return { ...cannotTell(call.question.accesses[0], reason, []), isTimed: false, drift };
  }
  const supposed = answerOf(call, timeMs, states.supposed);
  const isTimed = now.used.isTimed || supposed.used.isTimed;
  const missing = [...new Set([...now.used.unrecorded, ...supposed.used.unrecorded])];
  if (missing.length > 0) {
    const reason = 'the values of condition keys that policies look at were not recorded';
    return { ...cannotTell(call.question.accesses[0], reason, missing), isTimed, drift };
  }
  if (supposed.refused !== undefined && now.refused === undefined)
    return { kind: 'refused', asked: supposed.refused, state: 'supposed', isTimed, drift };
  if (now.refused !== undefined && supposed.refused === undefined)
    return { kind: 'allowed', asked: now.refused, state: 'now', isTimed, drift };
  if (now.isOpen !== supposed.isOpen) return { ...cannotTell(call.question.accesses[0], absent, []), isTimed, drift };
  return { kind: 'same', isTimed, drift };
}

const absent = 'this build does not have the operation: it answers so unless a policy denies it, and what else decides is not known';

function cannotTell(access: RecordedAccess | undefined, reason: string, missingKeys: readonly string[]) {
  return { kind: 'cannot-tell', action: access?.action ?? '', resource: access?.resource ?? '', reason, missingKeys } as const;
}

/** What a decision would need and nobody has any more. A call that the changes do not reach needs less. */
function whatIsGone({ contextId, context, question }: PastCall, { now, supposed }: States, isReached: boolean): string | undefined {
  const { principal, sessionPolicies = [] } = context;
  if (now.identity(contextId) === undefined || supposed.identity(contextId) === undefined)
    return `the principal ${principal.roleArn ?? principal.arn} is gone`;
  if (sessionPolicies.some(({ arn, text }) => arn === undefined && text === undefined)) return 'the session policy was not recorded';
  if (context.vpcEndpoint !== undefined && context.vpcEndpoint.policy.text === undefined)
    return 'the policy of the VPC endpoint was not recorded';
  if (!isReached && question.accesses.every(({ resourceMode }) => resourceMode === undefined)) return undefined;
  const isGone = (access: RecordedAccess): boolean => {
    const name = resourceName(access, context);
    return name !== undefined && (now.resource(name) === undefined || supposed.resource(name) === undefined);
  };
  const lost = question.accesses.find((access) => access.hadPolicy && access.resourceMode !== 'trust' && isGone(access));
  return lost === undefined ? undefined : `the resource ${lost.resource} and its policy are gone`;
}

function answerOf(call: PastCall, timeMs: number, state: State): Answer {
  const used: Used = { unrecorded: new Set(), isTimed: false };
  // INVARIANT: `whatIsGone` has made sure that there is one.
  const identity: Identity | undefined = state.identity(call.contextId);
  if (identity === undefined) throw new Error(`the caller ${call.context.principal.arn} was not read`);
  let isOpen = false;
  for (const access of call.question.accesses) {
    const asked = askedOf(call, access, { state, identity, timeMs, used });
    const { outcome } = evaluate(asked.question);
    if (isRefusal(outcome, access.isAbsent) || asked.tagViolation !== undefined) return { refused: asked, isOpen: false, used };
    isOpen ||= outcome !== 'ALLOW';
  }
  return { refused: undefined, isOpen, used };
}

function driftOf({ question }: PastCall, { refused, used }: Answer): Drift {
  if (used.unrecorded.size > 0) return 'unknown';
  const isAllowed = refused === undefined;
  if (isAllowed === question.wasAllowed) return 'none';
  return isAllowed ? 'allowed-today' : 'refused-today';
}
