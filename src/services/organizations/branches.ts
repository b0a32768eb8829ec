// A branch of the tree for reports about access: the accounts in it, and the service control policies that say what they may use.
import type { OrganizationBranch } from '../../kit/ports.ts';
import type { Transaction } from '../../store/store.ts';
import { attachedIds } from './attachment-records.ts';
import { managedPolicy } from './aws-managed.ts';
import { type MemberRecord, memberOrder, members, type OrganizationRecord, organizations, policies } from './records.ts';
import { findMember, findNode, idsOfPath } from './tree.ts';

/** `path`: `o-…/r-…`, `…/ou-…` or `…/123456789012`. Undefined: the organisation has no such entity, or no such policy. */
export async function branchOf(
  transaction: Transaction,
  organizationId: string,
  path: string,
  policyId: string | undefined,
): Promise<OrganizationBranch | undefined> {
  const organization = await organizations.get(transaction, organizationId);
  const ids = organization === undefined ? undefined : await idsTo(transaction, organization, path);
  if (organization === undefined || ids === undefined) return undefined;
  const { managementAccount } = organization;
  // AWS: the management account is limited by nothing, so that a policy is ignored there and it is left out everywhere else.
  if (ids.at(-1) === managementAccount) return { accounts: [{ account: managementAccount, path }], levels: undefined };
  const accounts = await accountsIn(transaction, organization, path);
  if (policyId === undefined) {
    const levels = await Promise.all(ids.map((id) => contentsAt(transaction, organization, id)));
    return { accounts: accounts.map(placed), levels };
  }
  const content = (managedPolicy(policyId) ?? (await policies.get(transaction, organizationId, policyId)))?.content;
  if (content === undefined) return undefined;
  const bound: MemberRecord[] = [];
  for (const member of accounts) if (await isBoundBy(transaction, organization, member, policyId)) bound.push(member);
  return { accounts: bound.map(placed), levels: [[content]] };
}

/** Root, units and account on the way; undefined when the path is not one of the tree. */
async function idsTo(transaction: Transaction, organization: OrganizationRecord, path: string): Promise<readonly string[] | undefined> {
  const last = path.slice(path.lastIndexOf('/') + 1);
  if (/^\d{12}$/.test(last)) {
    const member = await findMember(transaction, organization, last);
    return member !== undefined && path === `${member.parentPath}${last}` ? [...idsOfPath(member.parentPath), last] : undefined;
  }
  const node = await findNode(transaction, organization, last);
  return node !== undefined && node.path === `${path}/` ? idsOfPath(node.path) : undefined;
}

/** Members of the branch but for the management account. */
async function accountsIn(transaction: Transaction, organization: OrganizationRecord, path: string): Promise<readonly MemberRecord[]> {
  const { organizationId, managementAccount } = organization;
  const last = path.slice(path.lastIndexOf('/') + 1);
  const joined = /^\d{12}$/.test(last) ? [{ account: last }] : await memberOrder.all(transaction, organizationId);
  const found: MemberRecord[] = [];
  for (const { account } of joined) {
    const member = await members.get(transaction, account);
    if (member === undefined || account === managementAccount) continue;
    if (account === last || member.parentPath.startsWith(`${path}/`)) found.push(member);
  }
  return found;
}

function placed({ account, parentPath }: MemberRecord) {
  return { account, path: `${parentPath}${account}` };
}

async function contentsAt(transaction: Transaction, { organizationId }: OrganizationRecord, id: string): Promise<readonly string[]> {
  const contents: string[] = [];
  for (const policyId of await attachedIds(transaction, organizationId, id, 'SERVICE_CONTROL_POLICY')) {
    const policy = managedPolicy(policyId) ?? (await policies.get(transaction, organizationId, policyId));
    if (policy !== undefined) contents.push(policy.content);
  }
  return contents;
}

async function isBoundBy(
  transaction: Transaction,
  { organizationId }: OrganizationRecord,
  member: MemberRecord,
  policyId: string,
): Promise<boolean> {
  for (const id of [...idsOfPath(member.parentPath), member.account]) {
    if ((await attachedIds(transaction, organizationId, id, 'SERVICE_CONTROL_POLICY')).includes(policyId)) return true;
  }
  return false;
}
