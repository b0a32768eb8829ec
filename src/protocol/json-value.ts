// Values of shapes as JSON, in both directions, with the sentences that AWS uses for values of the wrong type.
import { Fault } from '../base/fault.ts';
import { limits } from '../base/limits.ts';
import { getOwn, isRecord, setOwn } from '../base/record.ts';
import type { Member, Shape, StructureShape } from '../model/model.ts';
import type { Structure } from './protocol.ts';
import { isInteger, parseBase64 } from './scalars.ts';
import { formatOf, inRange, parseTimestamp, timestampText } from './timestamps.ts';
import { notCollection, notScalar } from './wrong-type.ts';

export function serializationFault(message: string): Fault {
  return new Fault('SerializationException', message, { status: 400 });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Parses a JSON body: strict UTF-8, bounded depth. The last of duplicate members counts, as in AWS's own parser. */
export function parseJson(body: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw serializationFault('Invalid UTF-8 in the request body');
  }
  checkSize(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw serializationFault('Unable to parse the request body as JSON');
  }
  if (halfEscape.test(text)) checkText(value);
  return value;
}

/** Only an escape can bring half of a surrogate pair into valid UTF-8. */
const halfEscape = /\\u[dD][89a-fA-F]/;

/** As deep as checkSize allows. */
function checkText(value: unknown): void {
  if (typeof value === 'string' && !value.isWellFormed()) throw serializationFault('A string is not Unicode text');
  if (Array.isArray(value)) for (const item of value) checkText(item);
  else if (isRecord(value)) for (const entry of Object.entries(value)) checkText(entry);
}

/** Looks at brackets and commas outside strings before a value is made of any of it. */
function checkSize(text: string): void {
  let depth = 0;
  let values = 1;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (isInString) {
      if (unit === 0x5c) index += 1;
      else if (unit === 0x22) isInString = false;
    } else if (unit === 0x22) isInString = true;
    else if (unit === 0x7b || unit === 0x5b) {
      depth += 1;
      values += 1;
      if (depth > limits.depthMax) throw serializationFault(`JSON is nested deeper than ${limits.depthMax} levels`);
    } else if (unit === 0x7d || unit === 0x5d) depth -= 1;
    else if (unit === 0x2c) values += 1;
  }
  if (values > limits.wireValuesMax) throw serializationFault(`JSON has more than ${limits.wireValuesMax} values`);
}

export function readJsonStructure(shape: StructureShape, raw: unknown): Structure {
  if (!isRecord(raw)) throw serializationFault(notCollection(raw));
  const value: Record<string, unknown> = {};
  for (const [name, member] of shape.members) {
    const rawMember = getOwn(raw, member.locationName ?? name);
    if (rawMember !== undefined && !isNull(member, rawMember)) value[name] = readJson(member, rawMember);
  }
  return value;
}

export function readJson(member: Member, raw: unknown): unknown {
  const { shape } = member;
  switch (shape.kind) {
    case 'structure':
      return shape.document ? raw : readJsonStructure(shape, raw);
    case 'list':
      if (!Array.isArray(raw)) throw serializationFault(notCollection(raw));
      return bounded(raw.length, raw).flatMap((item) => (isNull(shape.member, item) ? [] : [readJson(shape.member, item)]));
    case 'map': {
      if (!isRecord(raw)) throw serializationFault(notCollection(raw));
      const value: Record<string, unknown> = {};
      for (const [key, item] of bounded(Object.keys(raw).length, Object.entries(raw)))
        if (!isNull(shape.value, item)) setOwn(value, key, readJson(shape.value, item));
      return value;
    }
    case 'document':
      return raw;
    default:
      return readJsonScalar(shape, raw);
  }
}

/** JSON's null is no value; only where any JSON may stand it is one. */
function isNull({ shape }: Member, raw: unknown): boolean {
  return raw === null && shape.kind !== 'document' && !(shape.kind === 'structure' && shape.document);
}

function bounded<Items>(count: number, items: Items): Items {
  if (count > limits.collectionItemsMax) throw serializationFault(`A collection has more than ${limits.collectionItemsMax} items`);
  return items;
}

function readJsonScalar(shape: Shape, raw: unknown): unknown {
  switch (shape.kind) {
    case 'string':
      if (typeof raw === 'string') return raw;
      throw serializationFault(notScalar(raw, 'String'));
    case 'boolean':
      if (typeof raw === 'boolean') return raw;
      throw serializationFault(typeof raw === 'string' ? 'Unexpected token received from parser' : notScalar(raw, 'Boolean'));
    case 'blob':
      return readBlob(raw);
    case 'timestamp': {
      const ms = typeof raw === 'number' ? inRange(raw * 1000) : typeof raw === 'string' ? parseTimestamp(raw) : undefined;
      if (ms === undefined) throw serializationFault(notScalar(raw, 'Timestamp'));
      return ms;
    }
    case 'float':
    case 'double':
    case 'bigdecimal':
      return floating(raw);
    default:
      if (typeof raw === 'number' && isInteger(shape.kind, raw)) return raw;
      throw serializationFault(notScalar(raw, shape.kind === 'long' ? 'Long' : 'Integer'));
  }
}

function readBlob(raw: unknown): Uint8Array {
  if (typeof raw !== 'string') throw serializationFault(notScalar(raw, 'ByteBuffer'));
  const bytes = parseBase64(raw);
  if (bytes !== undefined) return bytes;
  const isCut = raw.length % 4 !== 0;
  throw serializationFault(
    isCut ? `Base64 encoded length is expected a multiple of 4 bytes but found: ${raw.length}` : 'Invalid Base64 character detected',
  );
}

/** A number that is too large for a double is none: `1e999` would otherwise be infinite. */
function floating(raw: unknown): number {
  if (typeof raw === 'number' && Number.isFinite(raw)) return raw;
  if (raw === 'NaN') return Number.NaN;
  if (raw === 'Infinity') return Number.POSITIVE_INFINITY;
  if (raw === '-Infinity') return Number.NEGATIVE_INFINITY;
  throw serializationFault(notScalar(raw, 'Double'));
}

/** What JSON.stringify turns into the wire form. Members that the model does not have are left out. */
export function jsonStructure(shape: StructureShape, value: Structure): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const [name, member] of shape.members) {
    const item = getOwn(value, name);
    if (item !== undefined && !isNull(member, item)) json[member.locationName ?? name] = jsonOf(member, item);
  }
  return json;
}

export function jsonOf(member: Member, value: unknown): unknown {
  const { shape } = member;
  switch (shape.kind) {
    case 'structure':
      return shape.document || !isRecord(value) ? value : jsonStructure(shape, value);
    case 'list':
      return Array.isArray(value) ? value.map((item) => jsonOf(shape.member, item)) : [];
    case 'map': {
      const json: Record<string, unknown> = {};
      if (isRecord(value)) for (const [key, item] of Object.entries(value)) setOwn(json, key, jsonOf(shape.value, item));
      return json;
    }
    case 'blob':
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
    case 'timestamp': {
      const format = formatOf(member, 'unixTimestamp');
      return typeof value === 'number' && format !== 'unixTimestamp' ? timestampText(value, format) : Number(value) / 1000;
    }
    default:
      return typeof value === 'number' && !Number.isFinite(value)
        ? Number.isNaN(value)
          ? 'NaN'
          : value > 0
            ? 'Infinity'
            : '-Infinity'
        : value;
  }
}
