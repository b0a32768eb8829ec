// One condition of a statement: an operator with its qualifiers, a key, and the values of the policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
import type { ConditionElement } from '../document.ts';
import type { ConditionContext, ConditionValue } from '../policy.ts';
import { compileTemplate, type Template } from '../template.ts';
import { type Operator, operators } from './operators.ts';

export interface Condition {
  readonly element: ConditionElement;
  readonly lowerCaseKey: string;
  readonly quantifier: 'none' | 'all' | 'any';
  readonly ifExists: boolean;
  /** `null` for the Null operator; undefined for an operator that nobody knows, which never holds. */
  readonly operator: Operator | null | undefined;
  readonly values: readonly Template[];
}

export function compileCondition(element: ConditionElement, hasVariables: boolean): Condition {
  const { name, quantifier, ifExists } = parseOperatorName(element.operator);
  const operator = name === 'null' ? null : operators.get(name);
  const takesVariables = hasVariables && operator?.takesVariables === true;
  return {
    element,
    lowerCaseKey: element.key.toLowerCase(),
    quantifier,
    ifExists,
    operator,
    values: element.values.map((value) => compileTemplate(value, takesVariables)),
  };
}

/** `ForAnyValue:StringLikeIfExists` in its parts; the name in lower case. */
export function parseOperatorName(text: string): {
  readonly name: string;
  readonly quantifier: Condition['quantifier'];
  readonly ifExists: boolean;
} {
  const lower = text.toLowerCase();
  const quantifier = lower.startsWith('forallvalues:') ? 'all' : lower.startsWith('foranyvalue:') ? 'any' : 'none';
  const bare = quantifier === 'none' ? lower : lower.slice(lower.indexOf(':') + 1);
  const ifExists = bare.endsWith('ifexists') && bare !== 'nullifexists';
  return { name: ifExists ? bare.slice(0, -'ifexists'.length) : bare, quantifier, ifExists };
}

export function conditionHolds(condition: Condition, context: ConditionContext): boolean {
  const { operator } = condition;
  if (operator === undefined) return false;
  const value = context.get(condition.lowerCaseKey);
  const isAbsent = value === undefined || (typeof value !== 'string' && value.length === 0);
  if (operator === null) return nullHolds(condition, isAbsent);
  if (isAbsent) {
    if (condition.ifExists || condition.quantifier === 'all') return true;
    return condition.quantifier === 'none' && operator.isNegated;
  }
  return presentHolds(condition, operator, value, context);
}

function presentHolds(condition: Condition, operator: Operator, value: ConditionValue, context: ConditionContext): boolean {
  const holds = (single: string): boolean => condition.values.some((each) => operator.test(each, single, context)) !== operator.isNegated;
  if (typeof value === 'string') return holds(value);
  switch (condition.quantifier) {
    case 'all':
      return value.every(holds);
    case 'any':
      return value.some(holds);
    case 'none':
      // AWS does not say what several values without a set operator mean; they match nothing.
      return value.length === 1 && value[0] !== undefined && holds(value[0]);
  }
}

function nullHolds({ values }: Condition, isAbsent: boolean): boolean {
  return values.some(({ text }) => text.toLowerCase() === String(isAbsent));
}
