// The words that every file of this service is written with.
import { Fault } from '../../base/fault.ts';
import { serviceKit } from '../../kit/operation.ts';
import type { Operations } from './api.gen.ts';

export const { operation, fault } = serviceKit<Operations>();

/** AWS: Cost Explorer answers most mistakes with a code that its model does not declare. */
export function invalid(message: string): Fault {
  return new Fault('ValidationException', message, { status: 400 });
}
