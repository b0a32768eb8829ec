// Values of shapes from XML elements: request bodies of rest-xml, and responses on the client's side.
import { limits } from '../base/limits.ts';
import { setOwn } from '../base/record.ts';
import type { ListShape, MapShape, Member, StructureShape } from '../model/model.ts';
import type { Structure } from './protocol.ts';
import { parseScalar } from './scalars.ts';
import { isFlattened, wireNameOf } from './wire-names.ts';
import { malformed, type XmlElement } from './xml-read.ts';

export function readXmlStructure(shape: StructureShape, node: XmlElement): Structure {
  const value: Record<string, unknown> = {};
  for (const [name, member] of shape.members) {
    const read = readMember(member, wireNameOf(name, member), node);
    if (read !== undefined) value[name] = read;
  }
  return value;
}

function readMember(member: Member, wireName: string, parent: XmlElement): unknown {
  const { shape } = member;
  if (member.xmlAttribute) {
    const text = parent.attributes.get(wireName) ?? parent.attributes.get(wireName.slice(wireName.indexOf(':') + 1));
    return text === undefined ? undefined : scalar(member, text);
  }
  if (shape.kind === 'list' && isFlattened(member)) {
    const items = parent.children.filter((child) => child.name === wireName);
    return items.length === 0 ? undefined : bounded(items).map((item) => readXml(shape.member, item));
  }
  if (shape.kind === 'map' && isFlattened(member)) {
    const entries = parent.children.filter((child) => child.name === wireName);
    return entries.length === 0 ? undefined : readEntries(shape, entries);
  }
  const node = parent.children.find((child) => child.name === wireName.slice(wireName.indexOf(':') + 1));
  return node === undefined ? undefined : readXml(member, node);
}

export function readXml(member: Member, node: XmlElement): unknown {
  const { shape } = member;
  switch (shape.kind) {
    case 'structure':
      return readXmlStructure(shape, node);
    case 'list':
      return readList(shape, node);
    case 'map':
      return readEntries(
        shape,
        node.children.filter((child) => child.name === 'entry'),
      );
    default:
      return scalar(member, node.text);
  }
}

function readList(shape: ListShape, node: XmlElement): readonly unknown[] {
  const name = shape.member.locationName ?? 'member';
  return bounded(node.children.filter((child) => child.name === name)).map((item) => readXml(shape.member, item));
}

function readEntries(shape: MapShape, entries: readonly XmlElement[]): Structure {
  const value: Record<string, unknown> = {};
  for (const entry of bounded(entries)) {
    const key = entry.children.find((child) => child.name === (shape.key.locationName ?? 'key'));
    const item = entry.children.find((child) => child.name === (shape.value.locationName ?? 'value'));
    if (key === undefined || item === undefined) throw malformed();
    setOwn(value, key.text, readXml(shape.value, item));
  }
  return value;
}

function scalar(member: Member, text: string): unknown {
  const { kind } = member.shape;
  const value = parseScalar(member, kind === 'string' || kind === 'blob' ? text : text.trim());
  if (value === undefined) throw malformed();
  return value;
}

function bounded<Item>(items: readonly Item[]): readonly Item[] {
  if (items.length > limits.collectionItemsMax) throw malformed();
  return items;
}
