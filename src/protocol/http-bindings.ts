// Where REST protocols put the members of a structure: URI labels, query string, headers, status code, or the body.
// https://smithy.io/2.0/spec/http-bindings.html
import { encode } from '../base/percent.ts';
import { getOwn, isRecord, setOwn } from '../base/record.ts';
import type { Member, Operation, StructureShape } from '../model/model.ts';
import { serializationFault } from './json-value.ts';
import type { Structure, WireRequest } from './protocol.ts';
import { parseScalar, scalarText } from './scalars.ts';
import { bindPath, expandPath, parseQuery, parseTemplate, strictDecode } from './uri-routes.ts';

/** The members of a request that are not in its body. */
export function readRequestBindings(operation: Operation, shape: StructureShape, request: WireRequest): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  const labels = bindPath(parseTemplate(operation), request.path) ?? new Map<string, string>();
  const parameters = parseQuery(request.query);
  for (const [name, member] of shape.members) {
    const wireName = member.locationName ?? name;
    const read = readBinding(member, wireName, request, labels, parameters);
    if (read !== undefined) value[name] = read;
  }
  return value;
}

function readBinding(
  member: Member,
  wireName: string,
  request: WireRequest,
  labels: ReadonlyMap<string, string>,
  parameters: ReadonlyMap<string, readonly string[]>,
): unknown {
  switch (member.location) {
    case 'uri': {
      const text = labels.get(wireName);
      return text === undefined ? undefined : scalar(member, strictDecode(text));
    }
    case 'querystring':
      return readParameters(member, wireName, parameters);
    case 'header': {
      const text = request.headers[wireName.toLowerCase()];
      return text === undefined ? undefined : readHeader(member, text);
    }
    case 'headers':
      return readPrefixed(wireName.toLowerCase(), request.headers);
    default:
      return undefined;
  }
}

function readParameters(member: Member, wireName: string, parameters: ReadonlyMap<string, readonly string[]>): unknown {
  const { shape } = member;
  if (shape.kind === 'map') {
    const value: Record<string, unknown> = {};
    for (const [name, items] of parameters) {
      setOwn(value, name, shape.value.shape.kind === 'list' ? items : (items[0] ?? ''));
    }
    return Object.keys(value).length === 0 ? undefined : value;
  }
  const items = parameters.get(wireName);
  if (items === undefined) return undefined;
  return shape.kind === 'list' ? items.map((item) => scalar(shape.member, item)) : scalar(member, items[0] ?? '');
}

function readHeader(member: Member, text: string): unknown {
  const { shape } = member;
  if (member.jsonValue) return Buffer.from(text, 'base64').toString('utf8');
  if (shape.kind !== 'list') return scalar(member, text.trim());
  return splitHeader(text, shape.member.shape.kind === 'timestamp').map((item) => scalar(shape.member, item));
}

/** Comma-separated values, some of them quoted; an HTTP date has a comma of its own. */
function splitHeader(text: string, areDates: boolean): readonly string[] {
  if (text.trim() === '') return [];
  if (areDates && /^[A-Z][a-z]{2},/.test(text.trim())) return [...text.matchAll(/[A-Z][a-z]{2}, [^,]+/g)].map(([item]) => item.trim());
  const items: string[] = [];
  for (const match of text.matchAll(/\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)/g)) {
    if (match.index === text.length && items.length > 0 && !text.trimEnd().endsWith(',')) break;
    items.push(match[1] === undefined ? (match[2] ?? '').trim() : match[1].replace(/\\(.)/g, '$1'));
  }
  return items;
}

function readPrefixed(prefix: string, headers: Readonly<Record<string, string>>): Structure | undefined {
  const value: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(headers)) if (name.startsWith(prefix)) setOwn(value, name.slice(prefix.length), text);
  return Object.keys(value).length === 0 ? undefined : value;
}

function scalar(member: Member, text: string): unknown {
  const value = parseScalar(member, text);
  if (value === undefined) throw serializationFault(`A value of type ${member.shape.kind} cannot be read`);
  return value;
}

