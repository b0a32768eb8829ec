// The bounded memory of a replay.
import { expect, test } from 'vitest';
import { createRecent } from './recent.ts';

test('keeps what is used from turn to turn, and forgets the rest, so that it never holds more than its bound and what came since', () => {
  const recent = createRecent<number>(10);
  const isKept = (key: string) => recent.has(key);
  recent.set('used', 0);
  for (let turn = 1; turn <= 20; turn += 1) {
    recent.turn();
    expect(isKept('used')).toBe(true);
    for (let at = 0; at < 5; at += 1) recent.set(`${turn} ${at}`, turn);
  }
  const known = Array.from({ length: 20 }, (_each, turn) => [0, 1, 2, 3, 4].filter((at) => isKept(`${turn + 1} ${at}`)).length);
  expect(known.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(10 + 5);
  expect(known.at(-1)).toBe(5);
});

test('forgets nothing between two turns, however much comes', () => {
  const recent = createRecent<number>(2);
  for (let at = 0; at < 100; at += 1) recent.set(String(at), at);
  expect(Array.from({ length: 100 }, (_each, at) => recent.get(String(at)))).toEqual(Array.from({ length: 100 }, (_each, at) => at));
  recent.turn();
  recent.set('next', 1);
  recent.turn();
  recent.set('after', 1);
  recent.turn();
  expect([recent.get('0'), recent.get('after')]).toEqual([undefined, 1]);
});
