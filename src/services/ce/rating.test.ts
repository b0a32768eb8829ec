// Tiers over the whole organisation, and shares that add up to it, whatever the usage is.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDecimal, printDecimal } from '../../base/decimal.ts';
import { shares } from './amounts.ts';
import { readPriceList } from './example.ts';
import { parsePriceList } from './price-list.ts';
import { linesOf, type Rated, rateMonth as rateItems, type Wanted } from './rating.ts';
import type { UsageRecord } from './usage.ts';

const amount = (text: string): bigint => parseDecimal(text) ?? -1n;

function usage({
  day = '2026-11-01',
  quantity = '0',
  ...record
}: Partial<UsageRecord> & { readonly day?: string; readonly quantity?: string }): UsageRecord {
  return {
    payer: '111111111111',
    month: day.slice(0, 7),
    days: { [day.slice(8)]: quantity },
    account: '111111111111',
    productCode: 'awskms',
    product: 'AWS Key Management Service',
    region: 'us-east-1',
    operation: 'Decrypt',
    usageType: 'KMS-Requests',
    prefix: 'us-east-1-',
    unit: 'Requests',
    divisor: '1',
    isMonthly: false,
    tags: {},
    ...record,
  };
}

const list = (...prices: readonly object[]) => parsePriceList({ seller: 'test', currency: 'EUR', prices });
const tiered = {
  service: 'awskms',
  usageType: 'KMS-Requests',
  tiers: [{ upTo: '100', price: '0.10' }, { upTo: '300', price: '0.05' }, { price: '0.01' }],
};
const rate = (prices: ReturnType<typeof list>, month: string, all: readonly UsageRecord[], wanted: Wanted) =>
  linesOf(rateItems(prices, month, all), wanted);
const daily = { from: '2026-01-01', to: '2029-01-01', isDaily: true, account: undefined };
const rateMonth = (prices: ReturnType<typeof list>, month: string, all: readonly UsageRecord[]) => rate(prices, month, all, daily);
const sum = (rated: readonly Rated[], of: 'unblended' | 'blended' | 'quantity'): bigint =>
  rated.reduce((total, each) => total + each[of], 0n);

describe('tiers', () => {
  test('the usage of all accounts is added up before tiers are applied', () => {
    const rated = rateMonth(list(tiered), '2026-11', [
      usage({ account: '111111111111', quantity: '80' }),
      usage({ account: '222222222222', quantity: '120' }),
    ]);
    // 100 at 0.10 and 100 at 0.05; alone each would have paid 8 and 11.
    expect(printDecimal(sum(rated, 'unblended'))).toBe('15');
    expect(rated.map(({ unblended }) => printDecimal(unblended))).toEqual(['6', '9']);
  });

  test('unblended costs follow the days in which tiers were reached, blended ones the month', () => {
    const rated = rateMonth(list(tiered), '2026-11', [
      usage({ day: '2026-11-01', account: '111111111111', quantity: '100' }),
      usage({ day: '2026-11-02', account: '222222222222', quantity: '100' }),
    ]);
    expect(rated.map(({ unblended }) => printDecimal(unblended))).toEqual(['10', '5']);
    expect(rated.map(({ blended }) => printDecimal(blended))).toEqual(['7.5', '7.5']);
  });

  test('each region has its own tiers, unless the price says that they are added up', () => {
    const both = [usage({ quantity: '100' }), usage({ region: 'eu-central-1', quantity: '100' })];
    expect(printDecimal(sum(rateMonth(list(tiered), '2026-11', both), 'unblended'))).toBe('20');
    expect(printDecimal(sum(rateMonth(list({ ...tiered, acrossRegions: true }), '2026-11', both), 'unblended'))).toBe('15');
  });

  test('something that is there for the whole month is one unit, in months of every length', () => {
    const keys = { service: 'awskms', usageType: 'KMS-Keys', tiers: [{ price: '1' }] };
    for (const [month, hours] of [
      ['2026-11', 720],
      ['2026-12', 744],
      ['2027-02', 672],
      ['2028-02', 696],
    ] as const) {
      const [rated] = rateMonth(list(keys), month, [
        usage({ day: `${month}-01`, usageType: 'KMS-Keys', isMonthly: true, quantity: String(hours) }),
      ]);
      expect([printDecimal(rated?.quantity ?? 0n), printDecimal(rated?.unblended ?? 0n)]).toEqual(['1', '1']);
    }
  });

  test('of several prices the one with the latest month counts, from that month on', () => {
    const prices = list({ ...tiered, tiers: [{ price: '1' }] }, { ...tiered, from: '2026-12', tiers: [{ price: '2' }] });
    const cost = (month: string): string =>
      printDecimal(sum(rateMonth(prices, month, [usage({ day: `${month}-01`, quantity: '1' })]), 'unblended'));
    expect([cost('2026-11'), cost('2026-12')]).toEqual(['1', '2']);
  });

  test('what has no price costs nothing and is still counted', () => {
    const [rated] = rateMonth(list(), '2026-11', [usage({ quantity: '7' })]);
    expect(rated).toMatchObject({ unblended: 0n, blended: 0n, quantity: amount('7') });
  });
});

const decimal = fc.tuple(fc.nat(2_000), fc.nat(9_999_999_999)).map(([whole, fraction]) => `${whole}.${String(fraction).padStart(10, '0')}`);
const priceList = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 1, max: 5_000 }), { maxLength: 4 }),
    fc.array(decimal, { minLength: 5, maxLength: 5 }),
    fc.boolean(),
  )
  .map(([bounds, prices, acrossRegions]) => {
    const ends = bounds.toSorted((a, b) => a - b).map(String);
    const tiers = [...ends, undefined].map((upTo, index) => ({ ...(upTo === undefined ? {} : { upTo }), price: prices[index] ?? '0' }));
    return list({ service: 'awskms', usageType: 'KMS-Requests', acrossRegions, tiers });
  });
