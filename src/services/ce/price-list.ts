// The price list: data that whoever runs the installation supplies. Prices are decimals as text and are never held as floating point; a list is read
// whole and refused whole, with the place of its first mistake. Its form is documented in docs/schemas/price-list.schema.json.

import { parseDecimal } from '../../base/decimal.ts';
import { isRecord } from '../../base/record.ts';
import type { UsageRecord } from './usage.ts';

export interface PriceList {
  /** Printed wherever the bill says whose prices these are. */
  readonly seller: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly prices: readonly Price[];
}

export interface Price {
  /** The product's code, as usage has it: `awskms`. */
  readonly service: string;
  /** Without its region: `KMS-Requests`. */
  readonly usageType: string;
  /** Undefined: in every region. */
  readonly regions: readonly string[] | undefined;
  /** Undefined: of every operation. */
  readonly operations: readonly string[] | undefined;
  /** The first month in which it holds, `2026-11`; undefined: always. */
  readonly from: string | undefined;
  /** Tiers add up the usage of all regions, and not of each by itself. */
  readonly acrossRegions: boolean;
  /** Rising; the last one has no end. */
  readonly tiers: readonly Tier[];
}

interface Tier {
  /** Units of a month up to which the price holds, in 10^-10; undefined: without end. */
  readonly upTo: bigint | undefined;
  /** Of one unit, in 10^-10 of the currency. */
  readonly price: bigint;
}

/** @throws Error that names the place of the mistake */
export function parsePriceList(data: unknown): PriceList {
  const list = record(data, 'the price list');
  only(list, ['$schema', 'seller', 'currency', 'prices', 'description'], 'the price list');
  const currency = text(list['currency'], 'currency');
  if (!/^[A-Z]{3}$/.test(currency)) throw new Error(`currency: \`${currency}\` is not an ISO 4217 code`);
  return {
    seller: text(list['seller'], 'seller'),
    currency,
    prices: array(list['prices'], 'prices').map((price, index) => priceOf(price, `prices[${index}]`)),
  };
}

function priceOf(data: unknown, place: string): Price {
  const price = record(data, place);
  only(price, ['service', 'usageType', 'regions', 'operations', 'from', 'acrossRegions', 'tiers', 'description'], place);
  const { from, acrossRegions = false } = price;
  if (from !== undefined && !(typeof from === 'string' && /^\d{4}-(?:0[1-9]|1[0-2])$/.test(from))) {
    throw new Error(`${place}.from is not a month such as \`2026-11\``);
  }
  if (typeof acrossRegions !== 'boolean') throw new Error(`${place}.acrossRegions is not true or false`);
  const tiers = array(price['tiers'], `${place}.tiers`).map((tier, index) => tierOf(tier, `${place}.tiers[${index}]`));
  if (tiers.length === 0) throw new Error(`${place}.tiers is empty`);
  tiers.forEach(({ upTo }, index) => {
    const isLast = index === tiers.length - 1;
    const before = tiers[index - 1]?.upTo ?? 0n;
    if (isLast ? upTo !== undefined : upTo === undefined || upTo <= before) {
      throw new Error(`${place}.tiers[${index}]: tiers rise by \`upTo\`, and the last one has none`);
    }
  });
  return {
    service: text(price['service'], `${place}.service`),
    usageType: text(price['usageType'], `${place}.usageType`),
    regions: texts(price['regions'], `${place}.regions`),
    operations: texts(price['operations'], `${place}.operations`),
    from,
    acrossRegions,
    tiers,
  };
}

function tierOf(data: unknown, place: string): Tier {
  const tier = record(data, place);
  only(tier, ['upTo', 'price'], place);
  return {
    upTo: tier['upTo'] === undefined ? undefined : decimal(tier['upTo'], `${place}.upTo`),
    price: decimal(tier['price'], `${place}.price`),
  };
}

function decimal(value: unknown, place: string): bigint {
  const amount = typeof value === 'string' ? parseDecimal(value) : undefined;
  if (amount === undefined) throw new Error(`${place} is not a decimal of at most ten places as text, such as \`"0.000003"\``);
  return amount;
}

function record(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new Error(`${place} is not an object`);
  return value;
}

function only(value: Readonly<Record<string, unknown>>, known: readonly string[], place: string): void {
  const other = Object.keys(value).find((key) => !known.includes(key));
  if (other !== undefined) throw new Error(`${place} has the member \`${other}\`, which is none of ${known.join(', ')}`);
}

function array(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${place} is not a list`);
  return value;
}

function text(value: unknown, place: string): string {
  if (typeof value !== 'string' || value === '') throw new Error(`${place} is not a text`);
  return value;
}

function texts(value: unknown, place: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  return array(value, place).map((item, index) => text(item, `${place}[${index}]`));
}

/** The price of usage: of those that fit, the one with the latest month; of several, the first in the list. */
export function priceFor({ prices }: PriceList, usage: UsageRecord): Price | undefined {
  const { month } = usage;
  let chosen: Price | undefined;
  for (const price of prices) {
    const { service, usageType, regions, operations, from = '' } = price;
    if (service !== usage.productCode || usageType !== usage.usageType || from > month) continue;
    if (regions !== undefined && !regions.includes(usage.region)) continue;
    if (operations !== undefined && !operations.includes(usage.operation)) continue;
    if (chosen === undefined || from > (chosen.from ?? '')) chosen = price;
  }
  return chosen;
}
