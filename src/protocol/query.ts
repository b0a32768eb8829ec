// AWS query: form parameters in, XML out. EC2's dialect (ec2.ts) differs by the table below and by its envelopes.
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
import { Fault } from '../base/fault.ts';
import { limits } from '../base/limits.ts';
import { encode as percentEncode } from '../base/percent.ts';
import { getOwn, isRecord, setOwn } from '../base/record.ts';
import type { ListShape, MapShape, Member, Operation, StructureShape } from '../model/model.ts';
import { errorShape, sideOf, statusOf } from './errors.ts';
import { type FormNode, readAction, readForm } from './form.ts';
import type { Protocol, Structure, WireRequest } from './protocol.ts';
import { parseScalar, scalarText } from './scalars.ts';
import { wireNameOf } from './wire-names.ts';
import { parseXml } from './xml-read.ts';
import { readXmlStructure } from './xml-value.ts';
import { element, textElement, writeXmlMembers } from './xml-write.ts';

/** How parameters are named: all that differs between query and ec2 on the way in. */
export interface FormDialect {
  /** The names under which a member is read, the one to write first. */
  readonly memberNames: (name: string, member: Member) => readonly string[];
  readonly isFlat: (shape: ListShape | MapShape, member: Member) => boolean;
}

const queryDialect: FormDialect = {
  memberNames: (name, member) => [wireNameOf(name, member)],
  isFlat: (shape, member) => shape.flattened || member.flattened,
};

export const query: Protocol = {
  name: 'query',
  operationOf: formOperation,
  decode: (operation, request) => decodeForm(operation, request, queryDialect),
  encode(operation, output, requestId) {
    const { name, service } = operation;
    const wrapper = operation.resultWrapper ?? `${name}Result`;
    const result = operation.output === undefined ? '' : element(wrapper, writeXmlMembers(operation.output, output));
    const metadata = element('ResponseMetadata', textElement('RequestId', requestId));
    const body = element(`${name}Response`, result + metadata, service.xmlNamespace);
    return { status: 200, headers: xmlHeaders(requestId), body };
  },
  encodeFault(fault, service, operation, requestId) {
    const shape = errorShape(fault, service, operation);
    const status = statusOf(fault, shape);
    const error = element('Error', textElement('Type', sideOf(status)) + errorContent(fault, shape));
    const body = element('ErrorResponse', error + textElement('RequestId', requestId), service?.xmlNamespace);
    return { status, headers: xmlHeaders(requestId), body };
  },
  encodeRequest: (operation, input) => encodeForm(operation, input, queryDialect),
  decodeResponse(operation, response) {
    if (operation.output === undefined || response.body.length === 0) return {};
    const root = parseXml(Buffer.from(response.body));
    const wrapper = operation.resultWrapper ?? `${operation.name}Result`;
    return readXmlStructure(operation.output, root.children.find((child) => child.name === wrapper) ?? root);
  },
};

/** `Code`, `Message` and the further members, as every XML protocol prints them inside `Error`. */
export function errorContent(fault: Fault, shape: StructureShape | undefined): string {
  const start = textElement('Code', shape?.errorCode ?? shape?.name ?? fault.code) + textElement('Message', fault.message);
  if (shape !== undefined) return start + writeXmlMembers(withoutMessage(shape), fault.fields);
  const texts = Object.entries(fault.fields).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return start + texts.map(([name, text]) => textElement(name, text)).join('');
}

function withoutMessage(shape: StructureShape): StructureShape {
  const members = [...shape.members].filter(([name, { location }]) => location === undefined && name.toLowerCase() !== 'message');
  return { ...shape, members: new Map(members) };
}

export function xmlHeaders(requestId: string): Readonly<Record<string, string>> {
  return { 'content-type': 'text/xml', 'x-amzn-requestid': requestId };
}

/** @throws Fault MissingAction, InvalidAction */
export function formOperation(service: Operation['service'], request: WireRequest): Operation {
  const { action, version = service.apiVersion } = readAction(request);
  if (action === undefined || action === '') {
    throw new Fault('MissingAction', 'The request must contain the parameter Action.', { status: 400 });
  }
  const operation = service.operations.get(action);
  if (operation === undefined || version !== service.apiVersion) {
    const shown = (text: string) => text.slice(0, 128);
    throw new Fault('InvalidAction', `Could not find operation ${shown(action)} for version ${shown(version)}`, { status: 400 });
  }
  return operation;
}

export function decodeForm(operation: Operation, request: WireRequest, dialect: FormDialect): Structure {
  return operation.input === undefined ? {} : readStructure(operation.input, readForm(request), dialect);
}

