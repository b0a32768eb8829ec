// The token vending machine through the whole pipeline: off until it is switched on, real sessions with real limits, and what it refuses.
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../test/in-process.ts';
import { setUpTvm, showTvm } from './configuration.ts';

const account = '111122223333';
const roleArn = `arn:aws:iam::${account}:role/vended`;
const strong = 'a long enough password';
let castellan: InProcess;
let brokerAccessKeyId: string;

beforeAll(async () => {
  castellan = await startInProcess('tvm');
  const iam = castellan.iam();
  const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new CreateUserCommand({ UserName: 'broker' }));
  const broker = document({ Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Resource: roleArn });
  await iam.send(new PutUserPolicyCommand({ UserName: 'broker', PolicyName: 'assume', PolicyDocument: broker }));
  brokerAccessKeyId = (await iam.send(new CreateAccessKeyCommand({ UserName: 'broker' }))).AccessKey?.AccessKeyId ?? '';
  const trust = document({ Effect: 'Allow', Principal: { AWS: account }, Action: ['sts:AssumeRole', 'sts:TagSession'] });
  await iam.send(new CreateRoleCommand({ RoleName: 'vended', AssumeRolePolicyDocument: trust }));
  const all = document({ Effect: 'Allow', Action: 'iam:*', Resource: '*' });
  await iam.send(new PutRolePolicyCommand({ RoleName: 'vended', PolicyName: 'all', PolicyDocument: all }));
});
afterAll(() => castellan?.stop());

interface Post {
  readonly headers?: Readonly<Record<string, string>>;
  readonly address?: string;
}

async function post(path: string, body: unknown = {}, { headers = {}, address = '198.51.100.1' }: Post = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await castellan.site({
    request: {
      method: 'POST',
      path: `/tvm/${path}`,
      query: '',
      headers: { 'content-type': 'application/json', ...headers },
      body: Buffer.from(text),
    },
    requestId: crypto.randomUUID(),
    receivedAtMs: castellan.clock.now(),
    sourceIp: address,
    tls: undefined,
  });
  return { status: answer?.status, body: answer === undefined ? {} : JSON.parse(String(answer.body)) };
}

const credentialsOf = ({ body }: { body: { Credentials: Record<string, string> } }): ClientCredentials => ({
  accessKeyId: body.Credentials['AccessKeyId'] ?? '',
  secretAccessKey: body.Credentials['SecretAccessKey'] ?? '',
  sessionToken: body.Credentials['SessionToken'] ?? '',
});
const whoIs = async (credentials: ClientCredentials) => (await castellan.sts(credentials).send(new GetCallerIdentityCommand({}))).Arn;
const on = (mode: string, more: object = {}) =>
  setUpTvm(castellan.store, { mode, brokerAccessKeyId, vending: { roleArn, durationSeconds: 900, ...more } });

test('is off until it is switched on, each way for itself', async () => {
  for (const path of ['anonymous/devices', 'anonymous/credentials', 'identity/register', 'identity/sign-in', 'identity/credentials']) {
    expect(await post(path, { userName: 'jane', password: strong })).toMatchObject({ status: 404, body: { code: 'Off' } });
  }
  expect(await showTvm(castellan.store)).toMatchObject({ isOn: false });
  await on('anonymous');
  expect((await post('anonymous/devices')).status).toBe(200);
  expect((await post('identity/sign-in', { userName: 'jane', password: strong })).status).toBe(404);
  await setUpTvm(castellan.store, { mode: 'anonymous' });
  expect((await post('anonymous/devices')).status).toBe(404);
});

