// CBOR (RFC 8949), as far as AWS uses it: integers, strings, lists, maps, simple values, floats of all widths, tag 1 for timestamps.
// Decoding is bounded in depth and length and refuses everything else.
import { setOwn } from './record.ts';

export class CborError extends Error {}

/** A point in time, tag 1: epoch seconds. */
export interface CborEpoch {
  readonly epochSeconds: number;
}

export function isEpoch(value: unknown): value is CborEpoch {
  return (
    value !== null && typeof value === 'object' && 'epochSeconds' in value && Object.keys(value).length === 1 && Object.isFrozen(value)
  );
}

export function epoch(epochSeconds: number): CborEpoch {
  return Object.freeze({ epochSeconds });
}

export function encodeCbor(value: unknown): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return Buffer.concat(parts);
}

function write(value: unknown, parts: Uint8Array[]): void {
  if (value === null || value === undefined) return void parts.push(Buffer.from([0xf6]));
  if (typeof value === 'boolean') return void parts.push(Buffer.from([value ? 0xf5 : 0xf4]));
  if (typeof value === 'number') return writeNumber(value, parts);
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'utf8');
    parts.push(head(3, bytes.length), bytes);
  } else if (value instanceof Uint8Array) parts.push(head(2, value.length), value);
  else if (isEpoch(value)) {
    parts.push(Buffer.from([0xc1]));
    writeNumber(value.epochSeconds, parts);
  } else if (Array.isArray(value)) {
    parts.push(head(4, value.length));
    for (const item of value) write(item, parts);
  } else {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    parts.push(head(5, entries.length));
    for (const [name, item] of entries) {
      write(name, parts);
      write(item, parts);
    }
  }
}

function writeNumber(value: number, parts: Uint8Array[]): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return void parts.push(value >= 0 ? head(0, value) : head(1, -1 - value));
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xfb;
  bytes.writeDoubleBE(value, 1);
  parts.push(bytes);
}

function head(major: number, length: number): Uint8Array {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 0x100) return Buffer.from([(major << 5) | 24, length]);
  const bytes = Buffer.alloc(length < 0x10000 ? 3 : length < 0x100000000 ? 5 : 9);
  bytes[0] = (major << 5) | (bytes.length === 3 ? 25 : bytes.length === 5 ? 26 : 27);
  if (bytes.length === 3) bytes.writeUInt16BE(length, 1);
  else if (bytes.length === 5) bytes.writeUInt32BE(length, 1);
  else bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

export interface CborLimits {
  readonly depthMax: number;
  readonly itemsMax: number;
  /** Maps may have integers for keys, which are read as their decimal digits (COSE). */
  readonly integerKeys?: boolean;
}

interface Reader {
  readonly bytes: Buffer;
  readonly limits: CborLimits;
  at: number;
  items: number;
}

/** @throws CborError for anything that is not one well-formed value within the limits. */
export function decodeCbor(bytes: Uint8Array, limits: CborLimits): unknown {
  const reader: Reader = { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), limits, at: 0, items: 0 };
  const value = read(reader, 0);
  if (value === stop || reader.at !== bytes.length) throw new CborError('unexpected data after the value');
  return value;
}

const stop = Symbol('break');

function read(reader: Reader, depth: number): unknown {
  reader.items += 1;
  if (depth > reader.limits.depthMax || reader.items > reader.limits.itemsMax) throw new CborError('the value is too large');
  const initial = take(reader, 1)[0] ?? 0;
  const major = initial >> 5;
  const info = initial & 31;
  if (major === 7) return readSimple(reader, info);
  const length = info === 31 ? undefined : readLength(reader, info);
  switch (major) {
    case 0:
      return required(length);
    case 1:
      return -1 - required(length);
    case 2:
      return readBytes(reader, length, 2);
    case 3:
      return utf8(readBytes(reader, length, 3));
    case 4:
      return readList(reader, length, depth);
    case 5:
      return readMap(reader, length, depth);
    default:
      return readTagged(required(length), read(reader, depth + 1));
  }
}

function required(length: number | undefined): number {
  if (length === undefined) throw new CborError('an indefinite length stands where none may');
  return length;
}

function readLength(reader: Reader, info: number): number {
  if (info < 24) return info;
  switch (info) {
    case 24:
      return take(reader, 1).readUInt8();
    case 25:
      return take(reader, 2).readUInt16BE();
    case 26:
      return take(reader, 4).readUInt32BE();
    case 27:
      return Number(take(reader, 8).readBigUInt64BE());
    default:
      throw new CborError('a reserved length');
  }
}

function take(reader: Reader, length: number): Buffer {
  if (length > reader.bytes.length - reader.at) throw new CborError('the data ends too early');
  const taken = reader.bytes.subarray(reader.at, reader.at + length);
  reader.at += length;
  return taken;
}

function readBytes(reader: Reader, length: number | undefined, major: number): Buffer {
  if (length !== undefined) return take(reader, length);
  const chunks: Buffer[] = [];
  for (;;) {
    const initial = take(reader, 1)[0] ?? 0;
    if (initial === 0xff) return Buffer.concat(chunks);
    if (initial >> 5 !== major || (initial & 31) === 31 || chunks.length > reader.limits.itemsMax) throw new CborError('a bad chunk');
    chunks.push(take(reader, readLength(reader, initial & 31)));
  }
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new CborError('invalid UTF-8', { cause });
  }
}

function readList(reader: Reader, length: number | undefined, depth: number): readonly unknown[] {
  const items: unknown[] = [];
  for (let index = 0; length === undefined || index < length; index += 1) {
    const item = read(reader, depth + 1);
    if (item === stop) {
      if (length !== undefined) throw new CborError('an unexpected break');
      break;
    }
    items.push(item);
  }
  return items;
}

function readMap(reader: Reader, length: number | undefined, depth: number): object {
  const map = {};
  for (let index = 0; length === undefined || index < length; index += 1) {
    const key = read(reader, depth + 1);
    if (key === stop) {
      if (length !== undefined) throw new CborError('an unexpected break');
      break;
    }
    const value = read(reader, depth + 1);
    const name = reader.limits.integerKeys && Number.isSafeInteger(key) ? String(key) : key;
    if (typeof name !== 'string' || value === stop) throw new CborError('a bad map entry');
    setOwn(map, name, value);
  }
  return map;
}

function readTagged(tag: number, value: unknown): unknown {
  if (value === stop) throw new CborError('an unexpected break');
  if (tag === 1) {
    if (typeof value !== 'number') throw new CborError('a bad timestamp');
    return epoch(value);
  }
  if ((tag === 2 || tag === 3) && value instanceof Uint8Array && value.length <= 64) {
    const magnitude = Number(BigInt(`0x${Buffer.from(value).toString('hex') || '0'}`));
    return tag === 2 ? magnitude : -1 - magnitude;
  }
  return value;
}

function readSimple(reader: Reader, info: number): unknown {
  switch (info) {
    case 20:
      return false;
    case 21:
      return true;
    case 22:
    case 23:
      return null;
    case 25:
      return halfFloat(take(reader, 2).readUInt16BE());
    case 26:
      return take(reader, 4).readFloatBE();
    case 27:
      return take(reader, 8).readDoubleBE();
    case 31:
      return stop;
    default:
      throw new CborError('an unknown simple value');
  }
}

function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * 2 ** -14 * (fraction / 1024) : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
