// GetWebIdentityToken: tokens that a service outside verifies by discovery, as it would with any OpenID provider.
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  type Credentials,
  GetWebIdentityTokenCommand,
  type GetWebIdentityTokenCommandInput,
} from '@aws-sdk/client-sts';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';

const account = '111122223333';
let castellan: InProcess;
let worker: ClientCredentials;
let issuer: string;

beforeAll(async () => {
  castellan = await startInProcess('web-identity-token', { publicUrl: () => 'https://castellan.example.com' });
  const iam = castellan.iam();
  const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
  const everything = document({ Effect: 'Allow', Action: '*', Resource: '*' });
  await iam.createUser({ UserName: 'alice' });
  await iam.putUserPolicy({ UserName: 'alice', PolicyName: 'all', PolicyDocument: everything });
  const { AccessKey: key } = await iam.createAccessKey({ UserName: 'alice' });
  const trust = document({ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:user/alice` }, Action: 'sts:AssumeRole' });
  await iam.createRole({ RoleName: 'worker', Path: '/jobs/', AssumeRolePolicyDocument: trust, Tags: [{ Key: 'team', Value: 'blue' }] });
  await iam.putRolePolicy({ RoleName: 'worker', PolicyName: 'all', PolicyDocument: everything });
  const alice = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
  const request = { RoleArn: `arn:aws:iam::${account}:role/jobs/worker`, RoleSessionName: 'job-1', DurationSeconds: 900 };
  worker = credentialsOf((await castellan.sts(alice).send(new AssumeRoleCommand(request))).Credentials);
});
afterAll(() => castellan?.stop());

const credentialsOf = (credentials: Credentials | undefined): ClientCredentials => ({
  accessKeyId: credentials?.AccessKeyId ?? '',
  secretAccessKey: credentials?.SecretAccessKey ?? '',
  sessionToken: credentials?.SessionToken ?? '',
});
const token = (more: Partial<GetWebIdentityTokenCommandInput> = {}, by = worker) =>
  castellan.sts(by).send(new GetWebIdentityTokenCommand({ Audience: ['https://api.example.com'], SigningAlgorithm: 'ES384', ...more }));

/** As a browser or a relying party asks. */
async function get(url: string) {
  const answer = await castellan.site({
    request: { method: 'GET', path: new URL(url).pathname, query: '', headers: { host: 'castellan.example.com' }, body: new Uint8Array(0) },
    requestId: crypto.randomUUID(),
    receivedAtMs: castellan.clock.now(),
    sourceIp: '192.0.2.9',
    tls: undefined,
  });
  return { status: answer?.status, body: JSON.parse(String(answer?.body ?? '{}')) };
}

async function verified(jwt: string | undefined) {
  const { body: discovery } = await get(`${issuer}/.well-known/openid-configuration`);
  expect(discovery.issuer).toBe(issuer);
  const { body: keys } = await get(discovery.jwks_uri);
  return jwtVerify(jwt ?? '', createLocalJWKSet(keys as JSONWebKeySet), { issuer, audience: 'https://api.example.com' });
}

test('waits until the account has outbound federation enabled', async () => {
  await expect(token()).rejects.toMatchObject({ name: 'OutboundWebIdentityFederationDisabledException' });
  const { IssuerIdentifier = '' } = await castellan.iam().enableOutboundWebIdentityFederation({});
  issuer = IssuerIdentifier;
  expect(issuer).toMatch(/^https:\/\/castellan\.example\.com\/outbound\/[0-9a-f-]{36}$/);
  expect((await get(`${issuer}/.well-known/jwks.json`)).body.keys).toHaveLength(2);
});

test.each(['RS256', 'ES384'])('is signed with %s, says who the caller is, and verifies by discovery', async (SigningAlgorithm) => {
  const output = await token({ SigningAlgorithm, Tags: [{ Key: 'job-id', Value: '7' }] });
  const { payload, protectedHeader } = await verified(output.WebIdentityToken);
  expect(protectedHeader.alg).toBe(SigningAlgorithm);
  expect(payload).toMatchObject({
    sub: `arn:aws:iam::${account}:role/jobs/worker`,
    aud: 'https://api.example.com',
    'https://sts.amazonaws.com/': {
      aws_account: account,
      source_region: 'us-east-1',
      principal_tags: { team: 'blue' },
      request_tags: { 'job-id': '7' },
      original_session_exp: expect.stringMatching(/Z$/),
    },
  });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
  expect(output.Expiration?.getTime()).toBe((payload.exp ?? 0) * 1000);
  expect(payload.jti).not.toBe((await verified((await token()).WebIdentityToken)).payload.jti);
});

test('opens no role here, not even one that trusts its issuer', async () => {
  await castellan.iam().createOpenIDConnectProvider({ Url: issuer, ClientIDList: ['https://api.example.com'] });
  const { WebIdentityToken } = await token();
  const request = { RoleArn: `arn:aws:iam::${account}:role/jobs/worker`, RoleSessionName: 'again', WebIdentityToken };
  await expect(castellan.sts().send(new AssumeRoleWithWebIdentityCommand(request))).rejects.toMatchObject({
    name: 'InvalidIdentityTokenException',
    message: 'Tokens of GetWebIdentityToken cannot be used to assume a role',
  });
});

test.each<[string, Partial<GetWebIdentityTokenCommandInput>, object]>([
  ['another algorithm', { SigningAlgorithm: 'HS256' }, { name: 'ValidationError', message: expect.stringContaining('[RS256, ES384]') }],
  ['no audience', { Audience: [] }, { name: 'ValidationError' }],
  ['a longer life than an hour', { DurationSeconds: 3_601 }, { name: 'ValidationError' }],
  ['a longer life than its session has', { DurationSeconds: 3_600 }, { name: 'SessionDurationEscalationException' }],
  [
    'more tags than a token holds',
    { Tags: Array.from({ length: 50 }, (_, index) => ({ Key: `${index}-${'k'.repeat(100)}`, Value: 'v'.repeat(200) })) },
    { name: 'JWTPayloadSizeExceededException' },
  ],
])('is refused for %s', async (_, more, expected) => {
  await expect(token(more)).rejects.toMatchObject(expected);
});

test('asks for permission by audience, duration and algorithm, and for tagging apart', async () => {
  const iam = castellan.iam();
  const Condition = {
    'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': ['https://api.example.com'] },
    NumericLessThanEquals: { 'sts:DurationSeconds': '300' },
    StringEquals: { 'sts:SigningAlgorithm': 'ES384' },
  };
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:GetWebIdentityToken', Resource: '*', Condition }] };
  await iam.createUser({ UserName: 'narrow' });
  await iam.putUserPolicy({ UserName: 'narrow', PolicyName: 'token', PolicyDocument: JSON.stringify(document) });
  const { AccessKey: key } = await iam.createAccessKey({ UserName: 'narrow' });
  const narrow = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
  expect((await token({}, narrow)).WebIdentityToken).toBeDefined();
  for (const more of [{ Audience: ['https://other.example.com'] }, { DurationSeconds: 600 }, { SigningAlgorithm: 'RS256' }]) {
    await expect(token(more, narrow)).rejects.toMatchObject({ name: 'AccessDenied' });
  }
  const tagged = token({ Tags: [{ Key: 'a', Value: 'b' }] }, narrow);
  await expect(tagged).rejects.toMatchObject({ name: 'AccessDenied', message: expect.stringContaining('sts:TagGetWebIdentityToken') });
});

test('ends with the feature; the keys stay published for the tokens that are still out', async () => {
  await castellan.iam().disableOutboundWebIdentityFederation({});
  await expect(token()).rejects.toMatchObject({ name: 'OutboundWebIdentityFederationDisabledException' });
  expect((await get(`${issuer}/.well-known/jwks.json`)).status).toBe(200);
  const unknown = issuer.replace(/[^/]+$/, '00000000-0000-4000-8000-000000000000');
  expect((await get(`${unknown}/.well-known/openid-configuration`)).status).toBe(404);
});
