// An operation that is not implemented, as the stages before its execution see it: a signed request for it is authenticated, validated and judged
// as any other, so that whatever forbids it (a guardrail, above all) is what its caller is told. Only then it answers that it is absent.
import { Fault } from '../base/fault.ts';
import { isRecord } from '../base/record.ts';
import type { Access, OperationDefinition } from '../kit/operation.ts';
import type { Structure } from '../protocol/protocol.ts';
import type { Service } from './registry.ts';

export function notImplemented(service: Service, operation: string): Fault {
  return new Fault('NotImplemented', `Castellan does not implement the operation ${operation} of ${service.model.serviceId}.`, {
    status: 501,
  });
}

export function absentOperation(service: Service, name: string): OperationDefinition {
  return {
    name,
    isAbsent: true,
    access: (input) => accessOf(service, name, input),
    handle() {
      throw notImplemented(service, name);
    },
    readOnly: /^(?:Get|List|Describe|Lookup|Head|BatchGet)/.test(name),
    recordsResponse: false,
    coverage: 'enforced',
  };
}

/** What the request names as an ARN, or else everything: nobody knows what the operation would touch. */
function accessOf({ entry }: Service, name: string, input: Structure): Access {
  const members: readonly unknown[] = isRecord(input) ? Object.values(input) : [];
  const arn = members.find((value) => typeof value === 'string' && /^arn:[^:]*:[^:]*:[^:]*:(?:\d{12})?:./.test(value));
  // A boundary: the action is put together from the model's words and the resource is the client's; their types list what exists.
  const action = `${entry.iamPrefix}:${name}` as Access['action'];
  return { action, resource: (arn ?? '*') as Access['resource'] };
}
