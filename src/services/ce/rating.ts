// From usage to cost: the usage of everyone for whom one payer pays is added up before tiers are applied, then the cost is given back to the accounts.
// Pure, and exact: a price's cost is rounded once, as a running total of its month, and every share is a whole number, so that the lines of the
// accounts add up to the organisation's bill to the last digit. See docs/adr/0020-the-bill.md.
import { amountScale } from '../../kit/billing.ts';
import { dividedRounded, shares } from './amounts.ts';
import { type Price, type PriceList, priceFor } from './price-list.ts';
import type { UsageRecord } from './usage.ts';

/** A usage record with what it costs, in 10^-10 of the currency; its quantity in 10^-10 of its unit. */
export interface Rated {
  readonly usage: UsageRecord;
  readonly quantity: bigint;
  readonly unblended: bigint;
  readonly blended: bigint;
}

/** The usage of one payer in one whole month, in order of days. */
export function rateMonth(priceList: PriceList, month: string, usage: readonly UsageRecord[]): readonly Rated[] {
  const hours = hoursOfMonth(month);
  const groups = new Map<string, Group>();
  const rated: Rated[] = [];
  for (const record of usage) {
    const price = priceFor(priceList, record);
    const divisor = divisorOf(record, hours);
    const amount = BigInt(record.quantity);
    if (price === undefined) {
      rated.push({ usage: record, quantity: dividedRounded(amount * amountScale, divisor), unblended: 0n, blended: 0n });
      continue;
    }
    const key = `${priceList.prices.indexOf(price)} ${price.acrossRegions ? '' : record.region}`;
    const group = groups.get(key) ?? { price, items: [] };
    group.items.push({ usage: record, amount, divisor });
    groups.set(key, group);
  }
  for (const group of groups.values()) rated.push(...rateGroup(group));
  return rated;
}

interface Group {
  readonly price: Price;
  readonly items: Item[];
}

interface Item {
  readonly usage: UsageRecord;
  /** Units are `amount / divisor`. */
  readonly amount: bigint;
  readonly divisor: bigint;
}

function rateGroup({ price, items }: Group): readonly Rated[] {
  // One divisor for all, so that amounts can be added.
  const common = items.reduce((product, { divisor }) => leastCommonMultiple(product, divisor), 1n);
  const weights = items.map(({ amount, divisor }) => amount * (common / divisor));
  const unblended = items.map(() => 0n);
  let used = 0n;
  let charged = 0n;
  for (const indexes of byDay(items)) {
    const ofDay = indexes.map((index) => weights[index] ?? 0n);
    used += ofDay.reduce((sum, weight) => sum + weight, 0n);
    const total = costOf(price, used, common);
    shares(total - charged, ofDay).forEach((share, position) => {
      unblended[indexes[position] ?? 0] = share;
    });
    charged = total;
  }
  const blended = shares(charged, weights);
  return items.map(({ usage, amount, divisor }, index) => ({
    usage,
    quantity: dividedRounded(amount * amountScale, divisor),
    unblended: unblended[index] ?? 0n,
    blended: blended[index] ?? 0n,
  }));
}

/** What `used / divisor` units of a month cost together: each tier's part at its price, rounded once. */
function costOf({ tiers }: Price, used: bigint, divisor: bigint): bigint {
  const units = used * amountScale;
  let cost = 0n;
  let start = 0n;
  for (const { upTo, price } of tiers) {
    const end = upTo === undefined || upTo * divisor > units ? units : upTo * divisor;
    if (end > start) cost += (end - start) * price;
    start = end;
  }
  return dividedRounded(cost, divisor * amountScale);
}

/** Positions of the items of each day, the days in order. */
function byDay(items: readonly Item[]): readonly (readonly number[])[] {
  const days = new Map<string, number[]>();
  items.forEach(({ usage }, index) => {
    const known = days.get(usage.day);
    if (known === undefined) days.set(usage.day, [index]);
    else known.push(index);
  });
  return [...days].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, indexes]) => indexes);
}

function divisorOf({ divisor, isMonthly }: UsageRecord, hours: bigint): bigint {
  return BigInt(divisor) * (isMonthly ? hours : 1n);
}

function hoursOfMonth(month: string): bigint {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return BigInt(24 * new Date(Date.UTC(year, number, 0)).getUTCDate());
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** A line's amounts by the hours of its day, which add up to them. */
export function byHour({ usage, quantity, unblended, blended }: Rated): readonly (Omit<Rated, 'usage'> & { readonly hour: string })[] {
  const hours = Object.entries(usage.hours ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const weights = hours.map(([, amount]) => BigInt(amount));
  const [quantities, unblendeds, blendeds] = [shares(quantity, weights), shares(unblended, weights), shares(blended, weights)];
  return hours.map(([hour], index) => ({
    hour,
    quantity: quantities[index] ?? 0n,
    unblended: unblendeds[index] ?? 0n,
    blended: blendeds[index] ?? 0n,
  }));
}
