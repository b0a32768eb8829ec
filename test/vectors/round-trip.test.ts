// For every operation of every vendored model, in every protocol that its service speaks: decode(encode(x)) = x for generated x, in both
// directions. What the wire cannot tell apart (an absent list and an empty one in query) is made the same before the comparison.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ListShape, MapShape, Member, Operation, ProtocolName, Shape, StructureShape } from '../../src/model/model.ts';
import type { Structure } from '../../src/protocol/protocol.ts';
import { createProtocols } from '../../src/protocol/protocols.ts';
import { catalog, loadServiceModel } from '../../src/services/models.ts';
import { arbitraryOf } from './arbitrary.ts';

/** Operations that look like another on the wire, which is meant instead: its successor, or the one of the ordinary host. */
const lookLikeAnother: ReadonlySet<string> = new Set([
  's3 GetBucketLifecycle',
  's3 GetBucketNotification',
  's3 ListDirectoryBuckets',
  's3 PutBucketLifecycle',
  's3 PutBucketNotification',
]);

const runsPerOperation = 3;
const seed = 20_261_124;
const protocols = createProtocols();

describe.each(catalog.map(({ name }) => name))('%s', (name) => {
  test('every operation reads back what was written', async () => {
    const service = await loadServiceModel(name);
    for (const operation of service.operations.values()) {
      for (const protocol of service.protocols) {
        if (operation.input !== undefined)
          check(operation.input, (value) => requestRoundTrip(operation, protocol, value), protocol, 'request');
        if (operation.output !== undefined)
          check(operation.output, (value) => responseRoundTrip(operation, protocol, value), protocol, 'response');
      }
    }
  }, 120_000);
});

type Direction = 'request' | 'response';

function check(shape: StructureShape, roundTrip: (value: Structure) => Structure, protocol: ProtocolName, direction: Direction): void {
  if (hasEventStream(shape)) return;
  const property = fc.property(arbitraryOf(shape), (generated) => {
    const value = onWire(shape, generated, { protocol, direction, isTop: true }) as Structure;
    expect(withoutDefaults(shape, roundTrip(value), value), `${protocol} ${direction} of ${shape.name}`).toEqual(value);
  });
  fc.assert(property, { numRuns: runsPerOperation, seed });
}

/** A message always has a content type, a response a status and a stream a body, also when the value names none. */
function withoutDefaults(shape: StructureShape, read: Structure, written: Structure): Structure {
  const isDefault = (name: string) => {
    const member = shape.members.get(name);
    if (name in written) return false;
    return member?.locationName?.toLowerCase() === 'content-type' || member?.location === 'statusCode' || shape.payload === name;
  };
  return Object.fromEntries(Object.entries(read).filter(([name, item]) => !(isDefault(name) && (shape.payload !== name || isEmpty(item)))));
}

function requestRoundTrip(operation: Operation, name: ProtocolName, value: Structure): Structure {
  const protocol = protocols[name];
  const request = protocol.encodeRequest(operation, value);
  const isComplete = operation.input?.required.every((member) => member in value) !== false;
  if (isComplete && !lookLikeAnother.has(`${operation.service.name} ${operation.name}`)) {
    expect(protocol.operationOf(operation.service, request).name, `${request.method} ${request.path}?${request.query}`).toBe(
      operation.name,
    );
  }
  const headers = Object.fromEntries(Object.entries(request.headers).map(([header, text]) => [header.toLowerCase(), text]));
  return protocol.decode(operation, { ...request, headers });
}

function responseRoundTrip(operation: Operation, name: ProtocolName, value: Structure): Structure {
  const protocol = protocols[name];
  return protocol.decodeResponse(operation, protocol.encode(operation, value, 'id'));
}

function hasEventStream(shape: StructureShape): boolean {
  return [...shape.members.values()].some(({ shape: each }) => each.kind === 'structure' && each.eventStream);
}

interface Place {
  readonly protocol: ProtocolName;
  readonly direction: Direction;
  readonly isTop: boolean;
}

/** The value as the wire can carry it. */
function onWire(shape: Shape, value: unknown, place: Place): unknown {
  const inner = { ...place, isTop: false };
  switch (shape.kind) {
    case 'structure':
      return shape.document ? value : structureOnWire(shape, value as Structure, place);
    case 'list': {
      const items = (value as readonly unknown[]).map((item) => onWire(shape.member.shape, item, inner));
      return items.filter((item) => item !== null && !(isForm(place) && isEmpty(item) && isPlain(item)));
    }
    case 'map': {
      const entries = Object.entries(value as Structure).map(([key, item]) => [key, onWire(shape.value.shape, item, inner)] as const);
      return Object.fromEntries(entries.filter(([, item]) => item !== null && !(isForm(place) && isEmpty(item))));
    }
    case 'blob':
      return Buffer.from(value as Uint8Array);
    default:
      return value;
  }
}

function structureOnWire(shape: StructureShape, value: Structure, place: Place): Structure {
  const entries = Object.entries(value).flatMap(([name, item]) => {
    const member = shape.members.get(name);
    if (member === undefined || item === undefined || sharesItsName(shape, name)) return [];
    const carried = onWire(member.shape, item, { ...place, isTop: false });
    return isLost(shape, name, member, carried, place) ? [] : [[name, carried] as const];
  });
  return Object.fromEntries(entries);
}

/** S3 has an old member and a new one of the same element. */
function sharesItsName(shape: StructureShape, name: string): boolean {
  const wireName = (each: string) => shape.members.get(each)?.locationName ?? each;
  return [...shape.members.keys()].some((other) => other !== name && wireName(other) === wireName(name));
}

/** What a protocol does not carry: empty collections in forms, flat XML, headers and queries. */
function isLost(shape: StructureShape, name: string, member: Member, item: unknown, place: Place): boolean {
  if (item === null) return true;
  if (!isEmpty(item)) return false;
  const { protocol, direction, isTop } = place;
  const isXml = protocol === 'query' || protocol === 'ec2' || protocol === 'rest-xml';
  if (isForm(place) && (isPlain(item) || (Array.isArray(item) && (protocol === 'ec2' || isFlat(member))))) return true;
  if (isXml && isFlat(member) && (direction === 'response' || protocol === 'rest-xml')) return true;
  if (!isTop) return false;
  if (member.shape.kind === 'blob' && member.shape.streaming) return false;
  return (member.location !== undefined && member.location !== 'statusCode') || shape.payload === name;
}

function isForm({ protocol, direction }: Place): boolean {
  return (protocol === 'query' || protocol === 'ec2') && direction === 'request';
}

function isEmpty(item: unknown): boolean {
  if (item === '' || (item instanceof Uint8Array && item.length === 0)) return true;
  return (Array.isArray(item) && item.length === 0) || (isPlain(item) && Object.keys(item).length === 0);
}

function isFlat(member: Member): boolean {
  const { shape } = member;
  return (shape.kind === 'list' || shape.kind === 'map') && ((shape as ListShape | MapShape).flattened || member.flattened);
}

function isPlain(value: unknown): value is object {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array);
}