test.each([
  ['no mode', {}],
  ['no role', { mode: 'anonymous', brokerAccessKeyId: 'AKIAIOSFODNN7EXAMPLE', vending: { roleArn: 'x' } }],
  [
    'a duration that STS does not give',
    { mode: 'anonymous', brokerAccessKeyId: 'AKIAIOSFODNN7EXAMPLE', vending: { roleArn, durationSeconds: 60 } },
  ],
  ['a policy that is none', { mode: 'anonymous', brokerAccessKeyId: 'AKIAIOSFODNN7EXAMPLE', vending: { roleArn, sessionPolicy: '{' } }],
])('is not set up with %s', async (_, request) => {
  await expect(setUpTvm(castellan.store, request)).rejects.toThrow(/`/);
});

describe('the anonymous way', () => {
  beforeAll(async () => {
    // Only who carries this very tag may do this, so the policy proves that the tag is there.
    const sessionPolicy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'iam:ListUsers',
          Resource: '*',
          Condition: { StringLike: { 'aws:PrincipalTag/DeviceId': '*-*-*-*-*' } },
        },
      ],
    });
    await on('anonymous', { sessionPolicy });
  });

  test('gives a device a session of its own, tagged and limited, and keeps nothing of it', async () => {
    const { body: device } = await post('anonymous/devices');
    const vended = await post('anonymous/credentials', device);
    expect(vended.status).toBe(200);
    const session = credentialsOf(vended);
    expect(await whoIs(session)).toBe(`arn:aws:sts::${account}:assumed-role/vended/device-${device.deviceId}`);
    expect((await castellan.iam(session).send(new ListUsersCommand({}))).Users?.length).toBe(1);
    await expect(castellan.iam(session).send(new CreateUserCommand({ UserName: 'x' }))).rejects.toMatchObject({ name: 'AccessDenied' });
    const seconds = (Date.parse(vended.body.Credentials.Expiration) - castellan.clock.now()) / 1000;
    expect(seconds).toBeGreaterThan(880);
    expect(seconds).toBeLessThanOrEqual(900);
    for await (const { collection, value } of castellan.store.dump()) {
      if (collection.startsWith('tvm.')) expect(JSON.stringify(value)).not.toContain(device.deviceId);
    }
  });

  test('is an act of the broker in the ledger, from the client’s address', async () => {
    const { body: device } = await post('anonymous/devices');
    await post('anonymous/credentials', device, { address: '198.51.100.77' });
    const LookupAttributes = [{ AttributeKey: 'EventName' as const, AttributeValue: 'AssumeRole' }];
    const { Events } = await castellan.cloudtrail().send(new LookupEventsCommand({ LookupAttributes, MaxResults: 1 }));
    expect(JSON.parse(Events?.[0]?.CloudTrailEvent ?? '{}')).toMatchObject({
      userIdentity: { type: 'IAMUser', userName: 'broker', accessKeyId: brokerAccessKeyId },
      sourceIPAddress: '198.51.100.77',
      requestParameters: { roleArn, principalTags: { DeviceId: device.deviceId } },
    });
  });

  test('refuses a device id without its secret, or with another one’s', async () => {
    const [{ body: one }, { body: other }] = [await post('anonymous/devices'), await post('anonymous/devices')];
    for (const body of [{}, { deviceId: one.deviceId }, { ...one, deviceSecret: other.deviceSecret }, { ...one, deviceSecret: 'x' }]) {
      expect(await post('anonymous/credentials', body)).toMatchObject({ status: 403, body: { code: 'NotAuthorized' } });
    }
  });

  test('stops when the broker’s key is deactivated, and when the role does not trust it', async () => {
    const { body: device } = await post('anonymous/devices', {}, { address: '198.51.100.2' });
    const status = (Status: 'Active' | 'Inactive') =>
      castellan.iam().send(new UpdateAccessKeyCommand({ UserName: 'broker', AccessKeyId: brokerAccessKeyId, Status }));
    await status('Inactive');
    expect(await post('anonymous/credentials', device)).toMatchObject({ status: 503, body: { code: 'BrokerUnavailable' } });
    await status('Active');
    await setUpTvm(castellan.store, { mode: 'anonymous', vending: { roleArn: `${roleArn}-other` } });
    expect(await post('anonymous/credentials', device)).toMatchObject({ status: 503, body: { code: 'BrokerRefused' } });
    await on('anonymous');
    expect((await post('anonymous/credentials', device)).status).toBe(200);
  });

  test('gives an address ten devices in five minutes', async () => {
    const address = '198.51.100.3';
    const results = [];
    for (let index = 0; index < 11; index += 1) results.push((await post('anonymous/devices', {}, { address })).status);
    expect(results).toEqual([...Array.from({ length: 10 }, () => 200), 429]);
    castellan.clock.advance(6 * 60_000);
    expect((await post('anonymous/devices', {}, { address })).status).toBe(200);
  });
});

describe('the identity way', () => {
  const bearer = (token: string): Post => ({ headers: { authorization: `Bearer ${token}` } });
  const signIn = async (userName: string, password = strong) => (await post('identity/sign-in', { userName, password })).body.token;
  beforeAll(() => on('identity'));

  test('registers, signs in, and gives credentials that say whose they are', async () => {
    const registered = await post('identity/register', { userName: 'Jane', password: strong });
    expect(registered).toMatchObject({ status: 200, body: { userName: 'Jane' } });
    const vended = await post('identity/credentials', {}, bearer(await signIn('jane')));
    expect(await whoIs(credentialsOf(vended))).toBe(`arn:aws:sts::${account}:assumed-role/vended/Jane`);
    expect(await post('identity/register', { userName: 'jANE', password: strong })).toMatchObject({ status: 409 });
  });

  test('keeps a verifier and never the password', async () => {
    for await (const { collection, value } of castellan.store.dump()) {
      if (collection === 'tvm.user') expect(JSON.stringify(value)).not.toContain(strong);
    }
  });

  test.each([
    ['a wrong password', { userName: 'jane', password: 'another long password' }, 403],
    ['an unknown name', { userName: 'nobody', password: strong }, 403],
    ['nothing', {}, 403],
  ])('refuses %s', async (_, body, status) => {
    expect(await post('identity/sign-in', body, { address: '198.51.100.4' })).toMatchObject({ status, body: { code: 'NotAuthorized' } });
  });

  test.each([
    ['a short password', { userName: 'joe', password: 'short' }],
    ['a name that no session can have', { userName: 'joe doe', password: strong }],
    ['a member that is no text', { userName: 'joe', password: 7 }],
    ['text that is no JSON', '{'],
  ])('refuses to register %s', async (_, body) => {
    expect(await post('identity/register', body)).toMatchObject({ status: 400, body: { code: 'InvalidParameter' } });
  });

  test('refuses forms, which a page of another site could send', async () => {
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    expect((await post('identity/sign-in', 'userName=jane', form)).status).toBe(400);
  });

  test('ends every sign-in when the password changes or the user goes, and after twelve hours', async () => {
    await post('identity/register', { userName: 'max', password: strong }, { address: '198.51.100.5' });
    const token = await signIn('max');
    expect((await post('identity/credentials', {}, bearer(token))).status).toBe(200);
    const newPassword = 'another long password';
    expect((await post('identity/password', { userName: 'max', password: strong, newPassword })).status).toBe(200);
    expect((await post('identity/credentials', {}, bearer(token))).status).toBe(403);
    const second = await signIn('max', newPassword);
    castellan.clock.advance(12 * 3_600_000);
    expect((await post('identity/credentials', {}, bearer(second))).status).toBe(403);
    const third = await signIn('max', newPassword);
    expect((await post('identity/remove', { userName: 'max', password: newPassword })).status).toBe(200);
    expect((await post('identity/credentials', {}, bearer(third))).status).toBe(403);
    for (const forged of ['x', 'x'.repeat(200)]) expect((await post('identity/credentials', {}, bearer(forged))).status).toBe(403);
  });

  test('lets a name be tried ten times in five minutes', async () => {
    await post('identity/register', { userName: 'slow', password: strong }, { address: '198.51.100.6' });
    const attempt = async () =>
      (await post('identity/sign-in', { userName: 'slow', password: 'wrong' }, { address: '198.51.100.6' })).status;
    const results = [];
    for (let index = 0; index < 11; index += 1) results.push(await attempt());
    expect(results).toEqual([...Array.from({ length: 10 }, () => 403), 429]);
    expect((await post('identity/sign-in', { userName: 'slow', password: strong }, { address: '198.51.100.6' })).status).toBe(429);
  });
});
