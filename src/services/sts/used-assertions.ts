// Assertions that were redeemed, kept until they expire, so that none is redeemed twice for a role. A person may have several roles in one
// sign-in, and tools assume them one after the other with the same assertion (ADR 24).
import { type Collection, collection } from '../../kit/collection.ts';
import { dueWork } from '../../kit/jobs.ts';
import type { Transaction } from '../../store/store.ts';

interface UsedAssertion {
  /** The provider's ARN. */
  readonly provider: string;
  readonly id: string;
  /** An id that comes back for somebody else is refused for every role. */
  readonly subject: string;
  /** That it was redeemed for: never more than its own attributes name. */
  readonly roleArns: readonly string[];
  readonly expiresAtMs: number;
}

type Redemption = Omit<UsedAssertion, 'roleArns'> & { readonly roleArn: string };

const used: Collection<UsedAssertion> = collection('sts.used-assertion', ({ provider, id }) => [provider, id]);
/** The same in the order in which they expire. */
const expiring: Collection<Pick<UsedAssertion, 'provider' | 'id' | 'expiresAtMs'>> = collection(
  'sts.used-assertion-expiry',
  ({ provider, id, expiresAtMs }) => [String(expiresAtMs).padStart(15, '0'), provider, id],
);

/** False when it was redeemed for the role before, or for somebody else. */
export async function redeem(transaction: Transaction, { roleArn, ...assertion }: Redemption): Promise<boolean> {
  const { provider, id, subject, expiresAtMs } = assertion;
  const before = await used.get(transaction, provider, id);
  if (before !== undefined && (before.subject !== subject || before.roleArns.includes(roleArn))) return false;
  used.put(transaction, { ...assertion, roleArns: [...(before?.roleArns ?? []), roleArn] });
  if (before === undefined) expiring.put(transaction, { provider, id, expiresAtMs });
  return true;
}

export const usedAssertionsJob = dueWork({
  name: 'used-assertions',
  everyMs: 10 * 60_000,
  records: expiring,
  dueAtMs: ({ expiresAtMs }) => expiresAtMs,
  batch: 200,
  async perform({ transaction }, { provider, id }) {
    const assertion = await used.get(transaction, provider, id);
    if (assertion !== undefined) used.remove(transaction, assertion);
  },
});
