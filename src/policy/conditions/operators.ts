// The table of condition operators: what each compares and whether it is a negation. One file per family beside this one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
import { isArn } from '../arn-pattern.ts';
import type { ConditionContext } from '../policy.ts';
import type { Template } from '../template.ts';
import { arnLike } from './arns.ts';
import { binaryEquals } from './binary.ts';
import { boolEquals } from './booleans.ts';
import { dateTest, parseInstant } from './dates.ts';
import { ipInRange, parseRange } from './ip.ts';
import { numericTest, parseNumber } from './numbers.ts';
import { stringEquals, stringEqualsIgnoreCase, stringLike } from './strings.ts';

/** Whether one value of the request matches any of the policy's values, in the positive sense. */
export type ValuesTest = (value: string, context: ConditionContext) => boolean;

/** Reads the policy's values once, so that a decision only compares. */
export type Prepare = (templates: readonly Template[]) => ValuesTest;

interface Family {
  /** Whether a value of the request is of the family's type at all. */
  readonly reads: (value: string) => boolean;
  /** Whether variables in the policy's values are filled in. */
  readonly takesVariables: boolean;
}

export interface Operator extends Family {
  readonly name: string;
  readonly isNegated: boolean;
  readonly prepare: Prepare;
}

const strings: Family = { reads: () => true, takesVariables: true };
const numbers: Family = { reads: (value) => parseNumber(value) !== undefined, takesVariables: false };
const dates: Family = { reads: (value) => parseInstant(value) !== undefined, takesVariables: false };
const booleans: Family = { reads: () => true, takesVariables: true };
const binary: Family = { reads: () => true, takesVariables: false };
const addresses: Family = { reads: (value) => parseRange(value) !== undefined, takesVariables: false };
const arns: Family = { reads: isArn, takesVariables: true };

const equal = (value: number, limit: number): boolean => value === limit;
const less = (value: number, limit: number): boolean => value < limit;
const lessOrEqual = (value: number, limit: number): boolean => value <= limit;
const greater = (value: number, limit: number): boolean => value > limit;
const greaterOrEqual = (value: number, limit: number): boolean => value >= limit;

function operator(name: string, family: Family, prepare: Prepare): Operator {
  return { ...family, name, isNegated: /Not/.test(name), prepare };
}

const all: readonly Operator[] = [
  operator('StringEquals', strings, stringEquals),
  operator('StringNotEquals', strings, stringEquals),
  operator('StringEqualsIgnoreCase', strings, stringEqualsIgnoreCase),
  operator('StringNotEqualsIgnoreCase', strings, stringEqualsIgnoreCase),
  operator('StringLike', strings, stringLike),
  operator('StringNotLike', strings, stringLike),
  operator('NumericEquals', numbers, numericTest(equal)),
  operator('NumericNotEquals', numbers, numericTest(equal)),
  operator('NumericLessThan', numbers, numericTest(less)),
  operator('NumericLessThanEquals', numbers, numericTest(lessOrEqual)),
  operator('NumericGreaterThan', numbers, numericTest(greater)),
  operator('NumericGreaterThanEquals', numbers, numericTest(greaterOrEqual)),
  operator('DateEquals', dates, dateTest(equal)),
  operator('DateNotEquals', dates, dateTest(equal)),
  operator('DateLessThan', dates, dateTest(less)),
  operator('DateLessThanEquals', dates, dateTest(lessOrEqual)),
  operator('DateGreaterThan', dates, dateTest(greater)),
  operator('DateGreaterThanEquals', dates, dateTest(greaterOrEqual)),
  operator('Bool', booleans, boolEquals),
  operator('BinaryEquals', binary, binaryEquals),
  operator('IpAddress', addresses, ipInRange),
  operator('NotIpAddress', addresses, ipInRange),
  operator('ArnEquals', arns, arnLike),
  operator('ArnNotEquals', arns, arnLike),
  operator('ArnLike', arns, arnLike),
  operator('ArnNotLike', arns, arnLike),
];

/** By name in lower case: operator names are compared without regard to case. */
export const operators: ReadonlyMap<string, Operator> = new Map(all.map((each) => [each.name.toLowerCase(), each]));
