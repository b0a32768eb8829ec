// Making handshakes, showing them, and moving them from one state to the next, also when nobody answers.
import { accountOfEmail, profileOf } from '../../kit/account-directory.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { Transaction } from '../../store/store.ts';
import type { ActionType, Handshake, HandshakeParty, HandshakeResource, HandshakeState } from './api.gen.ts';
import { handshakeArn } from './arns.ts';
import { type HandshakeRecord, handshakes, receivedHandshakes, sentHandshakes, transfers } from './handshake-records.ts';
import { dayMs, quotas } from './quotas.ts';
import { due, type OrganizationRecord, type Tags } from './records.ts';
import { fault, shortId } from './service.ts';

export interface NewHandshake {
  readonly action: ActionType;
  readonly recipient?: HandshakeParty | undefined;
  readonly notes?: string | undefined;
  readonly days: number;
  readonly parentId?: string | undefined;
  readonly tags?: Tags;
  readonly transferId?: string | undefined;
  /** Beside those that every handshake of its kind has. */
  readonly resources?: readonly HandshakeResource[];
}

export async function openHandshake(context: Context, organization: OrganizationRecord, made: NewHandshake): Promise<HandshakeRecord> {
  const { transaction, ids, now } = context;
  const { organizationId, managementAccount } = organization;
  const record: HandshakeRecord = {
    handshakeId: `h-${shortId(ids, 32)}`,
    organizationId,
    managementAccount,
    action: made.action,
    // AWS: an invitation is open from the start.
    state: made.action === 'INVITE' ? 'OPEN' : 'REQUESTED',
    requestedAtMs: now,
    expiresAtMs: now + made.days * dayMs,
    recipient: made.recipient === undefined ? undefined : { type: made.recipient.Type, id: made.recipient.Id },
    resources: await resourcesOf(context, organization, made),
    parentId: made.parentId,
    tags: made.tags ?? {},
    transferId: made.transferId,
  };
  handshakes.put(transaction, record);
  sentHandshakes.put(transaction, record);
  for (const recipient of await recipientsOf(transaction, record)) receivedHandshakes.put(transaction, { ...record, recipient });
  due.put(transaction, { dueAtMs: record.expiresAtMs, what: 'expire-handshake', id: record.handshakeId });
  return record;
}

/** Under which names the recipient finds it. */
async function recipientsOf(transaction: Transaction, { recipient }: HandshakeRecord): Promise<readonly string[]> {
  if (recipient === undefined) return [];
  if (recipient.type !== 'EMAIL') return [recipient.id];
  return [(await accountOfEmail(transaction, recipient.id)) ?? recipient.id.toLowerCase()];
}

async function resourcesOf(scope: Scope, organization: OrganizationRecord, made: NewHandshake): Promise<readonly HandshakeResource[]> {
  const { organizationId, managementAccount, featureSet } = organization;
  if (made.recipient === undefined) return [{ Type: 'ORGANIZATION', Value: organizationId }, ...(made.resources ?? [])];
  const { email, name } = await profileOf(scope.transaction, managementAccount);
  const sender: readonly HandshakeResource[] = [
    { Type: 'MASTER_EMAIL', Value: email },
    { Type: 'MASTER_NAME', Value: name },
    { Type: 'ORGANIZATION_FEATURE_SET', Value: featureSet },
  ];
  return [
    { Type: 'ORGANIZATION', Value: organizationId, Resources: sender },
    { Type: made.recipient.Type === 'EMAIL' ? 'EMAIL' : 'ACCOUNT', Value: made.recipient.Id },
    ...(made.notes === undefined ? [] : [{ Type: 'NOTES' as const, Value: made.notes }]),
    ...(made.resources ?? []),
  ];
}

export function handshakeShape({ partition }: Scope, record: HandshakeRecord): Handshake {
  const { handshakeId, action, state, requestedAtMs, expiresAtMs, recipient, resources, organizationId } = record;
  return {
    Id: handshakeId,
    Arn: handshakeArn(partition, record, action, handshakeId),
    Parties: [
      { Id: organizationId, Type: 'ORGANIZATION' },
      ...(recipient === undefined ? [] : [{ Id: recipient.id, Type: recipient.type }]),
    ],
    State: state,
    RequestedTimestamp: requestedAtMs,
    ExpirationTimestamp: expiresAtMs,
    Action: action,
    Resources: resources,
  };
}

const isOpen: Readonly<Record<HandshakeState, boolean>> = {
  REQUESTED: true,
  OPEN: true,
  CANCELED: false,
  ACCEPTED: false,
  DECLINED: false,
  EXPIRED: false,
};

export function isPending({ state, expiresAtMs }: HandshakeRecord, now: number): boolean {
  return isOpen[state] && expiresAtMs > now;
}

/** @throws Fault HandshakeAlreadyInStateException, InvalidHandshakeTransitionException */
export function requirePending(record: HandshakeRecord, to: HandshakeState, now: number): void {
  if (record.state === to) throw fault('HandshakeAlreadyInStateException', 'The specified handshake is already in the requested state.');
  if (!isPending(record, now)) {
    throw fault('InvalidHandshakeTransitionException', "You can't perform the operation on the handshake in its current state.");
  }
}

/** From now on it is shown for thirty days. */
export async function endHandshake(
  { transaction, now }: Pick<Scope, 'transaction' | 'now'>,
  record: HandshakeRecord,
  state: 'CANCELED' | 'ACCEPTED' | 'DECLINED' | 'EXPIRED',
): Promise<HandshakeRecord> {
  const ended: HandshakeRecord = { ...record, state };
  handshakes.put(transaction, ended);
  due.remove(transaction, { dueAtMs: record.expiresAtMs, what: 'expire-handshake', id: record.handshakeId });
  due.put(transaction, { dueAtMs: now + quotas.handshakeVisibleDays * dayMs, what: 'forget-handshake', id: record.handshakeId });
  const transfer = record.transferId === undefined ? undefined : await transfers.get(transaction, record.transferId);
  if (transfer !== undefined) transfers.put(transaction, { ...transfer, status: state });
  return ended;
}

/** Parts of the job that looks after what is due. */
export async function expireHandshake(scope: Pick<Scope, 'transaction' | 'now'>, handshakeId: string): Promise<void> {
  const record = await handshakes.get(scope.transaction, handshakeId);
  if (record !== undefined && isOpen[record.state]) await endHandshake(scope, record, 'EXPIRED');
}

export async function forgetHandshake({ transaction }: Pick<Scope, 'transaction'>, handshakeId: string): Promise<void> {
  const record = await handshakes.get(transaction, handshakeId);
  if (record === undefined) return;
  handshakes.remove(transaction, record);
  sentHandshakes.remove(transaction, record);
  for (const recipient of await recipientsOf(transaction, record)) receivedHandshakes.remove(transaction, { ...record, recipient });
}
