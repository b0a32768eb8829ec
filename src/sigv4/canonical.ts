// The canonical request and the string to sign of Signature Version 4.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { hash } from 'node:crypto';
import { decode, encode } from '../base/percent.ts';

/** What is signed of a request: path and query still encoded, header names in lower case. */
export interface SignableRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface CanonicalOptions {
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
  /** S3 signs the path as it is; all others normalise it and encode it once more. */
  readonly isPathVerbatim: boolean;
  /** Query parameters that are not signed: the signature itself, in presigned URLs. */
  readonly withoutParameters?: readonly string[];
}

export function canonicalRequest(request: SignableRequest, options: CanonicalOptions): string {
  const headers = options.signedHeaders.map((name) => `${name}:${canonicalValue(request.headers[name] ?? '')}\n`).join('');
  return [
    request.method,
    canonicalPath(request.path, options.isPathVerbatim),
    canonicalQuery(request.query, options.withoutParameters ?? []),
    headers,
    options.signedHeaders.join(';'),
    options.payloadHash,
  ].join('\n');
}

export function stringToSign(algorithm: string, date: string, scope: string, canonical: string): string {
  return `${algorithm}\n${date}\n${scope}\n${sha256Hex(canonical)}`;
}

export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

function canonicalValue(value: string): string {
  return value.trim().replace(/\s+/g, ' ');
}

function canonicalPath(path: string, isVerbatim: boolean): string {
  if (path === '' || path === '/') return '/';
  if (isVerbatim)
    return path
      .split('/')
      .map((segment) => encode(decode(segment)))
      .join('/');
  return normalized(path)
    .split('/')
    .map((segment) => encode(segment))
    .join('/');
}

/** RFC 3986 dot segments and empty segments removed; a trailing slash stays. */
function normalized(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const isDirectory = /\/\.{0,2}$/.test(path) && kept.length > 0;
  return `/${kept.join('/')}${isDirectory ? '/' : ''}`;
}

/** Parameters sorted by encoded name, then by encoded value. */
export function canonicalQuery(query: string, without: readonly string[]): string {
  if (query === '') return '';
  const pairs: (readonly [string, string])[] = [];
  for (const part of query.split('&')) {
    if (part === '') continue;
    const mark = part.indexOf('=');
    const name = decode(mark < 0 ? part : part.slice(0, mark));
    if (!without.includes(name)) pairs.push([encode(name), encode(mark < 0 ? '' : decode(part.slice(mark + 1)))]);
  }
  pairs.sort(([leftName, leftValue], [rightName, rightValue]) => order(leftName, rightName) || order(leftValue, rightValue));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
