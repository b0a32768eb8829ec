// Arbitrary valid values of a model's shape, in the in-memory form of protocol.ts: what the round-trip properties of the protocols feed on.
// Required members, enums, lengths, ranges and unions are respected; patterns are not.
import fc from 'fast-check';
import type { Member, NumberShape, Shape, StringShape, StructureShape } from '../../src/model/model.ts';

export interface ArbitraryOptions {
  /** Below this depth only what is required is generated. */
  readonly depthMax?: number;
  /** Fewest items of a list or map; 1 for protocols that cannot tell an empty collection from an absent one. */
  readonly itemsMin?: number;
}

interface Frame {
  readonly depthMax: number;
  readonly itemsMin: number;
  /** Arbitraries that were made already, by place and shape and depth: large models repeat their shapes very often. */
  readonly made: Map<string, fc.Arbitrary<unknown>>;
}

/** Where a value travels; headers and URI labels carry less than a body does. */
type Place = 'body' | 'header' | 'headerList' | 'uri';

const itemsExtraMax = 3;
const bodyChars = [...'abcXYZ0189 <>&"\'/\\%+=;:,.{}[]#?@~_-éßñŁЖ漢字あ→😀🔑'];
const headerChars = [...'abcXYZ0189._-/=+:@'];
const tokenChars = [...'abcxyz0189-'];

/** Values that satisfy `shape`, except for its patterns. */
export function arbitraryOf(shape: Shape, options: ArbitraryOptions = {}): fc.Arbitrary<unknown> {
  return build(shape, 'body', 0, { depthMax: options.depthMax ?? 4, itemsMin: options.itemsMin ?? 0, made: new Map() });
}

/** The same for a structure, typed as the record that protocols take. */
export function structureOf(shape: StructureShape, options: ArbitraryOptions = {}): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  return arbitraryOf(shape, options).map((value) => (isRecord(value) ? value : {}));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function build(shape: Shape, place: Place, depth: number, frame: Frame): fc.Arbitrary<unknown> {
  const key = `${place}:${depth}:${shape.name}`;
  const known = frame.made.get(key);
  if (known) return known;
  const made = make(shape, place, depth, frame);
  frame.made.set(key, made);
  return made;
}

function make(shape: Shape, place: Place, depth: number, frame: Frame): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'structure':
      return shape.document ? document() : structure(shape, depth, frame);
    case 'list': {
      const item = build(shape.member.shape, place === 'header' ? 'headerList' : place, depth + 1, frame);
      return fc.array(item, size(shape, depth, place === 'body' ? frame.itemsMin : 1, frame));
    }
    case 'map': {
      const pair = fc.tuple(
        place === 'body' ? build(shape.key.shape, 'body', depth + 1, frame) : text(tokenChars, 1, 8),
        build(shape.value.shape, place === 'body' ? 'body' : 'header', depth + 1, frame),
      );
      const range = enumSize(shape.key.shape, size(shape, depth, frame.itemsMin, frame));
      return fc
        .uniqueArray(pair, { ...range, selector: ([name]) => String(name) })
        .map((pairs) => Object.fromEntries(pairs.map(([name, value]) => [String(name), value])));
    }
    case 'string':
      return string(shape, place);
    case 'boolean':
      return fc.boolean();
    case 'blob':
      return fc.uint8Array({ minLength: shape.min ?? 0, maxLength: Math.min(shape.max ?? Number.MAX_SAFE_INTEGER, (shape.min ?? 0) + 40) });
    case 'timestamp':
      return fc.integer({ min: 0, max: 4_102_444_799 }).map((seconds) => seconds * 1000);
    case 'document':
      return document();
    default:
      return number(shape);
  }
}

