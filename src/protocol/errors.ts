// What all protocols share about faults: the modelled shape of a code, the status, the message and the further members.
import type { Fault } from '../base/fault.ts';
import { getOwn } from '../base/record.ts';
import type { Operation, ServiceModel, StructureShape } from '../model/model.ts';
import type { Structure } from './protocol.ts';

/** The exception shape that the operation, or else any operation of the service, declares for the code. */
export function errorShape(
  { code }: Fault,
  service: ServiceModel | undefined,
  operation: Operation | undefined,
): StructureShape | undefined {
  const own = matching(operation?.errors ?? [], code);
  if (own !== undefined || service === undefined) return own;
  for (const { errors } of service.operations.values()) {
    const shape = matching(errors, code);
    if (shape !== undefined) return shape;
  }
  return undefined;
}

function matching(shapes: readonly StructureShape[], code: string): StructureShape | undefined {
  return shapes.find((shape) => shape.errorCode === code) ?? shapes.find((shape) => shape.name === code);
}

/** Whose mistake it was, in the words of query. */
export function sideOf(status: number): 'Sender' | 'Receiver' {
  return status >= 500 ? 'Receiver' : 'Sender';
}

export function statusOf(fault: Fault, shape: StructureShape | undefined): number {
  return fault.status ?? shape?.errorStatus ?? 400;
}

/** An exception's absolute shape id, as JSON 1.0 and CBOR print it; what no model declares is the framework's. */
export function shapeIdOf(fault: Fault, service: ServiceModel | undefined, shape: StructureShape | undefined): string {
  const namespace = shape && service ? `com.amazonaws.${service.name.replaceAll('-', '')}` : 'com.amazon.coral.service';
  return `${namespace}#${shape?.name ?? fault.code}`;
}

/** The fault as the value of its shape: its fields, and its message, where there is one, under the name that the model gives it. */
export function errorValue(fault: Fault, shape: StructureShape | undefined): Structure {
  const name = [...(shape?.members.keys() ?? [])].find((member) => member.toLowerCase() === 'message') ?? 'message';
  return fault.message === '' ? fault.fields : { ...fault.fields, [name]: fault.message };
}

/** AWS: some exceptions are modelled without a message (CloudTrail's AccessDeniedException), and yet carry one on the wire. */
export function unmodelledMessage(fault: Fault, shape: StructureShape | undefined): Structure {
  const isModelled = shape === undefined || [...shape.members.keys()].some((member) => member.toLowerCase() === 'message');
  return isModelled || fault.message === '' ? {} : { message: fault.message };
}

/** Code and message from an error's parsed body, whatever the case of its member. */
export function messageOf(body: Structure): string {
  const message = getOwn(body, 'message') ?? getOwn(body, 'Message');
  return typeof message === 'string' ? message : '';
}
