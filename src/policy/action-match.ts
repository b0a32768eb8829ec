// Whether a policy grants an action at all, on some resource under some condition: what last accessed reports and comparisons of policies ask.
// It is no decision: only evaluate.ts decides.
import { actionMatches } from './actions.ts';
import type { CompiledPolicy, CompiledStatement } from './compile.ts';

/** Allowed by a statement, and not taken away by one that denies it everywhere without a condition. */
export function grantsAction(policy: CompiledPolicy, action: string): boolean {
  const isAllowed = policy.allows.some(({ actions }) => actionMatches(actions, action.toLowerCase()));
  return isAllowed && !isDeniedEverywhere(policy, action);
}

/** Whether one of the statements takes the action away everywhere. */
export function isDeniedEverywhere({ denies }: CompiledPolicy, action: string): boolean {
  return denies.some((each) => isWhole(each) && actionMatches(each.actions, action.toLowerCase()));
}

function isWhole({ resources, conditions }: CompiledStatement): boolean {
  return resources === undefined && conditions.length === 0;
}
