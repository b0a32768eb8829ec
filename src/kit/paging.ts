// Pages of a collection with opaque markers, in the way of IAM's Marker/IsTruncated and of NextToken/MaxResults.
import type { Transaction } from '../store/store.ts';
import type { Collection } from './collection.ts';

export interface PageRequest {
  readonly under: readonly string[];
  readonly limit: number;
  /** As a client sent it. */
  readonly marker: string | undefined;
  /** Thrown when the marker is not one of ours. */
  readonly onBadMarker: () => Error;
}

export interface Page<Value> {
  readonly items: readonly Value[];
  /** Undefined on the last page. */
  readonly marker: string | undefined;
}

const purpose = 'v1:';
/** How many records one page looks at while it filters: bounds the work of a request. */
const scannedMax = 10_000;

/** One page of the records under a key that satisfy `matches`; continues from the marker even if the record there is gone. */
export async function pageOf<Value extends object>(
  transaction: Transaction,
  records: Collection<Value>,
  request: PageRequest,
  matches: (value: Value) => boolean = () => true,
): Promise<Page<Value>> {
  const items: Value[] = [];
  let after = request.marker === undefined ? undefined : decodeMarker(request.marker, request.onBadMarker);
  for (let scanned = 0; scanned < scannedMax; ) {
    const limit = Math.min(500, request.limit - items.length + 1);
    const batch = await records.list(transaction, request.under, { limit, ...(after === undefined ? {} : { after }) });
    for (const { cursor, value } of batch) {
      if (matches(value)) {
        if (items.length === request.limit) return { items, marker: encodeMarker(after) };
        items.push(value);
      }
      after = cursor;
    }
    if (batch.length < limit) return { items, marker: undefined };
    scanned += batch.length;
  }
  return { items, marker: encodeMarker(after) };
}

/** A marker for any position that a service keeps as text. */
export function encodeMarker(position: string | undefined): string | undefined {
  return position === undefined ? undefined : Buffer.from(purpose + position, 'utf8').toString('base64url');
}

export function decodeMarker(marker: string, onBadMarker: () => Error): string {
  const text = Buffer.from(marker, 'base64url').toString('utf8');
  if (!text.startsWith(purpose)) throw onBadMarker();
  return text.slice(purpose.length);
}
