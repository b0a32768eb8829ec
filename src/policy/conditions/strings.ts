// String operators. Wildcards count only in StringLike; what a variable brings is always literal.

import { globMatches } from '../glob.ts';
import type { ConditionContext } from '../policy.ts';
import { resolveText, type Template, templateMatches } from '../template.ts';

export function stringEquals(policyValue: Template, requestValue: string, context: ConditionContext): boolean {
  return resolveText(policyValue, context) === requestValue;
}

export function stringEqualsIgnoreCase(policyValue: Template, requestValue: string, context: ConditionContext): boolean {
  return resolveText(policyValue, context)?.toLowerCase() === requestValue.toLowerCase();
}

export function stringLike(policyValue: Template, requestValue: string, context: ConditionContext): boolean {
  return policyValue.parts === undefined
    ? globMatches(policyValue.glob, requestValue)
    : templateMatches(policyValue, requestValue, context);
}
