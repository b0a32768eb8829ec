// What there is to filter and group by in a period: values of dimensions, tags and cost categories.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetDimensionValues.html
import type { Context } from '../../kit/context.ts';
import type { DateInterval, DimensionValuesWithAttributes, Expression, SortDefinition } from './api.gen.ts';
import { factsOf } from './billing.ts';
import { categories } from './categories.ts';
import { added, checkedMetrics, metricOf } from './cost-and-usage.ts';
import { dimensionOf, type Facts } from './dimensions.ts';
import { compileExpression } from './expression.ts';
import { type Paged, pageOfAll } from './pages.ts';
import { readDays } from './periods.ts';
import { invalid, operation } from './service.ts';
import { payingAccount } from './usage.ts';
import { billingViewAccess, requireView } from './views.ts';

export const GetDimensionValues = operation('GetDimensionValues', {
  access: (input) => billingViewAccess('ce:GetDimensionValues', input.BillingViewArn),
  async handle(input, context) {
    const { Dimension, Context: use = 'COST_AND_USAGE', SortBy = [] } = input;
    if (use !== 'COST_AND_USAGE') {
      if (SortBy.length > 0) throw invalid('SortBy is supported for the context COST_AND_USAGE only.');
      // Nothing is bought in advance here.
      return { DimensionValues: [], ReturnSize: 0, TotalSize: 0 };
    }
    const value = dimensionOf(Dimension);
    if (value === undefined) throw invalid(`Dimension ${Dimension} is not supported in the context ${use}.`);
    const { page, total, facts } = await valuesOf(context, input, (each) => [value(each)]);
    const attributes = attributesOf(Dimension, facts, value);
    return {
      DimensionValues: page.items.map((each): DimensionValuesWithAttributes => ({ Value: each, Attributes: attributes.get(each) ?? {} })),
      ReturnSize: page.items.length,
      TotalSize: total,
      ...next(page),
    };
  },
});

export const GetTags = operation('GetTags', {
  access: (input) => billingViewAccess('ce:GetTags', input.BillingViewArn),
  async handle(input, context) {
    const { TagKey } = input;
    const { page, total } = await valuesOf(context, input, ({ line }) =>
      TagKey === undefined ? Object.keys(line.tags) : [(Object.hasOwn(line.tags, TagKey) ? line.tags[TagKey] : undefined) ?? ''],
    );
    return { Tags: page.items, ReturnSize: page.items.length, TotalSize: total, ...next(page) };
  },
});

export const GetCostCategories = operation('GetCostCategories', {
  access: (input) => billingViewAccess('ce:GetCostCategories', input.BillingViewArn),
  async handle(input, context) {
    const { CostCategoryName: name } = input;
    const payer = await payingAccount(context, context.transaction, context.account);
    const names = (await categories.all(context.transaction, payer)).map((category) => category.name);
    const { page, total } = await valuesOf(context, input, (facts) =>
      name === undefined ? names.filter((each) => facts.category(each) !== undefined) : [facts.category(name) ?? ''],
    );
    const found = name === undefined ? { CostCategoryNames: page.items } : { CostCategoryNames: [name], CostCategoryValues: page.items };
    return { ...found, ReturnSize: page.items.length, TotalSize: total, ...next(page) };
  },
});

interface Question {
  readonly TimePeriod: DateInterval;
  readonly SearchString?: string | undefined;
  readonly Filter?: Expression | undefined;
  readonly SortBy?: readonly SortDefinition[] | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextPageToken?: string | undefined;
  readonly BillingViewArn?: string | undefined;
}

interface Values {
  readonly page: Paged<string>;
  readonly total: number;
  readonly facts: readonly Facts[];
}

const resultsMax = 1_000;

async function valuesOf(context: Context, question: Question, valuesIn: (facts: Facts) => readonly string[]): Promise<Values> {
  const { SearchString, Filter, SortBy = [], MaxResults = resultsMax, NextPageToken, ...rest } = question;
  requireView(context, question.BillingViewArn);
  const sort = sortOf(SortBy, SearchString, NextPageToken);
  if (MaxResults > resultsMax) throw invalid(`MaxResults must be at most ${resultsMax}.`);
  const { from, to } = readDays(question.TimePeriod, context.now);
  const matches = Filter === undefined ? () => true : compileExpression(Filter, 'filter');
  const all = await factsOf(context.transaction, context.billing, { viewer: context.account, from, to, now: context.now, by: 'month' });
  const facts = all.filter(matches);
  const sums = new Map<string, ReturnType<typeof added>>();
  for (const each of facts) for (const value of valuesIn(each)) sums.set(value, added(sums.get(value), each));
  const searched = SearchString?.toLowerCase() ?? '';
  const values = [...sums.keys()].filter((value) => value.toLowerCase().includes(searched)).toSorted();
  if (sort !== undefined) {
    const amount = (value: string): bigint =>
      metricOf(sort.metric, sums.get(value) ?? { unblended: 0n, blended: 0n, quantity: 0n, unit: undefined });
    values.sort((a, b) => (amount(a) === amount(b) ? 0 : amount(a) < amount(b) === sort.isAscending ? -1 : 1));
    return { page: { items: values.slice(0, MaxResults), token: undefined, start: 0 }, total: values.length, facts };
  }
  return { page: pageOfAll(values, { ...rest, SearchString, Filter }, NextPageToken), total: values.length, facts };
}

function sortOf(definitions: readonly SortDefinition[], search: string | undefined, token: string | undefined) {
  const [first, second] = definitions;
  if (first === undefined) return undefined;
  if (second !== undefined) throw invalid('Only one SortBy is allowed.');
  if (search !== undefined || token !== undefined) throw invalid("When using SortBy, NextPageToken and SearchString aren't supported.");
  const [metric] = checkedMetrics([first.Key]);
  return metric === undefined ? undefined : { metric, isAscending: first.SortOrder !== 'DESCENDING' };
}

function next({ token }: Paged<string>): { readonly NextPageToken?: string } {
  return token === undefined ? {} : { NextPageToken: token };
}

/** AWS: accounts come with their names, usage types with their units. */
function attributesOf(
  dimension: string,
  all: readonly Facts[],
  value: (facts: Facts) => string,
): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const attribute =
    dimension === 'LINKED_ACCOUNT'
      ? (facts: Facts) => ({ description: facts.accountName })
      : dimension === 'USAGE_TYPE'
        ? (facts: Facts) => ({ unit: facts.line.unit })
        : undefined;
  return new Map(attribute === undefined ? [] : all.map((facts) => [value(facts), attribute(facts)]));
}
