// Virtual MFA devices: made with a seed, enabled for a user by two consecutive codes, and verified for STS.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_virtual.html

import { wholeSeconds } from '../../base/clock.ts';
import { base32Id } from '../../base/ids.ts';
import { Secret } from '../../base/secret.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ResourceArn } from '../../kit/resources.gen.ts';
import { mfasOfOwner, type VirtualMfaRecord, virtualMfas } from './credential-records.ts';
import { tagList, tagRecord } from './entities.ts';
import { listPage } from './listing.ts';
import { nameOfOwner, nameOrRoot, type Owner, onOwner, requireOwner } from './owners.ts';
import { withinQuota } from './quotas.ts';
import { accounts, lower, users } from './records.ts';
import { fault, operation } from './service.ts';
import { keyTags, merged, tagPage, without } from './tag-rules.ts';
import { type Codes, stepAt, stepOfConsecutive } from './totp.ts';
import { rootShape, userShape } from './users.ts';

/** As long as the seeds of AWS: 320 bits. */
const seedCharacters = 64;
/** Steps by which a device may differ from us when it is enabled (ten minutes) and when it is resynchronised (eight hours). */
const enableWindow = 20;
const resyncWindow = 960;

function serialOf({ partition, account }: Scope, path: string, name: string): ResourceArn<'iam:mfa'> {
  return resourceNamed<'iam:mfa'>(`arn:${partition}:iam::${account}:mfa${path}${name}`);
}

/** @throws Fault NoSuchEntity */
async function requireDevice(scope: Scope, serialNumber: string): Promise<VirtualMfaRecord> {
  const device = await virtualMfas.get(scope.transaction, scope.account, lower(serialNumber));
  if (device?.serialNumber !== serialNumber)
    throw fault('NoSuchEntity', `VirtualMFADevice with serial number ${serialNumber} doesn't exist.`);
  return device;
}

/** The device, if it is this owner's. @throws Fault NoSuchEntity */
async function requireDeviceOf(scope: Scope, owner: Owner, serialNumber: string): Promise<VirtualMfaRecord> {
  const device = await virtualMfas.get(scope.transaction, scope.account, lower(serialNumber));
  if (device?.serialNumber !== serialNumber || device.ownerId !== owner.id)
    throw fault('NoSuchEntity', `MFA Device with serial number ${serialNumber} cannot be found for user ${owner.userName ?? 'root'}.`);
  return device;
}

async function deviceAccess(scope: Scope, action: Access['action'], serialNumber: string, extra: Partial<Access> = {}): Promise<Access> {
  const device = await virtualMfas.get(scope.transaction, scope.account, lower(serialNumber));
  return {
    action,
    resource: resourceNamed<'iam:mfa'>(serialNumber),
    ...(device === undefined ? {} : { resourceTags: device.tags }),
    ...extra,
  };
}

export const CreateVirtualMFADevice = operation('CreateVirtualMFADevice', {
  access: (input, scope) => ({
    action: 'iam:CreateVirtualMFADevice',
    resource: serialOf(scope, input.Path ?? '/', input.VirtualMFADeviceName),
    ...(input.Tags === undefined ? {} : { requestTags: tagRecord(input.Tags) }),
  }),
  async handle(input, context) {
    const { transaction, account, ids, now } = context;
    const serialNumber = serialOf(context, input.Path ?? '/', input.VirtualMFADeviceName);
    if ((await virtualMfas.get(transaction, account, lower(serialNumber))) !== undefined)
      throw fault('EntityAlreadyExists', 'MFADevice entity at the same path and name already exists.');
    const seed = base32Id(ids, seedCharacters);
    const tags = tagRecord(input.Tags);
    virtualMfas.put(transaction, {
      account,
      serialNumber,
      seed: new Secret(seed),
      createdAtMs: wholeSeconds(now),
      tags,
      driftSteps: 0,
      usedStep: 0,
    });
    const alias = (await accounts.get(transaction, account))?.alias ?? account;
    return {
      VirtualMFADevice: {
        SerialNumber: serialNumber,
        Base32StringSeed: Buffer.from(seed, 'ascii'),
        QRCodePNG: await qrCode(`${input.VirtualMFADeviceName}@${alias}`, seed),
        ...(input.Tags === undefined ? {} : { Tags: tagList(tags) }),
      },
    };
  },
});

