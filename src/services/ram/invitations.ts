// Invitations: what an account that is not in the owner's organisation must accept before a share is its own.
// https://docs.aws.amazon.com/ram/latest/userguide/working-with-shared-invitations.html
import type { Context, Scope } from '../../kit/context.ts';
import { invitationAccess } from './access.ts';
import type { GetResourceShareInvitationsRequest, ResourceShareInvitation } from './api.gen.ts';
import { invitationArn, namedBy, requireShareId, shareArn } from './arns.ts';
import { disassociate } from './associations.ts';
import { once } from './idempotency.ts';
import { invitationShape, settleInvitation, statusNow } from './invitation-state.ts';
import { type AssociationRecord, associations, type InvitationRecord, invitations, invitationsOf, shares } from './records.ts';
import { fault, malformedArn, operation, unknown } from './service.ts';
import { resourceShape, resourcesOf } from './shared-things.ts';
import { pageOfStream, recordsUnder, type Stream } from './streams.ts';
import { isInScope, typeNamed } from './types.ts';

export const GetResourceShareInvitations = operation('GetResourceShareInvitations', {
  access: () => ({ action: 'ram:GetResourceShareInvitations', resource: '*' }),
  async handle(input, context) {
    for (const arn of input.resourceShareInvitationArns ?? []) await requireInvitation(context, arn);
    for (const arn of input.resourceShareArns ?? []) await requireShare(context, arn);
    const { items, token } = await pageOfStream('GetResourceShareInvitations', received(context, input), input);
    return { resourceShareInvitations: await Promise.all(items.map((each) => shapeOf(context, each))), ...token };
  },
});

function received(context: Context, input: GetResourceShareInvitationsRequest): Stream<InvitationRecord> {
  const { transaction, account, region } = context;
  return async function* (after) {
    for await (const { cursor, value } of recordsUnder(transaction, invitationsOf, [account, region], after)) {
      const invitation = await invitations.get(transaction, value.account, value.region, value.invitationId);
      yield { position: cursor, item: invitation !== undefined && isWanted(context, input, invitation) ? invitation : undefined };
    }
  };
}

function isWanted(
  context: Context,
  { resourceShareInvitationArns = [], resourceShareArns = [] }: GetResourceShareInvitationsRequest,
  invitation: InvitationRecord,
): boolean {
  if (resourceShareInvitationArns.length > 0 && !resourceShareInvitationArns.includes(invitationArn(context, invitation))) return false;
  return resourceShareArns.length === 0 || resourceShareArns.includes(shareArn(context, invitation));
}

/** @throws Fault MalformedArnException, UnknownResourceException */
async function requireShare({ transaction }: Scope, arn: string): Promise<void> {
  const { account, region, shareId } = requireShareId(arn);
  if ((await shares.get(transaction, account, region, shareId)) === undefined) throw unknown('ResourceShare', arn);
}

async function findInvitation({ transaction }: Scope, arn: string): Promise<InvitationRecord | undefined> {
  const named = namedBy(arn, 'resource-share-invitation');
  return named === undefined ? undefined : invitations.get(transaction, named.account, named.region, named.id);
}

/** One that the caller's account has received. @throws Fault MalformedArnException, ResourceShareInvitationArnNotFoundException */
async function requireInvitation(scope: Scope, arn: string): Promise<InvitationRecord> {
  if (namedBy(arn, 'resource-share-invitation') === undefined) throw malformedArn('resource share invitation');
  const invitation = await findInvitation(scope, arn);
  if (invitation?.receiver === scope.account && invitation.region === scope.region) return invitation;
  throw fault('ResourceShareInvitationArnNotFoundException', `Resource share invitation ${arn} could not be found.`);
}

async function shapeOf(context: Context, invitation: InvitationRecord): Promise<ResourceShareInvitation> {
  const share = await shares.get(context.transaction, invitation.account, invitation.region, invitation.shareId);
  return invitationShape(context, invitation, share?.name ?? invitation.shareName ?? '');
}

