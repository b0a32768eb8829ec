// Form-encoded parameters as a tree: `Tags.member.1.Key=team` is Tags > member > 1 > Key. Shared by query and ec2.
import { Fault } from '../base/fault.ts';
import { limits } from '../base/limits.ts';
import type { WireRequest } from './protocol.ts';

export interface FormNode {
  value: string | undefined;
  readonly children: Map<string, FormNode>;
}

/** All parameters of body and query string. @throws Fault MalformedQueryString */
export function readForm(request: WireRequest): FormNode {
  const root = newNode();
  let pairs = 0;
  for (const text of [request.query, bodyText(request)]) {
    if (text === '') continue;
    for (const pair of text.split('&')) {
      if (pair === '') continue;
      pairs += 1;
      if (pairs > limits.queryPairsMax) throw malformed(`The request has more than ${limits.queryPairsMax} parameters.`);
      const mark = pair.indexOf('=');
      insert(root, decodeForm(mark < 0 ? pair : pair.slice(0, mark)), mark < 0 ? '' : decodeForm(pair.slice(mark + 1)));
    }
  }
  return root;
}

export function parameter(request: WireRequest, name: string): string | undefined {
  return readForm(request).children.get(name)?.value;
}

function bodyText(request: WireRequest): string {
  if (request.body.length === 0) return '';
  const type = request.headers['content-type'] ?? '';
  if (type !== '' && !type.toLowerCase().startsWith('application/x-www-form-urlencoded')) return '';
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(request.body);
  } catch {
    throw malformed('The query string contains a syntax error');
  }
}

function decodeForm(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw malformed('The query string contains a syntax error');
  }
}

function insert(root: FormNode, name: string, value: string): void {
  const parts = name.split('.');
  if (parts.length > limits.depthMax) throw malformed(`A parameter is nested deeper than ${limits.depthMax} levels.`);
  let node = root;
  for (const part of parts) {
    let child = node.children.get(part);
    if (child === undefined) {
      child = newNode();
      node.children.set(part, child);
    }
    node = child;
  }
  if (node.value !== undefined && node.value !== value) throw malformed(`Conflicting values for the parameter ${name.slice(0, 128)}`);
  node.value = value;
}

function newNode(): FormNode {
  return { value: undefined, children: new Map() };
}

export function malformed(message: string): Fault {
  return new Fault('MalformedQueryString', message, { status: 400 });
}
