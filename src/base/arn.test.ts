// ARNs keep everything that they were given.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseArn } from './arn.ts';

test('keeps colons and slashes of the resource part', () => {
  expect(parseArn('arn:aws:logs:eu-west-1:111122223333:log-group:a/b:*')?.resource).toBe('log-group:a/b:*');
});

test.each(['', 'arn', 'arn:aws:iam::1', 'urn:aws:iam::1:x', 'arn::iam::1:x', 'arn:aws:iam::1:'])('refuses %j', (text) => {
  expect(parseArn(text)).toBeUndefined();
});

test('formatting and parsing are inverse', () => {
  const part = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
  fc.assert(
    fc.property(
      fc.record({ partition: part, service: part, region: part, account: part, resource: fc.stringMatching(/^[a-z:/]{1,20}$/) }),
      (parts) => {
        expect(parseArn(`arn:${parts.partition}:${parts.service}:${parts.region}:${parts.account}:${parts.resource}`)).toEqual(parts);
      },
    ),
  );
});
