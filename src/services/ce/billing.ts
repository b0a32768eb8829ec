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
import { byHour, type Rated, rateMonth } from './rating.ts';
import { fault } from './service.ts';
import { payingAccount, type UsageRecord, usageOf } from './usage.ts';

export interface BillingParts {
  readonly priceList: PriceList;
  readonly meteredServices: () => Promise<readonly MeteredService[]>;
  readonly organizations: Parameters<typeof payingAccount>[0]['organizations'];
}

export function createBilling({ priceList, meteredServices, organizations }: BillingParts): BillingPort {
  const { currency, seller } = priceList;
  const lines: BillingPort['lines'] = async (transaction, query) => {
    const payer = await payingAccount({ organizations }, transaction, query.viewer);
    const months = monthsOf(query.from, query.to);
    const found: BilledLine[] = [];
    for (const { month, start, end } of months) {
      const usage = await usageOf(transaction, payer, start, end);
      if (usage.length > limits.usageRecordsMax)
        throw fault('LimitExceededException', 'The month has more usage than one request may add up.');
      const rated = rateMonth(priceList, month, usage);
      for (const each of rated) {
        const { day, account } = each.usage;
        if (isSeen(query, payer, day, account)) for (const line of linesOf(each, query)) found.push(line);
      }
    }
    return found;
  };
  const spentByDay: BillingPort['spentByDay'] = async (transaction, query) => {
    // Decoding boundary: budgets keep expressions that their model has validated.
    const matches = query.expression === undefined ? () => true : compileExpression(query.expression as Expression, 'filter');
    const sums = new Map(daysOf(query.from, query.to).map((day) => [day, 0n]));
    for (const facts of await factsOf(transaction, { seller, lines }, query)) {
      const { line } = facts;
      if (!matches(facts) || (query.unit !== undefined && line.unit !== query.unit)) continue;
      sums.set(line.day, (sums.get(line.day) ?? 0n) + line[query.metric]);
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

function isSeen({ viewer, from, to }: BillQuery, payer: string, day: string, account: string): boolean {
  return day >= from && day < to && (viewer === payer || viewer === account);
}

function linesOf(rated: Rated, { isHourly = false }: BillQuery): readonly BilledLine[] {
  const { usage, quantity, unblended, blended } = rated;
  if (!isHourly) return [{ ...identityOf(usage), hour: undefined, quantity, unblended, blended }];
  return byHour(rated).map((hourly) => ({ ...identityOf(usage), ...hourly }));
}

function identityOf(usage: UsageRecord): Omit<BilledLine, 'hour' | 'quantity' | 'unblended' | 'blended'> {
  const { payer, account, product, productCode, region, operation, unit, tags, day } = usage;
  return { payer, account, product, productCode, region, operation, unit, tags, day, usageType: usage.prefix + usage.usageType };
}

/** The lines with everything that filters and groups ask of them. */
export async function factsOf(
  transaction: Transaction,
  billing: Pick<BillingPort, 'lines' | 'seller'>,
  query: BillQuery,
): Promise<readonly Facts[]> {
  const lines = await billing.lines(transaction, query);
  const names = new Map<string, string>();
  for (const { account } of lines) if (!names.has(account)) names.set(account, (await profileOf(transaction, account)).name);
  const payer = lines[0]?.payer;
  const category = payer === undefined ? () => undefined : await categoriesOf(transaction, payer);
  return lines.map((line) => {
    const base = { line, accountName: names.get(line.account) ?? '', seller: billing.seller };
    return { ...base, category: (name: string) => category(base, name) };
  });
}
