// The Bool operator: `true` or `false` without regard to case.
import type { ConditionContext } from '../policy.ts';
import { resolveText, type Template } from '../template.ts';

export function boolEquals(policyValue: Template, requestValue: string, context: ConditionContext): boolean {
  const wanted = resolveText(policyValue, context)?.toLowerCase();
  return (wanted === 'true' || wanted === 'false') && requestValue.toLowerCase() === wanted;
}
