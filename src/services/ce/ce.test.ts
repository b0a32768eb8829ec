// Cost Explorer through the pipeline: what is metered from calls and stored things, who sees it, and how it is filtered, grouped and paged.

import { CreateSecretCommand, DeleteSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';
import { parseDecimal } from '../../base/decimal.ts';
import type { Structure } from '../../protocol/protocol.ts';
import { usageRecords } from './usage.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const member = '222233334444';
const outsider = '333344445555';

const priceList = {
  seller: 'The test shop',
  currency: 'EUR',
  prices: [
    { service: 'awskms', usageType: 'KMS-Requests', acrossRegions: true, tiers: [{ upTo: '4', price: '1' }, { price: '0.5' }] },
    { service: 'awskms', usageType: 'KMS-Keys', tiers: [{ price: '72' }] },
    { service: 'AWSSecretsManager', usageType: 'AWSSecretsManagerAPIRequest', tiers: [{ price: '0.01' }] },
  ],
};

let server: InProcess;
const roots: Record<string, ClientCredentials> = {};

beforeAll(async () => {
  server = await startInProcess('ce', { priceList });
  // The middle of a month and of an hour, so that a test never runs into the next one.
  const now = new Date(server.clock.now());
  server.clock.advance(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 15, 12, 20) - now.getTime());
  const organizations = server.organizations();
  await organizations.createOrganization({ FeatureSet: 'ALL' });
  roots[member] = await join(member);
  roots[outsider] = await server.addAccount(outsider);
  await server.work.settle();
});
afterAll(() => server.stop());

async function join(account: string): Promise<ClientCredentials> {
  const root = await server.addAccount(account);
  const { Handshake } = await server.organizations().inviteAccountToOrganization({ Target: { Id: account, Type: 'ACCOUNT' } });
  await server.organizations(root).acceptHandshake({ HandshakeId: Handshake?.Id });
  return root;
}

const day = (offset = 0): string => new Date(server.clock.now() + offset * dayMs).toISOString().slice(0, 10);
const today = () => ({ Start: day(), End: day(1) });

async function query(input: Structure, credentials?: ClientCredentials) {
  await server.work.settle();
  return ask(
    'GetCostAndUsage',
    { TimePeriod: today(), Granularity: 'DAILY', Metrics: ['UnblendedCost', 'BlendedCost', 'UsageQuantity'], ...input },
    credentials,
  );
}

async function ask(operation: string, input: Structure, credentials?: ClientCredentials) {
  const { error, output } = await server.call('ce', operation, input, credentials);
  if (error !== undefined) throw new Error(`${error}: ${String(output['Message'] ?? output['message'])}`);
  // Decoding boundary: the answer's form is what these tests are about.
  return output as unknown as Answer;
}

interface Answer {
  readonly ResultsByTime: readonly {
    readonly TimePeriod: { readonly Start: string; readonly End: string };
    readonly Total: Metrics;
    readonly Groups: readonly { readonly Keys: readonly string[]; readonly Metrics: Metrics }[];
    readonly Estimated: boolean;
  }[];
  readonly NextPageToken?: string;
  readonly [other: string]: unknown;
}
type Metrics = Readonly<Record<string, { readonly Amount: string; readonly Unit: string }>>;

const service = (name: string) => ({ Dimensions: { Key: 'SERVICE', Values: [name] } });
const usageType = (name: string) => ({ Dimensions: { Key: 'USAGE_TYPE', Values: [name] } });
const groupBy = (...keys: readonly string[]) => keys.map((Key) => ({ Type: 'DIMENSION', Key }));
const amounts = ({ ResultsByTime }: Answer, metric: string) =>
  Object.fromEntries((ResultsByTime[0]?.Groups ?? []).map(({ Keys, Metrics }) => [Keys.join(' '), Metrics[metric]?.Amount]));

