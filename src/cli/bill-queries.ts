// What the bill is asked of Cost Explorer, page by page, as signed requests like anybody's.
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

export interface Grouping {
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
