// The line and its intervals, against figures of statistics textbooks and against chance.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededIds } from '../../base/ids.ts';
import { daysAhead, forecast, historyDaysMin, lineThrough } from './forecast-model.ts';

const lineOf = (values: readonly number[]) => {
  const line = lineThrough(values);
  if (line === undefined) throw new Error('there are days enough');
  return line;
};

test('too few days make no line', () => {
  expect(lineThrough(Array.from({ length: historyDaysMin - 1 }, () => 1))).toBeUndefined();
  expect(lineThrough(Array.from({ length: historyDaysMin }, () => 1))).toBeDefined();
});

test('a straight line is drawn on exactly and without doubt', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 14, max: 90 }),
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 0, max: 1_000 }),
      (days, slope, start) => {
        const line = lineOf(Array.from({ length: days }, (_, day) => start + slope * day));
        const { mean, lower, upper } = forecast(line, [days, days + 1], 95);
        const expected = 2 * start + slope * (2 * days + 1);
        expect(mean).toBeCloseTo(expected, 4);
        expect(upper - lower).toBeCloseTo(0, 3);
      },
    ),
  );
});

test('the interval of one day is that of linear regression', () => {
  // y = x + 1, 0, -1 about it: by hand for 16 days, one day ahead at 95 %: t(0.975, 14) = 2.14479.
  const values = Array.from({ length: 16 }, (_, day) => 10 + day + (day % 3) - 1);
  const line = lineOf(values);
  const spread = (16 * (16 ** 2 - 1)) / 12;
  const { mean, upper } = forecast(line, [16], 95);
  expect((upper - mean) / (line.error * Math.sqrt(1 + 1 / 16 + 8.5 ** 2 / spread))).toBeCloseTo(2.14479, 3);
});

test('the day is inside the interval about as often as the level says', () => {
  const ids = seededIds('forecast');
  const noise = (): number => ids.bytes(12).reduce((sum, byte) => sum + byte / 255, 0) - 6;
  let inside = 0;
  for (let run = 0; run < 400; run += 1) {
    const values = Array.from({ length: 31 }, (_, day) => 100 + 2 * day + 5 * noise());
    const { lower, upper } = forecast(lineOf(values.slice(0, 30)), [30], 80);
    const day = values[30] ?? 0;
    if (day >= lower && day <= upper) inside += 1;
  }
  expect(inside / 400).toBeGreaterThan(0.74);
  expect(inside / 400).toBeLessThan(0.86);
});

test('days ahead are counted from the first day of the history', () => {
  expect(daysAhead(lineOf(Array.from({ length: 20 }, () => 1)), '2026-11-25', ['2026-11-25', '2026-12-01'])).toEqual([20, 26]);
});
