// How many there may be of what. https://docs.aws.amazon.com/ram/latest/userguide/service-quotas.html

import { type Collection, collection } from '../../kit/collection.ts';
import type { Transaction } from '../../store/store.ts';
import type { Place } from './records.ts';

export const quotas = {
  shares: 25_000,
  resources: 25_000,
  principals: 25_000,
  resourcesPerShare: 5_000,
  principalsPerShare: 5_000,
  /** Resources, and principals, of one call. */
  entitiesPerCall: 100,
  pendingInvitations: 20,
  permissions: 1_500,
  permissionsPerType: 10,
  versionsPerPermission: 5,
  tags: 50,
  /** Documents of customer managed permissions. */
  templateBytes: 6_144,
} as const;

interface CountRecord extends Place {
  readonly what: string;
  readonly count: number;
}

export const counts: Collection<CountRecord> = collection('ram.count', ({ account, region, what }) => [account, region, what]);

/** Counts up, or down with a negative step. @throws what `onExcess` makes when there would be more than `most` */
export async function count(
  transaction: Transaction,
  { account, region }: Place,
  what: string,
  step: number,
  limit?: { readonly most: number; readonly onExcess: () => Error },
): Promise<void> {
  const known = (await counts.get(transaction, account, region, what))?.count ?? 0;
  const next = Math.max(0, known + step);
  if (limit !== undefined && step > 0 && next > limit.most) throw limit.onExcess();
  counts.put(transaction, { account, region, what, count: next });
}
