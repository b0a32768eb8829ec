// Responsibility transfers: the invited organisation's management account lets the inviting one manage its billing.
import { profileOf } from '../../kit/account-directory.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { ResponsibilityTransfer } from './api.gen.ts';
import { transferArn } from './arns.ts';
import { type HandshakeRecord, type TransferRecord, transfers, transfersOf } from './handshake-records.ts';
import type { OrganizationRecord } from './records.ts';
import { fault } from './service.ts';
import { requireOrganization } from './standing.ts';

/** As one of the two organisations sees it. */
export async function transferShape(
  { transaction, partition }: Scope,
  organization: OrganizationRecord,
  transfer: TransferRecord,
): Promise<ResponsibilityTransfer> {
  const direction = transfer.target.organizationId === organization.organizationId ? 'inbound' : 'outbound';
  const { account, email } = transfer.source;
  const target = await profileOf(transaction, transfer.target.account);
  const source = account === undefined ? undefined : await profileOf(transaction, account);
  return {
    Arn: transferArn(partition, organization, direction, transfer.transferId),
    Name: transfer.name,
    Id: transfer.transferId,
    Type: 'BILLING',
    Status: transfer.status,
    Source: { ManagementAccountId: account, ManagementAccountEmail: source?.email ?? email },
    Target: { ManagementAccountId: transfer.target.account, ManagementAccountEmail: target.email },
    StartTimestamp: transfer.startAtMs,
    ...(transfer.endAtMs === undefined ? {} : { EndTimestamp: transfer.endAtMs }),
    ActiveHandshakeId: transfer.handshakeId,
  };
}

/** @throws Fault AWSOrganizationsNotInUseException, HandshakeConstraintViolationException */
export async function acceptTransfer(context: Context, { transferId }: HandshakeRecord): Promise<void> {
  const { transaction, account } = context;
  const organization = await requireOrganization(context);
  const transfer = transferId === undefined ? undefined : await transfers.get(transaction, transferId);
  if (transfer === undefined) throw fault('HandshakeNotFoundException', "You specified a handshake that doesn't exist.");
  if (organization.managementAccount !== account) {
    throw fault('AccessDeniedException', "You don't have permissions to access this resource.");
  }
  if (transfer.target.organizationId === organization.organizationId) {
    throw violation('SOURCE_AND_TARGET_CANNOT_MATCH', "An account can't accept a transfer invitation that it sent.");
  }
  const { organizationId } = organization;
  for (const { transferId: other } of await transfersOf.all(transaction, organizationId, 'outbound')) {
    const known = await transfers.get(transaction, other);
    if (known?.status === 'ACCEPTED' && other !== transfer.transferId) {
      throw violation('RESPONSIBILITY_TRANSFER_ALREADY_EXISTS', 'You cannot perform this operation with the current transfer.');
    }
  }
  transfers.put(transaction, { ...transfer, source: { organizationId, account, email: undefined } });
  transfersOf.put(transaction, { organizationId, direction: 'outbound', transferId: transfer.transferId, atMs: transfer.atMs });
}

function violation(Reason: string, message: string): Error {
  return fault('HandshakeConstraintViolationException', message, { fields: { Reason } });
}
