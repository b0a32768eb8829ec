// The words that every file of this service is written with.
import type { Fault } from '../../base/fault.ts';
import { serviceKit } from '../../kit/operation.ts';
import type { Operations } from './api.gen.ts';

export const { operation, fault } = serviceKit<Operations>();

export function invalidParameter(message: string): Fault {
  return fault('InvalidParameterException', message);
}

/** Where resources are that belong to a whole account, and where an organisation's compliance is asked for. */
export const globalRegion = 'us-east-1';
