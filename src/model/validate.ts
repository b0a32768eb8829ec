// Checks a decoded input against the constraints of its model and answers in AWS's sentences. Types are the protocol's business; here it is
// presence, length, range, pattern and enumeration.
import { limits } from '../base/limits.ts';
import { getOwn, isRecord } from '../base/record.ts';
import type { Member, Shape, StringShape, StructureShape } from './model.ts';
import { compilePattern } from './pattern.ts';

/** One sentence per violated constraint, in the order of the model; bounded, since inputs can be wrong in very many places. */
export function validate(shape: StructureShape, value: unknown): readonly string[] {
  const problems: string[] = [];
  checkStructure(shape, value, '', problems);
  return problems;
}

function checkStructure(shape: StructureShape, value: unknown, path: string, problems: string[]): void {
  if (!isRecord(value) || shape.document) return;
  for (const [name, member] of shape.members) {
    if (problems.length >= limits.validationProblemsMax) return;
    const item = getOwn(value, name);
    const at = path === '' ? lowerFirst(name) : `${path}.${lowerFirst(name)}`;
    if (item === undefined || item === null) {
      if (shape.required.includes(name)) problems.push(sentence(member, 'null', at, 'Member must not be null'));
    } else checkMember(member, item, at, problems);
  }
}

function checkMember(member: Member, value: unknown, path: string, problems: string[]): void {
  if (problems.length >= limits.validationProblemsMax) return;
  const { shape } = member;
  for (const constraint of violated(shape, value)) problems.push(sentence(member, value, path, constraint));
  if (shape.kind === 'structure') checkStructure(shape, value, path, problems);
  else if (shape.kind === 'list' && Array.isArray(value)) {
    value.forEach((item, index) => {
      checkMember(shape.member, item, `${path}.${index + 1}.member`, problems);
    });
  } else if (shape.kind === 'map' && isRecord(value)) {
    for (const [key, item] of Object.entries(value)) {
      checkMember(shape.key, key, `${path}.${key.slice(0, 128)}.key`, problems);
      checkMember(shape.value, item, `${path}.${key.slice(0, 128)}.member`, problems);
    }
  }
}

function violated(shape: Shape, value: unknown): readonly string[] {
  switch (shape.kind) {
    case 'string':
      return typeof value === 'string' ? violatedByText(shape, value) : [];
    case 'list':
      return Array.isArray(value) ? violatedLength(shape, value.length) : [];
    case 'map':
      return isRecord(value) ? violatedLength(shape, Object.keys(value).length) : [];
    case 'blob':
      return value instanceof Uint8Array ? violatedLength(shape, value.length) : [];
    case 'structure':
    case 'boolean':
    case 'timestamp':
    case 'document':
      return [];
    default:
      return typeof value === 'number' ? violatedRange(shape, value) : [];
  }
}

interface Bounds {
  readonly min: number | undefined;
  readonly max: number | undefined;
}

function violatedLength({ min, max }: Bounds, length: number): readonly string[] {
  if (max !== undefined && length > max) return [`Member must have length less than or equal to ${max}`];
  return min !== undefined && length < min ? [`Member must have length greater than or equal to ${min}`] : [];
}

function violatedRange({ min, max }: Bounds, value: number): readonly string[] {
  if (max !== undefined && value > max) return [`Member must have value less than or equal to ${max}`];
  return min !== undefined && value < min ? [`Member must have value greater than or equal to ${min}`] : [];
}

function violatedByText(shape: StringShape, text: string): readonly string[] {
  if (shape.enumValues !== undefined) {
    return shape.enumValues.includes(text) ? [] : [`Member must satisfy enum value set: [${shape.enumValues.join(', ')}]`];
  }
  // AWS counts Unicode code points.
  const problems = [...violatedLength(shape, text.length > 1_000_000 ? text.length : codePoints(text))];
  // A pattern never runs over a text that is too long already.
  if (shape.pattern !== undefined && text.length <= limits.patternTextMax && !compilePattern(shape.pattern)(text)) {
    problems.push(`Member must satisfy regular expression pattern: ${shape.pattern}`);
  }
  return problems;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _character of text) count += 1;
  return count;
}

function sentence(member: Member, value: unknown, path: string, constraint: string): string {
  if (member.sensitive || member.shape.sensitive) return `Value at '${path}' failed to satisfy constraint: ${constraint}`;
  if (value === 'null' && constraint === 'Member must not be null')
    return `Value null at '${path}' failed to satisfy constraint: ${constraint}`;
  return `Value '${shown(value)}' at '${path}' failed to satisfy constraint: ${constraint}`;
}

/** As Java prints it, cut to a readable length. */
function shown(value: unknown): string {
  if (Array.isArray(value))
    return cut(
      `[${value
        .slice(0, 20)
        .map((item) => shown(item))
        .join(', ')}]`,
    );
  if (value instanceof Uint8Array) return `java.nio.HeapByteBuffer[pos=0 lim=${value.length} cap=${value.length}]`;
  if (isRecord(value))
    return cut(
      `{${Object.entries(value)
        .slice(0, 20)
        .map(([key, item]) => `${key}=${shown(item)}`)
        .join(', ')}}`,
    );
  return cut(String(value));
}

function cut(text: string): string {
  return text.length > limits.shownValueMax ? text.slice(0, limits.shownValueMax) : text;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
