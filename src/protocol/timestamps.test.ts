// Times in their three forms: what is read, what is refused, and that printing and reading are inverse.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTimestamp, timestampText } from './timestamps.ts';

test.each([
  ['1970-01-01T00:00:00Z', 0],
  ['2026-11-24T15:33:43.25Z', Date.UTC(2026, 10, 24, 15, 33, 43, 250)],
  ['2019-12-16T22:48:18-01:00', Date.UTC(2019, 11, 16, 23, 48, 18)],
  ['0001-01-01T00:00:00Z', -62_135_596_800_000],
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ['Tue, 24 Nov 2026 15:33:43 GMT', Date.UTC(2026, 10, 24, 15, 33, 43)],
  ['1422172800', 1_422_172_800_000],
  ['1.4221728E+09', 1_422_172_800_000],
  ['-1.5', -1500],
])('reads %s', (text, ms) => {
  expect(parseTimestamp(text)).toBe(ms);
});

test.each([
  '',
  'now',
  '2026-02-30T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-11-24',
  '2026-11-24T24:00:00Z',
  '2026-11-24T15:33:43',
  'Tue, 24 Xyz 2026 15:33:43 GMT',
  '253402300800',
  '1e99',
  `${'9'.repeat(70)}`,
])('refuses %j', (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

test('printing and reading are inverse in every form, to the second or the millisecond that it has', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), (ms) => {
      expect(parseTimestamp(timestampText(ms, 'iso8601'))).toBe(ms);
      expect(parseTimestamp(timestampText(ms, 'unixTimestamp'))).toBe(ms);
      expect(parseTimestamp(timestampText(ms, 'rfc822'))).toBe(Math.floor(ms / 1000) * 1000);
    }),
  );
});
