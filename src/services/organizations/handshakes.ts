// Invitations into an organisation, the change to all features, and answering both.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_invites.html
import { accountOfEmail, profileOf } from '../../kit/account-directory.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import type { ActionType, HandshakeFilter, HandshakeParty } from './api.gen.ts';
import { handshakeArn } from './arns.ts';
import { type HandshakeRecord, handshakes, receivedHandshakes, sentHandshakes } from './handshake-records.ts';
import { endHandshake, handshakeShape, isPending, openHandshake, requirePending } from './handshake-state.ts';
import { listPage, type PageInput } from './listing.ts';
import { addMember } from './membership.ts';
import { quotas } from './quotas.ts';
import { memberOrder, members, organizations } from './records.ts';
import { accessDenied, fault, invalidInput, operation } from './service.ts';
import { ensureServiceLinkedRole } from './service-role.ts';
import { organizationOperation } from './standing.ts';
import { checkedTags, putTags } from './tags.ts';
import { acceptTransfer } from './transfer-state.ts';
import { countOf, findMember, guardrailsChanged, rootNode } from './tree.ts';

export function handshakeViolation(Reason: string, message: string): Error {
  return fault('HandshakeConstraintViolationException', message, { fields: { Reason } });
}

/** @throws Fault InvalidInputException */
export function checkParty({ Type, Id }: HandshakeParty): void {
  if (Type === 'ORGANIZATION') throw invalidInput('INVALID_PARTY_TYPE_TARGET', 'You specified the wrong type of entity as a party.');
  if (Type === 'ACCOUNT' && !/^\d{12}$/.test(Id)) {
    throw invalidInput('INVALID_PATTERN', 'You provided a value that does not match the required pattern.');
  }
  if (Type === 'EMAIL' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(Id)) {
    throw invalidInput('INVALID_EMAIL_ADDRESS_TARGET', 'You specified an invalid email address for the invited account owner.');
  }
}

/** The pending handshakes that an organisation has sent. */
export async function pendingOf(scope: Scope, organizationId: string, action: ActionType): Promise<readonly HandshakeRecord[]> {
  const { transaction, now } = scope;
  const sent = await sentHandshakes.all(transaction, organizationId);
  const records = await Promise.all(sent.map(({ handshakeId }) => handshakes.get(transaction, handshakeId)));
  return records.filter((record) => record !== undefined).filter((record) => record.action === action && isPending(record, now));
}

export const InviteAccountToOrganization = organizationOperation('InviteAccountToOrganization', {
  who: 'management',
  on: ({ Target }) => (Target.Type === 'ACCOUNT' && /^\d{12}$/.test(Target.Id) ? [{ id: Target.Id }] : []),
  tags: ({ Tags }) => Tags,
  async handle(input, context, organization) {
    const { transaction } = context;
    const { organizationId } = organization;
    checkParty(input.Target);
    const { Type, Id } = input.Target;
    const tags = checkedTags(input.Tags);
    const account = Type === 'ACCOUNT' ? Id : await accountOfEmail(transaction, Id);
    if (account !== undefined && (await findMember(transaction, organization, account)) !== undefined) {
      throw handshakeViolation('ALREADY_IN_AN_ORGANIZATION', 'The invited account is already a member of an organization.');
    }
    if ((await pendingOf(context, organizationId, 'ENABLE_ALL_FEATURES')).length > 0) {
      throw handshakeViolation(
        'INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES',
        "You can't issue new invitations to join an organization while it's in the process of enabling all features.",
      );
    }
    const pending = await pendingOf(context, organizationId, 'INVITE');
    if (pending.some(({ recipient }) => recipient?.id.toLowerCase() === Id.toLowerCase())) {
      throw fault('DuplicateHandshakeException', 'A handshake with the same action and target already exists.');
    }
    if ((await countOf(transaction, organization, 'accounts')) + pending.length >= quotas.accounts) {
      throw handshakeViolation('ACCOUNT_NUMBER_LIMIT_EXCEEDED', 'You have exceeded the allowed number of AWS accounts.');
    }
    const made = { action: 'INVITE', recipient: input.Target, notes: input.Notes, days: quotas.invitationDays, tags } as const;
    return { Handshake: handshakeShape(context, await openHandshake(context, organization, made)) };
  },
});

