// Handshakes: agreements between two accounts, kept with everything that was told about the sender when they were made.
import { type Collection, collection } from '../../kit/collection.ts';
import type { ActionType, HandshakePartyType, HandshakeResource, HandshakeState, ResponsibilityTransferStatus } from './api.gen.ts';
import type { Tags } from './records.ts';
import { orderOf } from './service.ts';

export interface HandshakeRecord {
  readonly handshakeId: string;
  /** The sender's. */
  readonly organizationId: string;
  readonly managementAccount: string;
  readonly action: ActionType;
  readonly state: HandshakeState;
  readonly requestedAtMs: number;
  readonly expiresAtMs: number;
  /** Who is asked; undefined for what only the management account decides. */
  readonly recipient?: { readonly type: HandshakePartyType; readonly id: string } | undefined;
  readonly resources: readonly HandshakeResource[];
  readonly parentId?: string | undefined;
  /** For the account that joins. */
  readonly tags: Tags;
  readonly transferId?: string | undefined;
}

export interface TransferRecord {
  readonly transferId: string;
  readonly name: string;
  readonly status: ResponsibilityTransferStatus;
  readonly handshakeId: string;
  /** The organisation that gives the responsibility away: the invited one. Known once the invitation is accepted, or by its account. */
  readonly source: {
    readonly organizationId?: string | undefined;
    readonly account?: string | undefined;
    readonly email?: string | undefined;
  };
  /** The organisation that takes it: the inviting one. */
  readonly target: { readonly organizationId: string; readonly account: string };
  readonly startAtMs: number;
  readonly endAtMs?: number | undefined;
  readonly atMs: number;
}

type Listed = Pick<HandshakeRecord, 'handshakeId' | 'requestedAtMs'>;

export const handshakes: Collection<HandshakeRecord> = collection('organizations.handshake', ({ handshakeId }) => [handshakeId]);
export const sentHandshakes: Collection<Listed & { readonly organizationId: string }> = collection(
  'organizations.sent-handshake',
  ({ organizationId, requestedAtMs, handshakeId }) => [organizationId, orderOf(requestedAtMs), handshakeId],
);
/** By account, or by address in lower case. */
export const receivedHandshakes: Collection<Listed & { readonly recipient: string }> = collection(
  'organizations.received-handshake',
  ({ recipient, requestedAtMs, handshakeId }) => [recipient, orderOf(requestedAtMs), handshakeId],
);
export const transfers: Collection<TransferRecord> = collection('organizations.transfer', ({ transferId }) => [transferId]);
export const transfersOf: Collection<{
  readonly organizationId: string;
  readonly direction: 'inbound' | 'outbound';
  readonly transferId: string;
  readonly atMs: number;
}> = collection('organizations.transfer-of', ({ organizationId, direction, transferId, atMs }) => [
  organizationId,
  direction,
  orderOf(atMs),
  transferId,
]);
