// Inviting, listing, renaming and ending responsibility transfers. https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/orgs_transfer_billing.html
import { accountOfEmail } from '../../kit/account-directory.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { transferArn } from './arns.ts';
import { handshakes, type TransferRecord, transfers, transfersOf } from './handshake-records.ts';
import { handshakeShape, openHandshake } from './handshake-state.ts';
import { checkParty, handshakeViolation, pendingOf } from './handshakes.ts';
import { listPage, type PageInput } from './listing.ts';
import { dayMs, quotas } from './quotas.ts';
import type { OrganizationRecord } from './records.ts';
import { accessDenied, constraint, fault, invalidInput, shortId } from './service.ts';
import { organizationOperation, type Target } from './standing.ts';
import { checkedTags, putTags } from './tags.ts';
import { transferShape } from './transfer-state.ts';

export const InviteOrganizationToTransferResponsibility = organizationOperation('InviteOrganizationToTransferResponsibility', {
  who: 'management',
  // No bill follows the agreement.
  coverage: 'stored',
  on: ({ Target: party, Type }) => {
    const context = { 'organizations:TransferDirection': 'INBOUND', 'organizations:TransferType': Type };
    return [/^\d{12}$/.test(party.Id) ? { id: party.Id, context } : { arn: '*', context }];
  },
  tags: ({ Tags }) => Tags,
  async handle(input, context, organization) {
    const { transaction, ids, now } = context;
    checkParty(input.Target);
    checkStart(input.StartTimestamp, now);
    const tags = checkedTags(input.Tags);
    const { Type, Id } = input.Target;
    const account = Type === 'ACCOUNT' ? Id : await accountOfEmail(transaction, Id);
    if (account === organization.managementAccount) {
      throw handshakeViolation('SOURCE_AND_TARGET_CANNOT_MATCH', 'The sender and the recipient of the invitation cannot match.');
    }
    const pending = await pendingOf(context, organization.organizationId, 'TRANSFER_RESPONSIBILITY');
    if (pending.some(({ recipient }) => recipient?.id.toLowerCase() === Id.toLowerCase())) {
      throw fault('DuplicateHandshakeException', 'A handshake with the same action and target already exists.');
    }
    const inbound = await transfersOf.all(transaction, organization.organizationId, 'inbound');
    if (inbound.length >= quotas.responsibilityTransfersInbound) {
      throw constraint('RESPONSIBILITY_TRANSFER_MAX_INBOUND_QUOTA_VIOLATION', 'You have exceeded your inbound transfers limit.');
    }
    const transferId = `rt-${shortId(ids, 8)}`;
    const handshake = await openHandshake(context, organization, {
      action: 'TRANSFER_RESPONSIBILITY',
      recipient: input.Target,
      notes: input.Notes,
      days: quotas.invitationDays,
      transferId,
      resources: [
        { Type: 'RESPONSIBILITY_TRANSFER', Value: transferId },
        { Type: 'TRANSFER_START_TIMESTAMP', Value: String(input.StartTimestamp) },
        { Type: 'TRANSFER_TYPE', Value: input.Type },
      ],
    });
    const transfer: TransferRecord = {
      transferId,
      name: input.SourceName,
      status: 'REQUESTED',
      handshakeId: handshake.handshakeId,
      source: { account, email: Type === 'EMAIL' ? Id : undefined },
      target: { organizationId: organization.organizationId, account: organization.managementAccount },
      startAtMs: input.StartTimestamp,
      atMs: now,
    };
    transfers.put(transaction, transfer);
    transfersOf.put(transaction, { organizationId: organization.organizationId, direction: 'inbound', transferId, atMs: now });
    putTags(transaction, organization, transferId, tags);
    return { Handshake: handshakeShape(context, handshake) };
  },
});

/** AWS: the first moment of a month that has not begun. */
function checkStart(startAtMs: number, now: number): void {
  if (startAtMs % dayMs !== 0) {
    throw invalidInput(
      'START_DATE_NOT_BEGINNING_OF_DAY',
      'You provided an invalid start date. The start date must be the beginning of the day.',
    );
  }
  // A date of the request, not the present: no clock is read.
  if (new Date(startAtMs).getUTCDate() !== 1) {
    throw invalidInput(
      'START_DATE_NOT_BEGINNING_OF_MONTH',
      'You provided an invalid start date. The start date must be the first day of the month.',
    );
  }
  if (startAtMs <= now) throw invalidInput('START_DATE_TOO_EARLY', 'You provided an invalid start date. The start date is too early.');
  if (startAtMs > now + 366 * dayMs)
    throw invalidInput('START_DATE_TOO_LATE', 'You provided an invalid start date. The start date is too late.');
}

interface Named {
  readonly Id: string;
}

async function onTransfer({ Id }: Named, organization: OrganizationRecord, { transaction, partition }: Scope): Promise<readonly Target[]> {
  const transfer = await transfers.get(transaction, Id);
  const direction = transfer?.target.organizationId === organization.organizationId ? 'inbound' : 'outbound';
  const context = { 'organizations:TransferDirection': direction.toUpperCase(), 'organizations:TransferType': 'BILLING' };
  return [{ id: Id, arn: transferArn(partition, organization, direction, Id), context }];
}

