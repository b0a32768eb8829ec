// GetCostAndUsageComparisons: two whole months beside each other, and what has changed between them.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsageComparisons.html
import { printDecimal } from '../../base/decimal.ts';
import { limits } from '../../base/limits.ts';
import type { Context } from '../../kit/context.ts';
import type { ComparisonMetricValue, DateInterval, Dimension, Expression, GroupDefinition } from './api.gen.ts';
import { factsOf } from './billing.ts';
import { checkedMetrics, groupKeys, type MetricName, metricOf, nothing, type Sum, sumsOf, unitOf } from './cost-and-usage.ts';
import type { Facts } from './dimensions.ts';
import { compileExpression } from './expression.ts';
import { pageOfAll } from './pages.ts';
import { monthStart, readDays } from './periods.ts';
import { invalid, operation } from './service.ts';
import { billingViewAccess, requireView } from './views.ts';

export const GetCostAndUsageComparisons = operation('GetCostAndUsageComparisons', {
  access: (input) => billingViewAccess('ce:GetCostAndUsageComparisons', input.BillingViewArn),
  async handle(input, context) {
    const { GroupBy = [], Filter, MetricForComparison, MaxResults = limits.costResultsPageMax, NextPageToken } = input;
    requireView(context, input.BillingViewArn);
    const [metric = 'UnblendedCost'] = checkedMetrics([MetricForComparison]);
    const keysOf = groupKeys(GroupBy);
    const before = await monthOf(context, input.BaselineTimePeriod, Filter);
    const after = await monthOf(context, input.ComparisonTimePeriod, Filter);
    const [groupsBefore, groupsAfter] = [sumsOf(before, keysOf), sumsOf(after, keysOf)];
    const ids = GroupBy.length === 0 ? [] : [...new Set([...groupsBefore.keys(), ...groupsAfter.keys()])].toSorted();
    const request = { before: input.BaselineTimePeriod, after: input.ComparisonTimePeriod, MetricForComparison, GroupBy, Filter };
    const { items, token } = pageOfAll(ids, request, NextPageToken, MaxResults);
    const compare = (a: Sum | undefined, b: Sum | undefined) => ({ [metric]: compared(metric, [a, b], context.billing.currency) });
    return {
      CostAndUsageComparisons: items.map((id) => {
        const [baseline, comparison] = [groupsBefore.get(id), groupsAfter.get(id)];
        const keys = (baseline ?? comparison)?.keys ?? [];
        return { CostAndUsageSelector: selectorOf(GroupBy, keys), Metrics: compare(baseline?.sum, comparison?.sum) };
      }),
      TotalCostAndUsage: compare(totalOf(before), totalOf(after)),
      ...(token === undefined ? {} : { NextPageToken: token }),
    };
  },
});

async function monthOf(context: Context, interval: DateInterval, filter: Expression | undefined): Promise<readonly Facts[]> {
  const { from, to } = readDays(interval, context.now);
  if (monthStart(from) !== from || monthStart(from, 1) !== to) {
    throw invalid('The time periods must start and end on the first day of a month, with a duration of exactly one month.');
  }
  const matches = filter === undefined ? () => true : compileExpression(filter, 'filter');
  const query = { viewer: context.account, from, to, now: context.now, by: 'month' } as const;
  return (await factsOf(context.transaction, context.billing, query)).filter(matches);
}

function totalOf(all: readonly Facts[]): Sum | undefined {
  return sumsOf(all, () => []).get('')?.sum;
}

function compared(
  metric: MetricName,
  [before, after]: readonly [Sum | undefined, Sum | undefined],
  currency: string,
): ComparisonMetricValue {
  const [baseline, comparison] = [metricOf(metric, before ?? nothing), metricOf(metric, after ?? nothing)];
  return {
    BaselineTimePeriodAmount: printDecimal(baseline),
    ComparisonTimePeriodAmount: printDecimal(comparison),
    Difference: printDecimal(comparison - baseline),
    Unit: unitOf(metric, after ?? before ?? nothing, currency),
  };
}

/** The expression that chooses a group. */
function selectorOf(definitions: readonly GroupDefinition[], keys: readonly string[]): Expression {
  const parts = definitions.map(({ Type, Key = '' }, index): Expression => {
    const value = keys[index] ?? '';
    const named = { Key, Values: [value.slice(Key.length + 1)] };
    if (Type === 'TAG') return { Tags: named };
    if (Type === 'COST_CATEGORY') return { CostCategories: named };
    // Decoding boundary: groupKeys has let through dimensions only.
    return { Dimensions: { Key: Key as Dimension, Values: [value] } };
  });
  const [first = {}] = parts;
  return parts.length > 1 ? { And: parts } : first;
}
