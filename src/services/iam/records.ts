// What IAM stores. Names are unique without regard to case and kept as they were given, so keys hold them in lower case.
import type { Secret } from '../../base/secret.ts';
import { type Collection, collection } from '../../kit/collection.ts';

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

export interface AccountRecord {
  readonly account: string;
  readonly createdAtMs: number;
  /** Given on the command line; replaced when another one is given. */
  readonly givenRootKeyId?: string | undefined;
  readonly rootKeyId: string;
  readonly alias?: string | undefined;
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
