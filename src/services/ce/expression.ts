// Cost Explorer's filter expressions: checked once, then asked of each line.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Expression.html
import { limits } from '../../base/limits.ts';
import type { DimensionValues, Expression, MatchOption, TagValues } from './api.gen.ts';
import { dimensionOf, type Facts, isRuleDimension } from './dimensions.ts';
import { invalid } from './service.ts';

export type Matches = (facts: Facts) => boolean;

/** What an expression stands in: a filter of a query, or a rule of a cost category, which may match in more ways. */
type ExpressionUse = 'filter' | 'rule';

const roots = ['And', 'Or', 'Not', 'Dimensions', 'Tags', 'CostCategories'] as const;
/** AWS: the dimensions of rules. */
const ruleDimensions = ['LINKED_ACCOUNT', 'SERVICE_CODE', 'RECORD_TYPE', 'LINKED_ACCOUNT_NAME', 'REGION', 'USAGE_TYPE'];

/** @throws Fault ValidationException */
export function compileExpression(expression: Expression, use: ExpressionUse): Matches {
  return compile(expression, use, { parts: 0, values: 0 }, 0);
}

/** What one expression may cost, counted as it is read. */
interface Size {
  parts: number;
  values: number;
}

function compile(expression: Expression, use: ExpressionUse, size: Size, depth: number): Matches {
  const { And, Or, Not, Dimensions, Tags, CostCategories } = expression;
  size.parts += 1;
  size.values += (Dimensions ?? Tags ?? CostCategories)?.Values?.length ?? 0;
  if (depth > limits.expressionDepthMax) throw invalid('Expression is nested too deeply.');
  if (size.parts > limits.expressionPartsMax) throw invalid(`Expression has more than ${limits.expressionPartsMax} parts.`);
  if (size.values > limits.expressionValuesMax) throw invalid(`Expression has more than ${limits.expressionValuesMax} values.`);
  const given = roots.filter((root) => expression[root] !== undefined);
  if (given.length > 1) {
    throw invalid(`Expression has more than one roots. Only one root operator is allowed for each expression: ${roots.join(', ')}`);
  }
  const inner = (each: Expression): Matches => compile(each, use, size, depth + 1);
  if (And !== undefined) return every(operands('And', And).map(inner));
  if (Or !== undefined) return some(operands('Or', Or).map(inner));
  if (Not !== undefined) {
    const matches = inner(Not);
    return (facts) => !matches(facts);
  }
  if (Dimensions !== undefined) return dimensionMatches(Dimensions, use);
  if (Tags !== undefined) return keyedMatches(Tags, use, (facts, key) => valueOfTag(facts, key), tagKeysOf);
  // Names of categories are not listed by a line, so that "no category at all" cannot be asked without one.
  if (CostCategories !== undefined) return keyedMatches(CostCategories, use, (facts, key) => facts.category(key), undefined);
  throw invalid(`Expression has no root. One root operator is required: ${roots.join(', ')}`);
}

function operands(name: string, list: readonly Expression[]): readonly Expression[] {
  if (list.length < 2) throw invalid(`The ${name} expression must have at least 2 operands.`);
  return list;
}

function every(all: readonly Matches[]): Matches {
  return (facts) => all.every((matches) => matches(facts));
}

function some(all: readonly Matches[]): Matches {
  return (facts) => all.some((matches) => matches(facts));
}

function dimensionMatches({ Key, Values, MatchOptions }: DimensionValues, use: ExpressionUse): Matches {
  if (Key === undefined) throw invalid('Key is required for Dimensions in an expression.');
  const value = dimensionOf(Key);
  const isAllowed = use === 'rule' ? ruleDimensions.includes(Key) : !isRuleDimension(Key);
  if (value === undefined || !isAllowed) throw invalid(`Dimension ${Key} is not supported in this expression.`);
  if (Values === undefined || Values.length === 0) throw invalid(`Values are required for the dimension ${Key}.`);
  const options = checkedOptions(MatchOptions, use, false);
  const test = textTest(Values, options);
  return (facts) => test(value(facts));
}

function valueOfTag({ line }: Facts, key: string): string | undefined {
  return Object.hasOwn(line.tags, key) ? line.tags[key] : undefined;
}

function tagKeysOf({ line }: Facts): boolean {
  return Object.keys(line.tags).length > 0;
}

function keyedMatches(
  { Key, Values, MatchOptions }: TagValues,
  use: ExpressionUse,
  value: (facts: Facts, key: string) => string | undefined,
  hasAny: ((facts: Facts) => boolean) | undefined,
): Matches {
  const options = checkedOptions(MatchOptions, use, true);
  const isAbsent = options.includes('ABSENT') || Values === undefined || Values.length === 0;
  if (Key === undefined || Key === '') {
    if (!isAbsent || hasAny === undefined) throw invalid('Key is required in the expression.');
    return (facts) => !hasAny(facts);
  }
  if (isAbsent) return (facts) => (value(facts, Key) ?? '') === '';
  const test = textTest(Values, options);
  // AWS: an empty value stands for what does not have the key.
  return (facts) => test(value(facts, Key) ?? '');
}

function checkedOptions(given: readonly MatchOption[] | undefined, use: ExpressionUse, mayBeAbsent: boolean): readonly MatchOption[] {
  const options = given ?? [];
  const allowed: readonly MatchOption[] =
    use === 'rule'
      ? ['EQUALS', 'STARTS_WITH', 'ENDS_WITH', 'CONTAINS', 'CASE_SENSITIVE', 'CASE_INSENSITIVE', 'ABSENT']
      : ['EQUALS', 'CASE_SENSITIVE', 'ABSENT'];
  const wrong = options.find((option) => !allowed.includes(option) || (option === 'ABSENT' && !mayBeAbsent));
  if (wrong !== undefined) throw invalid(`MatchOption ${wrong} is not supported in this expression.`);
  return options;
}

function textTest(values: readonly string[], options: readonly MatchOption[]): (text: string) => boolean {
  const fold = (text: string): string => (options.includes('CASE_INSENSITIVE') ? text.toLowerCase() : text);
  const folded = values.map(fold);
  if (options.includes('STARTS_WITH')) return (text) => folded.some((value) => fold(text).startsWith(value));
  if (options.includes('ENDS_WITH')) return (text) => folded.some((value) => fold(text).endsWith(value));
  if (options.includes('CONTAINS')) return (text) => folded.some((value) => fold(text).includes(value));
  const exact = new Set(folded);
  return (text) => exact.has(fold(text));
}
