// The bill as accounts may see it: usage of whole months, priced for the payer, of which each account gets its own lines. The port that other services
// ask, and that this service's own operations are answered from.
import { limits } from '../../base/limits.ts';
import { profileOf } from '../../kit/account-directory.ts';
import type { BilledLine, BillingPort, BillQuery } from '../../kit/billing.ts';
import type { MeteredService } from '../../kit/metering.ts';
import type { Transaction } from '../../store/store.ts';
import type { Expression } from './api.gen.ts';
import { categoriesOf } from './categories.ts';
import type { Facts } from './dimensions.ts';
import { compileExpression } from './expression.ts';
import { daysAhead, forecast, historyDaysMax, lineThrough } from './forecast-model.ts';
import { dayAfter, dayOf, daysOf, monthsOf } from './periods.ts';
import type { PriceList } from './price-list.ts';
import { byHour, linesOf, type Rated, type RatedItem, rateMonth } from './rating.ts';
import { fault } from './service.ts';
import { hoursOf, payingAccount, usageOf } from './usage.ts';

interface BillingParts {
  readonly priceList: PriceList;
  readonly meteredServices: () => Promise<readonly MeteredService[]>;
  readonly organizations: Parameters<typeof payingAccount>[0]['organizations'];
}

export function createBilling({ priceList, meteredServices, organizations }: BillingParts): BillingPort {
  const { currency, seller } = priceList;
  /** A unit of work may ask for many accounts of one payer (budgets do), whose month is rated once; it is forgotten with the unit. */
  const known = new WeakMap<Transaction, Map<string, RatedMonth>>();
  const monthOf = async (transaction: Transaction, payer: string, month: string): Promise<RatedMonth> => {
    const months = known.get(transaction) ?? new Map<string, RatedMonth>();
    known.set(transaction, months);
    const key = `${payer} ${month}`;
    const before = months.get(key);
    if (before !== undefined) return before;
    const usage = await usageOf(transaction, payer, month);
    if (usage.length > limits.usageRecordsMax) throw tooMuch();
    const rated = { items: rateMonth(priceList, month, usage), facts: undefined };
    months.set(key, rated);
    return rated;
  };
  const lines: BillingPort['lines'] = async (transaction, query) => {
    const { viewer, from, to, by } = query;
    const payer = await payingAccount({ organizations }, transaction, viewer);
    const wanted = { from, to, isDaily: by !== 'month', account: viewer === payer ? undefined : viewer };
    const found: BilledLine[] = [];
    for (const { month } of monthsOf(from, to)) {
      const rated = linesOf((await monthOf(transaction, payer, month)).items, wanted);
      if (found.length + rated.length > limits.usageLinesMax) throw tooMuch();
      for (const each of rated) found.push(lineOf(each));
    }
    return by === 'hour' ? hourly(transaction, payer, query, found) : found;
  };
  const spentByDay: BillingPort['spentByDay'] = async (transaction, query) => {
    const { viewer, from, to, unit, metric } = query;
    // Decoding boundary: budgets keep expressions that their model has validated.
    const matches = query.expression === undefined ? () => true : compileExpression(query.expression as Expression, 'filter');
    const payer = await payingAccount({ organizations }, transaction, viewer);
    const wanted = { from, to, isDaily: true, account: viewer === payer ? undefined : viewer };
    const sums = new Map(daysOf(from, to).map((day) => [day, 0n]));
    for (const { month } of monthsOf(from, to)) {
      const rated = await monthOf(transaction, payer, month);
      // What is filtered by is the same on all days of a month, so that days are added up of what is let through alone.
      rated.facts ??= await factsAbout(transaction, seller, rated.items.map(withoutAmounts));
      const { facts } = rated;
      const chosen = rated.items.filter((item, index) => {
        const own = facts[index];
        return own !== undefined && (unit === undefined || item.usage.unit === unit) && matches(own);
      });
      for (const line of linesOf(chosen, wanted)) sums.set(line.day, (sums.get(line.day) ?? 0n) + line[metric]);
    }
    return [...sums].map(([day, amount]) => ({ day, amount }));
  };
  return {
    currency,
    seller,
    meteredServices,
    lines,
    spentByDay,
    async expected(transaction, query) {
      const today = dayOf(query.now);
      const past = await spentByDay(transaction, { ...query, from: dayAfter(today, -historyDaysMax), to: today });
      const first = past.findIndex(({ amount }) => amount > 0n);
      const line = first < 0 ? undefined : lineThrough(past.slice(first).map(({ amount }) => Number(amount)));
      if (line === undefined) return undefined;
      return BigInt(Math.round(forecast(line, daysAhead(line, today, daysOf(query.from, query.to)), 80).mean));
    },
  };
}

interface RatedMonth {
  readonly items: readonly RatedItem[];
  /** Of each item, once they were asked for. */
  facts: readonly Facts[] | undefined;
}

function withoutAmounts({ usage }: RatedItem): BilledLine {
  return lineOf({ usage, day: `${usage.month}-01`, quantity: 0n, unblended: 0n, blended: 0n });
}

function tooMuch() {
  return fault('LimitExceededException', 'There is more usage than one request may add up. Ask for a shorter period, or for months.');
}

function lineOf({ usage, day, quantity, unblended, blended }: Rated): BilledLine {
  const { payer, account, product, productCode, region, operation, unit, tags } = usage;
  const usageType = usage.prefix + usage.usageType;
  return {
    payer,
    account,
    product,
    productCode,
    region,
    usageType,
    operation,
    unit,
    tags,
    day,
    hour: undefined,
    quantity,
    unblended,
    blended,
  };
}

/** Each day's lines cut into their hours. */
async function hourly(
  transaction: Transaction,
  payer: string,
  { from, to }: BillQuery,
  lines: readonly BilledLine[],
): Promise<readonly BilledLine[]> {
  const idOf = (parts: readonly string[], tags: object): string => [...parts, JSON.stringify(tags)].join(' ');
  const hours = new Map<string, Readonly<Record<string, string>>>();
  for (const day of daysOf(from, to)) {
    for (const record of await hoursOf(transaction, payer, day)) {
      const { account, productCode, prefix, usageType, operation, region, tags } = record;
      hours.set(idOf([day, account, productCode, region, prefix + usageType, operation], tags), record.hours);
    }
  }
  return lines.flatMap((line) => {
    const { day, account, productCode, region, usageType, operation, tags } = line;
    return byHour(line, hours.get(idOf([day, account, productCode, region, usageType, operation], tags)) ?? {}).map((part) => ({
      ...line,
      ...part,
    }));
  });
}

/** The lines with everything that filters and groups ask of them. */
export async function factsOf(
  transaction: Transaction,
  billing: Pick<BillingPort, 'lines' | 'seller'>,
  query: BillQuery,
): Promise<readonly Facts[]> {
  return factsAbout(transaction, billing.seller, await billing.lines(transaction, query));
}

async function factsAbout(transaction: Transaction, seller: string, lines: readonly BilledLine[]): Promise<readonly Facts[]> {
  const names = new Map<string, string>();
  for (const { account } of lines) if (!names.has(account)) names.set(account, (await profileOf(transaction, account)).name);
  const payer = lines[0]?.payer;
  const category = payer === undefined ? () => undefined : await categoriesOf(transaction, payer);
  return lines.map((line) => {
    const base = { line, accountName: names.get(line.account) ?? '', seller };
    return { ...base, category: (name: string) => category(base, name) };
  });
}
