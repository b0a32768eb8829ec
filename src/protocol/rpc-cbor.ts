// Smithy RPC v2 with CBOR bodies: service and operation in the path. https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
import { CborError, decodeCbor, encodeCbor, epoch, isEpoch } from '../base/cbor.ts';
import { Fault } from '../base/fault.ts';
import { limits } from '../base/limits.ts';
import { getOwn, isRecord, setOwn } from '../base/record.ts';
import type { Member, ServiceModel, Shape, StructureShape } from '../model/model.ts';
import { queryErrorHeader } from './aws-json.ts';
import { errorShape, errorValue, shapeIdOf, statusOf, unmodelledMessage } from './errors.ts';
import { serializationFault } from './json-value.ts';
import type { Protocol, Structure } from './protocol.ts';
import { isInteger } from './scalars.ts';
import { inRange } from './timestamps.ts';
import { notCollection, notScalar } from './wrong-type.ts';

const contentType = 'application/cbor';

export const rpcCbor: Protocol = {
  name: 'smithy-rpc-v2-cbor',
  operationOf(service, request) {
    const [, shape, name = ''] = /^\/service\/([^/]+)\/operation\/([^/]+)\/?$/.exec(request.path) ?? [];
    const operation = shape === serviceShape(service) ? service.operations.get(name) : undefined;
    if (operation === undefined) throw new Fault('UnknownOperationException', '', { status: 404 });
    return operation;
  },
  decode(operation, request) {
    if (operation.input === undefined || request.body.length === 0) return {};
    return readStructure(operation.input, parse(request.body));
  },
  encode(operation, output, requestId) {
    const body = operation.output === undefined ? new Uint8Array(0) : encodeCbor(structureOf(operation.output, output));
    return { status: 200, headers: headersFor(requestId), body };
  },
  encodeFault(fault, service, operation, requestId) {
    const shape = errorShape(fault, service, operation);
    const members = shape === undefined ? errorValue(fault, undefined) : structureOf(shape, errorValue(fault, shape));
    return {
      status: statusOf(fault, shape),
      headers: { ...headersFor(requestId), ...queryErrorHeader(fault, shape, service) },
      body: encodeCbor({ __type: shapeIdOf(fault, service, shape), ...members, ...unmodelledMessage(fault, shape) }),
    };
  },
  encodeRequest(operation, input) {
    return {
      method: 'POST',
      path: `/service/${serviceShape(operation.service)}/operation/${operation.name}`,
      query: '',
      headers: {
        'smithy-protocol': 'rpc-v2-cbor',
        accept: contentType,
        ...(operation.input === undefined ? {} : { 'content-type': contentType }),
      },
      body: operation.input === undefined ? new Uint8Array(0) : encodeCbor(structureOf(operation.input, input)),
    };
  },
  decodeResponse(operation, response) {
    const body = Buffer.from(response.body);
    return operation.output === undefined || body.length === 0 ? {} : readStructure(operation.output, parse(body));
  },
};

/** AWS: the service's shape in the path is the prefix that JSON targets had. */
export function serviceShape(service: ServiceModel): string {
  return service.targetPrefix ?? service.serviceId.replaceAll(' ', '');
}

function headersFor(requestId: string): Readonly<Record<string, string>> {
  return { 'content-type': contentType, 'smithy-protocol': 'rpc-v2-cbor', 'x-amzn-requestid': requestId };
}

function parse(body: Uint8Array): unknown {
  try {
    return decodeCbor(body, { depthMax: limits.depthMax, itemsMax: 2 * limits.collectionItemsMax });
  } catch (error) {
    if (error instanceof CborError) throw serializationFault(`Unable to parse the request body as CBOR: ${error.message}`);
    throw error;
  }
}

function readStructure(shape: StructureShape, raw: unknown): Structure {
  if (!isRecord(raw) || isEpoch(raw)) throw mistyped(shape, raw);
  const value: Record<string, unknown> = {};
  for (const [name, member] of shape.members) {
    const item = getOwn(raw, member.locationName ?? name);
    if (item !== undefined && item !== null) value[name] = readValue(member, item);
  }
  return value;
}

function readValue(member: Member, raw: unknown): unknown {
  const { shape } = member;
  switch (shape.kind) {
    case 'structure':
      return readStructure(shape, raw);
    case 'list':
      if (!Array.isArray(raw)) throw mistyped(shape, raw);
      return raw.flatMap((item) => (item === null ? [] : [readValue(shape.member, item)]));
    case 'map': {
      if (!isRecord(raw) || isEpoch(raw)) throw mistyped(shape, raw);
      const value = {};
      for (const [key, item] of Object.entries(raw)) if (item !== null) setOwn(value, key, readValue(shape.value, item));
      return value;
    }
    case 'blob':
      if (!(raw instanceof Uint8Array)) throw mistyped(shape, raw);
      return raw;
    case 'timestamp': {
      const ms = isEpoch(raw) ? inRange(raw.epochSeconds * 1000) : undefined;
      if (ms === undefined) throw mistyped(shape, raw);
      return ms;
    }
    case 'document':
      return raw;
    default:
      return readScalar(shape, raw);
  }
}

function readScalar(shape: Shape, raw: unknown): unknown {
  const isRight =
    shape.kind === 'string' || shape.kind === 'boolean'
      ? typeof raw === shape.kind
      : typeof raw === 'number' &&
        (shape.kind === 'float' || shape.kind === 'double' || shape.kind === 'bigdecimal' || isInteger(shape.kind, raw));
  if (!isRight) throw mistyped(shape, raw);
  return raw;
}

function mistyped(shape: Shape, raw: unknown): Fault {
  const isCollection = shape.kind === 'structure' || shape.kind === 'list' || shape.kind === 'map';
  return serializationFault(isCollection ? notCollection(raw) : notScalar(raw, shape.kind.charAt(0).toUpperCase() + shape.kind.slice(1)));
}

function structureOf(shape: StructureShape, value: Structure): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  for (const [name, member] of shape.members) {
    const item = getOwn(value, name);
    if (item !== undefined && item !== null) written[member.locationName ?? name] = cborOf(member, item);
  }
  return written;
}

function cborOf(member: Member, value: unknown): unknown {
  const { shape } = member;
  if (shape.kind === 'structure' && isRecord(value)) return structureOf(shape, value);
  if (shape.kind === 'list' && Array.isArray(value)) return value.map((item) => cborOf(shape.member, item));
  if (shape.kind === 'timestamp' && typeof value === 'number') return epoch(value / 1000);
  if (shape.kind === 'map' && isRecord(value)) {
    const map = {};
    for (const [key, item] of Object.entries(value)) setOwn(map, key, cborOf(shape.value, item));
    return map;
  }
  return value;
}
