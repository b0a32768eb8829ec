// The second factor in STS, with a real device: who must give it, what it opens, and in which words a wrong one is refused.
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  ListUsersCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, type Credentials, GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientCredentials, type InProcess, startInProcess } from '../../../test/in-process.ts';

const account = '111122223333';
const serial = `arn:aws:iam::${account}:mfa/phone`;
let castellan: InProcess;
let totp: TOTP;
let key: ClientCredentials;

beforeAll(async () => {
  castellan = await startInProcess('sts-mfa');
  const iam = castellan.iam();
  await iam.send(new CreateUserCommand({ UserName: 'alice' }));
  const document = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });
  await iam.send(new PutUserPolicyCommand({ UserName: 'alice', PolicyName: 'all', PolicyDocument: document }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }));
  key = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  const { VirtualMFADevice } = await iam.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'phone' }));
  totp = new TOTP({ secret: Buffer.from(VirtualMFADevice?.Base32StringSeed ?? []).toString('utf8') });
  await iam.send(
    new EnableMFADeviceCommand({ UserName: 'alice', SerialNumber: serial, AuthenticationCode1: code(), AuthenticationCode2: code(30_000) }),
  );
  for (const [RoleName, limit] of [
    ['guarded', { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }],
    ['fresh', { NumericLessThan: { 'aws:MultiFactorAuthAge': '60' } }],
  ] as const) {
    const trust = [
      { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:user/alice` }, Action: 'sts:AssumeRole', Condition: limit },
    ];
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: trust });
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  }
});
afterAll(() => castellan?.stop());

const code = (laterMs = 0) => totp.generate({ timestamp: castellan.clock.now() + laterMs });
/** A code that was not used before. */
const nextCode = () => {
  castellan.clock.advance(60_000);
  return code();
};
const credentialsOf = (credentials: Credentials | undefined): ClientCredentials => ({
  accessKeyId: credentials?.AccessKeyId ?? '',
  secretAccessKey: credentials?.SecretAccessKey ?? '',
  sessionToken: credentials?.SessionToken ?? '',
});
const assume = (RoleName: string, more: object = {}, by = key) =>
  castellan.sts(by).send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account}:role/${RoleName}`, RoleSessionName: 's1', ...more }));

test.each(['guarded', 'fresh'])('the role %s is assumed with the device’s code, and not without', async (name) => {
  await expect(assume(name)).rejects.toMatchObject({ name: 'AccessDenied', message: expect.stringContaining('sts:AssumeRole') });
  const output = await assume(name, { SerialNumber: serial, TokenCode: nextCode() });
  expect(output.Credentials?.AccessKeyId).toMatch(/^ASIA/);
});

test('a session that was begun with a code opens the same role, and IAM', async () => {
  const plain = credentialsOf((await castellan.sts(key).send(new GetSessionTokenCommand({}))).Credentials);
  await expect(castellan.iam(plain).send(new ListUsersCommand({}))).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
  await expect(assume('guarded', {}, plain)).rejects.toMatchObject({ name: 'AccessDenied' });
  const request = new GetSessionTokenCommand({ SerialNumber: serial, TokenCode: nextCode() });
  const proven = credentialsOf((await castellan.sts(key).send(request)).Credentials);
  expect((await castellan.iam(proven).send(new ListUsersCommand({}))).Users?.length).toBe(1);
  expect((await assume('guarded', {}, proven)).Credentials?.AccessKeyId).toMatch(/^ASIA/);
  castellan.clock.advance(61_000);
  await expect(assume('fresh', {}, proven)).rejects.toMatchObject({ name: 'AccessDenied' });
});

test('a wrong code, a used code and a foreign device are refused', async () => {
  const wrong = { name: 'AccessDenied', message: 'MultiFactorAuthentication failed with invalid MFA one time pass code.' };
  const unknown = {
    name: 'AccessDenied',
    message:
      'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
  };
  const right = nextCode();
  const other = right === '000000' ? '000001' : '000000';
  await expect(assume('guarded', { SerialNumber: serial, TokenCode: other })).rejects.toMatchObject(wrong);
  await assume('guarded', { SerialNumber: serial, TokenCode: right });
  await expect(assume('guarded', { SerialNumber: serial, TokenCode: right })).rejects.toMatchObject(wrong);
  const none = { SerialNumber: serial.replace('phone', 'other'), TokenCode: nextCode() };
  await expect(assume('guarded', none)).rejects.toMatchObject(unknown);
  const byRoot = castellan.sts().send(new GetSessionTokenCommand({ SerialNumber: serial, TokenCode: code() }));
  await expect(byRoot).rejects.toMatchObject(unknown);
});
