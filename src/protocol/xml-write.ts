// Values of shapes as XML text: responses of query, ec2 and rest-xml, and request bodies on the client's side.
import { getOwn, isRecord } from '../base/record.ts';
import type { ListShape, MapShape, Member, StructureShape, XmlNamespace } from '../model/model.ts';
import type { Structure } from './protocol.ts';
import { scalarText } from './scalars.ts';
import { isFlattened, wireNameOf } from './wire-names.ts';

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

export function element(name: string, content: string, namespace?: string | undefined): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${escapeAttribute(namespace)}"`;
  return content === '' ? `<${name}${attribute}/>` : `<${name}${attribute}>${content}</${name}>`;
}

export function textElement(name: string, text: string): string {
  return `<${name}>${escapeText(text)}</${name}>`;
}

/** The members of a structure, one element each. */
export function writeXmlMembers(shape: StructureShape, value: Structure): string {
  let xml = '';
  for (const [name, member] of shape.members) {
    if (member.xmlAttribute) continue;
    const item = getOwn(value, name);
    if (item !== undefined && item !== null) xml += writeXml(member, wireNameOf(name, member), item);
  }
  return xml;
}

export function writeXml(member: Member, name: string, value: unknown): string {
  const { shape } = member;
  switch (shape.kind) {
    case 'structure':
      return isRecord(value)
        ? open(name, attributesOf(shape, value) + namespaceText(member.xmlNamespace ?? shape.xmlNamespace), writeXmlMembers(shape, value))
        : '';
    case 'list':
      return Array.isArray(value) ? writeList(shape, member, name, value) : '';
    case 'map':
      return isRecord(value) ? writeMap(shape, member, name, value) : '';
    default:
      return open(name, namespaceText(member.xmlNamespace), escapeText(scalarText(member, value, 'iso8601')));
  }
}

function writeList(shape: ListShape, member: Member, name: string, items: readonly unknown[]): string {
  if (isFlattened(member)) return items.map((item) => writeXml(shape.member, name, item)).join('');
  const itemName = shape.member.locationName ?? 'member';
  return open(name, namespaceText(member.xmlNamespace), items.map((item) => writeXml(shape.member, itemName, item)).join(''));
}

function writeMap(shape: MapShape, member: Member, name: string, value: Structure): string {
  const isFlat = isFlattened(member);
  const entries = Object.entries(value).map(([key, item]) => {
    const content =
      writeXml(shape.key, shape.key.locationName ?? 'key', key) + writeXml(shape.value, shape.value.locationName ?? 'value', item);
    return element(isFlat ? name : 'entry', content);
  });
  return isFlat ? entries.join('') : open(name, namespaceText(member.xmlNamespace), entries.join(''));
}

export function attributesOf(shape: StructureShape, value: Structure): string {
  let text = '';
  for (const [name, member] of shape.members) {
    const item = member.xmlAttribute ? getOwn(value, name) : undefined;
    if (item !== undefined && item !== null)
      text += ` ${member.locationName ?? name}="${escapeAttribute(scalarText(member, item, 'iso8601'))}"`;
  }
  return text;
}

export function namespaceText(namespace: XmlNamespace | undefined): string {
  if (namespace === undefined) return '';
  return ` xmlns${namespace.prefix === undefined ? '' : `:${namespace.prefix}`}="${escapeAttribute(namespace.uri)}"`;
}

export function open(name: string, attributes: string, content: string): string {
  return content === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
  '\n': '&#xA;',
  '\t': '&#x9;',
  '\u0085': '&#x85;',
  '\u2028': '&#x2028;',
};

export function escapeText(text: string): string {
  const clean = withoutForbidden(text);
  return /[&<>\r\u0085\u2028]/.test(clean) ? clean.replace(/[&<>\r\u0085\u2028]/g, (character) => escapes[character] ?? character) : clean;
}

function escapeAttribute(text: string): string {
  return escapeText(text).replace(/["\n\t]/g, (character) => escapes[character] ?? character);
}

/** Characters that XML 1.0 cannot hold in any form (controls, noncharacters, lone surrogates) become U+FFFD. */
function withoutForbidden(text: string): string {
  if (!hasForbidden(text)) return text;
  let clean = '';
  for (const character of text.toWellFormed()) clean += isForbidden(character.charCodeAt(0)) ? '\ufffd' : character;
  return clean;
}

function hasForbidden(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (isForbidden(text.charCodeAt(index))) return true;
  return !text.isWellFormed();
}

function isForbidden(code: number): boolean {
  return (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) || code === 0xfffe || code === 0xffff;
}