describe('metering of requests', () => {
  beforeAll(async () => {
    for (let call = 0; call < 3; call += 1) await server.kms().listKeys({});
    for (let call = 0; call < 5; call += 1) await server.kms(roots[member], 'eu-central-1').listAliases({});
    await server.kms(roots[outsider]).listKeys({});
    await expect(server.kms().describeKey({ KeyId: 'no-such-key' })).rejects.toThrow();
  });

  test('every call that succeeded is counted by account, region and operation; a call that failed is not', async () => {
    const answer = await query({ Filter: usageType('us-east-1-KMS-Requests'), GroupBy: groupBy('OPERATION', 'LINKED_ACCOUNT') });
    expect(amounts(answer, 'UsageQuantity')).toEqual({ [`ListKeys ${server.account}`]: '3' });
    expect(answer.ResultsByTime[0]?.Groups[0]?.Metrics['UsageQuantity']?.Unit).toBe('Requests');
  });

  test('tiers are applied to the usage of the whole organisation, and its accounts add up to the bill', async () => {
    const filter = { Filter: service('AWS Key Management Service') };
    const total = await query(filter);
    // 8 requests in two accounts and two regions: 4 at 1 and 4 at 0.5.
    expect(total.ResultsByTime[0]?.Total).toEqual({
      UnblendedCost: { Amount: '6', Unit: 'EUR' },
      BlendedCost: { Amount: '6', Unit: 'EUR' },
      UsageQuantity: { Amount: '8', Unit: 'Requests' },
    });
    const groups = await query({ ...filter, GroupBy: groupBy('LINKED_ACCOUNT') });
    expect(amounts(groups, 'UnblendedCost')).toEqual({ [server.account]: '2.25', [member]: '3.75' });
    expect(groups['DimensionValueAttributes']).toContainEqual({ Value: member, Attributes: { description: `Account ${member}` } });
  });

  test('a member sees itself alone, at the organisation’s rates, and another installation’s account nothing of them', async () => {
    const filter = { Filter: service('AWS Key Management Service'), GroupBy: groupBy('LINKED_ACCOUNT') };
    expect(amounts(await query(filter, roots[member]), 'UnblendedCost')).toEqual({ [member]: '3.75' });
    expect(amounts(await query(filter, roots[outsider]), 'UnblendedCost')).toEqual({ [outsider]: '1' });
  });

  test('questions about the bill are on the bill', async () => {
    const count = async () =>
      Number((await query({ Filter: service('AWS Cost Explorer') })).ResultsByTime[0]?.Total['UsageQuantity']?.Amount);
    const before = await count();
    expect(await count()).toBe(before + 1);
  });

  test('bytes of the ledger are counted', async () => {
    const answer = await query({ Filter: usageType('USE1-Ledger-Bytes') });
    const { Amount, Unit } = answer.ResultsByTime[0]?.Total['UsageQuantity'] ?? {};
    expect(Unit).toBe('GB');
    expect(Number(Amount)).toBeGreaterThan(1_000 / 1024 ** 3);
  });
});

describe('who pays', () => {
  test('an account pays for itself until it joins, its organisation from then on, and it again once it has left', async () => {
    const account = '555566667777';
    const root = await server.addAccount(account);
    const use = async () => {
      await server.kms(root).listKeys({});
      await server.work.settle();
    };
    const quantity = async (credentials?: ClientCredentials) => {
      const Filter = { And: [usageType('us-east-1-KMS-Requests'), { Dimensions: { Key: 'LINKED_ACCOUNT', Values: [account] } }] };
      return (await query({ Filter }, credentials)).ResultsByTime[0]?.Total['UsageQuantity']?.Amount;
    };
    await use();
    const { Handshake } = await server.organizations().inviteAccountToOrganization({ Target: { Id: account, Type: 'ACCOUNT' } });
    await server.organizations(root).acceptHandshake({ HandshakeId: Handshake?.Id });
    expect([await quantity(root), await quantity()]).toEqual(['0', '0']);
    await use();
    await use();
    expect([await quantity(root), await quantity()]).toEqual(['2', '2']);
    await server.organizations(root).leaveOrganization({});
    expect([await quantity(root), await quantity()]).toEqual(['1', '2']);
    await use();
    expect([await quantity(root), await quantity()]).toEqual(['2', '2']);
  });
});

