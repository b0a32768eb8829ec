// The operations about the caller itself, and what every session token of the service holds to.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { federatedCaller, roleCaller, rootCaller, sessionFacts, testContext, userCaller } from '../../../test/service-context.ts';
import type { Caller } from '../../kit/context.ts';
import type { OperationDefinition } from '../../kit/operation.ts';
import { openSessionToken } from '../../kit/session-token.ts';
import type { Structure } from '../../protocol/protocol.ts';
import { GetAccessKeyInfo } from './access-key-info.ts';
import type { Credentials } from './api.gen.ts';
import { GetCallerIdentity } from './caller-identity.ts';
import { DecodeAuthorizationMessage } from './decode-message.ts';
import { GetFederationToken } from './federation-token.ts';
import { GetSessionToken } from './session-token.ts';

async function call(operation: OperationDefinition, input: Structure, caller: Caller = userCaller('alice')): Promise<Structure> {
  const context = testContext({ caller });
  if (typeof operation.access === 'function') await operation.access(input, context);
  return operation.handle(input, context);
}

async function tokenOf(operation: OperationDefinition, input: Structure, caller?: Caller) {
  const output = await call(operation, input, caller);
  // Decoding boundary: the operation's definition is untyped, as the pipeline sees it.
  const credentials = output['Credentials'] as Credentials;
  return { credentials, token: openSessionToken(testContext().sealer, credentials.SessionToken) };
}

test.each([
  ['root', rootCaller(), '111122223333', 'arn:aws:iam::111122223333:root'],
  ['a user', userCaller('alice'), 'AIDAQXCVBNMASDFGHJKLZ', 'arn:aws:iam::111122223333:user/alice'],
  ['a role', roleCaller('deploy', { name: 'ci' }), 'AROAQXCVBNMASDFGHJKLZ:ci', 'arn:aws:sts::111122223333:assumed-role/deploy/ci'],
  ['a federated user', federatedCaller('bob'), '111122223333:bob', 'arn:aws:sts::111122223333:federated-user/bob'],
])('GetCallerIdentity tells %s who it is', async (_, caller, UserId, Arn) => {
  expect(await call(GetCallerIdentity, {}, caller)).toEqual({ UserId, Account: '111122223333', Arn });
});

const halfDay = 43_200;
test.each([
  ['a user', userCaller('alice'), undefined, halfDay, { kind: 'user', userName: 'alice', userId: 'AIDAQXCVBNMASDFGHJKLZ' }],
  ['a user', userCaller('alice'), 129_600, 129_600, { kind: 'user', userName: 'alice', userId: 'AIDAQXCVBNMASDFGHJKLZ' }],
  ['root', rootCaller(), undefined, 3_600, { kind: 'root' }],
  ['root', rootCaller(), 7_200, 3_600, { kind: 'root' }],
  ['root', rootCaller(), 900, 900, { kind: 'root' }],
])('GetSessionToken gives %s that asks for %s seconds %i', async (_, caller, DurationSeconds, seconds, holder) => {
  const { credentials, token } = await tokenOf(GetSessionToken, { DurationSeconds }, caller);
  expect(token?.holder).toEqual(holder);
  expect(credentials.Expiration).toBe(1_795_534_423_000 + seconds * 1000);
  expect(token?.facts.expiresAtMs).toBe(credentials.Expiration);
});

const sessions = [userCaller('alice', sessionFacts()), rootCaller(sessionFacts()), roleCaller('deploy'), federatedCaller('bob')];
test.each(sessions)('refuses $principal.kind with temporary credentials', async (caller) => {
  const refusal = (name: string) => ({ code: 'AccessDenied', message: `Cannot call ${name} with session credentials`, status: 403 });
  await expect(call(GetSessionToken, {}, caller)).rejects.toMatchObject(refusal('GetSessionToken'));
  await expect(call(GetFederationToken, { Name: 'bob' }, caller)).rejects.toMatchObject(refusal('GetFederationToken'));
});

