// Signing in: sessions through the federation endpoint, users with password and device, what is refused, and what the ledger tells of it.
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import {
  CreateLoginProfileCommand,
  CreateRoleCommand,
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  DeleteRoleCommand,
  EnableMFADeviceCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, type Credentials, GetFederationTokenCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../test/in-process.ts';

const account = '111122223333';
let castellan: InProcess;
let alice: ClientCredentials;

beforeAll(async () => {
  castellan = await startInProcess('signin', { publicUrl: () => 'https://castellan.example.com' });
  const iam = castellan.iam();
  await iam.send(new CreateUserCommand({ UserName: 'alice' }));
  const document = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });
  await iam.send(new PutUserPolicyCommand({ UserName: 'alice', PolicyName: 'all', PolicyDocument: document }));
  await iam.send(new CreateLoginProfileCommand({ UserName: 'alice', Password: 'correct Horse 7 battery!' }));
  const { AccessKey: key } = await castellan.iam().createAccessKey({ UserName: 'alice' });
  alice = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
});
afterAll(() => castellan?.stop());

async function role(RoleName: string, trusted = `arn:aws:iam::${account}:user/alice`): Promise<string> {
  const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: trusted }, Action: 'sts:AssumeRole' }] };
  await castellan.iam().send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  return `arn:aws:iam::${account}:role/${RoleName}`;
}

const assume = async (RoleArn: string, by = alice) =>
  (await castellan.sts(by).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'broker' }))).Credentials;
const sessionOf = (credentials: Credentials | undefined, more: object = {}) =>
  JSON.stringify({
    sessionId: credentials?.AccessKeyId,
    sessionKey: credentials?.SecretAccessKey,
    sessionToken: credentials?.SessionToken,
    ...more,
  });

interface Visit {
  readonly method?: string;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly address?: string;
}