/** The client's side: path, query and headers for an input. */
export function writeRequestBindings(operation: Operation, value: Structure): Omit<WireRequest, 'body'> {
  const shape = operation.input;
  const route = parseTemplate(operation);
  const labels: Record<string, unknown> = {};
  const pairs: string[] = route.fixedQuery.map(([name, text]) => (text === undefined ? encode(name) : `${encode(name)}=${encode(text)}`));
  const headers: Record<string, string> = {};
  for (const [name, member] of shape?.members ?? []) {
    const item = getOwn(value, name);
    if (item === undefined || item === null) continue;
    const wireName = member.locationName ?? name;
    if (member.location === 'uri') labels[wireName] = scalarText(member, item, 'iso8601');
    else if (member.location === 'querystring') pairs.push(...parameterPairs(member, wireName, item));
    else writeHeader(member, wireName, item, headers);
  }
  const path = expandPath(route, labels, (_name, label) => String(label ?? ''));
  return { method: operation.method, path, query: pairs.join('&'), headers };
}

function parameterPairs(member: Member, wireName: string, value: unknown): readonly string[] {
  const { shape } = member;
  const pair = (name: string, text: string) => `${encode(name)}=${encode(text)}`;
  if (shape.kind === 'list' && Array.isArray(value)) return value.map((item) => pair(wireName, scalarText(shape.member, item, 'iso8601')));
  if (shape.kind === 'map' && isRecord(value)) {
    return Object.entries(value).flatMap(([name, item]) => (Array.isArray(item) ? item : [item]).map((text) => pair(name, String(text))));
  }
  return [pair(wireName, scalarText(member, value, 'iso8601'))];
}

/** The headers of a response, or on the client's side of a request. */
export function writeHeaders(shape: StructureShape, value: Structure): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, member] of shape.members) {
    const item = getOwn(value, name);
    if (item !== undefined && item !== null) writeHeader(member, member.locationName ?? name, item, headers);
  }
  return headers;
}

function writeHeader(member: Member, wireName: string, value: unknown, headers: Record<string, string>): void {
  const { shape } = member;
  const name = wireName.toLowerCase();
  if (member.location === 'headers' && isRecord(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (headerName.test(name + key)) headers[name + key.toLowerCase()] = headerSafe(String(item));
    }
    return;
  }
  if (member.location !== 'header') return;
  if (member.jsonValue) headers[name] = Buffer.from(String(value), 'utf8').toString('base64');
  else if (shape.kind === 'list' && Array.isArray(value)) {
    if (value.length > 0)
      headers[name] = value
        .map((item) => quoted(headerSafe(scalarText(shape.member, item, 'rfc822')), shape.member.shape.kind === 'timestamp'))
        .join(', ');
  } else headers[name] = headerSafe(scalarText(member, value, 'rfc822'));
}

function quoted(text: string, isDate: boolean): string {
  return !isDate && /[,"]|^\s|\s$/.test(text) ? `"${text.replace(/(["\\])/g, '\\$1')}"` : text;
}

/** RFC 9110: a token. */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** A line break would end the header, and beyond Latin-1 it could not be sent at all. */
function headerSafe(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, (character) => (character > '\xff' ? '?' : ' '));
}

/** The client's side: members of a response that are not in its body. */
export function readResponseBindings(
  shape: StructureShape,
  status: number,
  headers: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, member] of shape.members) {
    const wireName = (member.locationName ?? name).toLowerCase();
    const text = headers[wireName];
    const read =
      member.location === 'statusCode'
        ? status
        : member.location === 'headers'
          ? readPrefixed(wireName, headers)
          : member.location === 'header' && text !== undefined
            ? readHeader(member, text)
            : undefined;
    if (read !== undefined) value[name] = read;
  }
  return value;
}

/** The status that an output carries in a member, or the operation's own. */
export function responseStatus(operation: Operation, output: Structure): number {
  for (const [name, member] of operation.output?.members ?? []) {
    const status = member.location === 'statusCode' ? getOwn(output, name) : undefined;
    if (typeof status === 'number') return status;
  }
  return operation.responseCode ?? 200;
}

/** The member that is the whole body, where there is one. */
export function payloadMember(shape: StructureShape): { readonly name: string; readonly member: Member } | undefined {
  const member = shape.payload === undefined ? undefined : shape.members.get(shape.payload);
  return member === undefined || shape.payload === undefined ? undefined : { name: shape.payload, member };
}

/** Members of the body when no single member is it. A response has no URI, so what is bound to one is in its body. */
export function bodyShape(shape: StructureShape, direction: 'request' | 'response'): StructureShape {
  const isInBody = ({ location }: Member) =>
    location === undefined || (direction === 'response' && (location === 'uri' || location === 'querystring'));
  return { ...shape, members: new Map([...shape.members].filter(([, member]) => isInBody(member))) };
}
