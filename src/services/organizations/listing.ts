// Pages as Organizations has them: NextToken, at most MaxResults items.

import type { Collection } from '../../kit/collection.ts';
import type { Scope } from '../../kit/context.ts';
import { encodeMarker, pageOf } from '../../kit/paging.ts';
import { invalidInput } from './service.ts';

export const pageSize = 20;

/** Where a list begins, for pages on which something else stood first. */
export const startToken = encodeMarker('') ?? '';

export interface PageInput {
  readonly NextToken?: string | undefined;
  readonly MaxResults?: number | undefined;
}

export interface PageState {
  readonly NextToken?: string;
}

export async function listPage<Value extends object>(
  { transaction }: Scope,
  records: Collection<Value>,
  under: readonly string[],
  input: PageInput,
  matches?: (value: Value) => boolean,
): Promise<{ readonly items: readonly Value[]; readonly state: PageState }> {
  const page = await pageOf(
    transaction,
    records,
    { under, limit: input.MaxResults ?? pageSize, marker: input.NextToken, onBadMarker: badToken },
    matches,
  );
  return { items: page.items, state: page.marker === undefined ? {} : { NextToken: page.marker } };
}

export function badToken(): Error {
  return invalidInput(
    'INVALID_PAGINATION_TOKEN',
    'You specified an invalid value for nextToken. You must get the value from the response to a previous call to the API.',
  );
}