export const EnableAllFeatures = organizationOperation('EnableAllFeatures', {
  who: 'management',
  async handle(_input, context, organization) {
    const { transaction } = context;
    if (organization.featureSet === 'ALL') {
      throw handshakeViolation('ORGANIZATION_ALREADY_HAS_ALL_FEATURES', 'The organization has already enabled all features.');
    }
    if ((await pendingOf(context, organization.organizationId, 'ENABLE_ALL_FEATURES')).length > 0) {
      throw handshakeViolation(
        'ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION',
        'The organization has already started the process to enable all features.',
      );
    }
    const days = quotas.allFeaturesDays;
    // What the management account accepts in the end, once every invited member has approved.
    const confirmation = await openHandshake(context, organization, { action: 'ENABLE_ALL_FEATURES', days });
    for (const { account } of await memberOrder.all(transaction, organization.organizationId)) {
      const member = await members.get(transaction, account);
      if (member?.joinedMethod !== 'INVITED' || account === organization.managementAccount) continue;
      const recipient = { Type: 'ACCOUNT', Id: account } as const;
      await openHandshake(context, organization, { action: 'APPROVE_ALL_FEATURES', recipient, days, parentId: confirmation.handshakeId });
    }
    return { Handshake: handshakeShape(context, confirmation) };
  },
});

/** Whether the caller's account is the one that is asked. */
async function isRecipient({ transaction, account }: Scope, record: HandshakeRecord): Promise<boolean> {
  if (record.recipient === undefined) return account === record.managementAccount;
  if (record.recipient.type !== 'EMAIL') return record.recipient.id === account;
  return (await profileOf(transaction, account)).email.toLowerCase() === record.recipient.id.toLowerCase();
}

/** @throws Fault HandshakeNotFoundException: of other people's handshakes nobody is told either. */
async function requireHandshake(scope: Scope, handshakeId: string): Promise<{ readonly record: HandshakeRecord; readonly asked: boolean }> {
  const record = await handshakes.get(scope.transaction, handshakeId);
  const asked = record !== undefined && (await isRecipient(scope, record));
  if (record === undefined || !(asked || record.managementAccount === scope.account)) {
    throw fault('HandshakeNotFoundException', "You specified a handshake that doesn't exist.");
  }
  return { record, asked };
}

function onHandshake(action: Access['action']) {
  return async ({ HandshakeId }: { readonly HandshakeId: string }, { transaction, partition }: Scope): Promise<Access> => {
    const record = await handshakes.get(transaction, HandshakeId);
    return { action, resource: record === undefined ? '*' : handshakeArn(partition, record, record.action, HandshakeId) };
  };
}

export const DescribeHandshake = operation('DescribeHandshake', {
  access: onHandshake('organizations:DescribeHandshake'),
  async handle({ HandshakeId }, context) {
    return { Handshake: handshakeShape(context, (await requireHandshake(context, HandshakeId)).record) };
  },
});

export const CancelHandshake = operation('CancelHandshake', {
  access: onHandshake('organizations:CancelHandshake'),
  async handle({ HandshakeId }, context) {
    const { record } = await requireHandshake(context, HandshakeId);
    if (record.managementAccount !== context.account) throw accessDenied();
    requirePending(record, 'CANCELED', context.now);
    if (record.action === 'ENABLE_ALL_FEATURES') {
      for (const each of await childrenOf(context, record)) if (isPending(each, context.now)) await endHandshake(context, each, 'CANCELED');
    }
    return { Handshake: handshakeShape(context, await endHandshake(context, record, 'CANCELED')) };
  },
});

async function childrenOf({ transaction }: Scope, parent: HandshakeRecord): Promise<readonly HandshakeRecord[]> {
  const sent = await sentHandshakes.all(transaction, parent.organizationId);
  const records = await Promise.all(sent.map(({ handshakeId }) => handshakes.get(transaction, handshakeId)));
  return records.filter((record) => record !== undefined).filter(({ parentId }) => parentId === parent.handshakeId);
}

export const DeclineHandshake = operation('DeclineHandshake', {
  access: onHandshake('organizations:DeclineHandshake'),
  async handle({ HandshakeId }, context) {
    const { record, asked } = await requireHandshake(context, HandshakeId);
    if (!asked || record.recipient === undefined) throw accessDenied();
    requirePending(record, 'DECLINED', context.now);
    return { Handshake: handshakeShape(context, await endHandshake(context, record, 'DECLINED')) };
  },
});

