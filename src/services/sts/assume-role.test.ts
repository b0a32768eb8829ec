// AssumeRole: what is asked of policies, what is refused beside them, and what the new session carries.
import { expect, test } from 'vitest';
import { roleCaller, rootCaller, sessionFacts, testContext, testNow, userCaller } from '../../../test/service-context.ts';
import { accountOfAccessKeyId } from '../../kit/account-ids.ts';
import type { Caller, EventFacts } from '../../kit/context.ts';
import { sealContextAssertion } from '../../kit/context-assertion.ts';
import type { Access } from '../../kit/operation.ts';
import type { RoleFacts } from '../../kit/ports.ts';
import { openSessionToken } from '../../kit/session-token.ts';
import { compilePolicy } from '../../policy/compile.ts';
import type { AssumeRoleRequest, AssumeRoleResponse } from './api.gen.ts';
import { AssumeRole } from './assume-role.ts';

const allowAll = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
const trust = { name: 'trust', policy: compilePolicy(allowAll) };
const role: RoleFacts = {
  arn: 'arn:aws:iam::444455556666:role/app/deploy',
  account: '444455556666',
  name: 'deploy',
  roleId: 'AROAQXCVBNMASDFGHJKLM',
  trust,
  maxSessionSeconds: 7_200,
  tags: { Env: 'prod' },
};
const request: AssumeRoleRequest = { RoleArn: role.arn, RoleSessionName: 'ci' };

interface Options {
  readonly caller?: Caller;
  readonly notes?: EventFacts[];
}

async function accessOf(input: Partial<AssumeRoleRequest>, { caller = userCaller('alice') }: Options = {}): Promise<readonly Access[]> {
  if (typeof AssumeRole.access !== 'function') throw new Error('AssumeRole must be authorised');
  const result = await AssumeRole.access({ ...request, ...input }, testContext({ caller, roles: [role] }));
  return [result].flat();
}

async function assume(input: Partial<AssumeRoleRequest> = {}, { caller = userCaller('alice'), notes = [] }: Options = {}) {
  const context = testContext({
    caller,
    roles: [role],
    managedPolicies: { 'arn:aws:iam::aws:policy/ReadOnlyAccess': trust, 'arn:aws:iam::111122223333:policy/mine': trust },
    onNote: (facts) => notes.push(facts),
  });
  // Decoding boundary: the operation's definition is untyped, as the pipeline sees it.
  const output = (await AssumeRole.handle({ ...request, ...input }, context)) as AssumeRoleResponse;
  const token = openSessionToken(context.sealer, output.Credentials?.SessionToken ?? '');
  return { output, token };
}

const actionsOf = (accesses: readonly Access[]) => accesses.map(({ action }) => action);

test('asks the trust policy with the role as resource, its account and tags, and the conditions of the request', async () => {
  const [access] = await accessOf({ ExternalId: 'handshake' });
  expect(access).toMatchObject({
    action: 'sts:AssumeRole',
    resource: role.arn,
    resourceAccount: '444455556666',
    resourceTags: { Env: 'prod' },
    resourcePolicy: { mode: 'trust', source: trust },
    context: { 'sts:ExternalId': 'handshake', 'sts:RoleSessionName': 'ci', 'iam:ResourceTag/Env': 'prod' },
  });
  expect(access?.context?.['sts:SourceIdentity']).toBeUndefined();
});

const chained = roleCaller('first', { sourceIdentity: 'alice', tags: { Team: 'blue', Own: 'x' }, transitiveTagKeys: ['team'] });

