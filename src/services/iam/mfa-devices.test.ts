// Virtual MFA devices through the whole pipeline: real seeds, real codes, each of them good once.
import {
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  DeactivateMFADeviceCommand,
  DeleteUserCommand,
  DeleteVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  type IAMClient,
  ListMFADevicesCommand,
  ListMFADeviceTagsCommand,
  ListVirtualMFADevicesCommand,
  ResyncMFADeviceCommand,
  TagMFADeviceCommand,
  UntagMFADeviceCommand,
} from '@aws-sdk/client-iam';
import { HOTP, Secret } from 'otpauth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InProcess, startInProcess } from '../../../test/in-process.ts';
import { createIdentityPort } from './identity.ts';

let castellan: InProcess;
let iam: IAMClient;
beforeAll(async () => {
  castellan = await startInProcess('mfa');
  iam = castellan.iam();
});
afterAll(async () => {
  await castellan.stop();
});

const codeAt = (seed: string, ms: number) => HOTP.generate({ secret: Secret.fromBase32(seed), counter: Math.floor(ms / 30_000) });

async function device(name: string, Tags?: { Key: string; Value: string }[]) {
  const { VirtualMFADevice: made } = await iam.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: name, Tags }));
  return { made, serial: made?.SerialNumber ?? '', seed: Buffer.from(made?.Base32StringSeed ?? []).toString('ascii') };
}

const enable = (UserName: string, serial: string, seed: string, ms = castellan.clock.now() - 30_000) =>
  iam.send(
    new EnableMFADeviceCommand({
      UserName,
      SerialNumber: serial,
      AuthenticationCode1: codeAt(seed, ms),
      AuthenticationCode2: codeAt(seed, ms + 30_000),
    }),
  );

const verify = (serial: string, code: string, userArn: string) =>
  castellan.store.transact(
    async (transaction) =>
      (await createIdentityPort().verifyMfaCode(transaction, { serial, code, now: castellan.clock.now(), userArn })) === 'right',
  );

