// Finds the REST operation that a method, a path and a query name, from the URI templates of a model. Literals beat labels, labels beat
// greedy labels, and a template with more fixed query parameters beats one with fewer. Of operations with the same template, the one with
// the most required parameters and headers in the request is meant (S3's PutObject, CopyObject, UploadPart and UploadPartCopy).
import { Fault } from '../base/fault.ts';
import { decode, encode } from '../base/percent.ts';
import { getOwn } from '../base/record.ts';
import type { Member, Operation, ServiceModel } from '../model/model.ts';
import type { Structure, WireRequest } from './protocol.ts';

export interface Route {
  readonly operation: Operation;
  readonly segments: readonly Segment[];
  readonly fixedQuery: readonly (readonly [string, string | undefined])[];
}

export interface Segment {
  readonly kind: 'literal' | 'label' | 'greedy';
  readonly name: string;
}

export interface Routes {
  find(request: WireRequest): Route | undefined;
}

/** Compiled per service model, on its first request. */
export function createRoutes(service: ServiceModel): Routes {
  const byMethod = new Map<string, Route[]>();
  for (const operation of service.operations.values()) {
    const route = parseTemplate(operation);
    const routes = byMethod.get(operation.method);
    if (routes === undefined) byMethod.set(operation.method, [route]);
    else routes.push(route);
  }
  for (const routes of byMethod.values()) routes.sort((left, right) => compare(left, right));
  return {
    find(request) {
      const segments = segmentsOf(request.path);
      const parameters = parseQuery(request.query);
      const found = byMethod.get(request.method)?.filter((route) => matches(route, segments, parameters)) ?? [];
      const [best] = found;
      if (best === undefined || found.length === 1) return best;
      const equal = found.filter((route) => compare(best, route) === 0).map((route) => ({ route, marks: marksOf(route.operation) }));
      equal.sort((left, right) => countOf(right.marks) - countOf(left.marks));
      const isMeant = ({ marks: { query, headers } }: { readonly marks: Marks }) =>
        query.every((name) => parameters.has(name)) && headers.every((name) => request.headers[name] !== undefined);
      const meant = equal.find(isMeant) ?? equal.at(-1);
      if (meant === undefined) return best;
      const succeeds = ({ route, marks }: (typeof equal)[number]) =>
        route !== meant.route && route.operation.name.startsWith(meant.route.operation.name) && countOf(marks) === countOf(meant.marks);
      // AWS: of S3's two generations of an operation (PutBucketLifecycle, PutBucketLifecycleConfiguration) the longer name is the living one.
      return (equal.find(succeeds) ?? meant).route;
    },
  };
}

/** What must be in a request outside its path and body. */
interface Marks {
  readonly query: readonly string[];
  readonly headers: readonly string[];
}

function marksOf({ input }: Operation): Marks {
  const required = (location: Member['location']) =>
    (input?.required ?? []).flatMap((name) => {
      const member = input?.members.get(name);
      return member?.location === location ? [member?.locationName ?? name] : [];
    });
  return { query: required('querystring'), headers: required('header').map((name) => name.toLowerCase()) };
}

function countOf({ query, headers }: Marks): number {
  return query.length + headers.length;
}

export function parseTemplate(operation: Operation): Route {
  const mark = operation.requestUri.indexOf('?');
  const path = mark < 0 ? operation.requestUri : operation.requestUri.slice(0, mark);
  const segments = segmentsOf(path).map((text): Segment => {
    if (!text.startsWith('{') || !text.endsWith('}')) return { kind: 'literal', name: text };
    return text.endsWith('+}') ? { kind: 'greedy', name: text.slice(1, -2) } : { kind: 'label', name: text.slice(1, -1) };
  });
  const fixedQuery = parsePairs(mark < 0 ? '' : operation.requestUri.slice(mark + 1));
  return { operation, segments, fixedQuery };
}

function segmentsOf(path: string): readonly string[] {
  const trimmed = path.startsWith('/') ? path.slice(1) : path;
  return trimmed === '' ? [] : trimmed.split('/');
}

const rank = { literal: 0, label: 1, greedy: 2 } as const;

function compare(left: Route, right: Route): number {
  const length = Math.max(left.segments.length, right.segments.length);
  for (let index = 0; index < length; index += 1) {
    const a = left.segments[index];
    const b = right.segments[index];
    if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
    if (a.kind !== b.kind) return rank[a.kind] - rank[b.kind];
  }
  return right.fixedQuery.length - left.fixedQuery.length;
}

function matches(route: Route, segments: readonly string[], parameters: ReadonlyMap<string, readonly string[]>): boolean {
  return (
    bind(route, segments) !== undefined &&
    route.fixedQuery.every(([name, value]) => {
      const given = parameters.get(name);
      return given !== undefined && (value === undefined || given.includes(value));
    })
  );
}

/** The labels' values, still encoded; undefined when the path is not of this route. */
export function bindPath(route: Route, path: string): ReadonlyMap<string, string> | undefined {
  return bind(route, segmentsOf(path));
}

function bind(route: Route, segments: readonly string[]): ReadonlyMap<string, string> | undefined {
  const labels = new Map<string, string>();
  const greedyAt = route.segments.findIndex((segment) => segment.kind === 'greedy');
  const after = greedyAt < 0 ? 0 : route.segments.length - greedyAt - 1;
  if (greedyAt < 0 ? segments.length !== route.segments.length : segments.length < route.segments.length) {
    // A trailing slash is the same resource.
    if (greedyAt >= 0 || segments.length !== route.segments.length + 1 || segments.at(-1) !== '') return undefined;
  }
  for (const [index, segment] of route.segments.entries()) {
    const at = greedyAt >= 0 && index > greedyAt ? segments.length - (route.segments.length - index) : index;
    const text = segment.kind === 'greedy' ? segments.slice(index, segments.length - after).join('/') : (segments[at] ?? '');
    if (segment.kind === 'literal' ? decode(text) !== segment.name : text === '') return undefined;
    if (segment.kind !== 'literal') labels.set(segment.name, text);
  }
  return labels;
}

/** @throws Fault MalformedInput for a stray percent sign or what is not UTF-8 */
export function strictDecode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Fault('MalformedInput', 'The path or query is not percent-encoded UTF-8.', { status: 400 });
  }
}

export function parsePairs(query: string): readonly (readonly [string, string | undefined])[] {
  return query.split('&').flatMap((pair): (readonly [string, string | undefined])[] => {
    if (pair === '') return [];
    const mark = pair.indexOf('=');
    const plain = (text: string) => strictDecode(text.replaceAll('+', '%20'));
    return mark < 0 ? [[plain(pair), undefined]] : [[plain(pair.slice(0, mark)), plain(pair.slice(mark + 1))]];
  });
}

export function parseQuery(query: string): ReadonlyMap<string, readonly string[]> {
  const parameters = new Map<string, string[]>();
  for (const [name, value] of parsePairs(query)) {
    const values = parameters.get(name);
    if (values === undefined) parameters.set(name, [value ?? '']);
    else values.push(value ?? '');
  }
  return parameters;
}

/** The path for these labels: the client's side. */
export function expandPath(route: Route, labels: Structure, textOf: (name: string, value: unknown) => string): string {
  const parts = route.segments.map(({ kind, name }) => {
    if (kind === 'literal') return name;
    const text = textOf(name, getOwn(labels, name));
    return kind === 'greedy' ? text.split('/').map(encode).join('/') : encode(text);
  });
  return `/${parts.join('/')}`;
}
