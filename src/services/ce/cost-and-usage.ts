// GetCostAndUsage: the bill cut into periods, filtered, grouped and added up.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html

import { printDecimal } from '../../base/decimal.ts';
import type { Context } from '../../kit/context.ts';
import type {
  DimensionValuesWithAttributes,
  Expression,
  GetCostAndUsageRequest,
  GetCostAndUsageResponse,
  Granularity,
  GroupDefinition,
  MetricValue,
  ResultByTime,
} from './api.gen.ts';
import { factsOf } from './billing.ts';
import { dimensionOf, type Facts, isRuleDimension } from './dimensions.ts';
import { compileExpression } from './expression.ts';
import { pageOfAll } from './pages.ts';
import { type Period, readPeriod, type Slot } from './periods.ts';
import { fault, invalid, operation } from './service.ts';
import { billingViewAccess, requireView } from './views.ts';

export const GetCostAndUsage = operation('GetCostAndUsage', {
  access: (input) => billingViewAccess('ce:GetCostAndUsage', input.BillingViewArn),
  handle: (input, context) => costAndUsage(context, input),
});

/** AWS: by resource there are only EC2's instances, and only for those who have asked for it; neither is in this build. */
export const GetCostAndUsageWithResources = operation('GetCostAndUsageWithResources', {
  access: (input) => billingViewAccess('ce:GetCostAndUsageWithResources', input.BillingViewArn),
  handle() {
    throw fault('DataUnavailableException', 'Data is not available: usage is not metered by resource in this installation.');
  },
});

async function costAndUsage(context: Context, input: GetCostAndUsageRequest): Promise<GetCostAndUsageResponse> {
  const { Granularity: granularity, Metrics, GroupBy = [], Filter, NextPageToken, ...rest } = input;
  requireView(context, input.BillingViewArn);
  const metrics = checkedMetrics(Metrics);
  const keysOf = groupKeys(GroupBy);
  const period = readPeriod(input.TimePeriod, granularity, context.now);
  const facts = await selected(context, period, granularity, Filter);
  const results = period.slots.map((slot) => sumsOf(facts.get(slot.start) ?? [], keysOf));
  const { currency } = context.billing;
  const show = (sum: Sum): Record<string, MetricValue> => shownMetrics(metrics, sum, currency);
  const isEstimated = ({ start }: Slot): boolean => start.slice(0, 7) >= new Date(context.now).toISOString().slice(0, 7);
  const shown = (slot: Slot, rest: Pick<ResultByTime, 'Total' | 'Groups'>): ResultByTime => ({
    TimePeriod: { Start: slot.start, End: slot.end },
    ...rest,
    Estimated: isEstimated(slot),
  });
  if (GroupBy.length === 0) {
    const ResultsByTime = period.slots.map((slot, index) =>
      shown(slot, { Total: show(results[index]?.get('')?.sum ?? nothing), Groups: [] }),
    );
    return { ResultsByTime, DimensionValueAttributes: [] };
  }
  const flat = results.flatMap((groups, index) => [...groups.values()].toSorted(byKeys).map((group) => ({ index, ...group })));
  const { items, token, start } = pageOfAll(flat, { ...rest, granularity, Metrics, GroupBy, Filter }, NextPageToken);
  // A period without groups stands on the page on which the ones before it end.
  const former = flat[start - 1]?.index ?? -1;
  const first = items[0]?.index === former ? former : former + 1;
  const last = token === undefined ? period.slots.length - 1 : (items.at(-1)?.index ?? former);
  return {
    GroupDefinitions: GroupBy,
    ResultsByTime: period.slots.slice(first, last + 1).map((slot, offset) => {
      const groups = items.filter(({ index }) => index === first + offset);
      return shown(slot, { Total: {}, Groups: groups.map(({ keys, sum }) => ({ Keys: keys, Metrics: show(sum) })) });
    }),
    DimensionValueAttributes: accountNames(GroupBy, [...facts.values()].flat()),
    ...(token === undefined ? {} : { NextPageToken: token }),
  };
}

const lineSpans = { HOURLY: 'hour', DAILY: 'day', MONTHLY: 'month' } as const;

/** The lines that the filter lets through, by the start of the slot in which they are. */
async function selected(
  context: Context,
  period: Period,
  granularity: Granularity,
  filter: Expression | undefined,
): Promise<ReadonlyMap<string, readonly Facts[]>> {
  const matches = filter === undefined ? () => true : compileExpression(filter, 'filter');
  const { from, to } = period;
  const query = { viewer: context.account, from, to, now: context.now, by: lineSpans[granularity] };
  const slots = new Map<string, Facts[]>(period.slots.map(({ start }) => [start, []]));
  for (const facts of await factsOf(context.transaction, context.billing, query)) {
    if (!matches(facts)) continue;
    const { day, hour } = facts.line;
    const month = `${day.slice(0, 7)}-01`;
    const start = hour !== undefined ? `${day}T${hour}:00:00Z` : granularity === 'DAILY' ? day : month < from ? from : month;
    slots.get(start)?.push(facts);
  }
  return slots;
}

