// AWS JSON 1.0 and 1.1: the operation in X-Amz-Target, everything else in a JSON body.
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
import { Fault } from '../base/fault.ts';
import type { ServiceModel } from '../model/model.ts';
import { errorShape, errorValue, shapeIdOf, statusOf, unmodelledMessage } from './errors.ts';
import { jsonStructure, parseJson, readJsonStructure } from './json-value.ts';
import type { Protocol } from './protocol.ts';

export const awsJson: Protocol = {
  name: 'json',
  operationOf(service, request) {
    const target = request.headers['x-amz-target'] ?? '';
    const dot = target.lastIndexOf('.');
    const operation = isTargetPrefix(service.targetPrefix, target.slice(0, Math.max(0, dot)))
      ? service.operations.get(target.slice(dot + 1))
      : undefined;
    if (operation === undefined) throw new Fault('UnknownOperationException', '', { status: 400 });
    return operation;
  },
  decode(operation, request) {
    if (operation.input === undefined || request.body.length === 0) return {};
    return readJsonStructure(operation.input, parseJson(request.body));
  },
  encode(operation, output, requestId) {
    const body = operation.output === undefined ? {} : jsonStructure(operation.output, output);
    return { status: 200, headers: headersFor(operation.service, requestId), body: JSON.stringify(body) };
  },
  encodeFault(fault, service, operation, requestId) {
    const shape = errorShape(fault, service, operation);
    const value = errorValue(fault, shape);
    const members = shape === undefined ? frontDoorBody(fault) : jsonStructure(shape, value);
    return {
      status: statusOf(fault, shape),
      headers: { ...headersFor(service, requestId), 'x-amzn-errortype': fault.code, ...queryErrorHeader(fault, shape, service) },
      body: JSON.stringify({
        __type: service?.jsonVersion === '1.0' ? shapeIdOf(fault, service, shape) : (shape?.name ?? fault.code),
        ...members,
        ...unmodelledMessage(fault, shape),
      }),
    };
  },
  encodeRequest(operation, input) {
    const { service } = operation;
    return {
      method: 'POST',
      path: '/',
      query: '',
      headers: { 'content-type': contentType(service), 'x-amz-target': `${service.targetPrefix ?? service.name}.${operation.name}` },
      body: Buffer.from(JSON.stringify(operation.input === undefined ? {} : jsonStructure(operation.input, input))),
    };
  },
  decodeResponse(operation, response) {
    if (operation.output === undefined || response.body.length === 0) return {};
    return readJsonStructure(operation.output, parseJson(Buffer.from(response.body)));
  },
};

/** AWS: CloudTrail's prefix is `com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101`, and some clients send only its last part. */
export function isTargetPrefix(modelled: string | undefined, sent: string): boolean {
  return modelled !== undefined && (sent === modelled || sent === modelled.slice(modelled.lastIndexOf('.') + 1));
}

/** AWS: refusals that come before the service write `Message`, others `message`. */
function frontDoorBody(fault: Fault): Readonly<Record<string, unknown>> {
  if (fault.message === '') return fault.fields;
  return { ...fault.fields, [fault.code === 'AccessDeniedException' ? 'Message' : 'message']: fault.message };
}

/** Services that once spoke query keep the old code for old clients. */
export function queryErrorHeader(
  fault: Fault,
  shape: { readonly errorCode: string | undefined; readonly errorStatus: number | undefined } | undefined,
  service: ServiceModel | undefined,
): Readonly<Record<string, string>> {
  if (!service?.queryCompatible) return {};
  const side = (fault.status ?? shape?.errorStatus ?? 400) >= 500 ? 'Receiver' : 'Sender';
  return { 'x-amzn-query-error': `${shape?.errorCode ?? fault.code};${side}` };
}

function headersFor(service: ServiceModel | undefined, requestId: string): Readonly<Record<string, string>> {
  return { 'content-type': contentType(service), 'x-amzn-requestid': requestId };
}

function contentType(service: ServiceModel | undefined): string {
  return `application/x-amz-json-${service?.jsonVersion ?? '1.1'}`;
}
