// The bill as accounts may see it: usage of whole months, priced for the payer, of which each account gets its own lines. The port that other services
// ask, and that this service's own operations are answered from.
import { limits } from '../../base/limits.ts';
import { profileOf } from '../../kit/account-directory.ts';
import type { BilledLine, BillingPort, BillQuery, SpendQuery } from '../../kit/billing.ts';
import type { MeteredService } from '../../kit/metering.ts';
import type { Transaction } from '../../store/store.ts';
import type { Expression } from './api.gen.ts';
import { categoriesOf } from './categories.ts';
import type { Facts } from './dimensions.ts';
import { compileExpression } from './expression.ts';
import { daysOf, monthsOf } from './periods.ts';
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
      found.push(
        ...rated.filter(({ usage: { day, account } }) => isSeen(query, payer, day, account)).flatMap((each) => linesOf(each, query)),
      );
    }
    return found;
  };
  return {
    currency,
    seller,
    meteredServices,
    lines,
    async spentByDay(transaction, query) {
      const all = await factsOf(transaction, { seller, lines }, query);
      // Decoding boundary: budgets keep the expressions that their model validated.
      const matches = query.expression === undefined ? () => true : compileExpression(query.expression as Expression, 'filter');
      const sums = new Map(daysOf(query.from, query.to).map((day) => [day, 0n]));
      for (const facts of all)
        if (matches(facts)) sums.set(facts.line.day, (sums.get(facts.line.day) ?? 0n) + amountOf(facts.line, query.metric));
      return [...sums].map(([day, amount]) => ({ day, amount }));
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

export function amountOf(line: BilledLine, metric: SpendQuery['metric']): bigint {
  return line[metric];
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
