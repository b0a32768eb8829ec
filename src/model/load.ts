// Builds the shape graph of model.ts from the JSON of a botocore service model. Shapes may be recursive, so members resolve lazily.
import { assert } from '../base/assert.ts';
import { once } from '../base/once.ts';
import type { Member, Operation, ProtocolName, ServiceModel, Shape, StructureShape, TimestampFormat, XmlNamespace } from './model.ts';
import { compilePattern } from './pattern.ts';

/** The parts of botocore's service-2.json that are used. */
export interface RawModel {
  readonly metadata: RawMetadata;
  readonly operations: Readonly<Record<string, RawOperation>>;
  readonly shapes: Readonly<Record<string, RawShape>>;
}

export interface RawMetadata {
  readonly apiVersion?: string;
  readonly endpointPrefix?: string;
  readonly protocol?: string;
  readonly protocols?: readonly string[];
  readonly serviceId?: string;
  readonly serviceFullName?: string;
  readonly signingName?: string;
  readonly targetPrefix?: string;
  readonly jsonVersion?: string;
  readonly xmlNamespace?: string | RawXmlNamespace;
  readonly awsQueryCompatible?: unknown;
  readonly globalEndpoint?: string;
}

interface RawXmlNamespace {
  readonly uri: string;
  readonly prefix?: string;
}

export interface RawRef {
  readonly shape: string;
  readonly locationName?: string;
  readonly queryName?: string;
  readonly location?: string;
  readonly flattened?: boolean;
  readonly timestampFormat?: string;
  readonly xmlNamespace?: RawXmlNamespace | string;
  readonly xmlAttribute?: boolean;
  readonly jsonvalue?: boolean;
  readonly idempotencyToken?: boolean;
  readonly streaming?: boolean;
  readonly sensitive?: boolean;
  readonly resultWrapper?: string;
  readonly eventpayload?: boolean;
  readonly eventheader?: boolean;
}

export interface RawShape {
  readonly type: string;
  readonly members?: Readonly<Record<string, RawRef>>;
  readonly required?: readonly string[];
  readonly member?: RawRef;
  readonly key?: RawRef;
  readonly value?: RawRef;
  readonly flattened?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly sensitive?: boolean;
  readonly streaming?: boolean;
  readonly union?: boolean;
  readonly payload?: string;
  readonly exception?: boolean;
  readonly fault?: boolean;
  readonly document?: boolean;
  readonly eventstream?: boolean;
  readonly locationName?: string;
  readonly timestampFormat?: string;
  readonly xmlNamespace?: RawXmlNamespace | string;
  readonly error?: { readonly code?: string; readonly httpStatusCode?: number; readonly senderFault?: boolean };
}

export interface RawOperation {
  readonly name: string;
  readonly http?: { readonly method?: string; readonly requestUri?: string; readonly responseCode?: number };
  readonly input?: RawRef;
  readonly output?: RawRef;
  readonly errors?: readonly RawRef[];
  readonly authtype?: string;
  readonly auth?: readonly string[];
  readonly unsignedPayload?: boolean;
}

/** `name` is the service's folder. */
export function loadModel(name: string, raw: RawModel): ServiceModel {
  const shapes = new Map<string, Shape>();
  const shapeNamed = (shapeName: string): Shape => {
    const known = shapes.get(shapeName);
    if (known) return known;
    const rawShape = raw.shapes[shapeName];
    assert(rawShape, `model ${name} has shape ${shapeName}`);
    return buildShape(shapeName, rawShape, shapeNamed, (shape) => shapes.set(shapeName, shape));
  };
  const { metadata } = raw;
  const operations = new Map<string, Operation>();
  const service: ServiceModel = {
    name,
    serviceId: metadata.serviceId ?? name,
    apiVersion: metadata.apiVersion ?? '',
    endpointPrefix: metadata.endpointPrefix ?? name,
    signingName: metadata.signingName ?? metadata.endpointPrefix ?? name,
    targetPrefix: metadata.targetPrefix,
    jsonVersion: metadata.jsonVersion === '1.0' ? '1.0' : '1.1',
    xmlNamespace: namespaceOf(metadata.xmlNamespace)?.uri,
    protocols: protocolsOf(metadata),
    queryCompatible: metadata.awsQueryCompatible !== undefined,
    operations,
  };
  for (const rawOperation of Object.values(raw.operations))
    operations.set(rawOperation.name, lazyOperation(service, rawOperation, shapeNamed));
  return service;
}

function protocolsOf(metadata: RawMetadata): readonly ProtocolName[] {
  const named = [metadata.protocol, ...(metadata.protocols ?? [])];
  return [...new Set(named.filter((protocol) => isProtocol(protocol)))];
}

function isProtocol(name: string | undefined): name is ProtocolName {
  return ['json', 'query', 'ec2', 'rest-json', 'rest-xml', 'smithy-rpc-v2-cbor'].includes(name ?? '');
}

