// What the bill's keeper (ce) tells other services: cost and usage as an account may see them. Amounts are decimals as base/decimal.ts
// holds them: whole numbers of 10^-10 of the currency or of the unit.
import type { Transaction } from '../store/store.ts';
import type { MeteredService } from './metering.ts';

/** One line of the bill: an account's use of one thing in one hour, in one day, or in what is asked for of a month. */
export interface BilledLine {
  /** Who pays: the management account of the organisation, or the account itself. */
  readonly payer: string;
  readonly account: string;
  readonly product: string;
  readonly productCode: string;
  readonly region: string;
  /** With its region's prefix. */
  readonly usageType: string;
  readonly operation: string;
  readonly unit: string;
  /** Of the keys that were active cost allocation tags at the time. */
  readonly tags: Readonly<Record<string, string>>;
  /** `2026-11-25`; of several days the first. */
  readonly day: string;
  /** `00` to `23`, in lines by the hour. */
  readonly hour: string | undefined;
  readonly quantity: bigint;
  readonly unblended: bigint;
  readonly blended: bigint;
}

export interface BillQuery {
  /** Who asks: a management account sees the accounts of its organisation, every other account itself. */
  readonly viewer: string;
  /** Days as `2026-11-25`; the end is exclusive. */
  readonly from: string;
  readonly to: string;
  readonly by: 'hour' | 'day' | 'month';
  readonly now: number;
}

type SpendMetric = 'unblended' | 'blended' | 'quantity';

export interface SpendQuery extends Omit<BillQuery, 'by'> {
  /** An Expression of Cost Explorer; undefined: everything. */
  readonly expression: unknown;
  readonly metric: SpendMetric;
  /** Only what is measured in this unit. */
  readonly unit?: string;
}

/** Implemented by ce. */
export interface BillingPort {
  readonly currency: string;
  /** Whose prices these are, as the price list names it. */
  readonly seller: string;
  /** What is metered in this build. */
  meteredServices(): Promise<readonly MeteredService[]>;
  lines(transaction: Transaction, query: BillQuery): Promise<readonly BilledLine[]>;
  /** The lines of an expression added up, day by day, for every day of the period. */
  spentByDay(transaction: Transaction, query: SpendQuery): Promise<readonly { readonly day: string; readonly amount: bigint }[]>;
  /** What is expected to be spent in days that lie ahead; undefined while there is too little history. */
  expected(transaction: Transaction, query: SpendQuery): Promise<bigint | undefined>;
}
