// How large a policy of each type may be.
import { expect, test } from 'vitest';
import { type DocumentType, sizeExcess, sizeQuotas } from '../../src/policy/validate-document.ts';

const types: readonly DocumentType[] = [
  'identity',
  'boundary',
  'session',
  'trust',
  'resource',
  'key',
  'service-control',
  'resource-control',
  'vpc-endpoint',
];

test.each(types)('a policy of type %s fits up to its quota and not beyond', (type) => {
  const { charactersMax } = sizeQuotas[type];
  expect(sizeExcess(type, 'x'.repeat(charactersMax))).toBe(0);
  expect(sizeExcess(type, 'x'.repeat(charactersMax + 3))).toBe(3);
});

test('IAM leaves white space out when it counts, Organizations does not', () => {
  const spaced = (size: number): string => 'x '.repeat(size / 2);
  expect(sizeExcess('identity', spaced(6_144 * 2))).toBe(0);
  expect(sizeExcess('trust', spaced(2_048 * 2))).toBe(0);
  expect(sizeExcess('service-control', spaced(10_242))).toBe(2);
  expect(sizeExcess('resource-control', spaced(5_122))).toBe(2);
});
