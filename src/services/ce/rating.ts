// From usage to cost: the usage of everyone for whom one payer pays is added up before tiers are applied, then the cost is given back to the accounts.
// Pure, and exact: a price's cost is rounded once, as a running total of its month, and every share is a whole number, so that the lines of the
// accounts add up to the organisation's bill to the last digit. See docs/adr/0020-the-bill.md.
import { decimalScale } from '../../base/decimal.ts';
import { dividedRounded, shares } from './amounts.ts';
import { type Price, type PriceList, priceFor } from './price-list.ts';
import type { UsageRecord } from './usage.ts';

/** What is wanted of a month: these days, each by itself or all together, of one account or of all. */
export interface Wanted {
  readonly from: string;
  readonly to: string;
  readonly isDaily: boolean;
  readonly account: string | undefined;
}

/** Costs in 10^-10 of the currency, the quantity in 10^-10 of the unit. */
interface Amounts {
  readonly quantity: bigint;
  readonly unblended: bigint;
  readonly blended: bigint;
}

export interface Rated extends Amounts {
  readonly usage: UsageRecord;
  /** The first day that is in it. */
  readonly day: string;
}

/** A record's usage with its costs, day by day. */
export interface RatedItem {
  readonly usage: UsageRecord;
  /** Units are `amount / divisor`. */
  readonly divisor: bigint;
  /** `01` to `31`, in order; the lists below go along with it. */
  readonly days: readonly string[];
  readonly amounts: readonly bigint[];
  /** Empty: it costs nothing. */
  readonly unblended: bigint[];
  /** Of the whole month. */
  blended: bigint;
}

/** All usage of one payer in a whole month. */
export function rateMonth(priceList: PriceList, month: string, usage: readonly UsageRecord[]): readonly RatedItem[] {
  const hours = hoursOfMonth(month);
  const groups = new Map<string, Group>();
  const items = usage.map((record) => itemOf(record, hours));
  for (const item of items) {
    const price = priceFor(priceList, item.usage);
    if (price === undefined) continue;
    const key = `${priceList.prices.indexOf(price)} ${price.acrossRegions ? '' : item.usage.region}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { price, items: [item] });
    else group.items.push(item);
  }
  for (const group of groups.values()) rateGroup(group);
  return items;
}

/** What is wanted of a rated month. */
export function linesOf(items: readonly RatedItem[], wanted: Wanted): readonly Rated[] {
  const lines: Rated[] = [];
  for (const item of items) {
    if (wanted.account !== undefined && item.usage.account !== wanted.account) continue;
    for (const line of linesOfItem(item, wanted)) lines.push(line);
  }
  return lines;
}

interface Group {
  readonly price: Price;
  readonly items: RatedItem[];
}

function itemOf(usage: UsageRecord, hours: bigint): RatedItem {
  const days = Object.keys(usage.days).sort();
  const amounts = days.map((day) => BigInt(usage.days[day] ?? '0'));
  const divisor = BigInt(usage.divisor) * (usage.isMonthly ? hours : 1n);
  return { usage, divisor, days, amounts, unblended: [], blended: 0n };
}

/** Fills in the costs of the group's items. */
function rateGroup({ price, items }: Group): void {
  // One divisor for all, so that amounts can be added.
  const common = items.reduce((product, { divisor }) => leastCommonMultiple(product, divisor), 1n);
  const byDay = new Map<string, { readonly items: RatedItem[]; readonly weights: bigint[] }>();
  const totals = items.map((item) => {
    const factor = common / item.divisor;
    let total = 0n;
    item.days.forEach((day, position) => {
      const weight = (item.amounts[position] ?? 0n) * factor;
      total += weight;
      const known = byDay.get(day) ?? { items: [], weights: [] };
      if (known.items.length === 0) byDay.set(day, known);
      known.items.push(item);
      known.weights.push(weight);
    });
    return total;
  });
  let used = 0n;
  let charged = 0n;
  for (const day of [...byDay.keys()].sort()) {
    const { items: ofDay = [], weights = [] } = byDay.get(day) ?? {};
    for (const weight of weights) used += weight;
    const total = costOf(price, used, common);
    shares(total - charged, weights).forEach((share, position) => {
      ofDay[position]?.unblended.push(share);
    });
    charged = total;
  }
  shares(charged, totals).forEach((share, position) => {
    const item = items[position];
    if (item !== undefined) item.blended = share;
  });
}

/** What `used / divisor` units of a month cost together: each tier's part at its price, rounded once. */
function costOf({ tiers }: Price, used: bigint, divisor: bigint): bigint {
  const units = used * decimalScale;
  let cost = 0n;
  let start = 0n;
  for (const { upTo, price } of tiers) {
    const end = upTo === undefined || upTo * divisor > units ? units : upTo * divisor;
    if (end > start) cost += (end - start) * price;
    start = end;
  }
  return dividedRounded(cost, divisor * decimalScale);
}

/** One for each wanted day, or one for all of them. */
function linesOfItem(item: RatedItem, { from, to, isDaily }: Wanted): readonly Rated[] {
  const { usage, days, amounts, divisor } = item;
  const blended = shares(item.blended, amounts);
  const lines: Rated[] = [];
  let counted = 0n;
  let sum: Amounts | undefined;
  let first = '';
  days.forEach((part, position) => {
    const day = `${usage.month}-${part}`;
    const before = counted;
    counted += amounts[position] ?? 0n;
    if (day < from || day >= to) return;
    // As the difference of running totals too, so that the days of a month add up to it.
    const quantity = unitsOf(counted, divisor) - unitsOf(before, divisor);
    const own = { quantity, unblended: item.unblended[position] ?? 0n, blended: blended[position] ?? 0n };
    if (isDaily) lines.push({ usage, day, ...own });
    else if (sum === undefined) [first, sum] = [day, own];
    else sum = { quantity: sum.quantity + quantity, unblended: sum.unblended + own.unblended, blended: sum.blended + own.blended };
  });
  if (sum !== undefined) lines.push({ usage, day: first, ...sum });
  return lines;
}

function unitsOf(amount: bigint, divisor: bigint): bigint {
  return divisor === 1n ? amount * decimalScale : dividedRounded(amount * decimalScale, divisor);
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

/** A day's amounts by its hours, which add up to them. */
export function byHour(
  { quantity, unblended, blended }: Amounts,
  byHours: Readonly<Record<string, string>>,
): readonly (Amounts & { readonly hour: string })[] {
  const hours = Object.entries(byHours).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const weights = hours.map(([, amount]) => BigInt(amount));
  const [quantities, unblendeds, blendeds] = [shares(quantity, weights), shares(unblended, weights), shares(blended, weights)];
  return hours.map(([hour], index) => ({
    hour,
    quantity: quantities[index] ?? 0n,
    unblended: unblendeds[index] ?? 0n,
    blended: blendeds[index] ?? 0n,
  }));
}
