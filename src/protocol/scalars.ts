// Scalars as text, for query parameters, headers, URI labels and XML.
import type { Member, TimestampFormat } from '../model/model.ts';
import { formatOf, parseTimestamp, timestampText } from './timestamps.ts';

/** The value of a scalar shape, or undefined when the text is not one. */
export function parseScalar(member: Member, text: string): unknown {
  const { shape } = member;
  switch (shape.kind) {
    case 'string':
      return text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'integer':
    case 'long':
    case 'short':
    case 'byte':
    case 'biginteger':
      return /^[+-]?\d{1,19}$/.test(text) && isInteger(shape.kind, Number(text)) ? Number(text) : undefined;
    case 'float':
    case 'double':
    case 'bigdecimal':
      return parseFloating(text);
    case 'timestamp':
      return parseTimestamp(text);
    case 'blob':
      return parseBase64(text);
    default:
      return undefined;
  }
}

export function scalarText(member: Member, value: unknown, timestampFallback: TimestampFormat): string {
  if (member.shape.kind === 'timestamp' && typeof value === 'number') return timestampText(value, formatOf(member, timestampFallback));
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return typeof value === 'number' ? numberText(value) : String(value);
}

export function isInteger(kind: string, value: number): boolean {
  if (!Number.isInteger(value)) return false;
  if (kind === 'integer') return value >= -2_147_483_648 && value <= 2_147_483_647;
  if (kind === 'short') return value >= -32_768 && value <= 32_767;
  if (kind === 'byte') return value >= -128 && value <= 127;
  return Math.abs(value) <= 2 ** 63;
}

function parseFloating(text: string): number | undefined {
  if (text === 'NaN') return Number.NaN;
  if (text === 'Infinity') return Number.POSITIVE_INFINITY;
  if (text === '-Infinity') return Number.NEGATIVE_INFINITY;
  if (!/^[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,4})?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

/** Padded base64, in lines or not; undefined for anything else. */
export function parseBase64(text: string): Uint8Array | undefined {
  const compact = /\s/.test(text) ? text.replace(/\s+/g, '') : text;
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, 'base64');
}