function structure(shape: StructureShape, depth: number, frame: Frame): fc.Arbitrary<unknown> {
  const members = [...shape.members].filter(([, member]) => !isEventStream(member));
  const member = ([name, { shape: target, location }]: [string, Member]): [string, fc.Arbitrary<unknown>] => [
    name,
    build(target, placeOf(location), depth + 1, frame),
  ];
  if (shape.union) {
    // One leaf is enough to end a recursive union.
    const leaves = members.filter(([, { shape: target }]) => !['structure', 'list', 'map'].includes(target.kind));
    const choices = depth >= frame.depthMax && leaves.length > 0 ? leaves : members;
    return fc.oneof(...choices.map(member).map(([name, value]) => value.map((chosen) => ({ [name]: chosen }))));
  }
  const isRequired = (name: string, { location }: Member): boolean => shape.required.includes(name) || location === 'uri';
  const chosen = depth >= frame.depthMax ? members.filter(([name, target]) => isRequired(name, target)) : members;
  return fc.record(Object.fromEntries(chosen.map(member)), {
    requiredKeys: chosen.filter(([name, target]) => isRequired(name, target)).map(([name]) => name),
    noNullPrototype: true,
  });
}

function isEventStream({ shape }: Member): boolean {
  return shape.kind === 'structure' && shape.eventStream;
}

function placeOf(location: Member['location']): Place {
  if (location === 'uri') return 'uri';
  return location === 'header' || location === 'headers' ? 'header' : 'body';
}

interface Size {
  readonly minLength: number;
  readonly maxLength: number;
}

function size(shape: { min: number | undefined; max: number | undefined }, depth: number, itemsMin: number, frame: Frame): Size {
  const max = shape.max ?? Number.MAX_SAFE_INTEGER;
  const minLength = Math.min(Math.max(shape.min ?? 0, itemsMin), max);
  return { minLength, maxLength: depth >= frame.depthMax ? minLength : Math.min(max, minLength + itemsExtraMax) };
}

/** A map cannot have more keys than its key's enum has values. */
function enumSize(key: Shape, { minLength, maxLength }: Size): Size {
  const keys = key.kind === 'string' ? (key.enumValues?.length ?? maxLength) : maxLength;
  return { minLength: Math.min(minLength, keys), maxLength: Math.min(maxLength, keys) };
}

function string(shape: StringShape, place: Place): fc.Arbitrary<string> {
  const { enumValues } = shape;
  if (enumValues && enumValues.length > 0) return fc.constantFrom(...enumValues);
  const max = shape.max ?? Number.MAX_SAFE_INTEGER;
  const min = Math.min(Math.max(shape.min ?? 0, place === 'body' ? 0 : 1), max);
  const chars = { body: bodyChars, uri: bodyChars.filter((char) => char !== '.'), header: headerChars, headerList: tokenChars }[place];
  return text(chars, min, Math.min(max, min + 20));
}

/** Lengths count code points, as AWS's constraints do. */
function text(chars: readonly string[], minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...chars), { minLength, maxLength }).map((units) => units.join(''));
}

const integerRanges: Readonly<Record<string, readonly [number, number]>> = {
  byte: [-128, 127],
  short: [-32_768, 32_767],
  integer: [-2_147_483_648, 2_147_483_647],
};

function number(shape: NumberShape): fc.Arbitrary<number> {
  if (shape.kind === 'double' || shape.kind === 'bigdecimal')
    return fc.double({ noNaN: true, noDefaultInfinity: true, ...bounds(shape, -1e300, 1e300) }).map(positiveZero);
  if (shape.kind === 'float')
    return fc
      .float({ noNaN: true, noDefaultInfinity: true, ...bounds(shape, -(2 ** 100), 2 ** 100) })
      .map(Math.fround)
      .map(positiveZero);
  const [lowest, highest] = integerRanges[shape.kind] ?? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  const { min, max } = bounds(shape, lowest, highest);
  return fc.integer({ min: Math.ceil(min), max: Math.floor(max) });
}

function bounds(shape: NumberShape, lowest: number, highest: number): { min: number; max: number } {
  return { min: Math.max(shape.min ?? lowest, lowest), max: Math.min(shape.max ?? highest, highest) };
}

/** JSON has no negative zero. */
function positiveZero(value: number): number {
  return value === 0 ? 0 : value;
}

function document(): fc.Arbitrary<unknown> {
  return fc.jsonValue({ maxDepth: 2 }).map((value): unknown => JSON.parse(JSON.stringify(value)));
}
