// Lists of policies that many decisions are made with, such as all of a principal's: with their bits side by side, so that a decision only
// looks at the policies that can be about its action.
import type { PolicySource } from './policy.ts';
import type { Subject } from './statement.ts';

/** Any list will do; one of `policyList` is faster. */
export interface PolicyList extends ReadonlyArray<PolicySource> {
  /** Four numbers for each policy: what it may deny and what it may allow, by the bits of `Reach`. */
  readonly reach?: Int32Array;
}

const numbersEach = 4;

export function policyList(sources: readonly PolicySource[]): PolicyList {
  const reach = Int32Array.from(
    sources.flatMap(({ policy }) => [policy.denyVerbs, policy.denyServices, policy.allowVerbs, policy.allowServices]),
  );
  return Object.assign([...sources], { reach });
}

/** Whether the policy at this place may deny the action. */
export function mayDeny({ reach }: PolicyList, at: number, { verb, serviceBit }: Subject): boolean {
  if (reach === undefined) return true;
  const first = at * numbersEach;
  return (((reach[first] ?? -1) & verb) | ((reach[first + 1] ?? -1) & serviceBit)) !== 0;
}

/** Whether the policy at this place may allow the action. */
export function mayAllow({ reach }: PolicyList, at: number, { verb, serviceBit }: Subject): boolean {
  if (reach === undefined) return true;
  const first = at * numbersEach + 2;
  return (((reach[first] ?? -1) & verb) | ((reach[first + 1] ?? -1) & serviceBit)) !== 0;
}
