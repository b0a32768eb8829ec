// The words that every file of this service is written with, and the refusals that many operations share.
import type { Fault } from '../../base/fault.ts';
import { serviceKit } from '../../kit/operation.ts';
import type { Operations } from './api.gen.ts';

export const { operation, fault } = serviceKit<Operations>();

export function invalidParameter(message: string): Fault {
  return fault('InvalidParameterException', message);
}

export function notPermitted(message: string): Fault {
  return fault('OperationNotPermittedException', message);
}

/** `ResourceShare arn:… could not be found.` */
export function unknown(what: string, id: string): Fault {
  return fault('UnknownResourceException', `${what} ${id} could not be found.`);
}

export function malformedArn(arn: string): Fault {
  return fault('MalformedArnException', `The specified resource ARN ${arn} is not valid. Verify the ARN and try again.`);
}

export function limitExceeded(message: string): Fault {
  return fault('ResourceShareLimitExceededException', message);
}

/** Sorts by time as text. */
export function orderOf(ms: number): string {
  return Math.floor(ms).toString().padStart(15, '0');
}