const metricNames = [
  'AmortizedCost',
  'BlendedCost',
  'NetAmortizedCost',
  'NetUnblendedCost',
  'NormalizedUsageAmount',
  'UnblendedCost',
  'UsageQuantity',
] as const;
export type MetricName = (typeof metricNames)[number];

export function checkedMetrics(given: readonly string[]): readonly MetricName[] {
  if (given.length === 0) throw invalid('Selected metrics cannot be null.');
  return given.map((name) => {
    const metric = metricNames.find((known) => known === name);
    if (metric === undefined) throw invalid(`Invalid metric: ${name}. Valid metrics are: ${metricNames.join(', ')}.`);
    return metric;
  });
}

export interface Sum {
  readonly unblended: bigint;
  readonly blended: bigint;
  readonly quantity: bigint;
  /** AWS: usage of several units is added up all the same, and then has none. */
  readonly unit: string | undefined;
}

export const nothing: Sum = { unblended: 0n, blended: 0n, quantity: 0n, unit: undefined };
const noUnit = 'N/A';

interface GroupSum {
  readonly keys: readonly string[];
  readonly sum: Sum;
}

export function sumsOf(all: readonly Facts[], keysOf: (facts: Facts) => readonly string[]): ReadonlyMap<string, GroupSum> {
  const groups = new Map<string, GroupSum>();
  for (const facts of all) {
    const keys = keysOf(facts);
    const id = keys.join('\u001f');
    groups.set(id, { keys, sum: added(groups.get(id)?.sum, facts) });
  }
  return groups;
}

export function added(sum: Sum | undefined, { line }: Facts): Sum {
  const { unblended, blended, quantity, unit } = line;
  if (sum === undefined) return { unblended, blended, quantity, unit };
  return {
    unblended: sum.unblended + unblended,
    blended: sum.blended + blended,
    quantity: sum.quantity + quantity,
    unit: sum.unit === unit ? unit : noUnit,
  };
}

/** There are no commitments and no discounts, so that amortised and net costs are the unblended ones. */
export function metricOf(name: MetricName, sum: Sum): bigint {
  if (name === 'UsageQuantity') return sum.quantity;
  if (name === 'NormalizedUsageAmount') return 0n;
  return name === 'BlendedCost' ? sum.blended : sum.unblended;
}

/** Costs are in the currency; usage that is measured in several units has none. */
export function unitOf(name: MetricName, sum: Sum, currency: string): string {
  if (name === 'NormalizedUsageAmount') return noUnit;
  return name === 'UsageQuantity' ? (sum.unit ?? noUnit) : currency;
}

function shownMetrics(metrics: readonly MetricName[], sum: Sum, currency: string): Record<string, MetricValue> {
  return Object.fromEntries(
    metrics.map((name) => [name, { Amount: printDecimal(metricOf(name, sum)), Unit: unitOf(name, sum, currency) }]),
  );
}

const groupsMax = 2;

export function groupKeys(definitions: readonly GroupDefinition[]): (facts: Facts) => readonly string[] {
  if (definitions.length > groupsMax) throw invalid('Only two values for GroupBy are allowed');
  const ids = definitions.map(({ Type, Key }) => `${Type} ${Key}`);
  if (new Set(ids).size < ids.length) throw invalid('Duplicate GroupBy values are not allowed.');
  const keys = definitions.map(groupKey);
  return (facts) => keys.map((key) => key(facts));
}

function groupKey({ Type, Key = '' }: GroupDefinition): (facts: Facts) => string {
  if (Key === '') throw invalid('Key is required for GroupBy.');
  if (Type === 'TAG') return ({ line }) => `${Key}$${Object.hasOwn(line.tags, Key) ? line.tags[Key] : ''}`;
  if (Type === 'COST_CATEGORY') return (facts) => `${Key}$${facts.category(Key) ?? ''}`;
  const dimension = Type === 'DIMENSION' && !isRuleDimension(Key) ? dimensionOf(Key) : undefined;
  if (dimension === undefined) throw invalid(`Group Definition dimension ${Key} is invalid.`);
  return dimension;
}

function byKeys({ keys: a }: GroupSum, { keys: b }: GroupSum): number {
  const [left, right] = [a.join('\u001f'), b.join('\u001f')];
  return left === right ? 0 : left < right ? -1 : 1;
}

/** AWS: beside the numbers of accounts stand their names. */
function accountNames(definitions: readonly GroupDefinition[], all: readonly Facts[]): readonly DimensionValuesWithAttributes[] {
  if (!definitions.some(({ Type, Key }) => Type === 'DIMENSION' && Key === 'LINKED_ACCOUNT')) return [];
  const names = new Map(all.map(({ line, accountName }) => [line.account, accountName]));
  return [...names].map(([Value, description]) => ({ Value, Attributes: { description } }));
}