function readStructure(shape: StructureShape, node: FormNode, dialect: FormDialect): Structure {
  const value: Record<string, unknown> = {};
  for (const [name, member] of shape.members) {
    const wireName = dialect.memberNames(name, member).find((candidate) => node.children.has(candidate));
    const child = wireName === undefined ? undefined : node.children.get(wireName);
    const read = child === undefined ? undefined : readNode(member, child, dialect);
    if (read !== undefined) value[name] = read;
  }
  return value;
}

function readNode(member: Member, node: FormNode, dialect: FormDialect): unknown {
  const { shape } = member;
  switch (shape.kind) {
    case 'structure':
      return node.children.size === 0 && node.value !== '' ? undefined : readStructure(shape, node, dialect);
    case 'list':
      return readList(shape, member, node, dialect);
    case 'map':
      return readMap(shape, member, node, dialect);
    default: {
      if (node.value === undefined) return undefined;
      const value = parseScalar(member, node.value);
      if (value === undefined) throw new Fault('MalformedInput', `Invalid value for a parameter of type ${shape.kind}.`, { status: 400 });
      return value;
    }
  }
}

function readList(shape: ListShape, member: Member, node: FormNode, dialect: FormDialect): readonly unknown[] {
  const wrapped = dialect.isFlat(shape, member)
    ? undefined
    : (node.children.get(shape.member.locationName ?? 'member') ?? node.children.get('member'));
  return numbered(wrapped ?? node).flatMap((item) => {
    const value = readNode(shape.member, item, dialect);
    return value === undefined ? [] : [value];
  });
}

function readMap(shape: MapShape, member: Member, node: FormNode, dialect: FormDialect): Structure {
  const entries = dialect.isFlat(shape, member) ? node : (node.children.get('entry') ?? node);
  const value: Record<string, unknown> = {};
  for (const entry of numbered(entries)) {
    const key = entry.children.get(shape.key.locationName ?? 'key')?.value;
    const item = entry.children.get(shape.value.locationName ?? 'value');
    if (key !== undefined && item !== undefined) setOwn(value, key, readNode(shape.value, item, dialect) ?? '');
  }
  return value;
}

/** Children `1`, `2`… in the order of their numbers. */
function numbered(node: FormNode): readonly FormNode[] {
  const items: (readonly [number, FormNode])[] = [];
  for (const [name, child] of node.children) {
    if (!/^\d{1,9}$/.test(name)) continue;
    items.push([Number(name), child]);
    if (items.length > limits.collectionItemsMax) throw new Fault('MalformedInput', 'A list has too many members.', { status: 400 });
  }
  return items.sort(([left], [right]) => left - right).map(([, child]) => child);
}

/** The client's side, for the CLI and for tests. */
export function encodeForm(operation: Operation, input: Structure, dialect: FormDialect): WireRequest {
  const pairs: string[] = [`Action=${operation.name}`, `Version=${operation.service.apiVersion}`];
  const add = (name: string, value: string): void => void pairs.push(`${percentEncode(name)}=${percentEncode(value)}`);
  if (operation.input !== undefined) writeStructure(operation.input, input, '', dialect, add);
  return {
    method: 'POST',
    path: '/',
    query: '',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: Buffer.from(pairs.join('&')),
  };
}

type AddPair = (name: string, value: string) => void;

function writeStructure(shape: StructureShape, value: Structure, prefix: string, dialect: FormDialect, add: AddPair): void {
  for (const [name, member] of shape.members) {
    const item = getOwn(value, name);
    if (item !== undefined && item !== null) writeNode(member, item, prefix, dialect.memberNames(name, member)[0] ?? name, dialect, add);
  }
}

function writeNode(member: Member, value: unknown, prefix: string, wireName: string, dialect: FormDialect, add: AddPair): void {
  const { shape } = member;
  const name = prefix + wireName;
  if (shape.kind === 'structure' && isRecord(value)) return writeStructure(shape, value, `${name}.`, dialect, add);
  if (shape.kind === 'list' && Array.isArray(value)) {
    if (value.length === 0) return add(name, '');
    const base = dialect.isFlat(shape, member) ? name : `${name}.${shape.member.locationName ?? 'member'}`;
    value.forEach((item, index) => {
      writeNode(shape.member, item, `${base}.`, String(index + 1), dialect, add);
    });
    return;
  }
  if (shape.kind === 'map' && isRecord(value)) {
    const base = dialect.isFlat(shape, member) ? name : `${name}.entry`;
    if (Object.keys(value).length === 0) return add(name, '');
    Object.entries(value).forEach(([key, item], index) => {
      add(`${base}.${index + 1}.${shape.key.locationName ?? 'key'}`, key);
      writeNode(shape.value, item, `${base}.${index + 1}.`, shape.value.locationName ?? 'value', dialect, add);
    });
    return;
  }
  add(name, scalarText(member, value, 'iso8601'));
}
