// What IAM stores. Names are unique without regard to case and kept as they were given, so keys hold them in lower case.
import type { Secret } from '../../base/secret.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import type { RootFeature } from '../../kit/ports.ts';

export type Tags = Readonly<Record<string, string>>;

/** Users, groups and roles: what policies are attached to. */
export type EntityKind = 'user' | 'group' | 'role';

export interface UserRecord {
  readonly account: string;
  readonly userName: string;
  readonly userId: string;
  readonly path: string;
  readonly createdAtMs: number;
  readonly tags: Tags;
  readonly boundaryArn?: string | undefined;
}

export interface GroupRecord {
  readonly account: string;
  readonly groupName: string;
  readonly groupId: string;
  readonly path: string;
  readonly createdAtMs: number;
}

export interface RoleRecord {
  readonly account: string;
  readonly roleName: string;
  readonly roleId: string;
  readonly path: string;
  readonly createdAtMs: number;
  readonly description?: string | undefined;
  readonly maxSessionSeconds: number;
  readonly tags: Tags;
  readonly boundaryArn?: string | undefined;
  /** The trust policy; users and roles in it stand with their unique ids (see trust-policies.ts). */
  readonly trustPolicy: string;
}

export interface PolicyRecord {
  readonly account: string;
  readonly policyName: string;
  readonly policyId: string;
  readonly path: string;
  readonly description?: string | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly tags: Tags;
  readonly defaultVersionId: string;
  /** Version numbers are never used twice. */
  readonly lastVersion: number;
  readonly versions: readonly PolicyVersionRecord[];
}

export interface PolicyVersionRecord {
  readonly versionId: string;
  readonly document: string;
  readonly createdAtMs: number;
}

export interface InlinePolicyRecord {
  readonly account: string;
  readonly kind: EntityKind;
  readonly name: string;
  readonly policyName: string;
  readonly document: string;
}

/** A managed policy on an entity; kept twice, so that both sides can be listed. */
export interface AttachmentRecord {
  readonly account: string;
  readonly kind: EntityKind;
  readonly name: string;
  readonly policyArn: string;
  readonly policyName: string;
}

export interface MembershipRecord {
  readonly account: string;
  readonly userName: string;
  readonly groupName: string;
}

export interface AccessKeyRecord {
  readonly accessKeyId: string;
  readonly secret: Secret;
  readonly account: string;
  /** Undefined: the account's root. */
  readonly userName?: string | undefined;
  readonly status: 'Active' | 'Inactive';
  readonly createdAtMs: number;
}

/** Which keys a user has. */
export interface KeyOwnerRecord {
  readonly account: string;
  readonly userName: string;
  readonly accessKeyId: string;
}

/** A policy that bounds a user or role; so that a policy's uses can be counted. */
export interface BoundaryUseRecord {
  readonly account: string;
  readonly policyArn: string;
  readonly kind: 'user' | 'role';
  readonly name: string;
}

export interface InstanceProfileRecord {
  readonly account: string;
  readonly name: string;
  readonly id: string;
  readonly path: string;
  readonly createdAtMs: number;
  readonly tags: Tags;
  /** Roles are never renamed, and a role in a profile cannot be deleted. */
  readonly roleName?: string | undefined;
}

/** Which profiles a role is in. */
export interface ProfileOfRoleRecord {
  readonly account: string;
  readonly roleName: string;
  readonly profileName: string;
}

/** Which account an alias belongs to: no two have the same. */
export interface AliasRecord {
  readonly alias: string;
  readonly account: string;
}

/** How many of a kind an account has, so that its quota need not read them all. */
export interface CountRecord {
  readonly account: string;
  readonly kind: CountedKind;
  readonly count: number;
}

/** A service-linked role that is to be deleted. */
export interface RoleDeletionRecord {
  readonly account: string;
  readonly taskId: string;
  readonly roleName: string;
  readonly roleId: string;
  readonly requestedAtMs: number;
  readonly isDone: boolean;
}

export interface CredentialReportRecord {
  readonly account: string;
  /** CSV; undefined while it is being made. */
  readonly content?: string | undefined;
  readonly generatedAtMs?: number | undefined;
}

export interface RootFeaturesRecord {
  readonly organizationId: string;
  readonly features: readonly RootFeature[];
}

export interface OutboundFederationRecord {
  readonly account: string;
  /** Part of the issuer's URL; stays when the feature is disabled. */
  readonly issuerId: string;
  readonly isEnabled: boolean;
}

export type CountedKind = 'group' | 'role' | 'policy' | 'instance-profile';

