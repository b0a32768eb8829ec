// The words that every file of this service is written with, and the refusals that many operations share.
import type { Fault } from '../../base/fault.ts';
import { serviceKit } from '../../kit/operation.ts';
import type { ValidationProblem } from '../../kit/service.ts';
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

type ArnOf = 'resource' | 'resource share' | 'resource share invitation' | 'permission';

/** AWS prints what kind of ARN it is, and not the ARN. */
export function malformedArn(kind: ArnOf): Fault {
  return fault('MalformedArnException', `The specified ${kind} ARN is not valid. Verify the ARN and try again.`);
}

export function limitExceeded(message: string): Fault {
  return fault('ResourceShareLimitExceededException', message);
}

/** These say of a parameter that is missing that it is, and not that it is wrong. */
const sayWhatIsMissing: ReadonlySet<string> = new Set([
  'ListPendingInvitationResources',
  'PromotePermissionCreatedFromPolicy',
  'PromoteResourceShareCreatedFromPolicy',
  'UpdateResourceShare',
]);

/** The faults that some operations have for a broken constraint of the model, beside the InvalidParameterException of all. */
export function validationFault({ operation: name, path, constraint }: ValidationProblem): Fault | undefined {
  if (constraint === 'Member must not be null' && sayWhatIsMissing.has(name)) {
    return fault('MissingRequiredParameterException', `The required parameter ${path} is missing.`);
  }
  if (path === 'maxResults' && name === 'GetResourceShareInvitations') {
    return fault('InvalidMaxResultsException', 'The specified value for MaxResults is not valid. It must be from 1 to 500.');
  }
  return undefined;
}

/** Sorts by time as text. */
export function orderOf(ms: number): string {
  return Math.floor(ms).toString().padStart(15, '0');
}