describe('metering of what is stored', () => {
  test('a key costs its part of a month for every hour that it is there, and nothing once it waits for deletion', async () => {
    const kms = server.kms(roots[outsider]);
    const { KeyMetadata } = await kms.createKey({});
    const hours = async (): Promise<number> => {
      const input = {
        Filter: usageType('us-east-1-KMS-Keys'),
        Granularity: 'MONTHLY',
        TimePeriod: { Start: `${day().slice(0, 8)}01`, End: day(1) },
      };
      const { UnblendedCost } = (await query(input, roots[outsider])).ResultsByTime[0]?.Total ?? {};
      const month = new Date(server.clock.now());
      const hoursOfMonth = 24 * new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 0)).getUTCDate();
      return Math.round((Number(UnblendedCost?.Amount) / 72) * hoursOfMonth * 1000) / 1000;
    };
    expect(await hours()).toBe(0);
    server.clock.advance(hourMs);
    expect(await hours()).toBe(1);
    server.clock.advance(10 * hourMs);
    expect(await hours()).toBe(11);
    await kms.scheduleKeyDeletion({ KeyId: KeyMetadata?.KeyId, PendingWindowInDays: 7 });
    server.clock.advance(5 * hourMs);
    expect(await hours()).toBe(11);
  });

  test('a tag divides the bill once it is an active cost allocation tag', async () => {
    const secrets = server.secretsManager(roots[outsider]);
    await secrets.send(new CreateSecretCommand({ Name: 'a', SecretString: 'x', Tags: [{ Key: 'team', Value: 'blue' }] }));
    await secrets.send(new CreateSecretCommand({ Name: 'b', SecretString: 'x' }));
    const update = (Status: string, TagKey = 'team') =>
      ask('UpdateCostAllocationTagsStatus', { CostAllocationTagsStatus: [{ TagKey, Status }] }, roots[outsider]);
    expect((await update('Active'))['Errors']).toMatchObject([{ TagKey: 'team', Code: 'TagKeysNotFoundException' }]);
    server.clock.advance(hourMs);
    await server.work.settle();
    expect((await ask('ListCostAllocationTags', {}, roots[outsider]))['CostAllocationTags']).toMatchObject([
      { TagKey: 'team', Type: 'UserDefined', Status: 'Inactive' },
    ]);
    expect((await update('Active'))['Errors']).toEqual([]);
    server.clock.advance(2 * hourMs);
    const filter = {
      Filter: usageType('USE1-AWSSecretsManager-Secrets'),
      TimePeriod: { Start: day(-1), End: day(1) },
      Granularity: 'MONTHLY',
    };
    const answer = await query({ ...filter, GroupBy: [{ Type: 'TAG', Key: 'team' }] }, roots[outsider]);
    const groups = amounts(answer, 'UsageQuantity');
    // One hour before the key was active and two after, and three of the secret without it.
    expect(Math.round(Number(groups['team$']) / Number(groups['team$blue']))).toBe(2);
    await secrets.send(new DeleteSecretCommand({ SecretId: 'a', ForceDeleteWithoutRecovery: true }));
    const absent = { And: [usageType('USE1-AWSSecretsManager-Secrets'), { Tags: { Key: 'team', MatchOptions: ['ABSENT'] } }] };
    const without = await query({ ...filter, Filter: absent, GroupBy: [{ Type: 'TAG', Key: 'team' }] }, roots[outsider]);
    expect(Object.keys(amounts(without, 'UsageQuantity'))).toEqual(['team$']);
  });

  test('the hours of a day add up to the day', async () => {
    await server.secretsManager().send(new CreateSecretCommand({ Name: 'hourly', SecretString: 'x' }));
    server.clock.advance(hourMs);
    await server.secretsManager().send(new GetSecretValueCommand({ SecretId: 'hourly' }));
    const Filter = usageType('USE1-AWSSecretsManagerAPIRequest');
    const period = { Start: `${day()}T00:00:00Z`, End: `${day(1)}T00:00:00Z` };
    const hourly = await query({ Filter, Granularity: 'HOURLY', TimePeriod: period });
    expect(hourly.ResultsByTime).toHaveLength(24);
    const sum = hourly.ResultsByTime.reduce((total, { Total }) => total + Number(Total['UsageQuantity']?.Amount), 0);
    const daily = await query({ Filter });
    expect(String(sum)).toBe(daily.ResultsByTime[0]?.Total['UsageQuantity']?.Amount);
  });
});