/** @throws Fault ResponsibilityTransferNotFoundException */
async function requireTransfer({ transaction, account }: Context, organization: OrganizationRecord, id: string): Promise<TransferRecord> {
  const transfer = await transfers.get(transaction, id);
  const isParty =
    transfer?.target.organizationId === organization.organizationId ||
    transfer?.source.organizationId === organization.organizationId ||
    transfer?.source.account === account;
  if (transfer === undefined || !isParty)
    throw fault('ResponsibilityTransferNotFoundException', "You specified a transfer that doesn't exist.");
  return transfer;
}

export const DescribeResponsibilityTransfer = organizationOperation('DescribeResponsibilityTransfer', {
  who: 'readers',
  on: onTransfer,
  async handle({ Id }, context, organization) {
    return { ResponsibilityTransfer: await transferShape(context, organization, await requireTransfer(context, organization, Id)) };
  },
});

export const UpdateResponsibilityTransfer = organizationOperation('UpdateResponsibilityTransfer', {
  who: 'management',
  // No bill follows the agreement.
  coverage: 'stored',
  on: onTransfer,
  async handle({ Id, Name }, context, organization) {
    const transfer = { ...(await requireTransfer(context, organization, Id)), name: Name };
    // AWS: the name is the inviting organisation's.
    if (transfer.target.organizationId !== organization.organizationId) throw accessDenied();
    transfers.put(context.transaction, transfer);
    return { ResponsibilityTransfer: await transferShape(context, organization, transfer) };
  },
});

export const TerminateResponsibilityTransfer = organizationOperation('TerminateResponsibilityTransfer', {
  who: 'management',
  // No bill follows the agreement.
  coverage: 'stored',
  on: onTransfer,
  async handle({ Id, EndTimestamp }, context, organization) {
    const transfer = await requireTransfer(context, organization, Id);
    if (transfer.status === 'WITHDRAWN') {
      throw fault(
        'ResponsibilityTransferAlreadyInStatusException',
        'The responsibility transfer is already in the status that you specified.',
      );
    }
    if (transfer.status !== 'ACCEPTED') {
      throw fault(
        'InvalidResponsibilityTransferTransitionException',
        "The responsibility transfer can't transition to the requested state because it's not in a valid state for this operation.",
      );
    }
    if (EndTimestamp !== undefined && EndTimestamp < transfer.startAtMs) {
      throw invalidInput('END_DATE_TOO_EARLY', 'You provided an invalid end date. It is too early for the transfer to end.');
    }
    const ended: TransferRecord = { ...transfer, status: 'WITHDRAWN', endAtMs: EndTimestamp ?? context.now };
    transfers.put(context.transaction, ended);
    return { ResponsibilityTransfer: await transferShape(context, organization, ended) };
  },
});

export const ListInboundResponsibilityTransfers = organizationOperation('ListInboundResponsibilityTransfers', {
  who: 'readers',
  on: ({ Type }) => [{ arn: '*', context: { 'organizations:TransferDirection': 'INBOUND', 'organizations:TransferType': Type } }],
  async handle(input, context, organization) {
    if (input.Id !== undefined) await requireTransfer(context, organization, input.Id);
    return listed(context, organization, 'inbound', input, input.Id);
  },
});

export const ListOutboundResponsibilityTransfers = organizationOperation('ListOutboundResponsibilityTransfers', {
  who: 'readers',
  on: ({ Type }) => [{ arn: '*', context: { 'organizations:TransferDirection': 'OUTBOUND', 'organizations:TransferType': Type } }],
  handle: (input, context, organization) => listed(context, organization, 'outbound', input),
});

async function listed(
  context: Context,
  organization: OrganizationRecord,
  direction: 'inbound' | 'outbound',
  input: PageInput,
  id?: string,
) {
  const { transaction } = context;
  const under = [organization.organizationId, direction];
  const page = await listPage(context, transfersOf, under, input, ({ transferId }) => id === undefined || transferId === id);
  const found = await Promise.all(page.items.map(({ transferId }) => transfers.get(transaction, transferId)));
  const shapes = found.filter((transfer) => transfer !== undefined).map((transfer) => transferShape(context, organization, transfer));
  return { ResponsibilityTransfers: await Promise.all(shapes), ...page.state };
}

/** @throws Fault while one is asked for or in force: the organisation cannot be deleted then. */
export async function requireNoTransfers({ transaction }: Context, { organizationId }: OrganizationRecord): Promise<void> {
  for (const { transferId } of await transfersOf.all(transaction, organizationId)) {
    const transfer = await transfers.get(transaction, transferId);
    const handshake = transfer === undefined ? undefined : await handshakes.get(transaction, transfer.handshakeId);
    if (transfer?.status === 'ACCEPTED' || handshake?.state === 'REQUESTED') {
      throw constraint(
        'ACTIVE_RESPONSIBILITY_TRANSFER_PROCESS',
        'You cannot delete organization due to an ongoing responsibility transfer process.',
      );
    }
  }
}

export const transferOperations = [
  InviteOrganizationToTransferResponsibility,
  DescribeResponsibilityTransfer,
  UpdateResponsibilityTransfer,
  TerminateResponsibilityTransfer,
  ListInboundResponsibilityTransfers,
  ListOutboundResponsibilityTransfers,
];
