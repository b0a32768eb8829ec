// Pagination tokens: where to go on, in which query, and since when. Each operation knows its own positions.
import { createHash } from 'node:crypto';
import type { Fault } from '../../base/fault.ts';
import { isRecord } from '../../base/record.ts';
import { decodeMarker, encodeMarker } from '../../kit/paging.ts';
import { fault, invalidParameter } from './service.ts';

/** AWS: a token lives for fifteen minutes. */
const tokenMs = 15 * 60_000;

/** Who asks, where and when. */
interface Asked {
  readonly account: string;
  readonly region: string;
  readonly now: number;
}

/** What is asked, all but the size of its pages, which may change from page to page. */
export interface Query {
  readonly operation: string;
  readonly filters?: object;
}

/** Undefined stands for what follows the last page. */
export function encodeToken(asked: Asked, query: Query, position: object | undefined): string {
  // AWS: the last page has an empty token.
  if (position === undefined) return '';
  return encodeMarker(JSON.stringify({ ...position, of: printOf(asked, query), issuedAtMs: asked.now })) ?? '';
}

/** Undefined for the first page. @throws Fault InvalidParameterException, PaginationTokenExpiredException */
export function decodeToken(token: string | undefined, asked: Asked, query: Query): Readonly<Record<string, unknown>> | undefined {
  if (token === undefined || token === '') return undefined;
  let position: unknown;
  try {
    position = JSON.parse(decodeMarker(token, invalidToken));
  } catch {
    throw invalidToken();
  }
  if (!isRecord(position) || typeof position['issuedAtMs'] !== 'number') throw invalidToken();
  // The position means something in its own query only: in another one, resources would be left out.
  if (position['of'] !== printOf(asked, query)) throw invalidToken();
  if (asked.now - position['issuedAtMs'] > tokenMs) {
    throw fault('PaginationTokenExpiredException', 'The specified PaginationToken has expired. A PaginationToken is valid for 15 minutes.');
  }
  return position;
}

export function invalidToken(): Fault {
  return invalidParameter('The specified PaginationToken is invalid.');
}

function printOf({ account, region }: Asked, { operation, filters }: Query): string {
  const text = JSON.stringify([account, region, operation, filters ?? {}]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}
