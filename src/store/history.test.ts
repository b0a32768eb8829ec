// The checker of histories must find the anomalies that it is there for.
import { expect, test } from 'vitest';
import { type HistoryUnit, isSerialisable } from './history.ts';

function unit(
  id: number,
  reads: Readonly<Record<string, number | undefined>>,
  writes: Readonly<Record<string, number>>,
  began = 0,
  ended = 100,
): HistoryUnit {
  return { id, reads: new Map(Object.entries(reads)), writes: new Map(Object.entries(writes)), began, ended };
}

test('accepts units that ran one after the other', () => {
  expect(isSerialisable([unit(0, { a: undefined }, { a: 1 }), unit(1, { a: 1 }, { a: 2 }), unit(2, { a: 2 }, {})])).toBe(true);
});

test('finds a lost update', () => {
  expect(isSerialisable([unit(0, { a: undefined }, { a: 1 }), unit(1, { a: 1 }, { a: 2 }), unit(2, { a: 1 }, { a: 3 })])).toBe(false);
});

test('finds write skew', () => {
  const start = unit(0, { a: undefined, b: undefined }, { a: 1, b: 2 });
  expect(isSerialisable([start, unit(1, { a: 1, b: 2 }, { a: 3 }), unit(2, { a: 1, b: 2 }, { b: 4 })])).toBe(false);
});

test('finds a read that saw half of a unit', () => {
  const start = unit(0, { a: undefined, b: undefined }, { a: 1, b: 2 });
  expect(isSerialisable([start, unit(1, { a: 1, b: 2 }, { a: 3, b: 4 }), unit(2, { a: 3, b: 2 }, {})])).toBe(false);
});

test('finds a read of what nobody wrote, and a stale read after the write was acknowledged', () => {
  expect(isSerialisable([unit(0, { a: 7 }, {})])).toBe(false);
  expect(isSerialisable([unit(0, { a: undefined }, { a: 1 }, 1, 2), unit(1, { a: undefined }, {}, 3, 4)])).toBe(false);
});
