// Reads XML that strangers wrote into a document tree, strictly: no document type, no entities beyond XML's own five, no processing
// instructions, and nothing that is not well formed. For SAML, whose signatures need the tree; the wire protocols have their own reader.
import type { Document, Element } from '@xmldom/xmldom';

export type { Document, Element } from '@xmldom/xmldom';

/** Undefined when the text is not plain, well-formed XML. */
export async function parsePlainXml(text: string, depthMax: number): Promise<Document | undefined> {
  // A document type is the door to entities, and a declaration is the only instruction that signed messages need.
  if (/<!DOCTYPE|<!ENTITY|<\?(?!xml\s)/i.test(text) || text.includes('\u0000')) return undefined;
  const { DOMParser, onWarningStopParsing } = await import('@xmldom/xmldom');
  try {
    const document = new DOMParser({ onError: onWarningStopParsing }).parseFromString(text, 'text/xml');
    const root = document.documentElement;
    return root === null || depthOf(root, depthMax) > depthMax ? undefined : document;
  } catch {
    return undefined;
  }
}

/** Child elements, in order. */
export function childElements(parent: Element): readonly Element[] {
  const children: Element[] = [];
  for (let node = parent.firstChild; node !== null; node = node.nextSibling) if (isElement(node)) children.push(node);
  return children;
}

export function childrenNamed(parent: Element, namespace: string, localName: string): readonly Element[] {
  return childElements(parent).filter((child) => child.namespaceURI === namespace && child.localName === localName);
}

/** Every element at or below this one, in document order. */
export function descendants(root: Element): readonly Element[] {
  const found: Element[] = [];
  const stack: Element[] = [root];
  for (let element = stack.pop(); element !== undefined; element = stack.pop()) {
    found.push(element);
    stack.push(...childElements(element).toReversed());
  }
  return found;
}

/** The whole text of an element, whatever it is broken up by; never only its first part. */
export function textOf(element: Element): string {
  return element.textContent ?? '';
}

function isElement(node: { readonly nodeType: number }): node is Element {
  return node.nodeType === 1;
}

function depthOf(root: Element, depthMax: number): number {
  let deepest = 0;
  const stack: { readonly element: Element; readonly depth: number }[] = [{ element: root, depth: 1 }];
  for (let item = stack.pop(); item !== undefined && deepest <= depthMax; item = stack.pop()) {
    deepest = Math.max(deepest, item.depth);
    for (const child of childElements(item.element)) stack.push({ element: child, depth: item.depth + 1 });
  }
  return deepest;
}
