// What Organizations stores. A unit never moves, so its path is part of it; an account's record tells where it stands, so that a request
// finds out with one read.
import { type Collection, collection } from '../../kit/collection.ts';
import type { AccountJoinedMethod, AccountState, CreateAccountFailureReason, OrganizationFeatureSet, PolicyType } from './api.gen.ts';
import { orderOf } from './service.ts';

export type Tags = Readonly<Record<string, string>>;

export interface OrganizationRecord {
  readonly organizationId: string;
  readonly managementAccount: string;
  readonly featureSet: OrganizationFeatureSet;
  readonly rootId: string;
  readonly createdAtMs: number;
  /**
   * Types that are enabled in the root. `default`: by the organisation's creation.
   * AWS: its documentation has service control policies enabled then, and its API lets them be enabled once more.
   */
  readonly policyTypes: Readonly<Partial<Record<PolicyType, 'enabled' | 'default'>>>;
}

/** An account in an organisation. */
export interface MemberRecord {
  readonly account: string;
  readonly organizationId: string;
  readonly managementAccount: string;
  readonly parentId: string;
  /** `o-…/r-…/ou-…/`, the place of the parent. */
  readonly parentPath: string;
  readonly joinedMethod: AccountJoinedMethod;
  readonly joinedAtMs: number;
  readonly state: AccountState;
}

export interface UnitRecord {
  readonly organizationId: string;
  readonly unitId: string;
  readonly name: string;
  readonly parentId: string;
  /** `o-…/r-…/ou-…/`, itself included. */
  readonly path: string;
  readonly createdAtMs: number;
}

/** What stands under a root or unit. */
export interface ChildRecord {
  readonly organizationId: string;
  readonly parentId: string;
  readonly kind: 'ACCOUNT' | 'ORGANIZATIONAL_UNIT';
  readonly id: string;
  readonly atMs: number;
}

export interface CountRecord {
  readonly organizationId: string;
  readonly what: string;
  readonly count: number;
}

