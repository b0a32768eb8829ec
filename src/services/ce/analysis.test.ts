// What Cost Explorer makes of the bill: values to filter by, forecasts, and cost categories.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import type { Structure } from '../../protocol/protocol.ts';

const dayMs = 86_400_000;
const member = '222233334444';

let server: InProcess;
let memberRoot: ClientCredentials;

beforeAll(async () => {
  const prices = [
    { service: 'awskms', usageType: 'KMS-Requests', tiers: [{ price: '1' }] },
    { service: 'awskms', usageType: 'KMS-Keys', tiers: [{ price: '24' }] },
  ];
  server = await startInProcess('ce-analysis', { priceList: { seller: 'The test shop', currency: 'USD', prices } });
  const now = new Date(server.clock.now());
  server.clock.advance(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 2, 0, 20) - now.getTime());
  await server.organizations().createOrganization({ FeatureSet: 'ALL' });
  memberRoot = await server.addAccount(member);
  const { Handshake } = await server.organizations().inviteAccountToOrganization({ Target: { Id: member, Type: 'ACCOUNT' } });
  await server.organizations(memberRoot).acceptHandshake({ HandshakeId: Handshake?.Id });
  await server.work.settle();
  await server.kms().createKey({ Tags: [{ TagKey: 'team', TagValue: 'blue' }] });
  await server.kms(memberRoot).listKeys({});
  await server.work.settle();
});
afterAll(() => server.stop());

const day = (offset = 0): string => new Date(server.clock.now() + offset * dayMs).toISOString().slice(0, 10);

async function ask(operation: string, input: Structure, credentials?: ClientCredentials): Promise<Record<string, unknown>> {
  await server.work.settle();
  const { error, output } = await server.call('ce', operation, input, credentials);
  if (error !== undefined) throw new Error(`${error}: ${String(output['Message'] ?? output['message'])}`);
  return output;
}

describe('values', () => {
  const TimePeriod = () => ({ Start: day(-1), End: day(1) });
  const values = async (input: Structure, credentials?: ClientCredentials) =>
    (await ask('GetDimensionValues', { TimePeriod: TimePeriod(), ...input }, credentials))['DimensionValues'];

  test('accounts come with their names and usage types with their units', async () => {
    expect(await values({ Dimension: 'LINKED_ACCOUNT' })).toContainEqual({
      Value: member,
      Attributes: { description: `Account ${member}` },
    });
    expect(await values({ Dimension: 'USAGE_TYPE', SearchString: 'kms-req' })).toEqual([
      { Value: 'us-east-1-KMS-Requests', Attributes: { unit: 'Requests' } },
    ]);
    expect(await values({ Dimension: 'LINKED_ACCOUNT' }, memberRoot)).toEqual([
      { Value: member, Attributes: { description: `Account ${member}` } },
    ]);
  });

  test('the bill says whose prices it has', async () => {
    expect(await values({ Dimension: 'LEGAL_ENTITY_NAME' })).toEqual([{ Value: 'The test shop', Attributes: {} }]);
  });

  test('values are sorted by what they cost, and then neither searched nor paged', async () => {
    await server.kms().listKeys({});
    const SortBy = [{ Key: 'UnblendedCost', SortOrder: 'DESCENDING' }];
    const [first] = (await values({ Dimension: 'SERVICE', SortBy, MaxResults: 1 })) as readonly Structure[];
    expect(first).toMatchObject({ Value: 'AWS Key Management Service' });
    await expect(values({ Dimension: 'SERVICE', SortBy, SearchString: 'a' })).rejects.toThrow('ValidationException');
  });

  test('a token of another request is refused', async () => {
    await expect(values({ Dimension: 'SERVICE', NextPageToken: 'x' })).rejects.toThrow('InvalidNextTokenException');
  });
});

