// Lists over several collections in one stable order, read in pieces: what is shown is a page of a stream, and its token is a position in it.
import { createHash } from 'node:crypto';
import type { Collection } from '../../kit/collection.ts';
import { decodeMarker, encodeMarker } from '../../kit/paging.ts';
import type { Transaction } from '../../store/store.ts';
import { fault } from './service.ts';

/** Something at its place in a stream; without an item it was only looked at. */
export interface Placed<Item> {
  readonly position: string;
  readonly item: Item | undefined;
}

/** What comes after a position. */
export type Stream<Item> = (after: string | undefined) => AsyncIterable<Placed<Item>>;

export interface PageInput {
  readonly nextToken?: string | undefined;
  readonly maxResults?: number | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly token: { readonly nextToken?: string };
}

const pageSize = 100;
const batchSize = 100;
/** AWS too: a page may be empty though more follows. Bounds the work of a request. */
const lookedAtMax = 5_000;

/** @throws Fault InvalidNextTokenException */
export async function pageOfStream<Item>(operation: string, stream: Stream<Item>, input: PageInput): Promise<Page<Item>> {
  const print = printOf(operation, input);
  const after = input.nextToken === undefined ? undefined : positionIn(input.nextToken, print);
  const limit = input.maxResults ?? pageSize;
  const items: Item[] = [];
  let last = after;
  let lookedAt = 0;
  for await (const { position, item } of stream(after)) {
    if (items.length === limit || lookedAt === lookedAtMax) {
      const nextToken = last === undefined ? undefined : encodeMarker(print + last);
      return { items, token: nextToken === undefined ? {} : { nextToken } };
    }
    if (item !== undefined) items.push(item);
    last = position;
    lookedAt += 1;
  }
  return { items, token: {} };
}

const printLength = 16;

/** Of the query: a position means something in it only. The size of pages may change from one to the next. */
function printOf(operation: string, { nextToken: _, maxResults: __, ...filters }: PageInput): string {
  const text = JSON.stringify([operation, filters]);
  return createHash('sha256').update(text).digest('base64url').slice(0, printLength);
}

function positionIn(nextToken: string, print: string): string {
  const text = decodeMarker(nextToken, badToken);
  if (!text.startsWith(print)) throw badToken();
  return text.slice(printLength);
}

function badToken(): Error {
  return fault('InvalidNextTokenException', 'The specified value for NextToken is not valid.');
}

/** The records under a key. */
export async function* recordsUnder<Value extends object>(
  transaction: Transaction,
  records: Collection<Value>,
  under: readonly string[],
  after: string | undefined,
): AsyncGenerator<{ readonly cursor: string; readonly value: Value }> {
  let from = after;
  for (;;) {
    const batch = await records.list(transaction, under, { limit: batchSize, ...(from === undefined ? {} : { after: from }) });
    yield* batch;
    if (batch.length < batchSize) return;
    from = batch.at(-1)?.cursor;
  }
}

/** Separates the parts of a nested position; stands in none. */
const joint = '\u001e';

/** For each item of the outer stream what the inner one has. */
export function nestedStream<Outer, Item>(outer: Stream<Outer>, inner: (item: Outer) => Stream<Item>): Stream<Item> {
  return async function* (after) {
    // The last outer item that is done, the one that was begun, and where in it.
    const [done = '', begun = '', within = ''] = after?.split(joint) ?? [];
    let previous = done;
    for await (const { position, item } of outer(done === '' ? undefined : done)) {
      if (item !== undefined) {
        const from = position === begun && within !== '' ? within : undefined;
        for await (const each of inner(item)(from)) {
          yield { position: [previous, position, each.position].join(joint), item: each.item };
        }
      }
      previous = position;
      yield { position: previous, item: undefined };
    }
  };
}
