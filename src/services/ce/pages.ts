// Pages of answers that are made anew for every request: the token says where to go on, and of which request it is.
import { createHash } from 'node:crypto';
import { limits } from '../../base/limits.ts';
import { decodeMarker, encodeMarker } from '../../kit/paging.ts';
import { fault } from './service.ts';

export interface Paged<Item> {
  readonly items: readonly Item[];
  readonly token: string | undefined;
  /** Of the first item in the whole. */
  readonly start: number;
}

/** @throws Fault InvalidNextTokenException, RequestChangedException */
export function pageOfAll<Item>(
  all: readonly Item[],
  request: object,
  token: string | undefined,
  limit: number = limits.costResultsPageMax,
): Paged<Item> {
  const print = createHash('sha256').update(JSON.stringify(request)).digest('base64url').slice(0, 16);
  const start = token === undefined ? 0 : positionOf(token, print);
  const end = start + limit;
  return { start, items: all.slice(start, end), token: end < all.length ? encodeMarker(`${print} ${end}`) : undefined };
}

function positionOf(token: string, print: string): number {
  const [ofRequest, position] = decodeMarker(token, invalidToken).split(' ');
  if (position === undefined || !/^\d{1,9}$/.test(position)) throw invalidToken();
  if (ofRequest !== print) {
    throw fault(
      'RequestChangedException',
      'Your request parameters changed between pages. Try again with the old parameters or without a pagination token.',
    );
  }
  return Number(position);
}

function invalidToken() {
  return fault('InvalidNextTokenException', 'The pagination token is invalid. Try again without a pagination token.');
}
