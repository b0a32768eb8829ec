// Whether a policy grants an action at all, on some resource under some condition: what last accessed reports and comparisons of policies ask.
// It is no decision: only evaluate.ts decides.
import type { CompiledPolicy } from './compile.ts';
import { actionMatches } from './statement.ts';

/** Allowed by a statement, and not taken away by one that denies it everywhere without a condition. */
export function grantsAction(policy: CompiledPolicy, action: string): boolean {
  const lowerCase = action.toLowerCase();
  const { allows, denies } = policy.byService.get(lowerCase.slice(0, lowerCase.indexOf(':'))) ?? policy.others;
  return (
    allows.some(({ actions }) => actionMatches(actions, lowerCase)) &&
    !denies.some((each) => isWhole(each) && actionMatches(each.actions, lowerCase))
  );
}

/** Whether one of the policies takes the action away everywhere. */
export function isDeniedEverywhere(policy: CompiledPolicy, action: string): boolean {
  const lowerCase = action.toLowerCase();
  const { denies } = policy.byService.get(lowerCase.slice(0, lowerCase.indexOf(':'))) ?? policy.others;
  return denies.some((each) => isWhole(each) && actionMatches(each.actions, lowerCase));
}

function isWhole({ statement }: CompiledPolicy['others']['denies'][number]): boolean {
  return statement.resources === undefined && statement.conditions.length === 0;
}
