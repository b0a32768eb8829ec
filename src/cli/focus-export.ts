// A month's charges as a file in FOCUS 1.0, the FinOps Foundation's format of bills: one row per day, account, region, usage type and operation.
// https://focus.finops.org/focus-specification/v1-0/
import { all, type BillQuestion, type CostGroup, costAndUsage, only, sellerOf, unitPriceOf, valuesOf } from './bill-queries.ts';
import type { CommandContext } from './main.ts';

/** All columns of the specification, in its order. */
const focusColumns = [
  'AvailabilityZone',
  'BilledCost',
  'BillingAccountId',
  'BillingAccountName',
  'BillingCurrency',
  'BillingPeriodEnd',
  'BillingPeriodStart',
  'ChargeCategory',
  'ChargeClass',
  'ChargeDescription',
  'ChargeFrequency',
  'ChargePeriodEnd',
  'ChargePeriodStart',
  'CommitmentDiscountCategory',
  'CommitmentDiscountId',
  'CommitmentDiscountName',
  'CommitmentDiscountStatus',
  'CommitmentDiscountType',
  'ConsumedQuantity',
  'ConsumedUnit',
  'ContractedCost',
  'ContractedUnitPrice',
  'EffectiveCost',
  'InvoiceIssuerName',
  'ListCost',
  'ListUnitPrice',
  'PricingCategory',
  'PricingQuantity',
  'PricingUnit',
  'ProviderName',
  'PublisherName',
  'RegionId',
  'RegionName',
  'ResourceId',
  'ResourceName',
  'ResourceType',
  'ServiceCategory',
  'ServiceName',
  'SkuId',
  'SkuPriceId',
  'SubAccountId',
  'SubAccountName',
  'Tags',
] as const;

type Row = Readonly<Partial<Record<(typeof focusColumns)[number], string>>>;

interface Charge extends CostGroup {
  readonly account: string;
  readonly accountName: string;
  readonly service: string;
  readonly region: string;
  readonly usageType: string;
  readonly operation: string;
}

interface Invoice {
  readonly question: BillQuestion;
  readonly payer: string;
  readonly payerName: string;
  readonly currency: string;
  readonly seller: string;
}

export async function focusCsv(context: CommandContext, question: BillQuestion): Promise<{ readonly csv: string; readonly rows: number }> {
  const [payer = ''] = await valuesOf(context, question, 'PAYER_ACCOUNT');
  const { charges, currency, names } = await chargesOf(context, question);
  const invoice = { question, payer, payerName: names.get(payer) ?? '', currency, seller: await sellerOf(context, question) };
  const rows = charges.map((charge) => rowOf(charge, invoice));
  const lines = [focusColumns.join(','), ...rows.map((row) => focusColumns.map((column) => cell(row[column])).join(','))];
  return { csv: `${lines.join('\r\n')}\r\n`, rows: rows.length };
}

/** Two groups at a time is all that can be asked for, so that each usage type is asked for by itself. */
async function chargesOf(context: CommandContext, question: BillQuestion) {
  const linked = question.account === undefined ? [] : [only('LINKED_ACCOUNT', question.account)];
  const { groups: places, currency } = await costAndUsage(context, question, {
    granularity: 'MONTHLY',
    by: ['SERVICE', 'REGION'],
    filter: all(linked),
  });
  const charges: Charge[] = [];
  const names = new Map<string, string>();
  for (const { keys } of places) {
    const [service = '', region = ''] = keys;
    const place = [...linked, only('SERVICE', service), only('REGION', region)];
    const { groups: types } = await costAndUsage(context, question, { granularity: 'MONTHLY', by: ['USAGE_TYPE'], filter: all(place) });
    for (const {
      keys: [usageType = ''],
    } of types) {
      const filter = all([...place, only('USAGE_TYPE', usageType)]);
      const found = await costAndUsage(context, question, { granularity: 'DAILY', by: ['LINKED_ACCOUNT', 'OPERATION'], filter });
      for (const [account, name] of found.names) names.set(account, name);
      for (const group of found.groups) {
        const [account = '', operation = ''] = group.keys;
        charges.push({ ...group, account, accountName: found.names.get(account) ?? '', service, region, usageType, operation });
      }
    }
  }
  return { charges, currency, names };
}

const provider = 'Castellan';

function rowOf(charge: Charge, { question, payer, payerName, currency, seller }: Invoice): Row {
  const { UnblendedCost: cost, UsageQuantity: quantity } = charge.metrics;
  const unitPrice = unitPriceOf(cost, quantity);
  return {
    BilledCost: cost,
    BillingAccountId: payer,
    BillingAccountName: payerName,
    BillingCurrency: currency,
    BillingPeriodStart: midnight(question.start),
    BillingPeriodEnd: midnight(question.end),
    ChargeCategory: 'Usage',
    ChargeDescription: `${charge.usageType} ${charge.operation}`,
    ChargeFrequency: 'Usage-Based',
    ChargePeriodStart: midnight(charge.start),
    ChargePeriodEnd: midnight(charge.end),
    ConsumedQuantity: quantity,
    ConsumedUnit: charge.unit,
    // There are no discounts: what is listed is what is contracted and billed.
    ContractedCost: cost,
    ContractedUnitPrice: unitPrice,
    EffectiveCost: cost,
    InvoiceIssuerName: seller,
    ListCost: cost,
    ListUnitPrice: unitPrice,
    PricingCategory: 'Standard',
    PricingQuantity: quantity,
    PricingUnit: charge.unit,
    ProviderName: provider,
    PublisherName: provider,
    RegionId: charge.region,
    RegionName: charge.region,
    ServiceCategory: categories[charge.service] ?? 'Other',
    ServiceName: charge.service,
    SkuId: charge.usageType,
    SkuPriceId: `${charge.usageType}:${charge.operation}`,
    SubAccountId: charge.account,
    SubAccountName: charge.accountName,
  };
}

function midnight(day: string): string {
  return `${day}T00:00:00Z`;
}

/** RFC 4180. FOCUS: what is null is empty. */
function cell(value: string | undefined): string {
  if (value === undefined) return '';
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** The categories of the specification. */
const categories: Readonly<Record<string, string>> = {
  'AWS Budgets': 'Management and Governance',
  'AWS Certificate Manager': 'Security',
  'AWS CloudTrail': 'Management and Governance',
  'AWS Cost Explorer': 'Management and Governance',
  'AWS Identity and Access Management': 'Identity',
  'AWS Key Management Service': 'Security',
  'AWS Lambda': 'Compute',
  'AWS Organizations': 'Management and Governance',
  'AWS Secrets Manager': 'Security',
  'AWS Security Token Service': 'Identity',
  'Amazon DynamoDB': 'Databases',
  'Amazon Simple Notification Service': 'Integration',
  'Amazon Simple Queue Service': 'Integration',
  'Amazon Simple Storage Service': 'Storage',
};
