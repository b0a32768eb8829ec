// The order of a region's secrets, kept as an index by name and by age, so that a page of a list costs a page. A replica stands in its own region's.
import type { Scope } from '../../kit/context.ts';
import type { Transaction } from '../../store/store.ts';
import { indexedRegions, type ListedRecord, listed, replicas, type SecretRecord, secrets } from './records.ts';
import { type FoundSecret, secretAt } from './secret-ids.ts';

export type IndexedOrder = ListedRecord['order'];

const orders: readonly IndexedOrder[] = ['created-date', 'name'];
const batchMax = 500;
/** How many secrets one page looks at while it filters: bounds the work of a request. */
const scannedMax = 10_000;

/** @param region where it is listed: the primary's, or that of a replica */
export function putListed(transaction: Transaction, { account, name, createdAtMs }: SecretRecord, region: string): void {
  for (const order of orders) listed.put(transaction, { account, region, name, createdAtMs, order });
}

export function removeListed(transaction: Transaction, { account, name, createdAtMs }: SecretRecord, region: string): void {
  for (const order of orders) listed.remove(transaction, { account, region, name, createdAtMs, order });
}

/** What is wanted of a list, and where it goes on. */
export interface Walk {
  readonly order: IndexedOrder;
  readonly descending: boolean;
  readonly limit: number;
  readonly after: string | undefined;
  readonly matches: (found: FoundSecret) => boolean;
}

/** The next secrets that match, and the cursor after them if there may be more. */
export async function walkListed(
  scope: Scope,
  { order, descending, limit, matches, ...walk }: Walk,
): Promise<{ readonly items: readonly FoundSecret[]; readonly cursor: string | undefined }> {
  const { transaction, account, region } = scope;
  await index(scope);
  const items: FoundSecret[] = [];
  let { after } = walk;
  for (let scanned = 0; scanned < scannedMax; ) {
    // As many as may be missing, and more once it shows that few match.
    const count = scanned === 0 ? limit + 1 : batchMax;
    const batch = await listed.list(transaction, [account, region, order], {
      limit: count,
      descending,
      ...(after === undefined ? {} : { after }),
    });
    const found = await Promise.all(batch.map(({ value }) => secretAt(scope, value)));
    for (const [position, { cursor }] of batch.entries()) {
      const secret = found[position];
      if (secret !== undefined && matches(secret)) {
        if (items.length === limit) return { items, cursor: after };
        items.push(secret);
      }
      after = cursor;
    }
    if (batch.length < count) return { items, cursor: undefined };
    scanned += batch.length;
  }
  return { items, cursor: after };
}

/** Regions whose secrets were made before there was an index get one when they are first listed. */
async function index(scope: Scope): Promise<void> {
  const { transaction, account, region } = scope;
  if ((await indexedRegions.get(transaction, account, region)) !== undefined) return;
  for (const secret of await secrets.all(transaction, account, region)) putListed(transaction, secret, region);
  for (const replica of await replicas.all(transaction, account, region)) {
    const found = await secretAt(scope, replica);
    if (found !== undefined) putListed(transaction, found.secret, region);
  }
  indexedRegions.put(transaction, { account, region });
}