/** @throws Fault for one that was answered or has run out */
function requirePending({ now }: Scope, arn: string, invitation: InvitationRecord): void {
  switch (statusNow(invitation, now)) {
    case 'PENDING':
      return;
    case 'ACCEPTED':
      throw fault('ResourceShareInvitationAlreadyAcceptedException', `Resource share invitation ${arn} was already accepted.`);
    case 'REJECTED':
      throw fault('ResourceShareInvitationAlreadyRejectedException', `Resource share invitation ${arn} was already rejected.`);
    case 'EXPIRED':
      throw fault('ResourceShareInvitationExpiredException', `Resource share invitation ${arn} has expired.`);
  }
}

function associationOf({ transaction }: Scope, { account, region, shareId, entity }: InvitationRecord) {
  return associations.get(transaction, account, region, shareId, 'PRINCIPAL', entity);
}

export const AcceptResourceShareInvitation = operation('AcceptResourceShareInvitation', {
  access: async ({ resourceShareInvitationArn: arn }, scope) =>
    invitationAccess(scope, 'ram:AcceptResourceShareInvitation', arn, await findInvitation(scope, arn)),
  handle: (input, context) =>
    once(context, 'AcceptResourceShareInvitation', input, async () => {
      const { resourceShareInvitationArn: arn } = input;
      const invitation = await requireInvitation(context, arn);
      requirePending(context, arn, invitation);
      const association = await associationOf(context, invitation);
      if (association?.invitationId !== invitation.invitationId) throw unknown('ResourceShare', shareArn(context, invitation));
      associations.put(context.transaction, { ...association, status: 'ASSOCIATED', updatedAtMs: context.now });
      const accepted = await settleInvitation(context, invitation, 'ACCEPTED');
      // The owner sees it too.
      context.note({ sharedWith: invitation.account });
      return { resourceShareInvitation: await shapeOf(context, accepted) };
    }),
});

export const RejectResourceShareInvitation = operation('RejectResourceShareInvitation', {
  access: async ({ resourceShareInvitationArn: arn }, scope) =>
    invitationAccess(scope, 'ram:RejectResourceShareInvitation', arn, await findInvitation(scope, arn)),
  handle: (input, context) =>
    once(context, 'RejectResourceShareInvitation', input, async () => {
      const { resourceShareInvitationArn: arn } = input;
      const invitation = await requireInvitation(context, arn);
      requirePending(context, arn, invitation);
      const rejected = await endInvitation(context, invitation, 'REJECTED');
      context.note({ sharedWith: invitation.account });
      return { resourceShareInvitation: await shapeOf(context, rejected) };
    }),
});

/** The invitation was declined or has run out, and with it the principal's association. */
export async function endInvitation(
  context: Context,
  invitation: InvitationRecord,
  status: 'REJECTED' | 'EXPIRED',
): Promise<InvitationRecord> {
  const ended = await settleInvitation(context, invitation, status);
  const association: AssociationRecord | undefined = await associationOf(context, invitation);
  if (association?.invitationId === invitation.invitationId && association.status === 'ASSOCIATING') {
    await disassociate(context, association, {
      status: status === 'REJECTED' ? 'DISASSOCIATED' : 'FAILED',
      message: status === 'REJECTED' ? 'The invitation was rejected.' : 'The invitation has expired.',
    });
  }
  return ended;
}

export const ListPendingInvitationResources = operation('ListPendingInvitationResources', {
  access: async ({ resourceShareInvitationArn: arn }, scope) =>
    invitationAccess(scope, 'ram:ListPendingInvitationResources', arn, await findInvitation(scope, arn)),
  async handle(input, context) {
    const invitation = await requireInvitation(context, input.resourceShareInvitationArn);
    // AWS: an accepted one has no error of its own here.
    if (statusNow(invitation, context.now) === 'ACCEPTED') return { resources: [] };
    requirePending(context, input.resourceShareInvitationArn, invitation);
    const share = await shares.get(context.transaction, invitation.account, invitation.region, invitation.shareId);
    if (share === undefined) return { resources: [] };
    const { items, token } = await pageOfStream('ListPendingInvitationResources', resourcesOf(context, share), input);
    const asked = [];
    for (const entry of items) {
      const type = await typeNamed(context, entry.association.resourceType ?? '');
      if (type === undefined || isInScope(type, input.resourceRegionScope)) asked.push(await resourceShape(context, entry));
    }
    return { resources: asked, ...token };
  },
});

export const invitationOperations = [
  GetResourceShareInvitations,
  AcceptResourceShareInvitation,
  RejectResourceShareInvitation,
  ListPendingInvitationResources,
];
