// Prints a value as AWS's validation sentences do, which is Java's way: `[a, b]`, `{key=value}`. Sensitive members and long values are cut.
import { limits } from '../base/limits.ts';
import { isMissing, isObject } from './constraints.ts';
import type { Member, Shape } from './model.ts';

/** The value in at most `printedValueCharactersMax` characters. */
export function printValue(shape: Shape, value: unknown): string {
  return cut(print(shape, value, limits.printedValueCharactersMax, 0), limits.printedValueCharactersMax);
}

/** The first `max` UTF-16 units, without half a character at the end. */
export function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '')}...`;
}

/** `room` bounds the work for values that would be cut anyway. */
function print(shape: Shape, value: unknown, room: number, depth: number): string {
  if (shape.sensitive) return '***';
  if (depth > limits.depthMax) return '...';
  if (isMissing(value)) return 'null';
  if (typeof value === 'string') return cut(value, room);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (shape.kind === 'list' && Array.isArray(value))
    return `[${joined(
      value.map((item: unknown) => [shape.member, '', item]),
      room,
      depth,
    )}]`;
  if (shape.kind === 'map' && isObject(value))
    return `{${joined(
      Object.entries(value).map(([key, item]) => [shape.value, `${key}=`, item]),
      room,
      depth,
    )}}`;
  if (shape.kind === 'structure' && isObject(value)) {
    const known = Object.entries(value).flatMap(([name, item]): Entry[] => {
      const member = shape.members.get(name);
      return member ? [[member, `${lowerFirst(name)}=`, item]] : [];
    });
    return `${shape.name}(${joined(known, room, depth)})`;
  }
  return `(${shape.kind})`;
}

type Entry = [member: Member, label: string, value: unknown];

function joined(entries: readonly Entry[], room: number, depth: number): string {
  let text = '';
  for (const [member, label, value] of entries) {
    if (text.length > room) break;
    const printed = member.sensitive ? '***' : print(member.shape, value, room - text.length, depth + 1);
    text += `${text === '' ? '' : ', '}${label}${printed}`;
  }
  return text;
}

/** AWS prints the names of members with a small first letter, even `sAMLMetadataDocument`. */
export function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