test('hours that are too old to be asked for are dropped, and their days stay', async () => {
  const hoursIn = async () => {
    const counts = new Map<string, number>();
    for await (const { collection, value } of server.store.dump()) {
      if (collection !== 'ce.usage-hours') continue;
      const day = String(value['day']);
      counts.set(day, (counts.get(day) ?? 0) + 1);
    }
    return counts;
  };
  const old = day();
  await server.work.settle();
  expect((await hoursIn()).get(old)).toBeGreaterThan(0);
  const before = (await query({ TimePeriod: { Start: old, End: day(1) } })).ResultsByTime[0]?.Total['UsageQuantity'];
  server.clock.advance(16 * dayMs);
  await server.work.settle();
  const after = await hoursIn();
  expect(after.get(old)).toBeUndefined();
  expect(after.get(day(-1))).toBeGreaterThan(0);
  expect(
    Number((await query({ TimePeriod: { Start: old, End: day(1) } })).ResultsByTime[0]?.Total['UsageQuantity']?.Amount),
  ).toBeGreaterThanOrEqual(Number(before?.Amount));
});

describe('questions', () => {
  test('months are cut off where the period begins and ends, and the running month is estimated', async () => {
    const answer = await query({ Granularity: 'MONTHLY', TimePeriod: { Start: day(-40), End: day(1) } });
    const months = answer.ResultsByTime.map(({ TimePeriod, Estimated }) => [TimePeriod.Start, TimePeriod.End, Estimated]);
    expect(months.at(0)?.[0]).toBe(day(-40));
    expect(months.at(-1)).toEqual([`${day().slice(0, 8)}01`, day(1), true]);
    expect(months.at(0)?.[2]).toBe(false);
  });

  const filters: readonly (readonly [string, Structure, boolean])[] = [
    ['Not', { Not: service('AWS Key Management Service') }, false],
    ['Or', { Or: [service('AWS Key Management Service'), service('AWS Lambda')] }, true],
    ['And', { And: [service('AWS Key Management Service'), { Dimensions: { Key: 'REGION', Values: ['us-east-1'] } }] }, true],
    ['RECORD_TYPE', { Dimensions: { Key: 'RECORD_TYPE', Values: ['Usage'] } }, true],
    ['a value in the wrong case', { Dimensions: { Key: 'SERVICE', Values: ['aws key management service'] } }, false],
  ];
  test.each(filters)('filters by %s', async (_name, Filter, hasKms) => {
    await server.kms().listKeys({});
    const answer = await query({ Filter, GroupBy: groupBy('SERVICE') });
    expect(Object.keys(amounts(answer, 'UsageQuantity')).includes('AWS Key Management Service')).toBe(hasKms);
  });

  test('the days of a month add up to the month', async () => {
    const TimePeriod = { Start: `${day().slice(0, 8)}01`, End: day(1) };
    const total = async (Granularity: string, metric: string) => {
      const { ResultsByTime } = await ask('GetCostAndUsage', {
        TimePeriod,
        Granularity,
        Metrics: [metric],
        Filter: service('AWS Key Management Service'),
      });
      return ResultsByTime.reduce((sum, { Total }) => sum + (parseDecimal(Total[metric]?.Amount ?? '') ?? 0n), 0n);
    };
    for (const metric of ['UnblendedCost', 'BlendedCost', 'UsageQuantity'])
      expect(await total('DAILY', metric)).toBe(await total('MONTHLY', metric));
  });

  test('pages go through every group and every period once, also through periods without groups', async () => {
    const root = await server.addAccount('666677778888');
    const line = {
      payer: '666677778888',
      productCode: 'awskms',
      product: 'AWS Key Management Service',
      region: 'us-east-1',
      prefix: 'us-east-1-',
    };
    const kind = { usageType: 'KMS-Requests', unit: 'Requests', divisor: '1', isMonthly: false, tags: {}, account: '666677778888' };
    await server.store.transact(async (transaction) => {
      for (let number = 0; number < 1_200; number += 1) {
        const used = [day(), day(-2), day(-4)].slice(0, 1 + (number % 3));
        for (const month of new Set(used.map((each) => each.slice(0, 7)))) {
          const days = Object.fromEntries(used.filter((each) => each.startsWith(month)).map((each) => [each.slice(8), '1']));
          usageRecords.put(transaction, { ...line, ...kind, operation: `Operation${number}`, month, days });
        }
      }
    });
    const Filter = usageType('us-east-1-KMS-Requests');
    const input = { TimePeriod: { Start: day(-5), End: day(1) }, Filter, GroupBy: groupBy('OPERATION') };
    const seen = new Map<string, number>();
    let pages = 0;
    let token: string | undefined;
    do {
      const page: Answer = await query({ ...input, ...(token === undefined ? {} : { NextPageToken: token }) }, root);
      for (const { TimePeriod, Groups } of page.ResultsByTime)
        seen.set(TimePeriod.Start, (seen.get(TimePeriod.Start) ?? 0) + Groups.length);
      pages += 1;
      token = page.NextPageToken;
    } while (token !== undefined);
    expect(pages).toBe(3);
    expect([...seen]).toEqual([
      [day(-5), 0],
      [day(-4), 400],
      [day(-3), 0],
      [day(-2), 800],
      [day(-1), 0],
      [day(), 1_200],
    ]);
    await expect(query({ ...input, Filter: service('AWS Lambda'), NextPageToken: token ?? 'djE6eA' }, root)).rejects.toThrow(
      'InvalidNextTokenException',
    );
    const first: Answer = await query(input, root);
    await expect(query({ ...input, GroupBy: groupBy('REGION'), NextPageToken: first.NextPageToken }, root)).rejects.toThrow(
      'RequestChangedException',
    );
  });

  test('an account without usage gets an empty total', async () => {
    const root = await server.addAccount('444455556666');
    const answer = await query({}, root);
    expect(answer.ResultsByTime[0]?.Total).toEqual({
      UnblendedCost: { Amount: '0', Unit: 'EUR' },
      BlendedCost: { Amount: '0', Unit: 'EUR' },
      UsageQuantity: { Amount: '0', Unit: 'N/A' },
    });
  });

  const period = (Start: string, End: string) => ({ TimePeriod: { Start, End } });
  const wrong: readonly (readonly [string, () => Structure, string])[] = [
    ['a period that ends where it begins', () => period(day(), day()), 'Start date (and hour) should be before end date (and hour)'],
    ['a period beyond the next month', () => period(day(), day(60)), 'end date past the beginning of next month'],
    ['a period before the history', () => period(day(-600), day()), "You haven't enabled historical data beyond 14 months."],
    ['a time where a day belongs', () => period(`${day()}T00:00:00Z`, day(1)), `is invalid. Valid format is: yyyy-MM-dd.`],
    ['a day that does not exist', () => period('2026-02-30', day(1)), 'Start time 2026-02-30 is invalid. Valid format is: yyyy-MM-dd.'],
    ['three groups', () => ({ GroupBy: groupBy('SERVICE', 'REGION', 'OPERATION') }), 'Only two values for GroupBy are allowed'],
    ['no metric', () => ({ Metrics: [] }), 'Selected metrics cannot be null.'],
    ['a filter of too many parts', () => ({ Filter: { Or: Array.from({ length: 600 }, () => service('a')) } }), 'more than 500 parts'],
    [
      'a filter that is nested too deeply',
      () => ({ Filter: Array.from({ length: 30 }).reduce<Structure>((inner) => ({ Not: inner }), service('a')) }),
      'nested too deeply',
    ],
    ['an unknown metric', () => ({ Metrics: ['Price'] }), 'Invalid metric: Price'],
    [
      'two roots',
      () => ({ Filter: { ...service('AWS Lambda'), And: [service('a'), service('b')] } }),
      'Expression has more than one roots. Only one root operator is allowed for each expression: And, Or, Not, Dimensions, Tags, CostCategories',
    ],
    [
      'a dimension of rules',
      () => ({ Filter: { Dimensions: { Key: 'SERVICE_CODE', Values: ['awskms'] } } }),
      'SERVICE_CODE is not supported',
    ],
    [
      'a way to match that is for rules',
      () => ({ Filter: { Dimensions: { Key: 'SERVICE', Values: ['AWS'], MatchOptions: ['STARTS_WITH'] } } }),
      'MatchOption STARTS_WITH is not supported',
    ],
  ];
  test.each(wrong)('refuses %s', async (_what, input, message) => {
    await expect(query(input())).rejects.toThrow(`ValidationException: `);
    await expect(query(input())).rejects.toThrow(message);
  });

  test('another account’s billing view is refused, and one that does not exist is not found', async () => {
    const view = (account: string, name: string) => ({ BillingViewArn: `arn:aws:billing::${account}:billingview/${name}` });
    await expect(query(view(server.account, 'primary'))).resolves.toBeDefined();
    await expect(query(view(server.account, 'custom'))).rejects.toThrow('ResourceNotFoundException');
    await expect(query(view(outsider, 'primary'))).rejects.toThrow(/AccessDenied|ResourceNotFound/);
  });
});
