// One condition of a statement: an operator with its qualifiers, a key, and the values of the policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
import { choices } from '../choices.ts';
import type { ConditionElement } from '../document.ts';
import type { ConditionContext, ConditionValue } from '../policy.ts';
import { compileTemplate, type Template } from '../template.ts';
import { type Operator, operators, type ValuesTest } from './operators.ts';

export interface Condition {
  readonly lowerCaseKey: string;
  readonly quantifier: 'none' | 'all' | 'any';
  readonly ifExists: boolean;
  readonly isNegated: boolean;
  /** Undefined for an operator that nobody knows, which never holds. */
  readonly test: ValuesTest | undefined;
  /** The Null operator, with what it asks for. */
  readonly isNull: { readonly whenAbsent: boolean; readonly whenPresent: boolean } | undefined;
}

export function compileCondition(element: ConditionElement, hasVariables: boolean): Condition {
  const { name, quantifier, ifExists } = parseOperatorName(element.operator);
  const operator = operators.get(name);
  return {
    lowerCaseKey: element.key.toLowerCase(),
    quantifier,
    ifExists,
    isNegated: operator?.isNegated === true,
    test: operator && preparedTest(operator, templatesOf(element, hasVariables)),
    isNull: name === 'null' ? nullTest(element.values) : undefined,
  };
}

function nullTest(values: readonly string[]): Condition['isNull'] {
  const asks = (wanted: string): boolean => values.some((text) => text.toLowerCase() === wanted);
  return { whenAbsent: asks('true'), whenPresent: asks('false') };
}

function preparedTest(operator: Operator, templates: readonly Template[]): ValuesTest {
  const test = operator.prepare(templates);
  if (!operator.isNegated || choices.negationHoldsForUnreadable) return test;
  return (value, context) => !operator.reads(value) || test(value, context);
}

/** The policy's values as the operator reads them: with variables, where it takes them. */
export function templatesOf(element: ConditionElement, hasVariables: boolean): readonly Template[] {
  const takesVariables = hasVariables && operators.get(parseOperatorName(element.operator).name)?.takesVariables === true;
  return element.values.map((value) => compileTemplate(value, takesVariables));
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
  const { test, isNull } = condition;
  const value = context.get(condition.lowerCaseKey);
  const isAbsent = value === undefined || (typeof value !== 'string' && value.length === 0);
  if (isNull !== undefined) return isAbsent ? isNull.whenAbsent : isNull.whenPresent;
  if (test === undefined) return false;
  return isAbsent ? absentHolds(condition) : presentHolds(condition, test, value, context);
}

function absentHolds({ quantifier, ifExists, isNegated }: Condition): boolean {
  if (quantifier === 'all') return true;
  if (quantifier === 'any') return ifExists && choices.ifExistsComesFirst;
  return ifExists || isNegated;
}

function presentHolds(condition: Condition, test: ValuesTest, value: ConditionValue, context: ConditionContext): boolean {
  const { isNegated, quantifier } = condition;
  if (typeof value === 'string') {
    if (value === '' && quantifier === 'all' && choices.emptyStringIsEmptySet) return true;
    return test(value, context) !== isNegated;
  }
  if (value.length === 1) return presentHolds(condition, test, value[0] ?? '', context);
  switch (quantifier) {
    case 'all':
      return value.every((single) => test(single, context) !== isNegated);
    case 'any':
      return value.some((single) => test(single, context) !== isNegated);
    case 'none':
      return choices.severalValuesWithoutSetOperatorHold && value.some((single) => test(single, context)) !== isNegated;
  }
}
