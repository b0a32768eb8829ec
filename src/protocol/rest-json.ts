// REST with JSON bodies. https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
import { Fault } from '../base/fault.ts';
import { getOwn, isRecord } from '../base/record.ts';
import type { Member, ServiceModel, StructureShape } from '../model/model.ts';
import { queryErrorHeader } from './aws-json.ts';
import { errorShape, errorValue, statusOf, unmodelledMessage } from './errors.ts';
import {
  bodyShape,
  payloadMember,
  readRequestBindings,
  readResponseBindings,
  responseStatus,
  writeHeaders,
  writeRequestBindings,
} from './http-bindings.ts';
import { jsonOf, jsonStructure, parseJson, readJson, readJsonStructure, serializationFault } from './json-value.ts';
import type { Protocol, Structure } from './protocol.ts';
import { createRoutes, type Routes } from './uri-routes.ts';

export function createRestJson(): Protocol {
  const routes = routesByService();
  return {
    name: 'rest-json',
    operationOf(service, request) {
      const route = routes(service).find(request);
      if (route === undefined)
        throw new Fault('UnknownOperationException', `No operation is at ${request.method} ${request.path.slice(0, 256)}`, { status: 404 });
      return route.operation;
    },
    decode(operation, request) {
      const shape = operation.input;
      if (shape === undefined) return {};
      return { ...readBody(shape, request.body, 'request'), ...readRequestBindings(operation, shape, request) };
    },
    encode(operation, output, requestId) {
      const shape = operation.output;
      const headers = { 'x-amzn-requestid': requestId, ...(shape === undefined ? {} : writeHeaders(shape, output)) };
      const written = shape === undefined ? { body: '{}', type: 'application/json' } : writeBody(shape, output, 'response');
      return { status: responseStatus(operation, output), headers: { 'content-type': written.type, ...headers }, body: written.body };
    },
    encodeFault(fault, service, operation, requestId) {
      const shape = errorShape(fault, service, operation);
      const value = errorValue(fault, shape);
      const body = shape === undefined ? errorValue(fault, undefined) : jsonStructure(bodyShape(shape, 'response'), value);
      return {
        status: statusOf(fault, shape),
        headers: {
          'content-type': 'application/json',
          'x-amzn-requestid': requestId,
          'x-amzn-errortype': shape?.name ?? fault.code,
          ...queryErrorHeader(fault, shape, service),
          ...(shape === undefined ? {} : writeHeaders(shape, value)),
        },
        body: JSON.stringify({ ...body, ...unmodelledMessage(fault, shape) }),
      };
    },
    encodeRequest(operation, input) {
      const head = writeRequestBindings(operation, input);
      const written = operation.input === undefined ? undefined : writeBody(operation.input, input, 'request');
      const hasBody = operation.method !== 'GET' && operation.method !== 'HEAD' && written !== undefined && written.body.length > 0;
      if (!hasBody) return { ...head, body: Buffer.alloc(0) };
      return { ...head, headers: { 'content-type': written.type, ...head.headers }, body: Buffer.from(written.body) };
    },
    decodeResponse(operation, response) {
      const shape = operation.output;
      if (shape === undefined) return {};
      return {
        ...readBody(shape, Buffer.from(response.body), 'response'),
        ...readResponseBindings(shape, response.status, response.headers),
      };
    },
  };
}

/** Route tables are built once per model; the table lives as long as the protocol value. */
export function routesByService(): (service: ServiceModel) => Routes {
  const tables = new WeakMap<ServiceModel, Routes>();
  return (service) => {
    let routes = tables.get(service);
    if (routes === undefined) {
      routes = createRoutes(service);
      tables.set(service, routes);
    }
    return routes;
  };
}

function readBody(shape: StructureShape, body: Uint8Array, direction: 'request' | 'response'): Structure {
  const payload = payloadMember(shape);
  if (payload === undefined) return body.length === 0 ? {} : readJsonStructure(bodyShape(shape, direction), parseJson(body));
  const value = readPayload(payload.member, body);
  return value === undefined ? {} : { [payload.name]: value };
}

function readPayload(member: Member, body: Uint8Array): unknown {
  if (body.length === 0 && member.shape.kind !== 'blob') return undefined;
  switch (member.shape.kind) {
    case 'blob':
      return body.length === 0 && !member.streaming && !member.shape.streaming ? undefined : body;
    case 'string':
      return textOf(body);
    default:
      return readJson(member, parseJson(body));
  }
}

export function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw serializationFault('Invalid UTF-8 in the request body');
  }
}

function writeBody(
  shape: StructureShape,
  value: Structure,
  direction: 'request' | 'response',
): { readonly body: string | Uint8Array; readonly type: string } {
  const payload = payloadMember(shape);
  if (payload === undefined) return { body: JSON.stringify(jsonStructure(bodyShape(shape, direction), value)), type: 'application/json' };
  const item = getOwn(value, payload.name);
  if (item instanceof Uint8Array) return { body: item, type: 'application/octet-stream' };
  if (typeof item === 'string' && payload.member.shape.kind === 'string') return { body: item, type: 'text/plain' };
  if (item === undefined) return { body: '', type: 'application/json' };
  return { body: JSON.stringify(isRecord(item) || Array.isArray(item) ? jsonOf(payload.member, item) : item), type: 'application/json' };
}
