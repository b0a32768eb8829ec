// Writes a service's model.json: botocore's model without prose, endpoint rules and shapes that no operation reaches.
import type { RawModel, RawRef, RawShape } from '../../src/model/load.ts';
import { jsonLines } from './json-lines.ts';

const operationKeys = [
  'name',
  'http',
  'input',
  'output',
  'errors',
  'authtype',
  'auth',
  'unsignedPayload',
  'httpChecksum',
  'idempotent',
  'readonly',
  'endpoint',
];

const shapeKeys = [
  'type',
  'required',
  'members',
  'member',
  'key',
  'value',
  'flattened',
  'min',
  'max',
  'pattern',
  'enum',
  'sensitive',
  'streaming',
  'union',
  'payload',
  'exception',
  'fault',
  'error',
  'retryable',
  'document',
  'event',
  'eventstream',
  'locationName',
  'timestampFormat',
  'xmlNamespace',
  'xmlOrder',
];

const refKeys = [
  'shape',
  'locationName',
  'queryName',
  'location',
  'flattened',
  'timestampFormat',
  'xmlNamespace',
  'xmlAttribute',
  'jsonvalue',
  'idempotencyToken',
  'streaming',
  'sensitive',
  'resultWrapper',
  'eventpayload',
  'eventheader',
  'hostLabel',
];

/** The model as it is vendored: what the server reads, in the order of the source. */
export function pruneModel(raw: RawModel): RawModel {
  const operations = mapValues(raw.operations, (operation) => {
    const kept = pick(operation, operationKeys);
    const { input, output, errors } = operation;
    return {
      ...kept,
      ...(input && { input: pick(input, refKeys) }),
      ...(output && { output: pick(output, refKeys) }),
      ...(errors && { errors: errors.map((ref) => pick(ref, refKeys)) }),
    };
  });
  const reached = reachedShapes(raw);
  const shapes = Object.fromEntries(
    Object.entries(raw.shapes)
      .filter(([name]) => reached.has(name))
      .map(([name, shape]) => [name, pruneShape(shape)]),
  );
  return { metadata: raw.metadata, operations, shapes };
}

/** One line for each operation and shape, so that a new version of the model shows as a readable difference. */
export function modelFile(model: RawModel): string {
  return jsonLines({ metadata: model.metadata, operations: model.operations, shapes: model.shapes }, 2);
}

function pruneShape(shape: RawShape): RawShape {
  const { members, member, key, value } = shape;
  return {
    ...pick(shape, shapeKeys),
    ...(members && { members: mapValues(members, (ref) => pick(ref, refKeys)) }),
    ...(member && { member: pick(member, refKeys) }),
    ...(key && { key: pick(key, refKeys) }),
    ...(value && { value: pick(value, refKeys) }),
  };
}

function reachedShapes(raw: RawModel): ReadonlySet<string> {
  const reached = new Set<string>();
  const pending = Object.values(raw.operations).flatMap(({ input, output, errors }) => refsOf([input, output, ...(errors ?? [])]));
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    const shape = raw.shapes[name];
    if (shape) pending.push(...refsOf([...Object.values(shape.members ?? {}), shape.member, shape.key, shape.value]));
  }
  return reached;
}

function refsOf(refs: readonly (RawRef | undefined)[]): string[] {
  return refs.flatMap((ref) => ref?.shape ?? []);
}

function pick<T extends object>(source: T, keys: readonly string[]): T {
  // Only optional keys are ever left out: `name`, `shape` and `type` are in every list above.
  return Object.fromEntries(Object.entries(source).filter(([key]) => keys.includes(key))) as T;
}

function mapValues<V, W>(source: Readonly<Record<string, V>>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(source).map(([key, value]) => [key, change(value)]));
}
