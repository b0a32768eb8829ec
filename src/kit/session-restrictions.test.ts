// Sessions are limited by their kind before any policy is asked.
import { expect, test } from 'vitest';
import { federatedCaller, roleCaller, rootCaller, sessionFacts, testNow, userCaller } from '../../test/service-context.ts';
import { sessionRestriction } from './session-restrictions.ts';

const plain = sessionFacts();
const withMfa = sessionFacts({ mfaAtMs: testNow - 60_000 });

test.each([
  ['a user with long-term keys', userCaller('alice'), 'iam', 'ListUsers', undefined],
  ['a user with long-term keys', userCaller('alice'), 'sts', 'GetFederationToken', undefined],
  ['a session of GetSessionToken', userCaller('alice', plain), 'iam', 'ListUsers', 'InvalidClientTokenId'],
  ['a session of GetSessionToken with MFA', userCaller('alice', withMfa), 'iam', 'ListUsers', undefined],
  ['a session of GetSessionToken', userCaller('alice', plain), 'sts', 'AssumeRole', undefined],
  ['a session of GetSessionToken', userCaller('alice', plain), 'sts', 'GetCallerIdentity', undefined],
  ['a session of GetSessionToken with MFA', userCaller('alice', withMfa), 'sts', 'GetSessionToken', 'AccessDenied'],
  ['a session of GetSessionToken with MFA', userCaller('alice', withMfa), 'sts', 'GetAccessKeyInfo', 'AccessDenied'],
  ['a session of GetSessionToken', userCaller('alice', plain), 'kms', 'Encrypt', undefined],
  ['a session of root', rootCaller(plain), 'iam', 'ListUsers', 'InvalidClientTokenId'],
  ['a role session', roleCaller('r'), 'iam', 'ListUsers', undefined],
  ['a role session', roleCaller('r'), 'sts', 'AssumeRole', undefined],
  ['a role session', roleCaller('r'), 'sts', 'GetSessionToken', 'AccessDenied'],
  ['a role session', roleCaller('r'), 'sts', 'GetFederationToken', 'AccessDenied'],
  ['a federated user', federatedCaller('bob'), 'iam', 'ListUsers', 'InvalidClientTokenId'],
  ['a federated user', federatedCaller('bob'), 'sts', 'AssumeRole', 'AccessDenied'],
  ['a federated user', federatedCaller('bob'), 'sts', 'GetCallerIdentity', undefined],
  ['a federated user', federatedCaller('bob'), 's3', 'GetObject', undefined],
])('%s calls %s %s:%s with the outcome %s', (_, caller, service, operation, code) => {
  expect(sessionRestriction(caller, service, operation)?.code).toBe(code);
});

test('names the operation as AWS does', () => {
  expect(sessionRestriction(roleCaller('r'), 'sts', 'GetSessionToken')?.message).toBe(
    'Cannot call GetSessionToken with session credentials',
  );
});
