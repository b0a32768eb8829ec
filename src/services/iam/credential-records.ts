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

export interface LoginProfileRecord {
  readonly account: string;
  readonly ownerId: string;
  /** A scrypt verifier (passwords.ts), sealed like every secret. */
  readonly verifier: Secret;
  /** Verifiers of former passwords, the newest first. */
  readonly former: readonly Secret[];
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  readonly isResetRequired: boolean;
  readonly lastUsedAtMs?: number | undefined;
}

export interface PasswordPolicyRecord {
  readonly account: string;
  readonly lengthMin: number;
  readonly needsSymbol: boolean;
  readonly needsNumber: boolean;
  readonly needsUpper: boolean;
  readonly needsLower: boolean;
  readonly mayUsersChange: boolean;
  readonly ageDaysMax?: number | undefined;
  readonly remembered?: number | undefined;
  readonly isHardExpiry: boolean;
}

export interface ServiceCredentialRecord {
  readonly account: string;
  readonly ownerId: string;
  readonly id: string;
  readonly serviceName: string;
  /** The name that the service is given: `jane-at-111122223333`. */
  readonly alias: string;
  /** SHA-256 of the secret; 256 random bits need no slower one. */
  readonly digest: string;
  readonly status: 'Active' | 'Inactive';
  readonly createdAtMs: number;
  readonly expiresAtMs?: number | undefined;
}

export const loginProfiles: Collection<LoginProfileRecord> = collection('iam.login-profile', ({ account, ownerId }) => [account, ownerId]);
export const passwordPolicies: Collection<PasswordPolicyRecord> = collection('iam.password-policy', ({ account }) => [account]);
export const serviceCredentials: Collection<ServiceCredentialRecord> = collection('iam.service-credential', ({ account, ownerId, id }) => [
  account,
  ownerId,
  id,
]);

export interface SshKeyRecord {
  readonly account: string;
  readonly ownerId: string;
  readonly id: string;
  /** In SSH's encoding, without a comment. */
  readonly body: string;
  readonly fingerprint: string;
  readonly status: 'Active' | 'Inactive';
  readonly uploadedAtMs: number;
}

export interface SigningCertificateRecord {
  readonly account: string;
  readonly ownerId: string;
  readonly id: string;
  /** As it was uploaded. */
  readonly body: string;
  readonly fingerprint: string;
  readonly status: 'Active' | 'Inactive';
  readonly uploadedAtMs: number;
}

export interface ServerCertificateRecord {
  readonly account: string;
  readonly name: string;
  readonly id: string;
  readonly path: string;
  readonly body: string;
  readonly chain?: string | undefined;
  readonly privateKey: Secret;
  readonly uploadedAtMs: number;
  readonly expiresAtMs: number;
  readonly tags: Tags;
}

export const sshKeys: Collection<SshKeyRecord> = collection('iam.ssh-key', ({ account, ownerId, id }) => [account, ownerId, id]);
export const signingCertificates: Collection<SigningCertificateRecord> = collection(
  'iam.signing-certificate',
  ({ account, ownerId, id }) => [account, ownerId, id],
);
export const serverCertificates: Collection<ServerCertificateRecord> = collection('iam.server-certificate', ({ account, name }) => [
  account,
  lower(name),
]);