test('never takes a service or an anonymous caller for root', async () => {
  for (const kind of ['service', 'anonymous'] as const) {
    const caller = { ...rootCaller(), principal: { kind, arn: 'x', account: undefined } };
    await expect(call(GetSessionToken, {}, caller)).rejects.toMatchObject({ code: 'AccessDenied' });
  }
});

test('GetFederationToken asks for the federated user and for its tags', async () => {
  if (typeof GetFederationToken.access !== 'function') throw new Error('GetFederationToken must be authorised');
  const onBob = { resource: 'arn:aws:sts::111122223333:federated-user/bob', requestTags: { Dept: 'x' } };
  expect(await GetFederationToken.access({ Name: 'bob', Tags: [{ Key: 'Dept', Value: 'x' }] }, testContext())).toEqual([
    { action: 'sts:GetFederationToken', ...onBob },
    { action: 'sts:TagSession', ...onBob },
  ]);
});

test('GetFederationToken makes a session of the federated user that remembers its issuer', async () => {
  const Policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}';
  const { token } = await tokenOf(GetFederationToken, { Name: 'bob', Policy, Tags: [{ Key: 'Dept', Value: 'x' }] });
  expect(token).toMatchObject({
    holder: { kind: 'federated-user', name: 'bob', issuer: { userName: 'alice', userId: 'AIDAQXCVBNMASDFGHJKLZ' } },
    policy: Policy,
    facts: { name: 'bob', tags: { Dept: 'x' }, transitiveTagKeys: [] },
  });
  const fromRoot = await tokenOf(GetFederationToken, { Name: 'bob' }, rootCaller());
  expect(fromRoot.token?.holder).toEqual({ kind: 'federated-user', name: 'bob', issuer: 'root' });
  expect(await call(GetFederationToken, { Name: 'bob' })).toMatchObject({
    FederatedUser: { FederatedUserId: '111122223333:bob', Arn: 'arn:aws:sts::111122223333:federated-user/bob' },
    PackedPolicySize: undefined,
  });
});

test('GetAccessKeyInfo tells the account that a key id carries', async () => {
  expect(await call(GetAccessKeyInfo, { AccessKeyId: 'ASIAQNZGKIQY56JQ7WML' })).toEqual({ Account: '029608264753' });
  await expect(call(GetAccessKeyInfo, { AccessKeyId: 'AIDAQXCVBNMASDFGHJKLZ' })).rejects.toMatchObject({ code: 'ValidationError' });
});

test('DecodeAuthorizationMessage opens messages of this installation and nothing else that was sealed here', async () => {
  const { sealer } = testContext();
  const EncodedMessage = sealer.seal('authorization-message', '{"allowed":false}');
  expect(await call(DecodeAuthorizationMessage, { EncodedMessage })).toEqual({ DecodedMessage: '{"allowed":false}' });
  for (const other of [
    sealer.seal('session-token', '{}'),
    testContext({ rootKey: 'other' }).sealer.seal('authorization-message', '{}'),
    'x',
  ]) {
    await expect(call(DecodeAuthorizationMessage, { EncodedMessage: other })).rejects.toMatchObject({
      code: 'InvalidAuthorizationMessageException',
    });
  }
});

test('a session token opens only under the root key that sealed it', async () => {
  const { credentials } = await tokenOf(GetSessionToken, {});
  expect(openSessionToken(testContext().sealer, credentials.SessionToken)).toBeDefined();
  expect(openSessionToken(testContext({ rootKey: 'other' }).sealer, credentials.SessionToken)).toBeUndefined();
});

test('a session token names the one key and secret that it was issued with', async () => {
  const { credentials, token } = await tokenOf(GetSessionToken, {});
  expect([token?.accessKeyId, token?.secretAccessKey.reveal()]).toEqual([credentials.AccessKeyId, credentials.SecretAccessKey]);
  expect(JSON.stringify(token)).not.toContain(credentials.SecretAccessKey);
});

test('a session token in which any bit is flipped is refused', async () => {
  const { credentials } = await tokenOf(GetSessionToken, {});
  const text = credentials.SessionToken;
  const { sealer } = testContext();
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.nat(7), (at, bit) => {
      const flipped = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1);
      expect(openSessionToken(sealer, flipped)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});
