// The words that every file of this service is written with, and AWS's sentences for its many kinds of "no".
import type { Fault } from '../../base/fault.ts';
import { base32Id, type Ids } from '../../base/ids.ts';
import { serviceKit } from '../../kit/operation.ts';
import type { Operations } from './api.gen.ts';

export const { operation, fault } = serviceKit<Operations>();

export function constraint(Reason: string, message: string): Fault {
  return fault('ConstraintViolationException', message, { fields: { Reason } });
}

export function invalidInput(Reason: string, message: string): Fault {
  return fault('InvalidInputException', message, { fields: { Reason } });
}

export function accessDenied(): Error {
  return fault('AccessDeniedException', "You don't have permissions to access this resource.");
}

/** Lower-case letters and digits, as in AWS's identifiers. */
export function shortId(ids: Ids, length: number): string {
  return base32Id(ids, length).toLowerCase();
}

/** Sorts by time as text. */
export function orderOf(ms: number): string {
  return Math.floor(ms).toString().padStart(15, '0');
}

/** AWS: what other services call validation errors are reasons of InvalidInputException here. */
const validationReasons: readonly (readonly [RegExp, string, string])[] = [
  [/must not be null/, 'INPUT_REQUIRED', 'You must include a value for all required parameters.'],
  [/enum value set/, 'INVALID_ENUM', 'You specified an invalid value.'],
  [/regular expression/, 'INVALID_PATTERN', 'You provided a value that does not match the required pattern.'],
  [/length less than/, 'MAX_LENGTH_EXCEEDED', 'You provided a string parameter that is longer than allowed.'],
  [/length greater than/, 'MIN_LENGTH_EXCEEDED', 'You provided a string parameter that is shorter than allowed.'],
  [/value less than/, 'MAX_VALUE_EXCEEDED', 'You provided a numeric parameter that has a larger value than allowed.'],
  [/value greater than/, 'MIN_VALUE_EXCEEDED', 'You provided a numeric parameter that has a smaller value than allowed.'],
];

export function validationFault({ constraint: sentence }: { readonly constraint: string }): Fault {
  const [, reason, message] = validationReasons.find(([pattern]) => pattern.test(sentence)) ?? [
    undefined,
    'INVALID_LIST_MEMBER',
    'You provided a list to a parameter that contains at least one invalid value.',
  ];
  return invalidInput(reason, message);
}
