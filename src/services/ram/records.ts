// What RAM stores: shares with what is associated with them, invitations, permissions, and the indexes by which a request finds them.
import { type Collection, collection } from '../../kit/collection.ts';
import type {
  PermissionFeatureSet,
  ReplacePermissionAssociationsWorkStatus,
  ResourceShareFeatureSet,
  ResourceShareInvitationStatus,
} from './api.gen.ts';
import { orderOf } from './service.ts';

export type Tags = Readonly<Record<string, string>>;

/** Everything belongs to an account in a region. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

export interface ShareId extends Place {
  readonly shareId: string;
}

export interface ShareRecord extends ShareId {
  readonly name: string;
  readonly allowsExternal: boolean;
  /** Accounts keep the share when they leave the organisation. */
  readonly retains: boolean;
  readonly isDeleted: boolean;
  readonly featureSet: ResourceShareFeatureSet;
  readonly tags: Tags;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Of shares that show the policy of a resource. */
  readonly policyOf?: string | undefined;
}

export type AssociationKind = 'PRINCIPAL' | 'RESOURCE' | 'SOURCE';

export interface AssociationRecord extends ShareId {
  readonly kind: AssociationKind;
  /** As the owner gave it: an account, an ARN, a service principal; an ARN of a resource; a source. */
  readonly entity: string;
  /** ASSOCIATING: an invitation stands. */
  readonly status: 'ASSOCIATING' | 'ASSOCIATED' | 'DISASSOCIATED' | 'FAILED';
  readonly statusMessage?: string | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Of resources: `resource-groups:Group`. */
  readonly resourceType?: string | undefined;
  /** Of principals. */
  readonly holder?: Holder | undefined;
  readonly invitationId?: string | undefined;
}

/** Under whom a principal finds its shares, and on what condition. */
export interface Holder {
  readonly kind: 'account' | 'role' | 'user' | 'organization' | 'unit' | 'service';
  /** The account, organisation, unit or service. */
  readonly id: string;
  /** Of units: `o-…/r-…/ou-…/`. */
  readonly path?: string | undefined;
  /** Of roles and users: whoever gets their name later gets nothing (ADR 24). */
  readonly principalId?: string | undefined;
  /** The account that shares, or one of its roles or users. */
  readonly isOwn?: true | undefined;
  /** Shared inside this organisation, without an invitation; undefined: by invitation, with a service, or in the own account. */
  readonly organizationId?: string | undefined;
}

export interface SharePermissionRecord extends ShareId {
  readonly resourceType: string;
  readonly permissionArn: string;
  readonly version: number;
  readonly updatedAtMs: number;
}

export interface InvitationRecord {
  readonly invitationId: string;
  /** The owner's. */
  readonly account: string;
  readonly region: string;
  readonly shareId: string;
  /** As the share was called when the invitation was sent: it may outlive the share. */
  readonly shareName?: string | undefined;
  readonly receiver: string;
  /** A role or user, where one was invited. */
  readonly receiverArn?: string | undefined;
  readonly entity: string;
  readonly status: ResourceShareInvitationStatus;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/** A customer managed permission. */
export interface PermissionRecord extends Place {
  readonly name: string;
  readonly resourceType: string;
  readonly defaultVersion: number;
  readonly lastVersion: number;
  readonly featureSet: PermissionFeatureSet;
  readonly isDeleted: boolean;
  readonly tags: Tags;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface VersionRecord extends Place {
  readonly name: string;
  readonly version: number;
  readonly template: string;
  readonly isDeleted: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface ReplacementRecord extends Place {
  readonly workId: string;
  readonly fromArn: string;
  readonly fromVersion?: number | undefined;
  readonly toArn: string;
  readonly toVersion: number;
  readonly status: ReplacePermissionAssociationsWorkStatus;
  readonly statusMessage?: string | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Something that a job does when it is due. */
export interface DueRecord {
  readonly dueAtMs: number;
  readonly what: 'expire-invitation' | 'forget-invitation' | 'forget-share' | 'forget-association' | 'forget-permission' | 'forget-token';
  /** Parts of the record's key. */
  readonly key: readonly string[];
}

const shareKey = ({ account, region, shareId }: ShareId) => [account, region, shareId] as const;

export const shares: Collection<ShareRecord> = collection('ram.share', (share) => shareKey(share));
export const associations: Collection<AssociationRecord> = collection('ram.association', (record) => [
  ...shareKey(record),
  record.kind,
  record.entity,
]);
/** Shares of a resource. */
export const sharesOfResource: Collection<ShareId & { readonly arn: string }> = collection('ram.share-of-resource', (record) => [
  record.arn,
  ...shareKey(record),
]);
/** Shares of an account, organisation, unit or service; an account's roles and users are its own. */
export const sharesOfHolder: Collection<ShareId & { readonly holderId: string; readonly entity: string }> = collection(
  'ram.share-of-holder',
  ({ holderId, region, shareId, entity, account }) => [holderId, region, shareId, entity, account],
);
export const sharePermissions: Collection<SharePermissionRecord> = collection('ram.share-permission', (record) => [
  ...shareKey(record),
  record.resourceType,
]);
/** Shares that use a permission, for each account that has some. */
export const sharesOfPermission: Collection<ShareId & { readonly permissionArn: string; readonly resourceType: string }> = collection(
  'ram.share-of-permission',
  (record) => [record.permissionArn, ...shareKey(record)],
);
export const invitations: Collection<InvitationRecord> = collection('ram.invitation', ({ account, region, invitationId }) => [
  account,
  region,
  invitationId,
]);
export const invitationsOf: Collection<Pick<InvitationRecord, 'receiver' | 'account' | 'region' | 'invitationId'>> = collection(
  'ram.invitation-of',
  ({ receiver, region, invitationId, account }) => [receiver, region, invitationId, account],
);
export const permissions: Collection<PermissionRecord> = collection('ram.permission', ({ account, region, name }) => [
  account,
  region,
  name,
]);
export const versions: Collection<VersionRecord> = collection('ram.permission-version', ({ account, region, name, version }) => [
  account,
  region,
  name,
  orderOf(version),
]);
export const replacements: Collection<ReplacementRecord> = collection('ram.replacement', ({ account, region, workId }) => [
  account,
  region,
  workId,
]);
/** Replacements that are not done. */
export const openReplacements: Collection<Pick<ReplacementRecord, 'account' | 'region' | 'workId' | 'createdAtMs'>> = collection(
  'ram.open-replacement',
  ({ createdAtMs, account, region, workId }) => [orderOf(createdAtMs), account, region, workId],
);
export const due: Collection<DueRecord> = collection('ram.due', ({ dueAtMs, what, key }) => [orderOf(dueAtMs), what, ...key]);
