// When an access key was last used, where and for what: the newest event of the ledger that it signed.
import { wholeSeconds } from '../../base/clock.ts';
import type { Transaction } from '../../store/store.ts';
import type { AccessKeyRecord } from './records.ts';

export interface AccessKeyUse {
  readonly timeMs: number;
  readonly region: string;
  /** AWS: the service's namespace, as the first label of its event source has it. */
  readonly serviceName: string;
}

/** Undefined: never. */
export async function accessKeyLastUsed(
  transaction: Transaction,
  { account, accessKeyId }: AccessKeyRecord,
): Promise<AccessKeyUse | undefined> {
  const [last] = await transaction.events({ account, attribute: { key: 'AccessKeyId', value: accessKeyId }, limit: 1 });
  if (last === undefined) return undefined;
  return { timeMs: wholeSeconds(last.timeMs), region: last.region, serviceName: last.eventSource.split('.')[0] ?? last.eventSource };
}