export interface PolicyRecord {
  readonly organizationId: string;
  readonly policyId: string;
  readonly type: PolicyType;
  readonly name: string;
  readonly description: string;
  readonly content: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface AttachmentRecord {
  readonly organizationId: string;
  readonly targetId: string;
  readonly type: PolicyType;
  readonly policyId: string;
  readonly atMs: number;
}

export interface CreationRecord {
  readonly organizationId: string;
  readonly requestId: string;
  readonly accountName: string;
  readonly state: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED';
  readonly requestedAtMs: number;
  readonly completedAtMs?: number | undefined;
  readonly account?: string | undefined;
  readonly failureReason?: CreateAccountFailureReason | undefined;
}

export interface TagsRecord {
  readonly organizationId: string;
  readonly resourceId: string;
  readonly tags: Tags;
}

export interface DelegationRecord {
  readonly organizationId: string;
  readonly account: string;
  readonly servicePrincipal: string;
  readonly atMs: number;
}

export interface ServiceAccessRecord {
  readonly organizationId: string;
  readonly servicePrincipal: string;
  readonly atMs: number;
}

export interface ResourcePolicyRecord {
  readonly organizationId: string;
  readonly policyId: string;
  readonly content: string;
}

/** Something that a job does when it is due. */
export interface DueRecord {
  readonly dueAtMs: number;
  readonly what: 'suspend-account' | 'close-account' | 'expire-handshake' | 'forget-handshake';
  readonly id: string;
}

export const organizations: Collection<OrganizationRecord> = collection('organizations.organization', ({ organizationId }) => [
  organizationId,
]);
export const members: Collection<MemberRecord> = collection('organizations.member', ({ account }) => [account]);
/** The accounts of an organisation in the order in which they joined. */
export const memberOrder: Collection<Pick<MemberRecord, 'organizationId' | 'account' | 'joinedAtMs'>> = collection(
  'organizations.member-order',
  ({ organizationId, account, joinedAtMs }) => [organizationId, orderOf(joinedAtMs), account],
);
export const units: Collection<UnitRecord> = collection('organizations.unit', ({ organizationId, unitId }) => [organizationId, unitId]);
/** Names of units are unique under a parent. */
export const unitNames: Collection<Pick<UnitRecord, 'organizationId' | 'parentId' | 'name' | 'unitId'>> = collection(
  'organizations.unit-name',
  ({ organizationId, parentId, name }) => [organizationId, parentId, name],
);
export const children: Collection<ChildRecord> = collection('organizations.child', ({ organizationId, parentId, kind, id, atMs }) => [
  organizationId,
  parentId,
  kind,
  orderOf(atMs),
  id,
]);
export const counts: Collection<CountRecord> = collection('organizations.count', ({ organizationId, what }) => [organizationId, what]);
export const policies: Collection<PolicyRecord> = collection('organizations.policy', ({ organizationId, policyId }) => [
  organizationId,
  policyId,
]);
export const policyOrder: Collection<Pick<PolicyRecord, 'organizationId' | 'type' | 'createdAtMs' | 'policyId'>> = collection(
  'organizations.policy-order',
  ({ organizationId, type, createdAtMs, policyId }) => [organizationId, type, orderOf(createdAtMs), policyId],
);
export const policyNames: Collection<Pick<PolicyRecord, 'organizationId' | 'type' | 'name' | 'policyId'>> = collection(
  'organizations.policy-name',
  ({ organizationId, type, name }) => [organizationId, type, name],
);
/** Attachments are kept twice, so that both sides can be listed. Those of the AWS managed policies are not kept: see `detachedDefaults`. */
export const attachments: Collection<AttachmentRecord> = collection(
  'organizations.attachment',
  ({ organizationId, targetId, type, policyId }) => [organizationId, targetId, type, policyId],
);
export const attachedTo: Collection<AttachmentRecord> = collection(
  'organizations.attached-to',
  ({ organizationId, policyId, targetId }) => [organizationId, policyId, targetId],
);
/** FullAWSAccess is attached everywhere from the start; these are the targets from which it was detached. */
export const detachedDefaults: Collection<Pick<AttachmentRecord, 'organizationId' | 'targetId'>> = collection(
  'organizations.detached-default',
  ({ organizationId, targetId }) => [organizationId, targetId],
);
export const creations: Collection<CreationRecord> = collection('organizations.creation', ({ organizationId, requestId }) => [
  organizationId,
  requestId,
]);
export const creationOrder: Collection<Pick<CreationRecord, 'organizationId' | 'requestId' | 'requestedAtMs'>> = collection(
  'organizations.creation-order',
  ({ organizationId, requestedAtMs, requestId }) => [organizationId, orderOf(requestedAtMs), requestId],
);
export const tagsOf: Collection<TagsRecord> = collection('organizations.tags', ({ organizationId, resourceId }) => [
  organizationId,
  resourceId,
]);
export const delegations: Collection<DelegationRecord> = collection(
  'organizations.delegation',
  ({ organizationId, account, servicePrincipal }) => [organizationId, account, servicePrincipal],
);
export const serviceAccess: Collection<ServiceAccessRecord> = collection(
  'organizations.service-access',
  ({ organizationId, servicePrincipal }) => [organizationId, servicePrincipal],
);
export const resourcePolicies: Collection<ResourcePolicyRecord> = collection('organizations.resource-policy', ({ organizationId }) => [
  organizationId,
]);
export const due: Collection<DueRecord> = collection('organizations.due', ({ dueAtMs, what, id }) => [orderOf(dueAtMs), what, id]);
/** When accounts were closed: AWS limits how many may be within 30 days. */
export const closures: Collection<{ readonly organizationId: string; readonly account: string; readonly atMs: number }> = collection(
  'organizations.closure',
  ({ organizationId, account, atMs }) => [organizationId, orderOf(atMs), account],
);
