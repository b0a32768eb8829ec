// What IAM stores of the credentials of users and of root, beside access keys. They are filed under the owner's unique id, so that a renamed
// user keeps them and a later namesake never gets them.
import type { Secret } from '../../base/secret.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import { lower, type Tags } from './records.ts';

export interface VirtualMfaRecord {
  readonly account: string;
  readonly serialNumber: string;
  readonly seed: Secret;
  readonly createdAtMs: number;
  readonly tags: Tags;
  /** Present while the device is enabled for somebody: a user's id, or the account for root. */
  readonly ownerId?: string | undefined;
  readonly enabledAtMs?: number | undefined;
  /** Steps that the device's clock is ahead of ours, as its last two consecutive codes showed. */
  readonly driftSteps: number;
  /** The newest step whose code was used. No code of it or of an earlier one is accepted. */
  readonly usedStep: number;
}

/** Which devices somebody has. */
export interface MfaOwnerRecord {
  readonly account: string;
  readonly ownerId: string;
  readonly serialNumber: string;
}

export const virtualMfas: Collection<VirtualMfaRecord> = collection('iam.virtual-mfa', ({ account, serialNumber }) => [
  account,
  lower(serialNumber),
]);
export const mfasOfOwner: Collection<MfaOwnerRecord> = collection('iam.mfa-of-owner', ({ account, ownerId, serialNumber }) => [
  account,
  ownerId,
  lower(serialNumber),
]);