describe('cost categories', () => {
  const create = (name: string, Rules: readonly Structure[], more: Structure = {}) =>
    ask('CreateCostCategoryDefinition', { Name: name, RuleVersion: 'CostCategoryExpression.v1', Rules, ...more });
  const groups = async (name: string) => {
    const answer = await ask('GetCostAndUsage', {
      TimePeriod: { Start: day(), End: day(1) },
      Granularity: 'DAILY',
      Metrics: ['UsageQuantity'],
      GroupBy: [{ Type: 'COST_CATEGORY', Key: name }],
      Filter: { Dimensions: { Key: 'USAGE_TYPE', Values: ['us-east-1-KMS-Requests'] } },
    });
    const [result] = answer['ResultsByTime'] as readonly { readonly Groups: readonly { readonly Keys: readonly string[] }[] }[];
    return result?.Groups.flatMap(({ Keys }) => Keys).sort();
  };
  const account = (id: string) => ({ Dimensions: { Key: 'LINKED_ACCOUNT', Values: [id] } });

  test('the first rule that matches gives a line its value, at once and after a change', async () => {
    await server.kms().listKeys({});
    await server.kms(memberRoot).listKeys({});
    const rules = [
      { Value: 'Member', Rule: account(member) },
      { Value: 'Never', Rule: account(member) },
    ];
    const { CostCategoryArn } = await create('Owner', rules, { DefaultValue: 'Others' });
    expect(await groups('Owner')).toEqual(['Owner$Member', 'Owner$Others']);
    const changed = { CostCategoryArn, RuleVersion: 'CostCategoryExpression.v1', Rules: [rules[1]] };
    await ask('UpdateCostCategoryDefinition', changed);
    expect(await groups('Owner')).toEqual(['Owner$', 'Owner$Never']);
    expect(await ask('DescribeCostCategoryDefinition', { CostCategoryArn })).toMatchObject({
      CostCategory: { Name: 'Owner', Rules: [rules[1]] },
    });
  });

  test('categories inherit values and build on each other', async () => {
    await create('Name', [{ Type: 'INHERITED_VALUE', InheritedValue: { DimensionName: 'LINKED_ACCOUNT_NAME' } }]);
    expect(await groups('Name')).toContain(`Name$Account ${member}`);
    const starts = { CostCategories: { Key: 'Name', Values: [`Account ${member}`], MatchOptions: ['STARTS_WITH'] } };
    await create('Second', [{ Value: 'yes', Rule: starts }]);
    expect(await groups('Second')).toEqual(['Second$', 'Second$yes']);
    const names = await ask('GetCostCategories', { TimePeriod: { Start: day(), End: day(1) } });
    expect(names['CostCategoryNames']).toEqual(['Name', 'Owner', 'Second']);
    const values = await ask('GetCostCategories', { TimePeriod: { Start: day(), End: day(1) }, CostCategoryName: 'Second' });
    expect(values).toMatchObject({ CostCategoryValues: ['', 'yes'], TotalSize: 2 });
  });

  test('a category that refers to itself gives nothing and ends', async () => {
    await create('Circle', [{ Value: 'a', Rule: { CostCategories: { Key: 'Circle', Values: ['a'] } } }]);
    expect(await groups('Circle')).toEqual(['Circle$']);
  });

  test('tags of a category are kept, and its removal ends it', async () => {
    const { CostCategoryArn } = await create('Tagged', [{ Value: 'v', Rule: account(member) }], {
      ResourceTags: [{ Key: 'a', Value: '1' }],
    });
    await ask('TagResource', { ResourceArn: CostCategoryArn, ResourceTags: [{ Key: 'b', Value: '2' }] });
    await ask('UntagResource', { ResourceArn: CostCategoryArn, ResourceTagKeys: ['a'] });
    expect(await ask('ListTagsForResource', { ResourceArn: CostCategoryArn })).toEqual({ ResourceTags: [{ Key: 'b', Value: '2' }] });
    await server.call('resourcegroupstaggingapi', 'UntagResources', { ResourceARNList: [CostCategoryArn], TagKeys: ['b'] });
    expect(await ask('ListTagsForResource', { ResourceArn: CostCategoryArn })).toEqual({ ResourceTags: [] });
    await ask('DeleteCostCategoryDefinition', { CostCategoryArn });
    await expect(ask('DescribeCostCategoryDefinition', { CostCategoryArn })).rejects.toThrow('ResourceNotFoundException');
  });

  const wrong: readonly (readonly [string, string, readonly Structure[], Structure, string])[] = [
    [
      'a name that is taken',
      'Owner',
      [{ Value: 'v', Rule: account(member) }],
      {},
      'Failed to create Cost Category: Cost category name Owner already exists',
    ],
    ['a rule without a value', 'W', [{ Rule: account(member) }], {}, 'A rule of the type REGULAR has a value'],
    [
      'a dimension that rules do not have',
      'W',
      [{ Value: 'v', Rule: { Dimensions: { Key: 'AZ', Values: ['a'] } } }],
      {},
      'Dimension AZ is not supported',
    ],
    [
      'a start within a month',
      'W',
      [{ Value: 'v', Rule: account(member) }],
      { EffectiveStart: '2026-11-02T00:00:00Z' },
      'the first day of a month',
    ],
  ];
  test.each(wrong)('refuses %s', async (_what, name, rules, more, message) => {
    await expect(create(name, rules, more)).rejects.toThrow(message);
  });

  test('a member has no cost categories', async () => {
    const input = { Name: 'x', RuleVersion: 'CostCategoryExpression.v1', Rules: [{ Value: 'v', Rule: account(member) }] };
    await expect(ask('CreateCostCategoryDefinition', input, memberRoot)).rejects.toThrow(
      "Linked account doesn't have access to cost category.",
    );
  });
});

interface Forecasted {
  readonly Total: { readonly Amount: string };
  readonly ForecastResultsByTime: readonly {
    readonly TimePeriod?: Structure;
    readonly MeanValue?: string;
    readonly PredictionIntervalLowerBound?: string;
    readonly PredictionIntervalUpperBound?: string;
  }[];
}

