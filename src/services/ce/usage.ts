// Usage as it is kept: one record per payer, day, account and kind of use, added up in whole numbers. Bounded by kinds of use, not by calls.
import { type Collection, collection } from '../../kit/collection.ts';
import type { Context } from '../../kit/context.ts';
import type { JobContext } from '../../kit/jobs.ts';
import type { MeteredService, UsageKind } from '../../kit/metering.ts';
import type { Transaction } from '../../store/store.ts';
import { activeTagKeys } from './allocation-tags.ts';

export interface UsageRecord extends UsageKind {
  /** Who pays on that day. */
  readonly payer: string;
  readonly day: string;
  readonly account: string;
  readonly productCode: string;
  readonly product: string;
  readonly region: string;
  readonly operation: string;
  /** What is printed before the usage type. */
  readonly prefix: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Counted for every hour: a unit is a month of it. */
  readonly isMonthly: boolean;
  /** Whole numbers of what the divisor counts. */
  readonly quantity: string;
  /** The same by hour; dropped when nothing can ask for it any more. */
  readonly hours?: Readonly<Record<string, string>> | undefined;
}

export const usageRecords: Collection<UsageRecord> = collection('ce.usage', (record) => usageKey(record));

function usageKey(record: Omit<UsageRecord, 'quantity' | 'unit' | 'divisor'>): readonly string[] {
  const { payer, day, account, productCode, region, usageType, operation, tags } = record;
  const tagText = JSON.stringify(Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return [payer, day, account, productCode, region, usageType, operation, tagText];
}

/** What was measured, before it is known who pays for it. */
export interface Measured extends UsageKind {
  readonly service: MeteredService;
  readonly account: string;
  readonly region: string;
  readonly operation: string;
  readonly isMonthly: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly quantity: bigint;
  /** When: the hour counts. */
  readonly atMs: number;
}

/** Adds to the records of the days; each record is read and written once, however much is added. */
export async function addUsage(context: JobContext, measured: readonly Measured[]): Promise<void> {
  const { transaction } = context;
  const payers = new Map<string, Payer>();
  const added = new Map<string, { record: UsageRecord; hours: Map<string, bigint> }>();
  for (const each of measured) {
    let payer = payers.get(each.account);
    if (payer === undefined) {
      payer = await payerOf(context, each.account);
      payers.set(each.account, payer);
    }
    const time = new Date(each.atMs).toISOString();
    const record = newRecord(each, payer, time.slice(0, 10));
    const key = usageKey(record).join('\n');
    const known = added.get(key) ?? { record, hours: new Map<string, bigint>() };
    const hour = time.slice(11, 13);
    known.hours.set(hour, (known.hours.get(hour) ?? 0n) + each.quantity);
    added.set(key, known);
  }
  for (const { record, hours } of added.values()) {
    const before = await usageRecords.get(transaction, ...usageKey(record));
    usageRecords.put(transaction, { ...record, ...sumOf(before, hours) });
  }
}

interface Payer {
  readonly account: string;
  readonly tagKeys: ReadonlySet<string>;
}

async function payerOf({ contextFor, transaction }: JobContext, account: string): Promise<Payer> {
  const payer = await payingAccount(contextFor({ account, region: 'us-east-1' }), transaction, account);
  return { account: payer, tagKeys: await activeTagKeys(transaction, payer) };
}

/** The management account of the organisation that the account is in, or the account itself. */
export async function payingAccount(
  { organizations }: Pick<Context, 'organizations'>,
  transaction: Transaction,
  account: string,
): Promise<string> {
  return (await organizations.standingOf(transaction, account, 'billing.amazonaws.com'))?.managementAccount ?? account;
}

function newRecord(measured: Measured, payer: Payer, day: string): UsageRecord {
  const { service, account, region, operation, usageType, unit, divisor, isMonthly } = measured;
  const { product, productCode, metering } = service;
  return {
    payer: payer.account,
    day,
    account,
    productCode,
    product,
    region,
    operation,
    usageType,
    prefix: `${metering.regionPrefix === 'name' ? region : (regionCodes[region] ?? region)}-`,
    unit,
    divisor,
    isMonthly,
    tags: Object.fromEntries(Object.entries(measured.tags).filter(([key]) => payer.tagKeys.has(key))),
    quantity: '0',
  };
}

function sumOf(before: UsageRecord | undefined, added: ReadonlyMap<string, bigint>): Pick<UsageRecord, 'quantity' | 'hours'> {
  const hours: Record<string, string> = { ...before?.hours };
  let quantity = BigInt(before?.quantity ?? '0');
  for (const [hour, amount] of added) {
    hours[hour] = (BigInt(hours[hour] ?? '0') + amount).toString();
    quantity += amount;
  }
  return { quantity: quantity.toString(), hours };
}

const batchMax = 500;

/** The records of a payer from one day on and before another, in order. */
export async function usageOf(transaction: Transaction, payer: string, from: string, to: string): Promise<readonly UsageRecord[]> {
  const found: UsageRecord[] = [];
  // A day sorts before everything that it is the beginning of.
  let after = from;
  for (;;) {
    const batch = await usageRecords.list(transaction, [payer], { after, limit: batchMax });
    for (const { cursor, value } of batch) {
      if (value.day >= to) return found;
      found.push(value);
      after = cursor;
    }
    if (batch.length < batchMax) return found;
  }
}

/** AWS: what usage types of a region begin with; other regions go by their names. */
const regionCodes: Readonly<Record<string, string>> = {
  'us-east-1': 'USE1',
  'us-east-2': 'USE2',
  'us-west-1': 'USW1',
  'us-west-2': 'USW2',
  'ca-central-1': 'CAN1',
  'sa-east-1': 'SAE1',
  'eu-west-1': 'EU',
  'eu-west-2': 'EUW2',
  'eu-west-3': 'EUW3',
  'eu-central-1': 'EUC1',
  'eu-central-2': 'EUC2',
  'eu-north-1': 'EUN1',
  'eu-south-1': 'EUS1',
  'eu-south-2': 'EUS2',
  'ap-southeast-1': 'APS1',
  'ap-southeast-2': 'APS2',
  'ap-northeast-1': 'APN1',
  'ap-northeast-2': 'APN2',
  'ap-northeast-3': 'APN3',
  'ap-south-1': 'APS3',
  'ap-east-1': 'APE1',
  'af-south-1': 'AFS1',
  'me-south-1': 'MES1',
  'me-central-1': 'MEC1',
  'il-central-1': 'ILC1',
};