/** The picture that authenticator apps read. */
async function qrCode(name: string, seed: string): Promise<Uint8Array> {
  const { toBuffer } = await import('qrcode');
  const issuer = 'Amazon%20Web%20Services';
  return toBuffer(`otpauth://totp/${issuer}:${encodeURIComponent(name)}?secret=${seed}&issuer=${issuer}`, { type: 'png' });
}

export const DeleteVirtualMFADevice = operation('DeleteVirtualMFADevice', {
  access: (input, scope) => deviceAccess(scope, 'iam:DeleteVirtualMFADevice', input.SerialNumber),
  async handle(input, context) {
    const device = await requireDevice(context, input.SerialNumber);
    if (device.ownerId !== undefined) throw fault('DeleteConflict', 'MFA VirtualDevice in use. Must deactivate first.');
    virtualMfas.remove(context.transaction, device);
    return {};
  },
});

export const EnableMFADevice = operation('EnableMFADevice', {
  access: async (input, scope) => onOwner('iam:EnableMFADevice')({ UserName: await nameOrRoot(scope, input.UserName) }, scope),
  async handle(input, context) {
    const { transaction, account, now } = context;
    const owner = await requireOwner(context, await nameOrRoot(context, input.UserName));
    const device = await requireDevice(context, input.SerialNumber);
    if (device.ownerId !== undefined) throw fault('EntityAlreadyExists', 'MFA Device already in use');
    const owned = await mfasOfOwner.all(transaction, account, owner.id);
    withinQuota('MFADevicesPerUser', owned.length + 1);
    const synchronised = await synchronise(context, device, codesOf(input), enableWindow);
    virtualMfas.put(transaction, { ...synchronised, ownerId: owner.id, enabledAtMs: wholeSeconds(now) });
    mfasOfOwner.put(transaction, { account, ownerId: owner.id, serialNumber: device.serialNumber });
    return {};
  },
});

export const ResyncMFADevice = operation('ResyncMFADevice', {
  access: async (input, scope) => onOwner('iam:ResyncMFADevice')({ UserName: await nameOrRoot(scope, input.UserName) }, scope),
  async handle(input, context) {
    const owner = await requireOwner(context, await nameOrRoot(context, input.UserName));
    const device = await requireDeviceOf(context, owner, input.SerialNumber);
    virtualMfas.put(context.transaction, await synchronise(context, device, codesOf(input), resyncWindow));
    return {};
  },
});

function codesOf(input: { readonly AuthenticationCode1: string; readonly AuthenticationCode2: string }): Codes {
  return { first: input.AuthenticationCode1, second: input.AuthenticationCode2 };
}

/** The device with its clock set by two consecutive codes, which are used up by that. @throws Fault InvalidAuthenticationCode */
async function synchronise(context: Context, device: VirtualMfaRecord, codes: Codes, window: number): Promise<VirtualMfaRecord> {
  const now = stepAt(context.now);
  const step = await stepOfConsecutive(device.seed, codes, now, window);
  if (step === undefined || step <= device.usedStep)
    throw fault('InvalidAuthenticationCode', 'Authentication code for device is not valid.');
  return { ...device, driftSteps: step - now, usedStep: step };
}

export const DeactivateMFADevice = operation('DeactivateMFADevice', {
  access: onOwner('iam:DeactivateMFADevice'),
  async handle(input, context) {
    const { transaction, account } = context;
    const owner = await requireOwner(context, input.UserName);
    const { ownerId: _owner, enabledAtMs: _enabled, ...device } = await requireDeviceOf(context, owner, input.SerialNumber);
    virtualMfas.put(transaction, device);
    mfasOfOwner.remove(transaction, { account, ownerId: owner.id, serialNumber: device.serialNumber });
    return {};
  },
});

