// Parameters and responses as CloudTrail prints them: first letters in lower case, times as text, and nothing secret or binary.
import { isoSeconds } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { Member, Shape } from '../model/model.ts';
import type { Structure } from '../protocol/protocol.ts';

const dateMsMax = 8.64e15;

/**
 * The printed form of a structure of this shape. What the model marks as sensitive and all bytes are left out, even if the caller forgot to.
 * AWS: services print times in several formats (`Nov 24, 2026, 3:33:43 PM`, epoch seconds, ISO 8601); here they are always ISO 8601.
 */
export function printedStructure(shape: Shape | undefined, value: Structure): Structure {
  return structureOf(shape, value, 0);
}

function structureOf(shape: Shape | undefined, value: Structure, depth: number): Structure {
  const members = shape?.kind === 'structure' ? shape.members : undefined;
  return printedEntries(value, (name, item) => {
    const member = members?.get(name);
    return [lowerFirst(name), isHidden(member) ? undefined : printed(member?.shape, item, depth + 1)];
  });
}

function printed(shape: Shape | undefined, value: unknown, depth: number): unknown {
  if (value instanceof Uint8Array || depth > limits.depthMax) return undefined;
  if (Array.isArray(value)) {
    const member = shape?.kind === 'list' ? shape.member : undefined;
    return isHidden(member) ? undefined : value.map((item: unknown) => printed(member?.shape, item, depth + 1));
  }
  if (isStructure(value)) {
    // A map's keys are data and a document's are the client's: they are printed as they are.
    if (shape?.kind === 'document') return value;
    if (shape?.kind !== 'map') return structureOf(shape, value, depth);
    return printedEntries(value, (key, item) => [key, isHidden(shape.value) ? undefined : printed(shape.value.shape, item, depth + 1)]);
  }
  if (shape?.kind === 'timestamp' && typeof value === 'number' && Math.abs(value) <= dateMsMax) return isoSeconds(value);
  return value;
}

function isHidden(member: Member | undefined): boolean {
  return member !== undefined && (member.sensitive || member.shape.sensitive);
}

/** `Object.fromEntries` defines properties, so that no name reaches a prototype. */
function printedEntries(value: Structure, print: (name: string, item: unknown) => readonly [string, unknown]): Structure {
  return Object.fromEntries(Object.entries(value).map(([name, item]) => print(name, item)));
}

function isStructure(value: unknown): value is Structure {
  return typeof value === 'object' && value !== null;
}

/** AWS: only the first letter, so that `SAMLProviderArn` becomes `sAMLProviderArn`; but `ARN` is `arn` (Secrets Manager, since February 2024). */
function lowerFirst(name: string): string {
  return name === 'ARN' ? 'arn' : name.charAt(0).toLowerCase() + name.slice(1);
}
