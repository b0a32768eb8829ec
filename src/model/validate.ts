// Checks a decoded input against its shape and says what is wrong in AWS's sentences.
// The sentences were compared with messages that AWS's users quote; the order of several problems is not AWS's, which is that of a hash table.
import { limits } from '../base/limits.ts';
import { allConstraints, brokenConstraints, isMissing, isObject } from './constraints.ts';
import type { ListShape, MapShape, Member, Shape, StructureShape } from './model.ts';
import { cut, lowerFirst, printValue } from './print.ts';

/** One broken constraint at one place. */
export interface Problem {
  /** As AWS prints it: `tags.1.member.key`. */
  readonly path: string;
  /** `null` when it is absent; undefined when it is sensitive, and then it is not printed. */
  readonly value: string | null | undefined;
  /** `Member must not be null`. */
  readonly constraint: string;
}

interface Frame {
  readonly problems: Problem[];
  readonly depth: number;
  readonly isSensitive: boolean;
}

/** What is wrong with `input`, up to a limit; nothing when it is valid. AWS: members that the shape does not have are ignored. */
export function validate(shape: StructureShape, input: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  if (isObject(input)) checkStructure(shape, input, '', { problems, depth: 0, isSensitive: shape.sensitive });
  else problems.push({ path: lowerFirst(shape.name), value: null, constraint: 'Member must not be null' });
  return problems;
}

/** `2 validation errors detected: Value '' at 'name' failed to satisfy constraint: …; Value null at …`. */
export function problemsMessage(problems: readonly Problem[]): string {
  const count = `${problems.length} validation ${problems.length === 1 ? 'error' : 'errors'} detected`;
  return `${count}: ${problems.map(problemSentence).join('; ')}`;
}

function problemSentence({ path, value, constraint }: Problem): string {
  const shown = value === null ? ' null' : value === undefined ? '' : ` '${value}'`;
  return `Value${shown} at '${path}' failed to satisfy constraint: ${constraint}`;
}

function checkStructure(shape: StructureShape, value: object, path: string, frame: Frame): void {
  for (const [name, member] of shape.members) {
    if (isFull(frame)) return;
    const memberPath = path === '' ? lowerFirst(name) : `${path}.${lowerFirst(name)}`;
    const memberValue: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
    if (!isMissing(memberValue)) checkMember(member, memberValue, memberPath, frame);
    else if (shape.required.includes(name)) frame.problems.push({ path: memberPath, value: null, constraint: 'Member must not be null' });
  }
}

function checkMember(member: Member, value: unknown, path: string, frame: Frame): void {
  // The protocol hands over JSON documents and streams as they come.
  if (member.jsonValue || member.streaming) return;
  const inside = within(frame, member);
  for (const constraint of brokenConstraints(member.shape, value)) report(inside, { path, shape: member.shape, value, constraint });
  checkContent(member.shape, value, path, inside);
}

/** What is inside a value, whose own constraints have been checked. */
function checkContent(shape: Shape, value: unknown, path: string, frame: Frame): void {
  if (isFull(frame)) return;
  if (frame.depth > limits.depthMax) {
    report(
      { ...frame, isSensitive: true },
      { path, shape, value, constraint: `Member must not be nested deeper than ${limits.depthMax} levels` },
    );
  } else if (shape.kind === 'list' && Array.isArray(value)) checkList(shape, value, path, frame);
  else if (shape.kind === 'map' && isObject(value)) checkMap(shape, value, path, frame);
  else if (shape.kind === 'structure' && !shape.document && !shape.eventStream && isObject(value))
    checkStructure(shape, value, path, frame);
}

/** AWS: what is wrong with the items themselves is told once for the whole list; what is wrong inside of them is told by place. */
function checkList(shape: ListShape, items: readonly unknown[], path: string, frame: Frame): void {
  const inside = within(frame, shape.member);
  const item = shape.member.shape;
  reportItems(inside, 'Member must satisfy constraint', { path, shape, value: items, item, items });
  if (isScalar(item)) return;
  for (const [index, value] of items.entries()) {
    if (isFull(frame)) return;
    if (!isMissing(value)) checkContent(item, value, `${path}.${index + 1}.member`, inside);
  }
}

function checkMap(shape: MapShape, map: object, path: string, frame: Frame): void {
  const item = shape.value.shape;
  const inside = within(frame, shape.value);
  const entries = Object.entries(map);
  const keys = entries.map(([key]) => key);
  const values = entries.map(([, value]): unknown => value);
  reportItems(within(frame, shape.key), 'Map keys must satisfy constraint', {
    path,
    shape,
    value: map,
    item: shape.key.shape,
    items: keys,
  });
  reportItems(inside, 'Map value must satisfy constraint', { path, shape, value: map, item, items: values });
  if (isScalar(item)) return;
  for (const [key, value] of entries) {
    if (isFull(frame)) return;
    if (!isMissing(value)) checkContent(item, value, `${path}.${cut(key, keyCharactersMax)}.member`, inside);
  }
}

/** How much of a map's key is printed in a path. */
const keyCharactersMax = 256;

interface Items {
  readonly path: string;
  readonly shape: Shape;
  readonly value: unknown;
  readonly item: Shape;
  readonly items: readonly unknown[];
}

function reportItems(frame: Frame, sentence: string, { path, shape, value, item, items }: Items): void {
  const wrong = items.find((one) => !isMissing(one) && brokenConstraints(item, one).length > 0);
  if (wrong === undefined) return;
  report(frame, { path, shape, value, constraint: `${sentence}: [${allConstraints(item, wrong).join(', ')}]` });
}

function report(frame: Frame, found: { path: string; shape: Shape; value: unknown; constraint: string }): void {
  if (isFull(frame)) return;
  const { path, constraint } = found;
  frame.problems.push({ path, value: frame.isSensitive ? undefined : printValue(found.shape, found.value), constraint });
}

/** The frame of what a member holds: one level deeper, and sensitive when anything on the way is. */
function within(frame: Frame, { sensitive, shape }: Member): Frame {
  return { problems: frame.problems, depth: frame.depth + 1, isSensitive: frame.isSensitive || sensitive || shape.sensitive };
}

function isScalar({ kind }: Shape): boolean {
  return kind !== 'structure' && kind !== 'list' && kind !== 'map';
}

function isFull({ problems }: Frame): boolean {
  return problems.length >= limits.problemsMax;
}
