// Which types of resources the Get operations walk over, and the tokens that say how far they have come.
import { isRecord } from '../../base/record.ts';
import type { Scope } from '../../kit/context.ts';
import { decodeMarker, encodeMarker } from '../../kit/paging.ts';
import type { Position } from '../../kit/taggable-walk.ts';
import type { Taggable, TagPlace } from '../../kit/taggables.ts';
import { fault, globalRegion, invalidParameter } from './service.ts';

/** AWS: a token lives for fifteen minutes. */
const tokenMs = 15 * 60_000;

export function placeOf({ transaction, partition, account, region }: Scope): TagPlace & { readonly region: string } {
  return { transaction, partition, account, region };
}

/** The types that Get operations show in a region, as far as the filters (`kms`, `kms:key`) name them. */
export async function listedTypes(scope: Scope, region: string, filters: readonly string[] | undefined): Promise<readonly Taggable[]> {
  const all = await scope.taggables.all();
  return all.filter(({ type, isListed, isGlobal }) => isListed && (!isGlobal || region === globalRegion) && matchesType(type, filters));
}

export function matchesType(type: string, filters: readonly string[] | undefined): boolean {
  return filters === undefined || filters.length === 0 || filters.some((filter) => type === filter || type.startsWith(`${filter}:`));
}

export function encodeToken(now: number, position: object | undefined): string {
  // AWS: the last page has an empty token.
  return position === undefined ? '' : (encodeMarker(JSON.stringify({ ...position, issuedAtMs: now })) ?? '');
}

/** Undefined for the first page. @throws Fault InvalidParameterException, PaginationTokenExpiredException */
export function decodeToken(token: string | undefined, now: number): Readonly<Record<string, unknown>> | undefined {
  if (token === undefined || token === '') return undefined;
  const badToken = () => invalidParameter('The specified PaginationToken is invalid.');
  let position: unknown;
  try {
    position = JSON.parse(decodeMarker(token, badToken));
  } catch {
    throw badToken();
  }
  if (!isRecord(position) || typeof position['issuedAtMs'] !== 'number') throw badToken();
  if (now - position['issuedAtMs'] > tokenMs) {
    throw fault('PaginationTokenExpiredException', 'The specified PaginationToken has expired. A PaginationToken is valid for 15 minutes.');
  }
  return position;
}

/** @throws Fault as `decodeToken` */
export function decodePosition(token: string | undefined, now: number): Position | undefined {
  const position = decodeToken(token, now);
  if (position === undefined) return undefined;
  const { key, cursor } = position;
  if (typeof key !== 'string' || typeof cursor !== 'string') throw invalidParameter('The specified PaginationToken is invalid.');
  return { key, cursor };
}