function lazyOperation(service: ServiceModel, raw: RawOperation, shapeNamed: (name: string) => Shape): Operation {
  const structure = (ref: RawRef | undefined): StructureShape | undefined => {
    if (!ref) return undefined;
    const shape = shapeNamed(ref.shape);
    assert(shape.kind === 'structure', `${ref.shape} is a structure`);
    return shape;
  };
  const input = once(() => structure(raw.input));
  const output = once(() => structure(raw.output));
  const errors = once(() => (raw.errors ?? []).flatMap((ref) => structure(ref) ?? []));
  return {
    name: raw.name,
    service,
    method: raw.http?.method ?? 'POST',
    requestUri: raw.http?.requestUri ?? '/',
    responseCode: raw.http?.responseCode,
    resultWrapper: raw.output?.resultWrapper,
    inputLocationName: raw.input?.locationName,
    inputXmlNamespace: namespaceOf(raw.input?.xmlNamespace),
    unsigned: raw.authtype === 'none' || raw.auth?.includes('smithy.api#noAuth') === true,
    unsignedPayload: raw.unsignedPayload === true || raw.authtype === 'v4-unsigned-body',
    get input() {
      return input();
    },
    get output() {
      return output();
    },
    get errors() {
      return errors();
    },
  };
}

function buildShape(name: string, raw: RawShape, shapeNamed: (name: string) => Shape, register: (shape: Shape) => void): Shape {
  const base = { name, sensitive: raw.sensitive === true };
  const member = (ref: RawRef | undefined): Member => {
    assert(ref, `shape ${name} is complete`);
    return lazyMember(ref, shapeNamed);
  };
  const keep = <S extends Shape>(shape: S): S => {
    register(shape);
    return shape;
  };
  const range = { min: raw.min, max: raw.max };
  switch (raw.type) {
    case 'structure':
      return keep(buildStructure(name, raw, shapeNamed));
    case 'list':
      return keep({ ...base, kind: 'list', member: member(raw.member), flattened: raw.flattened === true, ...range });
    case 'map':
      return keep({ ...base, kind: 'map', key: member(raw.key), value: member(raw.value), flattened: raw.flattened === true, ...range });
    case 'string':
    case 'character':
      return keep({ ...base, kind: 'string', pattern: raw.pattern, matches: lazyPattern(raw.pattern), enumValues: raw.enum, ...range });
    case 'boolean':
      return keep({ ...base, kind: 'boolean' });
    case 'blob':
      return keep({ ...base, kind: 'blob', streaming: raw.streaming === true, ...range });
    case 'timestamp':
      return keep({ ...base, kind: 'timestamp', timestampFormat: timestampFormatOf(raw.timestampFormat) });
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
    case 'bigdecimal':
    case 'biginteger':
    case 'short':
    case 'byte':
      return keep({ ...base, kind: raw.type, ...range });
    default:
      throw new Error(`shape \`${name}\` has the unknown type \`${raw.type}\``);
  }
}

/** Compiled on first use: most of a model's patterns are never asked. */
function lazyPattern(source: string | undefined): (text: string) => boolean {
  let compiled: RegExp | undefined;
  return (text) => {
    if (source === undefined) return true;
    compiled ??= compilePattern(source);
    return compiled.test(text);
  };
}

function buildStructure(name: string, raw: RawShape, shapeNamed: (name: string) => Shape): StructureShape {
  const members = new Map<string, Member>();
  for (const [memberName, ref] of Object.entries(raw.members ?? {})) members.set(memberName, lazyMember(ref, shapeNamed));
  return {
    name,
    kind: 'structure',
    sensitive: raw.sensitive === true,
    members,
    required: raw.required ?? [],
    union: raw.union === true,
    payload: raw.payload,
    exception: raw.exception === true || raw.fault === true,
    errorCode: raw.error?.code,
    errorStatus: raw.error?.httpStatusCode,
    senderFault: raw.error?.senderFault === true,
    document: raw.document === true,
    eventStream: raw.eventstream === true,
    locationName: raw.locationName,
    xmlNamespace: namespaceOf(raw.xmlNamespace),
  };
}

function lazyMember(ref: RawRef, shapeNamed: (name: string) => Shape): Member {
  let shape: Shape | undefined;
  return {
    locationName: ref.locationName,
    queryName: ref.queryName,
    location: locationOf(ref.location),
    flattened: ref.flattened === true,
    timestampFormat: timestampFormatOf(ref.timestampFormat),
    xmlNamespace: namespaceOf(ref.xmlNamespace),
    xmlAttribute: ref.xmlAttribute === true,
    jsonValue: ref.jsonvalue === true,
    idempotencyToken: ref.idempotencyToken === true,
    streaming: ref.streaming === true,
    eventPayload: ref.eventpayload === true,
    eventHeader: ref.eventheader === true,
    sensitive: ref.sensitive === true,
    get shape() {
      shape ??= shapeNamed(ref.shape);
      return shape;
    },
  };
}

function locationOf(location: string | undefined): Member['location'] {
  switch (location) {
    case 'header':
    case 'headers':
    case 'uri':
    case 'querystring':
    case 'statusCode':
      return location;
    default:
      return undefined;
  }
}

function timestampFormatOf(format: string | undefined): TimestampFormat | undefined {
  switch (format) {
    case 'iso8601':
    case 'rfc822':
    case 'unixTimestamp':
      return format;
    default:
      return undefined;
  }
}

function namespaceOf(raw: RawXmlNamespace | string | undefined): XmlNamespace | undefined {
  if (raw === undefined) return undefined;
  return typeof raw === 'string' ? { uri: raw, prefix: undefined } : { uri: raw.uri, prefix: raw.prefix };
}
