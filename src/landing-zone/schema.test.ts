// The schema of a landing zone's file, member by member: each is checked, each mistake is told with its path, and the schema uses no word that the
// check does not know.
import { describe, expect, test } from 'vitest';
import { isRecord } from '../base/record.ts';
import { schema } from './schema.ts';
import { checkSchema, type Problem, type Schema } from './schema-check.ts';

const root: Schema = schema;

interface Place {
  readonly path: Problem['path'];
  readonly schema: Schema;
}

/** Every schema in it, at the place of a value that it is for; `member` stands for any name of a map. */
function placesOf(schema: Schema, path: Problem['path'] = []): readonly Place[] {
  const { properties = {}, items, additionalProperties } = schema;
  return [
    { path, schema },
    ...Object.entries(properties).flatMap(([name, each]) => placesOf(each, [...path, name])),
    ...(items === undefined ? [] : placesOf(items, [...path, 0])),
    ...(typeof additionalProperties === 'object' ? placesOf(additionalProperties, [...path, keyOf(schema)]) : []),
  ];
}

/** A name that the map takes. */
function keyOf({ propertyNames }: Schema): string {
  return propertyNames?.pattern?.includes('amazonaws') === true ? 'cloudtrail.amazonaws.com' : 'member';
}

const samples: readonly string[] = [
  'member',
  'us-east-1',
  'cloudtrail.amazonaws.com',
  '/',
  '123456789012',
  'ReadOnlyAccess',
  'a+{account}@example.org',
  '10.0.0.0/8',
  'https://login.example.com',
  'a'.repeat(40),
  'kms',
];

/** A value with every member in it that is right. */
function sampleOf(schema: Schema): unknown {
  if (schema.enum !== undefined) return schema.enum[0];
  switch (schema.type) {
    case 'string':
      return samples.find((sample) => schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(sample));
    case 'boolean':
      return true;
    case 'integer':
      return schema.minimum ?? 1;
    case 'array':
      return [sampleOf(schema.items ?? {})];
    default: {
      const { properties = {}, additionalProperties } = schema;
      const own = Object.entries(properties).map(([name, each]) => [name, sampleOf(each)]);
      const map = typeof additionalProperties === 'object' ? [[keyOf(schema), sampleOf(additionalProperties)]] : [];
      return Object.fromEntries([...own, ...map]);
    }
  }
}

/** The value with another one at a place. */
function withAt(value: unknown, [step, ...rest]: Problem['path'], put: unknown): unknown {
  if (step === undefined) return put;
  if (Array.isArray(value)) return value.map((each, at) => (at === step ? withAt(each, rest, put) : each));
  return isRecord(value) ? { ...value, [step]: withAt(value[step], rest, put) } : value;
}

function wrongFor({ type, enum: values }: Schema): readonly unknown[] {
  if (values !== undefined) return ['something else', 1];
  return type === 'string' ? [1, true, ['x'], { x: 1 }] : ['text', type === 'integer' ? 0.5 : 1, ...(type === 'object' ? [['x']] : [])];
}

const whole = sampleOf(root);
const places = placesOf(root);
const text = (path: Problem['path']) => path.join('.');

test('a file in which every member is said is right', () => {
  expect(checkSchema(root, whole)).toEqual([]);
  expect(places.length).toBeGreaterThan(80);
});

test('the schema says only what the check reads', () => {
  const known = new Set(
    '$schema title description type enum pattern minItems maxLength minimum maximum items properties required additionalProperties propertyNames'.split(
      ' ',
    ),
  );
  expect(
    places.flatMap(({ path, schema }) => Object.keys(schema).flatMap((word) => (known.has(word) ? [] : [`${text(path)} ${word}`]))),
  ).toEqual([]);
  // A schema without a type would let everything pass.
  expect(places.filter(({ schema }) => schema.type === undefined && schema.enum === undefined)).toEqual([]);
});

describe('at each place', () => {
  test.each(places.map(({ path, schema }) => [text(path) || 'the file', path, schema] as const))('%s', (_name, path, schema) => {
    for (const wrong of wrongFor(schema)) {
      const problems = checkSchema(root, withAt(whole, path, wrong));
      expect(
        problems.map((problem) => text(problem.path)),
        JSON.stringify(wrong),
      ).toContain(text(path));
    }
    const value = path.reduce((inner: unknown, step) => Object(inner)[step], whole);
    const told = (changed: unknown) =>
      checkSchema(root, withAt(whole, path, changed)).map((problem) => `${text(problem.path)}: ${problem.message}`);
    if (schema.pattern !== undefined) expect(told('\n')[0]).toContain('does not look as it must');
    if (schema.maxLength !== undefined) expect(told('x'.repeat(schema.maxLength + 1))[0]).toContain(`is longer than ${schema.maxLength}`);
    if (schema.minItems !== undefined) expect(told([])[0]).toContain('has fewer than');
    if (schema.maximum !== undefined) expect(told(schema.maximum + 1)[0]).toContain('is not between');
    for (const name of schema.required ?? []) expect(told({ ...Object(value), [name]: undefined })[0]).toContain(`has no \`${name}\``);
    if (schema.additionalProperties === false) expect(told({ ...Object(value), unheard: 1 })[0]).toContain('unheard: is unknown here');
    if (schema.propertyNames !== undefined) expect(told({ 'no name!': {} })[0]).toContain('no name!: `no name!` does not look as it must');
  });
});