export interface AccountRecord {
  readonly account: string;
  readonly createdAtMs: number;
  /** Given on the command line; replaced when another one is given. */
  readonly givenRootKeyId?: string | undefined;
  readonly rootKeyId: string;
  readonly alias?: string | undefined;
  /** Which tokens the global endpoint of STS issues. */
  readonly globalTokenVersion?: 1 | 2 | undefined;
}

/** Which user or role an id belongs to. */
export interface PrincipalIdRecord {
  readonly id: string;
  readonly account: string;
  readonly kind: 'user' | 'role';
  readonly name: string;
}

export function lower(name: string): string {
  return name.toLowerCase();
}

export const accounts: Collection<AccountRecord> = collection('iam.account', ({ account }) => [account]);
export const users: Collection<UserRecord> = collection('iam.user', ({ account, userName }) => [account, lower(userName)]);
export const groups: Collection<GroupRecord> = collection('iam.group', ({ account, groupName }) => [account, lower(groupName)]);
export const roles: Collection<RoleRecord> = collection('iam.role', ({ account, roleName }) => [account, lower(roleName)]);
export const policies: Collection<PolicyRecord> = collection('iam.policy', ({ account, policyName }) => [account, lower(policyName)]);
export const accessKeys: Collection<AccessKeyRecord> = collection('iam.access-key', ({ accessKeyId }) => [accessKeyId]);
export const keysOfUser: Collection<KeyOwnerRecord> = collection('iam.key-of-user', ({ account, userName, accessKeyId }) => [
  account,
  lower(userName),
  accessKeyId,
]);
export const inlinePolicies: Collection<InlinePolicyRecord> = collection('iam.inline-policy', ({ account, kind, name, policyName }) => [
  account,
  kind,
  lower(name),
  policyName,
]);
export const attachments: Collection<AttachmentRecord> = collection('iam.attachment', ({ account, kind, name, policyArn }) => [
  account,
  kind,
  lower(name),
  policyArn,
]);
export const attachedTo: Collection<AttachmentRecord> = collection('iam.attached-to', ({ account, kind, name, policyArn }) => [
  account,
  policyArn,
  kind,
  lower(name),
]);
export const membersOfGroup: Collection<MembershipRecord> = collection('iam.member-of-group', ({ account, userName, groupName }) => [
  account,
  lower(groupName),
  lower(userName),
]);
export const groupsOfUser: Collection<MembershipRecord> = collection('iam.group-of-user', ({ account, userName, groupName }) => [
  account,
  lower(userName),
  lower(groupName),
]);
export const principalIds: Collection<PrincipalIdRecord> = collection('iam.principal-id', ({ id }) => [id]);
export const boundaryUses: Collection<BoundaryUseRecord> = collection('iam.boundary-use', ({ account, policyArn, kind, name }) => [
  account,
  policyArn,
  kind,
  lower(name),
]);
export const instanceProfiles: Collection<InstanceProfileRecord> = collection('iam.instance-profile', ({ account, name }) => [
  account,
  lower(name),
]);
export const profilesOfRole: Collection<ProfileOfRoleRecord> = collection('iam.profile-of-role', ({ account, roleName, profileName }) => [
  account,
  lower(roleName),
  lower(profileName),
]);
export const aliases: Collection<AliasRecord> = collection('iam.alias', ({ alias }) => [alias]);
export const counts: Collection<CountRecord> = collection('iam.count', ({ account, kind }) => [account, kind]);
export const roleDeletions: Collection<RoleDeletionRecord> = collection('iam.role-deletion', ({ account, taskId }) => [account, taskId]);
export const roleDeletionsDue: Collection<Pick<RoleDeletionRecord, 'account' | 'taskId'>> = collection(
  'iam.role-deletion-due',
  ({ account, taskId }) => [account, taskId],
);
export const credentialReports: Collection<CredentialReportRecord> = collection('iam.credential-report', ({ account }) => [account]);
export const credentialReportsDue: Collection<{ readonly account: string }> = collection('iam.credential-report-due', ({ account }) => [
  account,
]);
export const rootFeatures: Collection<RootFeaturesRecord> = collection('iam.root-features', ({ organizationId }) => [organizationId]);
/** Whose issuer it is. */
export const outboundIssuers: Collection<Omit<OutboundFederationRecord, 'isEnabled'>> = collection(
  'iam.outbound-issuer',
  ({ issuerId }) => [issuerId],
);
export const outboundFederations: Collection<OutboundFederationRecord> = collection('iam.outbound-federation', ({ account }) => [account]);
