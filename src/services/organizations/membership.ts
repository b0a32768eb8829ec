// How an account comes into an organisation, moves in it and goes, with everything that hangs on it.
import type { Context } from '../../kit/context.ts';
import type { AccountJoinedMethod, AccountState } from './api.gen.ts';
import { detachEverything } from './attachment-records.ts';
import { children, delegations, type MemberRecord, memberOrder, members, type OrganizationRecord, tagsOf } from './records.ts';
import { count, type Node } from './tree.ts';

interface Joining {
  readonly account: string;
  readonly parent: Node;
  readonly joinedMethod: AccountJoinedMethod;
  readonly state: AccountState;
}

/** The caller has checked the quota. */
export async function addMember(context: Context, organization: OrganizationRecord, joining: Joining): Promise<MemberRecord> {
  const { transaction, now } = context;
  const { organizationId, managementAccount } = organization;
  const { account, parent, joinedMethod, state } = joining;
  const member: MemberRecord = {
    account,
    organizationId,
    managementAccount,
    parentId: parent.id,
    parentPath: parent.path,
    joinedMethod,
    joinedAtMs: now,
    state,
  };
  members.put(transaction, member);
  memberOrder.put(transaction, member);
  children.put(transaction, { organizationId, parentId: parent.id, kind: 'ACCOUNT', id: account, atMs: now });
  await count(transaction, organization, 'accounts', 1);
  return member;
}

export function moveMember(context: Context, member: MemberRecord, to: Node): void {
  const { transaction } = context;
  children.remove(transaction, childRecord(member));
  const moved: MemberRecord = { ...member, parentId: to.id, parentPath: to.path };
  children.put(transaction, childRecord(moved));
  members.put(transaction, moved);
}

export async function removeMember(context: Context, organization: OrganizationRecord, member: MemberRecord): Promise<void> {
  const { transaction } = context;
  const { organizationId, account } = member;
  members.remove(transaction, member);
  memberOrder.remove(transaction, member);
  children.remove(transaction, childRecord(member));
  await detachEverything(transaction, organizationId, account);
  const tags = await tagsOf.get(transaction, organizationId, account);
  if (tags !== undefined) tagsOf.remove(transaction, tags);
  for (const delegation of await delegations.all(transaction, organizationId, account)) {
    delegations.remove(transaction, delegation);
    await count(transaction, organization, `delegated ${delegation.servicePrincipal}`, -1);
  }
  await count(transaction, organization, 'accounts', -1);
}

function childRecord({ organizationId, parentId, account, joinedAtMs }: MemberRecord) {
  return { organizationId, parentId, kind: 'ACCOUNT', id: account, atMs: joinedAtMs } as const;
}