const quantity = fc.bigInt({ min: 0n, max: 10n ** 13n }).map(String);
const records = fc.array(
  fc
    .record({
      account: fc.constantFrom('111111111111', '222222222222', '333333333333'),
      days: fc.dictionary(fc.constantFrom('01', '02', '30'), quantity, { minKeys: 1, noNullPrototype: true }),
      region: fc.constantFrom('us-east-1', 'eu-central-1'),
      operation: fc.constantFrom('Decrypt', 'Encrypt'),
      isMonthly: fc.boolean(),
      divisor: fc.constantFrom('1', '1024', '1073741824'),
    })
    .map(usage),
  { maxLength: 30 },
);

describe('properties', () => {
  test('the lines of all accounts add up to the organisation’s bill exactly, blended and unblended', () => {
    fc.assert(
      fc.property(priceList, records, (prices, all) => {
        const rated = rateMonth(prices, '2026-11', all);
        expect(rated).toHaveLength(all.flatMap(({ days }) => Object.keys(days)).length);
        expect(sum(rated, 'blended')).toBe(sum(rated, 'unblended'));
        // The organisation as one account with one line per region: the bill to which the parts must add up.
        const acrossRegions = prices.prices[0]?.acrossRegions === true;
        expect(sum(rated, 'unblended')).toBe(wholeBill(prices, all, acrossRegions));
        expect(rated.every(({ unblended, blended }) => unblended >= 0n && blended >= 0n)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('what an account sees of the bill, and what a month says of its days, is what all of it says', () => {
    fc.assert(
      fc.property(priceList, records, (prices, all) => {
        const whole = rateMonth(prices, '2026-11', all);
        const own = rate(prices, '2026-11', all, { ...daily, account: '222222222222' });
        expect(own).toEqual(whole.filter(({ usage: { account } }) => account === '222222222222'));
        const monthly = rate(prices, '2026-11', all, { ...daily, isDaily: false });
        for (const of of ['unblended', 'blended', 'quantity'] as const) expect(sum(monthly, of)).toBe(sum(whole, of));
        const part = { ...daily, from: '2026-11-02', to: '2026-11-30' };
        const inside = whole.filter(({ day }) => day === '2026-11-02');
        expect(sum(rate(prices, '2026-11', all, { ...part, isDaily: false }), 'blended')).toBe(sum(inside, 'blended'));
      }),
      { numRuns: 100 },
    );
  });

  test('shares add up to the whole, and none is further from its part than one', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 15n }),
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 20 }),
        (whole, weights) => {
          const total = weights.reduce((a, b) => a + b, 0n);
          const parts = shares(whole, weights);
          expect(parts.reduce((a, b) => a + b, 0n)).toBe(total === 0n ? 0n : whole);
          parts.forEach((part, index) => {
            const weight = weights[index] ?? 0n;
            if (total > 0n) expect(part * total - whole * weight < total && whole * weight - part * total < total).toBe(true);
          });
        },
      ),
    );
  });

  test('an amount is printed as it was read', () => {
    fc.assert(
      fc.property(decimal, (text) => {
        expect(amount(printDecimal(amount(text)))).toBe(amount(text));
      }),
    );
  });
});

/** By another way: fractions to the end, rounded once per price and region. */
function wholeBill(prices: ReturnType<typeof list>, all: readonly UsageRecord[], acrossRegions: boolean): bigint {
  const [price] = prices.prices;
  const regions = acrossRegions ? [all] : ['us-east-1', 'eu-central-1'].map((region) => all.filter((each) => each.region === region));
  const common = 1_073_741_824n * 720n;
  let bill = 0n;
  for (const each of regions) {
    let left = each.reduce(
      (total, { days, divisor, isMonthly }) =>
        Object.values(days).reduce((more, amount) => more + (BigInt(amount) * common) / (BigInt(divisor) * (isMonthly ? 720n : 1n)), total),
      0n,
    );
    let cost = 0n;
    let before = 0n;
    for (const tier of price?.tiers ?? []) {
      const room = tier.upTo === undefined ? left : ((tier.upTo - before) * common) / 10n ** 10n;
      const part = left < room ? left : room;
      cost += part * tier.price;
      left -= part;
      before = tier.upTo ?? before;
    }
    bill += (2n * cost + common) / (2n * common);
  }
  return bill;
}

describe('price lists', () => {
  test('the example is a valid list and says that it is an example', () => {
    expect(readPriceList(undefined).seller).toMatch(/example/i);
  });

  const wrong: readonly (readonly [string, object, string])[] = [
    ['a floating point price', { ...tiered, tiers: [{ price: 0.1 }] }, 'prices[0].tiers[0].price is not a decimal'],
    ['too many places', { ...tiered, tiers: [{ price: '0.00000000001' }] }, 'prices[0].tiers[0].price is not a decimal'],
    [
      'tiers that do not rise',
      { ...tiered, tiers: [{ upTo: '5', price: '1' }, { upTo: '5', price: '1' }, { price: '1' }] },
      'prices[0].tiers[1]',
    ],
    ['a last tier with an end', { ...tiered, tiers: [{ upTo: '5', price: '1' }] }, 'prices[0].tiers[0]'],
    ['no tiers', { ...tiered, tiers: [] }, 'prices[0].tiers is empty'],
    ['a member that is none', { ...tiered, prize: '1' }, 'prices[0] has the member `prize`'],
    ['a month that is none', { ...tiered, from: '2026-13' }, 'prices[0].from'],
  ];
  test.each(wrong)('refuses %s and names the place', (_what, price, message) => {
    expect(() => list(price)).toThrow(message);
  });
});