test.each([
  ['nothing more', userCaller('alice'), {}, ['sts:AssumeRole']],
  ['tags', userCaller('alice'), { Tags: [{ Key: 'Dept', Value: 'x' }] }, ['sts:AssumeRole', 'sts:TagSession']],
  ['a source identity', userCaller('alice'), { SourceIdentity: 'alice' }, ['sts:AssumeRole', 'sts:SetSourceIdentity']],
  ['what its session hands on', chained, {}, ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']],
])('asks for the permissions of a caller that passes %s', async (_, caller, input, actions) => {
  expect(actionsOf(await accessOf(input, { caller }))).toEqual(actions);
});

const identityCenter = 'arn:aws:iam::aws:contextProvider/IdentityCenter';
const assertion = (more: object = {}) =>
  sealContextAssertion(testContext().sealer, {
    providerArn: identityCenter,
    context: { 'identitystore:UserId': 'user-7' },
    expiresAtMs: testNow + 60_000,
    ...more,
  });

test('asks sts:SetContext for a provided context, with what it says as conditions, and keeps it in the session', async () => {
  const ProvidedContexts = [{ ProviderArn: identityCenter, ContextAssertion: assertion() }];
  const accesses = await accessOf({ ProvidedContexts });
  expect(actionsOf(accesses)).toEqual(['sts:AssumeRole', 'sts:SetContext']);
  expect(accesses[1]?.context).toMatchObject({
    'sts:RequestContextProviders': [identityCenter],
    'sts:RequestContext/identitystore:UserId': 'user-7',
  });
  expect((await assume({ ProvidedContexts })).token?.facts.providedKeys).toEqual({ 'identitystore:UserId': 'user-7' });
});

test.each([
  ['of another provider', assertion({ providerArn: 'arn:aws:iam::aws:contextProvider/Other' }), 'InvalidParameterValue'],
  ['that nobody sealed', 'forged', 'InvalidParameterValue'],
  ['that has expired', assertion({ expiresAtMs: testNow }), 'ExpiredTokenException'],
])('refuses a context %s', async (_, ContextAssertion, code) => {
  await expect(accessOf({ ProvidedContexts: [{ ProviderArn: identityCenter, ContextAssertion }] })).rejects.toMatchObject({ code });
});

test('asks about a role that does not exist as about one that trusts nobody', async () => {
  const [access] = await accessOf({ RoleArn: 'arn:aws:iam::444455556666:role/none' });
  expect(access).toMatchObject({ resourceAccount: '444455556666', resourcePolicy: { mode: 'trust', source: undefined } });
});

test.each([
  ['root', rootCaller(), {}, 'AccessDenied', 'Roles may not be assumed by root accounts.'],
  ['no ARN', undefined, { RoleArn: 'this is not an arn at all' }, 'ValidationError', 'Request ARN is invalid'],
  ['no role', undefined, { RoleArn: 'arn:aws:iam::444455556666:user/u' }, 'ValidationError', 'arn:aws:iam::444455556666:user/u is invalid'],
  [
    'an unknown MFA device',
    undefined,
    { SerialNumber: 'GAHT12345678', TokenCode: '123456' },
    'AccessDenied',
    'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
  ],
  [
    'a device without a code',
    undefined,
    { SerialNumber: 'GAHT12345678' },
    'AccessDenied',
    'MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.',
  ],
  [
    'another source identity than the session has',
    chained,
    { SourceIdentity: 'bob' },
    'AccessDenied',
    `User: ${chained.principal.arn} is not authorized to perform: sts:SetSourceIdentity on resource: ${role.arn}`,
  ],
])('refuses %s before any policy is asked', async (_, caller, input, code, message) => {
  await expect(accessOf(input, caller ? { caller } : {})).rejects.toMatchObject({ code, message });
});

test('makes credentials of the role’s account whose token is the role’s session', async () => {
  const { output, token } = await assume();
  expect(output.AssumedRoleUser).toEqual({
    AssumedRoleId: 'AROAQXCVBNMASDFGHJKLM:ci',
    Arn: 'arn:aws:sts::444455556666:assumed-role/deploy/ci',
  });
  expect(output.Credentials).toMatchObject({ AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/), Expiration: 1_795_538_023_000 });
  expect(output.Credentials?.SecretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/);
  expect(accountOfAccessKeyId(output.Credentials?.AccessKeyId ?? '')).toBe('444455556666');
  expect(output.PackedPolicySize).toBeUndefined();
  expect(token).toMatchObject({
    accessKeyId: output.Credentials?.AccessKeyId,
    holder: { kind: 'role', roleArn: role.arn, roleId: role.roleId },
    account: '444455556666',
    policyArns: [],
    facts: { name: 'ci', issuedAtMs: testNow, expiresAtMs: output.Credentials?.Expiration },
  });
});

test('does not hand the caller’s second factor on to the role', async () => {
  const { token } = await assume({}, { caller: userCaller('alice', sessionFacts({ mfaAtMs: testNow })) });
  expect(token?.facts.mfaAtMs).toBeUndefined();
});

test('hands on the source identity and the transitive tags of the calling session, and no other', async () => {
  const { output, token } = await assume({ Tags: [{ Key: 'Dept', Value: 'x' }], TransitiveTagKeys: ['dept'] }, { caller: chained });
  expect(output.SourceIdentity).toBe('alice');
  expect(token?.facts).toMatchObject({ sourceIdentity: 'alice', tags: { Team: 'blue', Dept: 'x' }, transitiveTagKeys: ['team', 'dept'] });
  expect(Object.keys(token?.facts.tags ?? {})).toEqual(['Team', 'Dept']);
});

const tag = (Key: string, Value = 'v') => ({ Key, Value });
const policyOf = (action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });
const chainedLimit = 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.';
const duplicate = 'Duplicate tag keys found. Please note that Tag keys are case insensitive.';

