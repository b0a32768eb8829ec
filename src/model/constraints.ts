// The constraints that a shape puts on a value of its own: kind, enum, length, range, pattern, in AWS's words. What a value contains is for validate.ts.
import { limits } from '../base/limits.ts';
import type { Shape, StringShape } from './model.ts';

interface Constraint {
  readonly sentence: string;
  readonly isBroken: boolean;
}

interface Bounds {
  readonly min: number | undefined;
  readonly max: number | undefined;
}

/** Absent, or JSON's null, which AWS takes for absent. */
export function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** The sentences that `value` breaks. */
export function brokenConstraints(shape: Shape, value: unknown): readonly string[] {
  const broken = constraintsOn(shape, value).filter(({ isBroken }) => isBroken);
  return broken.map(({ sentence }) => sentence);
}

/** All sentences of the shape: AWS prints them together when an item of a list or map breaks one of them. */
export function allConstraints(shape: Shape, value: unknown): readonly string[] {
  return constraintsOn(shape, value).map(({ sentence }) => sentence);
}

/** A plain object, the in-memory form of structures and maps. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** A wrong kind is a mistake that protocols find; it is repeated here so that it can never reach a handler. */
function constraintsOn(shape: Shape, value: unknown): readonly Constraint[] {
  switch (shape.kind) {
    case 'structure':
      return shape.document || shape.eventStream || isObject(value) ? [] : wrongKind(shape);
    case 'map':
      return isObject(value) ? within(shape, Object.keys(value).length, 'length') : wrongKind(shape);
    case 'list':
      return Array.isArray(value) ? within(shape, value.length, 'length') : wrongKind(shape);
    case 'string':
      return typeof value === 'string' ? onText(shape, value) : wrongKind(shape);
    case 'blob':
      return value instanceof Uint8Array ? within(shape, value.length, 'length') : wrongKind(shape);
    case 'boolean':
      return typeof value === 'boolean' ? [] : wrongKind(shape);
    case 'timestamp':
      return Number.isFinite(value) ? [] : wrongKind(shape);
    case 'document':
      return [];
    default:
      return typeof value === 'number' ? within(shape, value, 'value') : wrongKind(shape);
  }
}

function wrongKind(shape: Shape): readonly Constraint[] {
  return [{ sentence: `Member must be of type ${shape.kind}`, isBroken: true }];
}

function onText(shape: StringShape, text: string): readonly Constraint[] {
  const { enumValues, max, pattern } = shape;
  if (enumValues && enumValues.length > 0)
    return [{ sentence: `Member must satisfy enum value set: [${enumValues.join(', ')}]`, isBroken: !enumValues.includes(text) }];
  const length = codePointsCount(text);
  const lengths = within(shape, length, 'length');
  if (pattern === undefined) return lengths;
  return [
    ...lengths,
    { sentence: `Member must satisfy regular expression pattern: ${pattern}`, isBroken: isMismatch(shape, text, length > (max ?? length)) },
  ];
}

/** A text that is too long is refused for its length and not matched as well: its length bounds the work of the pattern. */
function isMismatch(shape: StringShape, text: string, isTooLong: boolean): boolean {
  if (isTooLong) return false;
  return text.length > limits.patternInputCharactersMax || !shape.matches(text);
}

/** AWS counts code points, not UTF-16 units. */
function codePointsCount(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** A comparison that NaN fails too. */
function within({ min, max }: Bounds, size: number, what: 'length' | 'value'): readonly Constraint[] {
  const constraints: Constraint[] = [];
  if (max !== undefined) constraints.push({ sentence: `Member must have ${what} less than or equal to ${max}`, isBroken: !(size <= max) });
  if (min !== undefined)
    constraints.push({ sentence: `Member must have ${what} greater than or equal to ${min}`, isBroken: !(size >= min) });
  return constraints;
}
