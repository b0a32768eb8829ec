// What IAM stores of delegation requests: temporary access that another account asks for.
import { type Collection, collection } from '../../kit/collection.ts';
import type { DelegationPermission, stateType } from './api.gen.ts';

export interface DelegationRequestRecord {
  readonly id: string;
  /** The account that asks. */
  readonly requestorId: string;
  readonly ownerAccount?: string | undefined;
  /** Whom it is assigned to. */
  readonly ownerId?: string | undefined;
  readonly approverId?: string | undefined;
  readonly description: string;
  readonly requestMessage?: string | undefined;
  readonly permissions: DelegationPermission;
  /** The template with its parameters filled in. */
  readonly permissionPolicy: string;
  readonly workflowId: string;
  readonly redirectUrl?: string | undefined;
  readonly notificationChannel: string;
  readonly sessionSeconds: number;
  readonly isSentByOwnerOnly: boolean;
  readonly state: stateType;
  readonly expiresAtMs: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly notes?: string | undefined;
  readonly rejectionReason?: string | undefined;
}

export const delegationRequests: Collection<DelegationRequestRecord> = collection('iam.delegation-request', ({ id }) => [id]);
/** Requests that have an owner, by its account. */
export const delegationsOfAccount: Collection<{ readonly ownerAccount: string; readonly id: string }> = collection(
  'iam.delegation-of-account',
  ({ ownerAccount, id }) => [ownerAccount, id],
);
/** A requestor's own name for each of its requests. */
export const delegationWorkflows: Collection<{ readonly requestorId: string; readonly workflowId: string; readonly id: string }> =
  collection('iam.delegation-workflow', ({ requestorId, workflowId }) => [requestorId, workflowId]);