test.each<readonly [string, Partial<AssumeRoleRequest>, Caller | undefined, string, string]>([
  [
    'longer than the role',
    { DurationSeconds: 7_201 },
    undefined,
    'ValidationError',
    'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  ],
  ['chained and longer than an hour', { DurationSeconds: 3_601 }, roleCaller('first'), 'ValidationError', chainedLimit],
  ['tags that differ by case', { Tags: [tag('Dept'), tag('dept')] }, undefined, 'InvalidParameterValue', duplicate],
  [
    'a transitive key without a tag',
    { TransitiveTagKeys: ['Dept'] },
    undefined,
    'InvalidParameterValue',
    'The specified transitive tag key must be included in the requested tags.',
  ],
  [
    'an inherited tag',
    { Tags: [tag('TEAM')] },
    chained,
    'InvalidParameterValue',
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
  ],
  [
    'a reserved tag',
    { Tags: [tag('aws:x')] },
    undefined,
    'InvalidParameterValue',
    'Tag keys that start with aws: are reserved for system use.',
  ],
  ['no policy', { Policy: '{' }, undefined, 'MalformedPolicyDocument', 'Syntax errors in policy.'],
  [
    'a policy with a principal',
    { Policy: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}' },
    undefined,
    'MalformedPolicyDocument',
    'Policy document should not specify a principal.',
  ],
  [
    'a policy of more than 2,048 characters',
    { Policy: policyOf(`s3:${'x'.repeat(2_000)}`) },
    undefined,
    'ValidationError',
    "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048",
  ],
  [
    'eleven policies',
    { PolicyArns: Array.from({ length: 11 }, () => ({ arn: 'arn:aws:iam::aws:policy/A' })) },
    undefined,
    'ValidationError',
    "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10",
  ],
  [
    'a descriptor without an ARN',
    { PolicyArns: [{}] },
    undefined,
    'ValidationError',
    "1 validation error detected: Value at 'policyArns.1.member.arn' failed to satisfy constraint: Member must not be null",
  ],
  [
    'a policy that does not exist',
    { PolicyArns: [{ arn: 'arn:aws:iam::444455556666:policy/none' }] },
    undefined,
    'ValidationError',
    'Policy arn:aws:iam::444455556666:policy/none does not exist or is not attachable.',
  ],
  [
    'a policy of the caller’s account',
    { PolicyArns: [{ arn: 'arn:aws:iam::111122223333:policy/mine' }] },
    undefined,
    'ValidationError',
    'Policy arn:aws:iam::111122223333:policy/mine does not exist or is not attachable.',
  ],
])('refuses %s', async (_, input, caller, code, message) => {
  await expect(assume(input, caller ? { caller } : {})).rejects.toMatchObject({ code, message });
});

test('seals session policies into the token and says how much space they take', async () => {
  const Policy = policyOf('s3:ListAllMyBuckets');
  const { output, token } = await assume({ Policy, PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }], Tags: [tag('Dept')] });
  expect(token).toMatchObject({ policy: Policy, policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] });
  expect(output.PackedPolicySize).toBeGreaterThan(0);
  expect(output.PackedPolicySize).toBeLessThan(25);
});

test('takes a session policy in the older version of the language, which is meant when none is named', async () => {
  const Statement = [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }];
  for (const Version of [undefined, '2008-10-17']) {
    const Policy = JSON.stringify({ Version, Statement });
    expect((await assume({ Policy })).token?.policy).toBe(Policy);
  }
});

test('refuses tags that do not fit into the packed form, and says by how much', async () => {
  const Tags = Array.from({ length: 50 }, (_, index) => tag(`key-${index}-${Math.sin(index)}`, `${Math.cos(index)}${Math.tan(index)}`));
  await expect(assume({ Tags })).rejects.toMatchObject({
    code: 'PackedPolicyTooLarge',
    message: expect.stringMatching(/^Packed size of session tags consumes \d{3}% of allotted space\.$/),
  });
});

test('takes a tag named like a prototype for a tag', async () => {
  const { token } = await assume({ Tags: [tag('__proto__', 'x'), tag('constructor', 'y')] });
  expect(Object.entries(token?.facts.tags ?? {})).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
});

test('tells the ledger which role, session and key it concerns, and prints tags as CloudTrail does', async () => {
  const notes: EventFacts[] = [];
  const { output } = await assume({ Tags: [tag('Dept')] }, { notes });
  expect(notes).toEqual([
    {
      resources: [
        { type: 'AWS::IAM::AccessKey', name: output.Credentials?.AccessKeyId },
        { type: 'AWS::STS::AssumedRole', name: 'AROAQXCVBNMASDFGHJKLM:ci' },
        { type: 'AWS::IAM::Role', name: role.arn },
      ],
      requestParameters: { tags: undefined, principalTags: { Dept: 'v' } },
    },
  ]);
  expect(AssumeRole).toMatchObject({ readOnly: true, recordsResponse: true });
});
