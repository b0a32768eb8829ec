// Usage as it is kept: one record per payer, month, account and kind of use, with its days, added up in whole numbers; and for two weeks the hours of each
// day. Bounded by kinds of use, not by calls.
import { type Collection, collection } from '../../kit/collection.ts';
import type { Context } from '../../kit/context.ts';
import type { JobContext } from '../../kit/jobs.ts';
import type { MeteredService, UsageKind } from '../../kit/metering.ts';
import type { Transaction } from '../../store/store.ts';
import { activeTagKeys } from './allocation-tags.ts';

/** What tells one line of usage from another. */
interface UsageIdentity extends UsageKind {
  /** Who pays. */
  readonly payer: string;
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
}

/** Whole numbers of what the divisor counts, by `01` to `31` or `00` to `23`. */
type Amounts = Readonly<Record<string, string>>;

export interface UsageRecord extends UsageIdentity {
  /** `2026-11`. */
  readonly month: string;
  readonly days: Amounts;
}

/** A day of the same by its hours; kept as long as anyone can ask for hours. */
interface HourlyRecord extends UsageIdentity {
  readonly day: string;
  readonly hours: Amounts;
}

const dayMs = 86_400_000;
/** Hours can be asked for as long as this; a day more is kept. */
const hourlyDays = 15;

export const usageRecords: Collection<UsageRecord> = collection('ce.usage', (record) => [record.payer, record.month, ...lineKey(record)]);
const hourlyRecords: Collection<HourlyRecord> = collection('ce.usage-hours', (record) => [record.day, record.payer, ...lineKey(record)]);

function lineKey({ account, productCode, region, usageType, operation, tags }: UsageIdentity): readonly string[] {
  const tagText = JSON.stringify(Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return [account, productCode, region, usageType, operation, tagText];
}

/** What was measured, before it is known who pays for it. */
export interface Measured extends UsageKind {
  readonly service: MeteredService;
  readonly account: string;
  readonly region: string;
  readonly operation: string;
  readonly isMonthly: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** When, of which the hour counts, and how much. */
  readonly amounts: readonly { readonly atMs: number; readonly quantity: bigint }[];
}

/** Adds to the records; each is read and written once, however much is added. */
export async function addUsage({ transaction, ...context }: JobContext, measured: readonly Measured[]): Promise<void> {
  // Of what is made up for after a pause, the hours may be too old already.
  const hoursFrom = context.now - hourlyDays * dayMs;
  const payers = new Map<string, Payer>();
  const months = new Map<string, Added>();
  const days = new Map<string, Added>();
  for (const each of measured) {
    let payer = payers.get(each.account);
    if (payer === undefined) {
      payer = await payerOf({ transaction, ...context }, each.account);
      payers.set(each.account, payer);
    }
    const identity = identityOf(each, payer);
    const line = lineKey(identity).join(' ');
    for (const { atMs, quantity } of each.amounts) {
      const time = new Date(atMs).toISOString();
      addTo(months, time.slice(0, 7), line, identity, time.slice(8, 10), quantity);
      if (atMs >= hoursFrom) addTo(days, time.slice(0, 10), line, identity, time.slice(11, 13), quantity);
    }
  }
  for (const { period: month, identity, amounts } of months.values()) {
    const before = await usageRecords.get(transaction, identity.payer, month, ...lineKey(identity));
    usageRecords.put(transaction, { ...identity, month, days: sumOf(before?.days, amounts) });
  }
  for (const { period: day, identity, amounts } of days.values()) {
    const before = await hourlyRecords.get(transaction, day, identity.payer, ...lineKey(identity));
    hourlyRecords.put(transaction, { ...identity, day, hours: sumOf(before?.hours, amounts) });
  }
}

interface Added {
  readonly period: string;
  readonly identity: UsageIdentity;
  readonly amounts: Map<string, bigint>;
}

function addTo(all: Map<string, Added>, period: string, line: string, identity: UsageIdentity, part: string, quantity: bigint): void {
  const key = `${period} ${identity.payer} ${line}`;
  const known = all.get(key) ?? { period, identity, amounts: new Map<string, bigint>() };
  known.amounts.set(part, (known.amounts.get(part) ?? 0n) + quantity);
  all.set(key, known);
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

function identityOf(measured: Measured, payer: Payer): UsageIdentity {
  const { service, account, region, operation, usageType, unit, divisor, isMonthly } = measured;
  const { product, productCode, metering } = service;
  return {
    payer: payer.account,
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
  };
}

function sumOf(before: Amounts | undefined, added: ReadonlyMap<string, bigint>): Amounts {
  const sums: Record<string, string> = { ...before };
  for (const [part, amount] of added) sums[part] = (BigInt(sums[part] ?? '0') + amount).toString();
  return sums;
}

/** The records of a payer's month, in order of accounts. */
export function usageOf(transaction: Transaction, payer: string, month: string): Promise<readonly UsageRecord[]> {
  return usageRecords.all(transaction, payer, month);
}

/** The hours of a payer's day. */
export function hoursOf(transaction: Transaction, payer: string, day: string): Promise<readonly HourlyRecord[]> {
  return hourlyRecords.all(transaction, day, payer);
}

const trimmedMax = 500;

/** Drops the hours of days that are too old for anyone to ask for. A bounded part; `more` when something is left. */
export async function trimHours(transaction: Transaction, now: number): Promise<'more' | undefined> {
  const oldest = new Date(now - hourlyDays * dayMs).toISOString().slice(0, 10);
  const batch = await hourlyRecords.list(transaction, [], { limit: trimmedMax });
  const old = batch.filter(({ value }) => value.day < oldest);
  for (const { value } of old) hourlyRecords.remove(transaction, value);
  return old.length === trimmedMax ? 'more' : undefined;
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
