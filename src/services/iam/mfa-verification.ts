// Whether a code of an MFA device is right: what STS asks before it says that a caller gave a second factor.
import { parseArn } from '../../base/arn.ts';
import type { MfaClaim, MfaVerdict } from '../../kit/ports.ts';
import type { Transaction } from '../../store/store.ts';
import { mfasOfOwner, virtualMfas } from './credential-records.ts';
import { lower, users } from './records.ts';
import { stepAt, stepOfCode } from './totp.ts';

/** Right when the device is enabled for this user or root and the code is one of the present moment; the code is used up by that. */
export async function verifyMfaCode(transaction: Transaction, { serial, code, now, userArn }: MfaClaim): Promise<MfaVerdict> {
  const owner = parseArn(userArn);
  if (owner === undefined) return 'unknown-device';
  const device = await virtualMfas.get(transaction, owner.account, lower(serial));
  if (device?.ownerId === undefined || device.serialNumber !== serial) return 'unknown-device';
  if (device.ownerId !== (await ownerIdOf(transaction, owner.account, owner.resource))) return 'unknown-device';
  const step = await stepOfCode(device.seed, code, stepAt(now) + device.driftSteps, device.usedStep);
  if (step === undefined) return 'wrong-code';
  virtualMfas.put(transaction, { ...device, usedStep: step });
  return 'right';
}

/** What somebody who signs in has to give a code of, if anything. */
export async function mfaSerials(transaction: Transaction, userArn: string): Promise<readonly string[]> {
  const owner = parseArn(userArn);
  const ownerId = owner && (await ownerIdOf(transaction, owner.account, owner.resource));
  if (owner === undefined || ownerId === undefined) return [];
  return (await mfasOfOwner.all(transaction, owner.account, ownerId)).map(({ serialNumber }) => serialNumber);
}

async function ownerIdOf(transaction: Transaction, account: string, resource: string): Promise<string | undefined> {
  if (resource === 'root') return account;
  if (!resource.startsWith('user/')) return undefined;
  return (await users.get(transaction, account, lower(resource.slice(resource.lastIndexOf('/') + 1))))?.userId;
}
