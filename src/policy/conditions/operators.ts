// The table of condition operators: what each compares and whether it is a negation. One file per family beside this one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
import type { ConditionContext } from '../policy.ts';
import type { Template } from '../template.ts';
import { arnLike } from './arns.ts';
import { binaryEquals } from './binary.ts';
import { boolEquals } from './booleans.ts';
import { dateTest } from './dates.ts';
import { ipInRange } from './ip.ts';
import { numericTest } from './numbers.ts';
import { stringEquals, stringEqualsIgnoreCase, stringLike } from './strings.ts';

/** Whether one value of the request matches one value of the policy, in the positive sense. */
export type ValueTest = (policyValue: Template, requestValue: string, context: ConditionContext) => boolean;

export interface Operator {
  readonly name: string;
  readonly isNegated: boolean;
  readonly test: ValueTest;
  /** Whether variables in the policy's value are filled in. */
  readonly takesVariables: boolean;
}

function operator(name: string, test: ValueTest, takesVariables: boolean, isNegated = false): Operator {
  return { name, isNegated, test, takesVariables };
}

const all: readonly Operator[] = [
  operator('StringEquals', stringEquals, true),
  operator('StringNotEquals', stringEquals, true, true),
  operator('StringEqualsIgnoreCase', stringEqualsIgnoreCase, true),
  operator('StringNotEqualsIgnoreCase', stringEqualsIgnoreCase, true, true),
  operator('StringLike', stringLike, true),
  operator('StringNotLike', stringLike, true, true),
  operator(
    'NumericEquals',
    numericTest((value, limit) => value === limit),
    false,
  ),
  operator(
    'NumericNotEquals',
    numericTest((value, limit) => value === limit),
    false,
    true,
  ),
  operator(
    'NumericLessThan',
    numericTest((value, limit) => value < limit),
    false,
  ),
  operator(
    'NumericLessThanEquals',
    numericTest((value, limit) => value <= limit),
    false,
  ),
  operator(
    'NumericGreaterThan',
    numericTest((value, limit) => value > limit),
    false,
  ),
  operator(
    'NumericGreaterThanEquals',
    numericTest((value, limit) => value >= limit),
    false,
  ),
  operator(
    'DateEquals',
    dateTest((value, limit) => value === limit),
    false,
  ),
  operator(
    'DateNotEquals',
    dateTest((value, limit) => value === limit),
    false,
    true,
  ),
  operator(
    'DateLessThan',
    dateTest((value, limit) => value < limit),
    false,
  ),
  operator(
    'DateLessThanEquals',
    dateTest((value, limit) => value <= limit),
    false,
  ),
  operator(
    'DateGreaterThan',
    dateTest((value, limit) => value > limit),
    false,
  ),
  operator(
    'DateGreaterThanEquals',
    dateTest((value, limit) => value >= limit),
    false,
  ),
  operator('Bool', boolEquals, true),
  operator('BinaryEquals', binaryEquals, false),
  operator('IpAddress', ipInRange, false),
  operator('NotIpAddress', ipInRange, false, true),
  operator('ArnEquals', arnLike, true),
  operator('ArnNotEquals', arnLike, true, true),
  operator('ArnLike', arnLike, true),
  operator('ArnNotLike', arnLike, true, true),
];

/** By name in lower case: operator names are compared without regard to case. */
export const operators: ReadonlyMap<string, Operator> = new Map(all.map((each) => [each.name.toLowerCase(), each]));
