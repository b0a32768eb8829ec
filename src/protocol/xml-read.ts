// XML into a plain tree: no DTD, no entities but XML's own five, bounded depth and attributes. Namespace prefixes are dropped.
import { SaxesParser } from 'saxes';
import { Fault } from '../base/fault.ts';
import { limits } from '../base/limits.ts';

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/** @throws Fault MalformedXML */
export function parseXml(body: Uint8Array): XmlElement {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw malformed();
  }
  const document = newElement('', new Map());
  const open: XmlElement[] = [document];
  let values = 0;
  const parser = new SaxesParser({ fragment: false, position: false });
  parser.on('error', () => {
    throw malformed();
  });
  parser.on('doctype', () => {
    throw malformed();
  });
  // Counted one by one: the parser would collect all of them before it opens the element.
  let attributesOfTag = 0;
  parser.on('attribute', () => {
    attributesOfTag += 1;
    if (attributesOfTag > limits.xmlAttributesMax) throw malformed();
  });
  parser.on('opentag', (tag) => {
    attributesOfTag = 0;
    const attributes = new Map<string, string>();
    for (const [name, value] of Object.entries(tag.attributes)) attributes.set(name, String(value));
    values += 1 + attributes.size;
    if (values > limits.wireValuesMax || open.length > limits.depthMax) throw malformed();
    const opened = newElement(localName(tag.name), attributes);
    open.at(-1)?.children.push(opened);
    open.push(opened);
  });
  const addText = (added: string): void => {
    const current = open.at(-1);
    if (current !== undefined) current.text += added;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => void open.pop());
  try {
    parser.write(text).close();
  } catch (error) {
    throw error instanceof Fault ? error : malformed();
  }
  const root = document.children[0];
  if (root === undefined) throw malformed();
  return root;
}

function newElement(name: string, attributes: ReadonlyMap<string, string>): XmlElement {
  return { name, attributes, children: [], text: '' };
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

export function malformed(): Fault {
  return new Fault('MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema', {
    status: 400,
  });
}