// AWS: the model says that only FIDO keys are accepted; a virtual device of the user is answered too.
export const GetMFADevice = operation('GetMFADevice', {
  access: onOwner('iam:GetMFADevice'),
  async handle(input, context) {
    const owner = await requireOwner(context, input.UserName);
    const device = await requireDeviceOf(context, owner, input.SerialNumber);
    return {
      ...(owner.userName === undefined ? {} : { UserName: owner.userName }),
      SerialNumber: device.serialNumber,
      EnableDate: device.enabledAtMs,
    };
  },
});

export const ListMFADevices = operation('ListMFADevices', {
  access: onOwner('iam:ListMFADevices'),
  async handle(input, context) {
    const { transaction, account } = context;
    const owner = await requireOwner(context, input.UserName);
    const page = await listPage(context, mfasOfOwner, [account, owner.id], input);
    const devices = await Promise.all(page.items.map(({ serialNumber }) => virtualMfas.get(transaction, account, lower(serialNumber))));
    return {
      MFADevices: devices.flatMap((device) =>
        device?.enabledAtMs === undefined
          ? []
          : [{ UserName: owner.userName ?? 'root', SerialNumber: device.serialNumber, EnableDate: device.enabledAtMs }],
      ),
      ...page.state,
    };
  },
});

export const ListVirtualMFADevices = operation('ListVirtualMFADevices', {
  access: (_input, scope) => ({ action: 'iam:ListVirtualMFADevices', resource: serialOf(scope, '/', '') }),
  async handle(input, context) {
    const { AssignmentStatus: status = 'Any' } = input;
    const page = await listPage(
      context,
      virtualMfas,
      [context.account],
      input,
      ({ ownerId }) => status === 'Any' || (ownerId !== undefined) === (status === 'Assigned'),
    );
    return { VirtualMFADevices: await Promise.all(page.items.map((device) => listedDevice(context, device))), ...page.state };
  },
});

async function listedDevice(scope: Scope, device: VirtualMfaRecord) {
  const { serialNumber: SerialNumber, ownerId, enabledAtMs } = device;
  if (ownerId === undefined) return { SerialNumber };
  if (ownerId === scope.account) return { SerialNumber, User: await rootShape(scope), EnableDate: enabledAtMs };
  const user = await users.get(scope.transaction, scope.account, lower((await nameOfOwner(scope, ownerId)) ?? ''));
  return { SerialNumber, ...(user === undefined ? {} : { User: userShape(scope, user, false) }), EnableDate: enabledAtMs };
}

export const TagMFADevice = operation('TagMFADevice', {
  access: (input, scope) => deviceAccess(scope, 'iam:TagMFADevice', input.SerialNumber, { requestTags: tagRecord(input.Tags) }),
  async handle(input, context) {
    const device = await requireDevice(context, input.SerialNumber);
    virtualMfas.put(context.transaction, { ...device, tags: merged(device.tags, input.Tags) });
    return {};
  },
});

export const UntagMFADevice = operation('UntagMFADevice', {
  access: (input, scope) => deviceAccess(scope, 'iam:UntagMFADevice', input.SerialNumber, keyTags(input.TagKeys)),
  async handle(input, context) {
    const device = await requireDevice(context, input.SerialNumber);
    virtualMfas.put(context.transaction, { ...device, tags: without(device.tags, input.TagKeys) });
    return {};
  },
});

export const ListMFADeviceTags = operation('ListMFADeviceTags', {
  access: (input, scope) => deviceAccess(scope, 'iam:ListMFADeviceTags', input.SerialNumber),
  handle: async (input, context) => tagPage((await requireDevice(context, input.SerialNumber)).tags, input),
});

export const mfaDeviceOperations = [
  CreateVirtualMFADevice,
  DeleteVirtualMFADevice,
  EnableMFADevice,
  ResyncMFADevice,
  DeactivateMFADevice,
  GetMFADevice,
  ListMFADevices,
  ListVirtualMFADevices,
  TagMFADevice,
  UntagMFADevice,
  ListMFADeviceTags,
];
