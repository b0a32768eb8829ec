// What the bill is asked of Cost Explorer, page by page, as signed requests like anybody's.
import { decimalScale, parseDecimal, printDecimal } from '../base/decimal.ts';
import type { CommandContext } from './main.ts';
import { callService } from './service-call.ts';

export interface BillQuestion {
  /** Days; the end is exclusive. */
  readonly start: string;
  readonly end: string;
  /** Undefined: all that the caller may see. */
  readonly account: string | undefined;
}

export type Expression =
  | { readonly Dimensions: { readonly Key: string; readonly Values: readonly string[] } }
  | { readonly And: readonly Expression[] };

interface Grouping {
  readonly granularity: 'MONTHLY' | 'DAILY';
  readonly by: readonly string[];
  readonly filter: Expression | undefined;
}

export interface CostGroup {
  readonly start: string;
  readonly end: string;
  readonly keys: readonly string[];
  readonly metrics: Readonly<Record<'UnblendedCost' | 'BlendedCost' | 'UsageQuantity', string>>;
  readonly unit: string;
}

export interface Costs {
  readonly groups: readonly CostGroup[];
  /** Of accounts, when they are grouped by. */
  readonly names: ReadonlyMap<string, string>;
  readonly isEstimated: boolean;
  readonly currency: string;
}

// Decoding boundary: the members of Cost Explorer's answers that are read here.
interface Answer {
  readonly ResultsByTime: readonly {
    readonly TimePeriod: { readonly Start: string; readonly End: string };
    readonly Total: Metrics;
    readonly Groups: readonly { readonly Keys: readonly string[]; readonly Metrics: Metrics }[];
    readonly Estimated: boolean;
  }[];
  readonly DimensionValueAttributes?: readonly { readonly Value: string; readonly Attributes: Readonly<Record<string, string>> }[];
  readonly NextPageToken?: string;
}
type Metrics = Readonly<Record<string, { readonly Amount: string; readonly Unit: string }>>;

const target = 'AWSInsightsIndexService';
const metricNames = ['UnblendedCost', 'BlendedCost', 'UsageQuantity'] as const;

async function ask(context: CommandContext, operation: string, input: object): Promise<unknown> {
  return callService(context, { service: 'ce', target: `${target}.${operation}`, input });
}

export async function costAndUsage(context: CommandContext, { start, end }: BillQuestion, grouping: Grouping): Promise<Costs> {
  const input = {
    TimePeriod: { Start: start, End: end },
    Granularity: grouping.granularity,
    Metrics: metricNames,
    GroupBy: grouping.by.map((Key) => ({ Type: 'DIMENSION', Key })),
    ...(grouping.filter === undefined ? {} : { Filter: grouping.filter }),
  };
  const groups: CostGroup[] = [];
  const names = new Map<string, string>();
  let isEstimated = false;
  let currency = '';
  let token: string | undefined;
  do {
    const page = (await ask(context, 'GetCostAndUsage', { ...input, ...(token === undefined ? {} : { NextPageToken: token }) })) as Answer;
    for (const { Value, Attributes } of page.DimensionValueAttributes ?? []) names.set(Value, Attributes['description'] ?? '');
    for (const { TimePeriod, Groups, Estimated } of page.ResultsByTime) {
      isEstimated ||= Estimated;
      for (const group of Groups) {
        groups.push(groupOf(TimePeriod, group));
        currency = group.Metrics['UnblendedCost']?.Unit ?? currency;
      }
    }
    token = page.NextPageToken;
  } while (token !== undefined);
  return { groups, names, isEstimated, currency };
}

function groupOf(
  { Start, End }: { readonly Start: string; readonly End: string },
  group: Answer['ResultsByTime'][number]['Groups'][number],
): CostGroup {
  const amount = (name: (typeof metricNames)[number]): string => group.Metrics[name]?.Amount ?? '0';
  return {
    start: Start,
    end: End,
    keys: group.Keys,
    metrics: { UnblendedCost: amount('UnblendedCost'), BlendedCost: amount('BlendedCost'), UsageQuantity: amount('UsageQuantity') },
    unit: group.Metrics['UsageQuantity']?.Unit ?? '',
  };
}

/** Whose prices these are; empty when nothing was used. */
export async function sellerOf(context: CommandContext, question: BillQuestion): Promise<string> {
  return (await valuesOf(context, question, 'LEGAL_ENTITY_NAME'))[0] ?? '';
}

export async function valuesOf(context: CommandContext, { start, end }: BillQuestion, dimension: string): Promise<readonly string[]> {
  const answer = (await ask(context, 'GetDimensionValues', { TimePeriod: { Start: start, End: end }, Dimension: dimension })) as {
    readonly DimensionValues: readonly { readonly Value: string }[];
  };
  return answer.DimensionValues.map(({ Value }) => Value);
}

export function only(Key: string, value: string): Expression {
  return { Dimensions: { Key, Values: [value] } };
}

/** Undefined: no filter. */
export function all(parts: readonly Expression[]): Expression | undefined {
  return parts.length > 1 ? { And: parts } : parts[0];
}

/** A quantity is rounded, and so the digits of a price after these say nothing. */
const priceDigits = 8;

/** What one unit cost; where several tiers were reached, on average. */
export function unitPriceOf(cost: string, quantity: string): string {
  const [total, units] = [parseDecimal(cost) ?? 0n, parseDecimal(quantity) ?? 0n];
  if (units === 0n) return '0';
  const price = (total * decimalScale) / units;
  const step = 10n ** BigInt(Math.max(0, price.toString().length - priceDigits));
  return printDecimal(((2n * total * decimalScale + units * step) / (2n * units * step)) * step);
}
