// Checks a value against the part of JSON schema that landing zone files are described with. Every problem names its path in the file.
import { isRecord } from '../base/record.ts';

export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export interface Schema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly propertyNames?: Schema;
}

export function checkSchema(schema: Schema, value: unknown, path: Problem['path'] = []): readonly Problem[] {
  const wrong = (message: string): readonly Problem[] => [{ path, message }];
  if (schema.enum !== undefined) return schema.enum.some((each) => each === value) ? [] : wrong(`is not one of ${schema.enum.join(', ')}`);
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' ? checkText(schema, value, path) : wrong('is not text');
    case 'boolean':
      return typeof value === 'boolean' ? [] : wrong('is not true or false');
    case 'integer': {
      const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = schema;
      if (typeof value !== 'number' || !Number.isInteger(value)) return wrong('is not a whole number');
      return value >= minimum && value <= maximum ? [] : wrong(`is not between ${minimum} and ${maximum}`);
    }
    case 'array': {
      if (!Array.isArray(value)) return wrong('is not a list');
      if (value.length < (schema.minItems ?? 0)) return wrong(`has fewer than ${schema.minItems} items`);
      const items: readonly unknown[] = value;
      return items.flatMap((item, index) => checkSchema(schema.items ?? {}, item, [...path, index]));
    }
    case 'object':
      return isRecord(value) ? checkObject(schema, value, path) : wrong('is not a set of members');
    default:
      return [];
  }
}

function checkText({ pattern, maxLength }: Schema, value: string, path: Problem['path']): readonly Problem[] {
  // The patterns are this product's own, not a user's.
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) {
    return [{ path, message: `\`${shown(value)}\` does not look as it must (${pattern})` }];
  }
  return value.length > (maxLength ?? value.length) ? [{ path, message: `is longer than ${maxLength} characters` }] : [];
}

function checkObject(schema: Schema, value: Readonly<Record<string, unknown>>, path: Problem['path']): readonly Problem[] {
  const { properties = {}, required = [], additionalProperties = true, propertyNames } = schema;
  const missing = required.filter((name) => value[name] === undefined).map((name) => ({ path, message: `has no \`${name}\`` }));
  const members = Object.entries(value).flatMap(([name, member]): readonly Problem[] => {
    const where = [...path, name];
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known !== undefined) return checkSchema(known, member, where);
    if (additionalProperties === false) {
      return [{ path: where, message: `is unknown here; there is ${Object.keys(properties).join(', ')}` }];
    }
    const ofName = propertyNames === undefined ? [] : checkSchema(propertyNames, name, where);
    return typeof additionalProperties === 'object' ? [...ofName, ...checkSchema(additionalProperties, member ?? {}, where)] : ofName;
  });
  return [...missing, ...members];
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
