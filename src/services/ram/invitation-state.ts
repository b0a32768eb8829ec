// The life of an invitation: sent, answered, withdrawn or run out.
import type { Context, Scope } from '../../kit/context.ts';
import type { ResourceShareInvitation } from './api.gen.ts';
import { invitationArn, shareArn } from './arns.ts';
import { count, quotas } from './quotas.ts';
import {
  type AssociationRecord,
  due,
  type Holder,
  type InvitationRecord,
  invitations,
  invitationsOf,
  type Place,
  type ShareRecord,
} from './records.ts';
import { limitExceeded } from './service.ts';

/** How long an answered invitation is still shown. */
const shownMs = 30 * 24 * 3_600_000;

export async function invite(context: Context, share: ShareRecord, principal: string, holder: Holder, hours: number): Promise<string> {
  const { transaction, now, ids } = context;
  await count(transaction, share, 'pending invitations', 1, {
    most: quotas.pendingInvitations,
    onExcess: () => limitExceeded(`You have reached the maximum number of pending invitations: ${quotas.pendingInvitations}.`),
  });
  const expiresAtMs = now + hours * 3_600_000;
  const invitation: InvitationRecord = {
    invitationId: ids.uuid(),
    account: share.account,
    region: share.region,
    shareId: share.shareId,
    shareName: share.name,
    receiver: holder.id,
    ...(holder.kind === 'account' ? {} : { receiverArn: principal }),
    entity: principal,
    status: 'PENDING',
    createdAtMs: now,
    expiresAtMs,
  };
  invitations.put(transaction, invitation);
  invitationsOf.put(transaction, invitation);
  due.put(transaction, { dueAtMs: expiresAtMs, what: 'expire-invitation', key: keyOf(invitation) });
  return invitation.invitationId;
}

function keyOf({ account, region, invitationId }: InvitationRecord): readonly string[] {
  return [account, region, invitationId];
}

/** The invitation is answered, or has run out. */
export async function settleInvitation(
  { transaction, now }: Pick<Context, 'transaction' | 'now'>,
  invitation: InvitationRecord,
  status: 'ACCEPTED' | 'REJECTED' | 'EXPIRED',
): Promise<InvitationRecord> {
  const settled: InvitationRecord = { ...invitation, status };
  invitations.put(transaction, settled);
  await count(transaction, invitation, 'pending invitations', -1);
  due.remove(transaction, { dueAtMs: invitation.expiresAtMs, what: 'expire-invitation', key: keyOf(invitation) });
  due.put(transaction, { dueAtMs: now + shownMs, what: 'forget-invitation', key: keyOf(invitation) });
  return settled;
}

/** The owner has withdrawn what the invitation is for. */
export async function closeInvitation(context: Context, association: AssociationRecord): Promise<void> {
  const { account, region, invitationId } = association;
  const invitation = invitationId === undefined ? undefined : await invitations.get(context.transaction, account, region, invitationId);
  if (invitation?.status === 'PENDING') await settleInvitation(context, invitation, 'EXPIRED');
}

export async function forgetInvitation(
  { transaction }: Pick<Context, 'transaction'>,
  place: Place & { readonly invitationId: string },
): Promise<void> {
  const invitation = await invitations.get(transaction, place.account, place.region, place.invitationId);
  if (invitation === undefined) return;
  invitations.remove(transaction, invitation);
  invitationsOf.remove(transaction, invitation);
}

/** As it is now: it may have run out before the job has said so. */
export function statusNow({ status, expiresAtMs }: InvitationRecord, now: number): InvitationRecord['status'] {
  return status === 'PENDING' && expiresAtMs <= now ? 'EXPIRED' : status;
}

export function invitationShape(
  scope: Pick<Scope, 'partition' | 'now'>,
  invitation: InvitationRecord,
  shareName: string,
): ResourceShareInvitation {
  return {
    resourceShareInvitationArn: invitationArn(scope, invitation),
    resourceShareName: shareName,
    resourceShareArn: shareArn(scope, invitation),
    senderAccountId: invitation.account,
    receiverAccountId: invitation.receiver,
    ...(invitation.receiverArn === undefined ? {} : { receiverArn: invitation.receiverArn }),
    invitationTimestamp: invitation.createdAtMs,
    status: statusNow(invitation, scope.now),
  };
}
