// The words that every file of this service is written with.
import { Fault } from '../../base/fault.ts';
import { serviceKit } from '../../kit/operation.ts';
import type { Operations } from './api.gen.ts';

export const { operation } = serviceKit<Operations>();

/** The model declares no errors; their names are in https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
type Code = 'DryRunOperation' | 'InvalidParameterValue';

export function fault(code: Code, message: string): Fault {
  return new Fault(code, message, { status: code === 'DryRunOperation' ? 412 : 400 });
}
