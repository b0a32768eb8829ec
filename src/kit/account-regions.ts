// The regions of the world, and which of them an account uses: account management opts into and out of them, EC2 describes them.
// https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
import type { Transaction } from '../store/store.ts';
import { type Collection, collection } from './collection.ts';

export type RegionStatus = 'ENABLED_BY_DEFAULT' | 'ENABLED' | 'ENABLING' | 'DISABLED' | 'DISABLING';

const byDefault: readonly string[] = [
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
];

const optIn: readonly string[] = [
  'af-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-south-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-west-1',
  'eu-central-2',
  'eu-south-1',
  'eu-south-2',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'mx-central-1',
];

export const allRegions: readonly string[] = [...byDefault, ...optIn].toSorted();

export function isEnabledByDefault(region: string): boolean {
  return byDefault.includes(region);
}

/** A region that the account has opted into or out of; others are as AWS has them from the start. */
interface RegionRecord {
  readonly account: string;
  readonly region: string;
  readonly status: 'ENABLING' | 'DISABLING';
  /** When the change is complete: the state is read by the clock. */
  readonly doneAtMs: number;
}

const regions: Collection<RegionRecord> = collection('account.region', ({ account, region }) => [account, region]);

export async function statusOfRegion(transaction: Transaction, account: string, region: string, now: number): Promise<RegionStatus> {
  if (isEnabledByDefault(region)) return 'ENABLED_BY_DEFAULT';
  const record = await regions.get(transaction, account, region);
  if (record === undefined) return 'DISABLED';
  if (now < record.doneAtMs) return record.status;
  return record.status === 'ENABLING' ? 'ENABLED' : 'DISABLED';
}

/** Whether there is such a region, and the account uses it. */
export async function usesRegion(transaction: Transaction, account: string, region: string, now: number): Promise<boolean> {
  if (!allRegions.includes(region)) return false;
  const status = await statusOfRegion(transaction, account, region, now);
  return status === 'ENABLED_BY_DEFAULT' || status === 'ENABLED';
}

export function changeRegion(transaction: Transaction, change: RegionRecord): void {
  regions.put(transaction, change);
}
