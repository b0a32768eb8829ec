// Identifiers as AWS forms them.
import { expect, test } from 'vitest';
import { seededIds } from '../base/ids.ts';
import { accessKeyIdFor, accountOfAccessKeyId } from './account-ids.ts';

test('decodes the account of access key ids that AWS made', () => {
  expect(accountOfAccessKeyId('ASIAQNZGKIQY56JQ7WML')).toBe('029608264753');
  expect(accountOfAccessKeyId('ASIAY34FZKBOKMUTVV7A')).toBe('609629065308');
});

test('gives every new access key id its account', () => {
  const ids = seededIds('keys');
  for (const account of ['000000000000', '111122223333', '999999999999', '550000000001']) {
    expect(accessKeyIdFor(ids, 'AKIA', account)).toMatch(/^AKIA[A-Z2-7]{16}$/);
    expect(accountOfAccessKeyId(accessKeyIdFor(ids, 'ASIA', account))).toBe(account);
  }
});

test('finds no account in ids of another form', () => {
  for (const id of ['FOOBARKEY', 'AKIAIOSFODNN7EXAMPL', 'AKIA0000000000000000', '']) expect(accountOfAccessKeyId(id)).toBeUndefined();
});
