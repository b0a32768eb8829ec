// What a budget has spent and is expected to spend, as the bill says (scope.billing).
import { decimalScale } from '../../base/decimal.ts';
import type { SpendQuery } from '../../kit/billing.ts';
import type { Scope } from '../../kit/context.ts';
import type { Expression } from './api.gen.ts';
import { type BudgetPeriod, dayOf } from './periods.ts';
import type { BudgetRecord } from './records.ts';
import { invalid } from './service.ts';

const dayMs = 86_400_000;

export type Spending = Pick<BudgetRecord, 'account' | 'type' | 'limit' | 'costFilters' | 'costTypes' | 'filterExpression' | 'metrics'>;

/** In a period, up to now. In 10^-10 of the unit. */
export async function spentIn({ billing, transaction, now }: Scope, budget: Spending, { startMs, endMs }: BudgetPeriod): Promise<bigint> {
  const days = await billing.spentByDay(transaction, { ...queryOf(budget, now), from: dayOf(startMs), to: dayOf(endMs + dayMs - 1) });
  return days.reduce((sum, { amount }) => sum + amount, 0n);
}

/** From tomorrow to the end of the period; undefined when there is too little history. */
export async function expectedAhead(
  { billing, transaction, now }: Scope,
  budget: Spending,
  { endMs }: BudgetPeriod,
): Promise<bigint | undefined> {
  const to = dayOf(endMs + dayMs - 1);
  const from = dayOf(now + dayMs);
  // On the last day everything is known but the rest of it.
  if (from >= to) return 0n;
  return billing.expected(transaction, { ...queryOf(budget, now), from, to });
}

function queryOf(budget: Spending, now: number): Omit<SpendQuery, 'from' | 'to'> {
  const { type, costTypes, metrics, limit } = budget;
  const isBlended = metrics?.includes('BlendedCost') ?? costTypes?.UseBlended === true;
  const expression = expressionOf(budget);
  const base = { viewer: budget.account, now, expression };
  if (type === 'USAGE') return { ...base, metric: 'quantity', unit: limit.Unit };
  return { ...base, metric: isBlended ? 'blended' : 'unblended' };
}

/** Names of cost filters, and the dimensions that they are. */
const dimensions: Readonly<Record<string, string>> = {
  AZ: 'AZ',
  BillingEntity: 'BILLING_ENTITY',
  InstanceType: 'INSTANCE_TYPE',
  InvoicingEntity: 'INVOICING_ENTITY',
  LegalEntityName: 'LEGAL_ENTITY_NAME',
  LinkedAccount: 'LINKED_ACCOUNT',
  Operation: 'OPERATION',
  PurchaseType: 'PURCHASE_TYPE',
  RecordType: 'RECORD_TYPE',
  Region: 'REGION',
  Service: 'SERVICE',
  Tenancy: 'TENANCY',
  UsageType: 'USAGE_TYPE',
  UsageTypeGroup: 'USAGE_TYPE_GROUP',
};

/** @throws Fault InvalidParameterException */
export function expressionOf({
  costFilters = {},
  filterExpression,
}: Pick<Spending, 'costFilters' | 'filterExpression'>): Expression | undefined {
  if (filterExpression !== undefined) return filterExpression;
  const parts = Object.entries(costFilters).map(([name, values]) => filterOf(name, values));
  return parts.length > 1 ? { And: parts } : parts[0];
}

function filterOf(name: string, values: readonly string[]): Expression {
  if (name === 'TagKeyValue' || name === 'CostCategory') {
    const parts = values.map((text): Expression => {
      const [key = '', value] = text.replace(/^user:/, '').split('$');
      const filter = { Key: key, ...(value === undefined ? { MatchOptions: ['ABSENT'] as const } : { Values: [value] }) };
      return name === 'TagKeyValue' ? { Tags: filter } : { CostCategories: filter };
    });
    const [first] = parts;
    if (first === undefined) throw invalid(`The cost filter ${name} has no values.`);
    return parts.length > 1 ? { Or: parts } : first;
  }
  const dimension = Object.hasOwn(dimensions, name) ? dimensions[name] : undefined;
  if (dimension === undefined) throw invalid(`Unsupported cost filter: ${name}.`);
  // Decoding boundary: the names above are the model's.
  return { Dimensions: { Key: dimension as NonNullable<Expression['Dimensions']>['Key'], Values: values } };
}

/** A decimal that a client gave, in 10^-10. */
export function amountOf(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole === '' ? '0' : whole) * decimalScale + BigInt(fraction.slice(0, 10).padEnd(10, '0'));
}

export function printed(amount: bigint): string {
  const fraction = (amount % decimalScale).toString().padStart(10, '0').replace(/0+$/, '');
  // AWS prints at least one place.
  return `${amount / decimalScale}.${fraction === '' ? '0' : fraction}`;
}
