// Assertions that were redeemed, kept until they expire, so that none is redeemed twice.
import { type Collection, collection } from '../../kit/collection.ts';
import type { Job } from '../../kit/jobs.ts';
import type { Transaction } from '../../store/store.ts';

interface UsedAssertion {
  /** The provider's ARN. */
  readonly provider: string;
  readonly id: string;
  readonly expiresAtMs: number;
}

const used: Collection<UsedAssertion> = collection('sts.used-assertion', ({ provider, id }) => [provider, id]);
/** The same in the order in which they expire. */
const expiring: Collection<UsedAssertion> = collection('sts.used-assertion-expiry', ({ provider, id, expiresAtMs }) => [
  String(expiresAtMs).padStart(15, '0'),
  provider,
  id,
]);

/** False when it was redeemed before. */
export async function redeem(transaction: Transaction, assertion: UsedAssertion): Promise<boolean> {
  if ((await used.get(transaction, assertion.provider, assertion.id)) !== undefined) return false;
  used.put(transaction, assertion);
  expiring.put(transaction, assertion);
  return true;
}

const batch = 200;

export const usedAssertionsJob: Job = {
  name: 'used-assertions',
  everyMs: 10 * 60_000,
  async run({ transaction, now }) {
    const first = await expiring.list(transaction, [], { limit: batch });
    const expired = first.filter(({ value }) => value.expiresAtMs <= now);
    for (const { value } of expired) {
      used.remove(transaction, value);
      expiring.remove(transaction, value);
    }
    return expired.length === batch ? 'more' : undefined;
  },
};