async function visit(path: string, { method = 'GET', form = {}, headers = {}, address = '192.0.2.7' }: Visit = {}) {
  const text = new URLSearchParams(form).toString();
  const isPost = method === 'POST';
  const answer = await castellan.site({
    request: {
      method,
      path,
      query: isPost ? '' : text,
      headers: { host: 'castellan.example.com', ...(isPost ? { 'content-type': 'application/x-www-form-urlencoded' } : {}), ...headers },
      body: Buffer.from(isPost ? text : ''),
    },
    requestId: crypto.randomUUID(),
    receivedAtMs: castellan.clock.now(),
    sourceIp: address,
    tls: { version: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256' },
  });
  return { status: answer?.status, headers: answer?.headers ?? {}, body: String(answer?.body ?? '') };
}

const getSigninToken = (Session: string, more: Readonly<Record<string, string>> = {}) =>
  visit('/federation', { form: { Action: 'getSigninToken', Session, ...more } });
const login = (SigninToken: string) =>
  visit('/federation', {
    form: { Action: 'login', Issuer: 'https://broker.example.com', Destination: 'https://console.aws.amazon.com/', SigninToken },
  });
const tokenOf = (answer: { body: string }): string => JSON.parse(answer.body).SigninToken;
const cookieOf = ({ headers }: { headers: Readonly<Record<string, string>> }) => headers['set-cookie']?.split(';')[0] ?? '';
const lastEvent = async (name: string) => {
  const LookupAttributes = [{ AttributeKey: 'EventName' as const, AttributeValue: name }];
  const { Events } = await castellan.cloudtrail().send(new LookupEventsCommand({ LookupAttributes, MaxResults: 1 }));
  return JSON.parse(Events?.[0]?.CloudTrailEvent ?? '{}');
};

describe('the federation endpoint', () => {
  test('turns a role’s credentials into a sign-in token, and the token into a session of the browser', async () => {
    const answer = await getSigninToken(sessionOf(await assume(await role('console'))));
    expect(answer.status).toBe(200);
    const signedIn = await login(tokenOf(answer));
    expect(signedIn.status).toBe(200);
    expect(signedIn.body).toContain(`arn:aws:sts::${account}:assumed-role/console/broker`);
    expect(signedIn.headers['set-cookie']).toMatch(
      /^castellan-console=[\w-]+; Path=\/console; HttpOnly; SameSite=Lax; Max-Age=3\d{3}; Secure$/,
    );
    expect(signedIn.headers['content-security-policy']).toContain("default-src 'none'");
    const who = await visit('/console', { headers: { cookie: cookieOf(signedIn) } });
    expect(who.body).toContain(`assumed-role/console/broker`);
    expect(await lastEvent('GetSigninToken')).toMatchObject({
      eventType: 'AwsConsoleSignIn',
      responseElements: { GetSigninToken: 'Success' },
    });
    expect(await lastEvent('ConsoleLogin')).toMatchObject({
      eventSource: 'signin.amazonaws.com',
      eventType: 'AwsConsoleSignIn',
      userIdentity: { type: 'AssumedRole', arn: `arn:aws:sts::${account}:assumed-role/console/broker` },
      requestParameters: null,
      responseElements: { ConsoleLogin: 'Success' },
      additionalEventData: { LoginTo: 'https://console.aws.amazon.com/', MobileVersion: 'No', MFAUsed: 'No' },
      recipientAccountId: account,
    });
  });

  test('stretches the session to the asked duration, which a chained role’s session may not exceed an hour with', async () => {
    const first = await role('first');
    const second = await role('second', first);
    const long = await getSigninToken(sessionOf(await assume(first)), { SessionDuration: '43200' });
    expect((await login(tokenOf(long))).headers['set-cookie']).toContain('Max-Age=43200');
    const credentials = await assume(first);
    const chained = sessionOf(
      await assume(second, {
        accessKeyId: credentials?.AccessKeyId ?? '',
        secretAccessKey: credentials?.SecretAccessKey ?? '',
        sessionToken: credentials?.SessionToken ?? '',
      }),
    );
    expect((await getSigninToken(chained, { SessionDuration: '3601' })).status).toBe(400);
    expect((await getSigninToken(chained, { SessionDuration: '3600' })).status).toBe(200);
    for (const SessionDuration of ['899', '43201', 'x']) expect((await getSigninToken(chained, { SessionDuration })).status).toBe(400);
  });

  test('takes the sessions of federated users, without a duration of their own', async () => {
    const { Credentials: federated } = await castellan.sts(alice).send(new GetFederationTokenCommand({ Name: 'bob' }));
    expect((await getSigninToken(sessionOf(federated))).status).toBe(200);
    expect((await getSigninToken(sessionOf(federated), { SessionDuration: '3600' })).status).toBe(400);
  });

  test('refuses everything else', async () => {
    const good = await assume(await role('checked'));
    const { Credentials: own } = await castellan.sts(alice).send(new GetSessionTokenCommand({}));
    for (const session of [
      '',
      'no json',
      '[]',
      '{}',
      sessionOf(own),
      sessionOf(good, { sessionKey: 'wrong' }),
      sessionOf(good, { sessionToken: 'x' }),
    ]) {
      expect((await getSigninToken(session)).status).toBe(400);
    }
    expect((await visit('/federation', { form: { Action: 'other' } })).status).toBe(400);
    expect((await login('forged')).status).toBe(400);
    expect(await lastEvent('ConsoleLogin')).toMatchObject({
      errorMessage: 'Failed authentication',
      responseElements: { ConsoleLogin: 'Failure' },
    });
  });

  test('knows a sign-in token for a quarter of an hour, and no longer than the credentials behind it', async () => {
    const token = tokenOf(await getSigninToken(sessionOf(await assume(await role('brief')))));
    expect((await login(token)).status).toBe(200);
    castellan.clock.advance(15 * 60_000);
    expect((await login(token)).status).toBe(400);
    const doomed = tokenOf(await getSigninToken(sessionOf(await assume(await role('doomed')))));
    const signedIn = await login(doomed);
    await castellan.iam().send(new DeleteRoleCommand({ RoleName: 'doomed' }));
    expect((await login(doomed)).status).toBe(400);
    expect((await visit('/console', { headers: { cookie: cookieOf(signedIn) } })).body).toContain('Sign in as an IAM user');
  });

  test('shows what it was given as text, never as markup', async () => {
    const token = tokenOf(await getSigninToken(sessionOf(await assume(await role('shown')))));
    const Destination = '"><script>alert(1)</script>';
    const answer = await visit('/federation', { form: { Action: 'login', Destination, SigninToken: token } });
    expect(answer.body).not.toContain('<script>');
    expect(answer.body).toContain('&lt;script&gt;');
  });

  test('leaves signed requests to the services, whatever their path', async () => {
    expect(await visit('/federation', { headers: { authorization: 'AWS4-HMAC-SHA256 …' } })).toMatchObject({ status: undefined });
    expect(await visit('/console', { form: { 'X-Amz-Algorithm': 'AWS4-HMAC-SHA256', 'X-Amz-Signature': 'x' } })).toMatchObject({
      status: undefined,
    });
    expect(await visit('/other')).toMatchObject({ status: undefined });
  });
});

describe('an IAM user', () => {
  const form = (more: Readonly<Record<string, string>> = {}) => ({
    account,
    username: 'alice',
    password: 'correct Horse 7 battery!',
    ...more,
  });
  const signIn = (given: Readonly<Record<string, string>>, more: Visit = {}) =>
    visit('/console/sign-in', { method: 'POST', form: given, ...more });

  test('signs in with name and password', async () => {
    const answer = await signIn(form());
    expect(answer.status).toBe(200);
    const who = await visit('/console', { headers: { cookie: cookieOf(answer) } });
    expect(who.body).toContain(`arn:aws:iam::${account}:user/alice`);
    expect(await lastEvent('ConsoleLogin')).toMatchObject({
      userIdentity: { type: 'IAMUser', userName: 'alice' },
      additionalEventData: { MFAUsed: 'No', LoginTo: 'https://castellan.example.com/console' },
    });
  });

  test.each([
    ['a wrong password', { password: 'wrong' }],
    ['an unknown name', { username: 'mallory' }],
    ['an unknown account', { account: '999988887777' }],
    ['no account', { account: 'x' }],
  ])('is refused with %s, in the same words', async (_, more) => {
    const answer = await signIn(form(more), { address: '192.0.2.8' });
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('Your authentication information is incorrect.');
    expect(answer.headers['set-cookie']).toBeUndefined();
    const event = await lastEvent('ConsoleLogin');
    expect(event).toMatchObject({ errorMessage: 'Failed authentication', responseElements: { ConsoleLogin: 'Failure' } });
    expect(JSON.stringify(event)).not.toContain('mallory');
  });

  test('cannot be signed in by a page of another site', async () => {
    for (const headers of [{ origin: 'https://evil.example.com' }, { 'sec-fetch-site': 'cross-site' }]) {
      expect((await signIn(form(), { headers })).body).toContain('Sign in from this site');
    }
    expect((await signIn(form(), { headers: { origin: 'https://castellan.example.com' } })).status).toBe(200);
  });

  test('with a device gives its code too', async () => {
    const { VirtualMFADevice } = await castellan.iam().send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'phone' }));
    const SerialNumber = VirtualMFADevice?.SerialNumber ?? '';
    const totp = new TOTP({ secret: Buffer.from(VirtualMFADevice?.Base32StringSeed ?? []).toString('utf8') });
    const code = (later = 0) => totp.generate({ timestamp: castellan.clock.now() + later });
    const codes = { AuthenticationCode1: code(), AuthenticationCode2: code(30_000) };
    await castellan.iam().send(new EnableMFADeviceCommand({ UserName: 'alice', SerialNumber, ...codes }));
    castellan.clock.advance(90_000);
    expect((await signIn(form())).status).toBe(403);
    expect((await signIn(form({ mfacode: '000000' }))).status).toBe(403);
    const answer = await signIn(form({ mfacode: code() }));
    expect(answer.status).toBe(200);
    expect(await lastEvent('ConsoleLogin')).toMatchObject({
      userIdentity: { sessionContext: { attributes: { mfaAuthenticated: 'true' } } },
      additionalEventData: { MFAUsed: 'Yes', MFAIdentifier: SerialNumber },
    });
  });

  test('who fails ten times has to wait, also with the right password', async () => {
    await castellan.iam().send(new CreateUserCommand({ UserName: 'slow' }));
    await castellan.iam().send(new CreateLoginProfileCommand({ UserName: 'slow', Password: 'correct Horse 7 battery!' }));
    for (let tries = 0; tries < 10; tries += 1) await signIn(form({ username: 'slow', password: 'wrong' }), { address: '192.0.2.9' });
    expect((await signIn(form({ username: 'slow' }), { address: '192.0.2.9' })).body).toContain('Too many attempts');
    castellan.clock.advance(6 * 60_000);
    expect((await signIn(form({ username: 'slow' }), { address: '192.0.2.9' })).status).toBe(200);
  });
});