describe('forecasts', () => {
  const keys = { Dimensions: { Key: 'USAGE_TYPE', Values: ['us-east-1-KMS-Keys'] } };
  const forecast = (input: Structure = {}) =>
    ask('GetCostForecast', {
      TimePeriod: { Start: day(), End: day(2) },
      Metric: 'UNBLENDED_COST',
      Granularity: 'DAILY',
      Filter: keys,
      ...input,
    });

  test('too little history is no forecast', async () => {
    await expect(forecast()).rejects.toThrow('DataUnavailableException: Insufficient amount of historical data');
  });

  test('a key that stays costs as much tomorrow as today', async () => {
    server.clock.advance(20 * dayMs);
    await server.work.settle();
    const answer = (await forecast({ PredictionIntervalLevel: 80 })) as unknown as Forecasted;
    const perDay = 24 / new Date(Date.UTC(Number(day().slice(0, 4)), Number(day().slice(5, 7)), 0)).getUTCDate();
    expect(answer.ForecastResultsByTime).toHaveLength(2);
    const {
      TimePeriod,
      MeanValue,
      PredictionIntervalLowerBound: low,
      PredictionIntervalUpperBound: high,
    } = answer.ForecastResultsByTime[0] ?? {};
    expect(TimePeriod).toEqual({ Start: day(), End: day(1) });
    expect(Math.abs(Number(MeanValue) - perDay)).toBeLessThan(0.02);
    expect([Number(low) <= Number(MeanValue), Number(high) >= Number(MeanValue)]).toEqual([true, true]);
    expect(Number(answer.Total.Amount)).toBeCloseTo(2 * Number(MeanValue), 1);
  });

  test('usage is forecast in its unit, and in none of several', async () => {
    const input = { TimePeriod: { Start: day(), End: day(2) }, Metric: 'USAGE_QUANTITY', Granularity: 'DAILY' };
    expect(await ask('GetUsageForecast', { ...input, Filter: keys })).toMatchObject({ Total: { Unit: 'Keys' } });
    await expect(ask('GetUsageForecast', input)).rejects.toThrow('UnresolvableUsageUnitException');
  });

  const wrong: readonly (readonly [string, () => Structure, string])[] = [
    ['a start in the past', () => ({ TimePeriod: { Start: day(-1), End: day(2) } }), 'Earliest supported Start is'],
    ['an end before the start', () => ({ TimePeriod: { Start: day(2), End: day(1) } }), 'must be before requested End'],
    ['hours', () => ({ Granularity: 'HOURLY' }), 'only DAILY and MONTHLY'],
    ['a day too far away', () => ({ TimePeriod: { Start: day(), End: day(200) } }), 'Latest supported End'],
  ];
  test.each(wrong)('refuses %s', async (_what, input, message) => {
    await expect(forecast(input())).rejects.toThrow(message);
  });
});

interface Compared {
  readonly CostAndUsageComparisons: readonly Structure[];
  readonly TotalCostAndUsage: Readonly<Record<string, { readonly BaselineTimePeriodAmount?: string; readonly Difference?: string }>>;
}

describe('comparisons', () => {
  const month = (offset: number) => {
    const now = new Date(server.clock.now());
    const start = (more: number): string =>
      new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset + more, 1)).toISOString().slice(0, 10);
    return { Start: start(0), End: start(1) };
  };
  const compare = (input: Structure) =>
    ask('GetCostAndUsageComparisons', {
      BaselineTimePeriod: month(-1),
      ComparisonTimePeriod: month(0),
      MetricForComparison: 'UsageQuantity',
      Filter: { Dimensions: { Key: 'USAGE_TYPE', Values: ['us-east-1-KMS-Requests'] } },
      ...input,
    });

  test('two months stand beside each other, with what chooses each group and the difference of all', async () => {
    server.clock.advance(31 * dayMs);
    await server.work.settle();
    await server.kms(memberRoot).listKeys({});
    const value = (Key: string, Value: string) => ({ Dimensions: { Key, Values: [Value] } });
    const answer = (await compare({ GroupBy: [{ Type: 'DIMENSION', Key: 'LINKED_ACCOUNT' }] })) as unknown as Compared;
    const own = answer.CostAndUsageComparisons;
    expect(own.map(({ CostAndUsageSelector }) => CostAndUsageSelector)).toEqual([
      value('LINKED_ACCOUNT', server.account),
      value('LINKED_ACCOUNT', member),
    ]);
    expect(own[1]).toMatchObject({ Metrics: { UsageQuantity: { ComparisonTimePeriodAmount: '1', Unit: 'Requests' } } });
    const { BaselineTimePeriodAmount: before, Difference } = answer.TotalCostAndUsage['UsageQuantity'] ?? {};
    expect(Number(before)).toBeGreaterThan(1);
    expect(Number(Difference)).toBe(1 - Number(before));
  });

  test('only whole months are compared', async () => {
    await expect(compare({ BaselineTimePeriod: { Start: day(-3), End: day() } })).rejects.toThrow('exactly one month');
  });
});
