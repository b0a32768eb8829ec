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
  let nodes = 0;
  eachPair(request, (name, value) => {
    nodes += insert(root, decodeForm(name), decodeForm(value));
    if (nodes > limits.wireValuesMax) throw malformed(`The parameters have more than ${limits.wireValuesMax} parts.`);
  });
  return root;
}

/** The operation's name and version, without building the tree. @throws Fault MalformedQueryString */
export function readAction(request: WireRequest): { readonly action: string | undefined; readonly version: string | undefined } {
  const found = new Map<string, string>();
  eachPair(request, (encodedName, encodedValue) => {
    // Neither name is longer than this, whatever of it is percent-encoded.
    if (encodedName.length > 3 * 'Version'.length) return;
    const name = decodeForm(encodedName);
    if (name !== 'Action' && name !== 'Version') return;
    const value = decodeForm(encodedValue);
    const known = found.get(name);
    if (known !== undefined && known !== value) throw conflicting(name);
    found.set(name, value);
  });
  return { action: found.get('Action'), version: found.get('Version') };
}

/** Still encoded; a name without an equals sign has the empty value. */
function eachPair(request: WireRequest, visit: (name: string, value: string) => void): void {
  let pairs = 0;
  for (const text of [request.query, bodyText(request)]) {
    for (let start = 0; start < text.length; ) {
      const found = text.indexOf('&', start);
      const end = found < 0 ? text.length : found;
      if (end > start) {
        pairs += 1;
        if (pairs > limits.queryPairsMax) throw malformed(`The request has more than ${limits.queryPairsMax} parameters.`);
        const pair = text.slice(start, end);
        const mark = pair.indexOf('=');
        visit(mark < 0 ? pair : pair.slice(0, mark), mark < 0 ? '' : pair.slice(mark + 1));
      }
      start = end + 1;
    }
  }
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
  const spaced = text.includes('+') ? text.split('+').join(' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw malformed('The query string contains a syntax error');
  }
}

/** How many parts the name has. */
function insert(root: FormNode, name: string, value: string): number {
  const parts = name.split('.', limits.depthMax + 1);
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
  if (node.value !== undefined && node.value !== value) throw conflicting(name);
  node.value = value;
  return parts.length;
}

function newNode(): FormNode {
  return { value: undefined, children: new Map() };
}

function conflicting(name: string): Fault {
  return malformed(`Conflicting values for the parameter ${name.slice(0, 128)}`);
}

export function malformed(message: string): Fault {
  return new Fault('MalformedQueryString', message, { status: 400 });
}