test('a device is enabled by two consecutive codes, listed, and only then deleted when it is deactivated', async () => {
  await iam.send(new CreateUserCommand({ UserName: 'holder' }));
  const { made, serial, seed } = await device('phone');
  expect(serial).toBe('arn:aws:iam::111122223333:mfa/phone');
  expect(seed).toMatch(/^[A-Z2-7]{64}$/);
  expect(
    Buffer.from(made?.QRCodePNG ?? [])
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
  await expect(device('PHONE')).rejects.toThrow('MFADevice entity at the same path and name already exists.');
  const now = castellan.clock.now();
  const twice = codeAt(seed, now);
  const wrong = new EnableMFADeviceCommand({
    UserName: 'holder',
    SerialNumber: serial,
    AuthenticationCode1: twice,
    AuthenticationCode2: twice,
  });
  await expect(iam.send(wrong)).rejects.toThrow('Authentication code for device is not valid.');
  await enable('holder', serial, seed);
  await expect(enable('holder', serial, seed)).rejects.toThrow('MFA Device already in use');
  const { MFADevices } = await iam.send(new ListMFADevicesCommand({ UserName: 'holder' }));
  expect(MFADevices?.map(({ UserName, SerialNumber }) => [UserName, SerialNumber])).toEqual([['holder', serial]]);
  const listed = async (AssignmentStatus: 'Assigned' | 'Unassigned' | 'Any') =>
    (await iam.send(new ListVirtualMFADevicesCommand({ AssignmentStatus }))).VirtualMFADevices;
  const assigned = await listed('Assigned');
  expect(assigned?.[0]?.User?.UserName).toBe('holder');
  expect(assigned?.[0]?.Base32StringSeed).toBeUndefined();
  expect(await listed('Unassigned')).toEqual([]);
  await expect(iam.send(new DeleteVirtualMFADeviceCommand({ SerialNumber: serial }))).rejects.toThrow('MFA VirtualDevice in use.');
  await expect(iam.send(new DeleteUserCommand({ UserName: 'holder' }))).rejects.toThrow('must delete MFA device first');
  await iam.send(new DeactivateMFADeviceCommand({ UserName: 'holder', SerialNumber: serial }));
  await iam.send(new DeleteVirtualMFADeviceCommand({ SerialNumber: serial }));
  await iam.send(new DeleteUserCommand({ UserName: 'holder' }));
});

test('a code counts once, for its owner, at its time', async () => {
  const { User: user } = await iam.send(new CreateUserCommand({ UserName: 'coder' }));
  const { serial, seed } = await device('coder-phone');
  const arn = user?.Arn ?? '';
  const now = castellan.clock.now();
  expect(await verify(serial, codeAt(seed, now), arn)).toBe(false);
  await enable('coder', serial, seed, now - 60_000);
  expect(await verify(serial, codeAt(seed, now - 30_000), arn)).toBe(false);
  expect(await verify(serial, codeAt(seed, now), 'arn:aws:iam::111122223333:root')).toBe(false);
  expect(await verify(serial, codeAt(seed, now), arn)).toBe(true);
  expect(await verify(serial, codeAt(seed, now), arn)).toBe(false);
  castellan.clock.advance(30_000);
  expect(await verify(serial, codeAt(seed, castellan.clock.now()), arn)).toBe(true);
});

test('a device whose clock is wrong is refused until it is resynchronised', async () => {
  const { User: user } = await iam.send(new CreateUserCommand({ UserName: 'late' }));
  const { serial, seed } = await device('late-phone');
  await enable('late', serial, seed);
  const hour = 3_600_000;
  castellan.clock.advance(2 * hour);
  const wrong = () => castellan.clock.now() - hour;
  expect(await verify(serial, codeAt(seed, wrong()), user?.Arn ?? '')).toBe(false);
  const resync = new ResyncMFADeviceCommand({
    UserName: 'late',
    SerialNumber: serial,
    AuthenticationCode1: codeAt(seed, wrong() - 30_000),
    AuthenticationCode2: codeAt(seed, wrong()),
  });
  await iam.send(resync);
  await expect(iam.send(resync)).rejects.toMatchObject({ name: 'InvalidAuthenticationCodeException' });
  castellan.clock.advance(30_000);
  expect(await verify(serial, codeAt(seed, wrong()), user?.Arn ?? '')).toBe(true);
});

test('root has devices of its own, and eight are all that a user has', async () => {
  const { serial, seed } = await device('root-phone');
  await enable('root', serial, seed);
  const { MFADevices } = await iam.send(new ListMFADevicesCommand({}));
  expect(MFADevices?.map(({ SerialNumber }) => SerialNumber)).toEqual([serial]);
  await iam.send(new CreateUserCommand({ UserName: 'collector' }));
  const attempts = Array.from({ length: 12 }, async (_, index) => {
    const { serial: each, seed: of } = await device(`collected-${index}`);
    return enable('collector', each, of);
  });
  const results = await Promise.allSettled(attempts);
  expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(8);
  expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { message: 'Cannot exceed quota for MFADevicesPerUser: 8' },
  });
});

test('the tags of a device are listed by key, a page at a time', async () => {
  const { serial } = await device('tagged', [{ Key: 'b', Value: '1' }]);
  await iam.send(
    new TagMFADeviceCommand({
      SerialNumber: serial,
      Tags: [
        { Key: 'a', Value: '2' },
        { Key: 'B', Value: '3' },
      ],
    }),
  );
  const first = await iam.send(new ListMFADeviceTagsCommand({ SerialNumber: serial, MaxItems: 1 }));
  expect([first.Tags, first.IsTruncated]).toEqual([[{ Key: 'B', Value: '3' }], true]);
  const second = await iam.send(new ListMFADeviceTagsCommand({ SerialNumber: serial, Marker: first.Marker }));
  expect([second.Tags, second.IsTruncated]).toEqual([[{ Key: 'a', Value: '2' }], false]);
  await iam.send(new UntagMFADeviceCommand({ SerialNumber: serial, TagKeys: ['b'] }));
  expect((await iam.send(new ListMFADeviceTagsCommand({ SerialNumber: serial }))).Tags?.length).toBe(1);
});