export const AcceptHandshake = operation('AcceptHandshake', {
  access: onHandshake('organizations:AcceptHandshake'),
  async handle({ HandshakeId }, context) {
    const { record, asked } = await requireHandshake(context, HandshakeId);
    if (!asked) throw accessDenied();
    requirePending(record, 'ACCEPTED', context.now);
    switch (record.action) {
      case 'INVITE':
        await join(context, record);
        break;
      case 'ENABLE_ALL_FEATURES':
        await confirmAllFeatures(context, record);
        break;
      case 'APPROVE_ALL_FEATURES':
        await approveAllFeatures(context, record);
        break;
      case 'TRANSFER_RESPONSIBILITY':
        await acceptTransfer(context, record);
        break;
      default:
        break;
    }
    return { Handshake: handshakeShape(context, await endHandshake(context, record, 'ACCEPTED')) };
  },
});

async function join(context: Context, record: HandshakeRecord): Promise<void> {
  const { transaction, account } = context;
  if ((await members.get(transaction, account)) !== undefined) {
    throw handshakeViolation('ALREADY_IN_AN_ORGANIZATION', 'The invited account is already a member of an organization.');
  }
  const organization = await organizations.get(transaction, record.organizationId);
  if (organization === undefined) throw fault('HandshakeNotFoundException', "You specified a handshake that doesn't exist.");
  if ((await countOf(transaction, organization, 'accounts')) >= quotas.accounts) {
    throw handshakeViolation('ACCOUNT_NUMBER_LIMIT_EXCEEDED', 'You have exceeded the allowed number of AWS accounts.');
  }
  await addMember(context, organization, { account, parent: rootNode(organization), joinedMethod: 'INVITED', state: 'ACTIVE' });
  putTags(transaction, organization, account, record.tags);
  if (organization.featureSet === 'ALL') await ensureServiceLinkedRole(context, account);
}

/** With the last approval the management account's own handshake opens. */
async function approveAllFeatures(context: Context, record: HandshakeRecord): Promise<void> {
  const { transaction } = context;
  const parent = record.parentId === undefined ? undefined : await handshakes.get(transaction, record.parentId);
  if (parent === undefined || !isPending(parent, context.now)) return;
  const others = (await childrenOf(context, parent)).filter(({ handshakeId }) => handshakeId !== record.handshakeId);
  if (others.every(({ state }) => state === 'ACCEPTED')) handshakes.put(transaction, { ...parent, state: 'OPEN' });
}

/** @throws Fault while a member has not approved yet. */
async function confirmAllFeatures(context: Context, record: HandshakeRecord): Promise<void> {
  const open = (await childrenOf(context, record)).filter(({ state }) => state !== 'ACCEPTED');
  if (open.length > 0) {
    throw fault(
      'InvalidHandshakeTransitionException',
      "You can't accept the handshake until every invited account has approved the change.",
    );
  }
  const organization = await organizations.get(context.transaction, record.organizationId);
  if (organization === undefined) throw fault('HandshakeNotFoundException', "You specified a handshake that doesn't exist.");
  organizations.put(context.transaction, { ...organization, featureSet: 'ALL' });
  guardrailsChanged(context, organization.organizationId);
}

export const ListHandshakesForAccount = operation('ListHandshakesForAccount', {
  access: () => ({ action: 'organizations:ListHandshakesForAccount', resource: '*' }),
  async handle(input, context) {
    return listed(context, receivedHandshakes, context.account, input);
  },
});

export const ListHandshakesForOrganization = organizationOperation('ListHandshakesForOrganization', {
  who: 'readers',
  handle: (input, context, { organizationId }) => listed(context, sentHandshakes, organizationId, input),
});

type Index = typeof receivedHandshakes | typeof sentHandshakes;

async function listed(context: Context, index: Index, under: string, input: PageInput & { readonly Filter?: HandshakeFilter | undefined }) {
  const { transaction } = context;
  const { ActionType, ParentHandshakeId } = input.Filter ?? {};
  if (ActionType !== undefined && ParentHandshakeId !== undefined) {
    throw invalidInput('MAX_FILTER_LIMIT_EXCEEDED', 'You can specify only one filter parameter for the operation.');
  }
  const page = await listPage<{ readonly handshakeId: string }>(context, index, [under], input);
  const records = await Promise.all(page.items.map(({ handshakeId }) => handshakes.get(transaction, handshakeId)));
  const wanted = records
    .filter((record) => record !== undefined)
    .filter((record) => ActionType === undefined || record.action === ActionType)
    .filter((record) => ParentHandshakeId === undefined || record.parentId === ParentHandshakeId);
  return { Handshakes: wanted.map((record) => handshakeShape(context, record)), ...page.state };
}

export const handshakeOperations = [
  InviteAccountToOrganization,
  EnableAllFeatures,
  DescribeHandshake,
  CancelHandshake,
  DeclineHandshake,
  AcceptHandshake,
  ListHandshakesForAccount,
  ListHandshakesForOrganization,
];
