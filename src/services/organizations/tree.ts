// The tree of an organisation: finding roots, units and accounts in it, hanging something under a parent, counting.

import type { Scope } from '../../kit/context.ts';
import { advanceGeneration } from '../../kit/generation.ts';
import type { Transaction } from '../../store/store.ts';
import {
  type ChildRecord,
  children,
  counts,
  type MemberRecord,
  members,
  type OrganizationRecord,
  type UnitRecord,
  units,
} from './records.ts';
import { fault } from './service.ts';

/** A root or unit, as a parent. */
export interface Node {
  readonly id: string;
  /** `o-…/r-…/ou-…/` */
  readonly path: string;
}

export function rootNode({ organizationId, rootId }: OrganizationRecord): Node {
  return { id: rootId, path: `${organizationId}/${rootId}/` };
}

/** The root or unit with this id. */
export async function findNode(transaction: Transaction, organization: OrganizationRecord, id: string): Promise<Node | undefined> {
  if (id === organization.rootId) return rootNode(organization);
  const unit = await units.get(transaction, organization.organizationId, id);
  return unit === undefined ? undefined : { id, path: unit.path };
}

/** @throws Fault ParentNotFoundException */
export async function requireParent(scope: Scope, organization: OrganizationRecord, id: string): Promise<Node> {
  const node = await findNode(scope.transaction, organization, id);
  if (node === undefined) throw fault('ParentNotFoundException', "You specified a parent that doesn't exist.");
  return node;
}

/** @throws Fault OrganizationalUnitNotFoundException */
export async function requireUnit(scope: Scope, { organizationId }: OrganizationRecord, id: string): Promise<UnitRecord> {
  const unit = await units.get(scope.transaction, organizationId, id);
  if (unit === undefined) {
    throw fault('OrganizationalUnitNotFoundException', "You specified an organizational unit that doesn't exist.");
  }
  return unit;
}

/** An account of this organisation. */
export async function findMember(
  transaction: Transaction,
  { organizationId }: OrganizationRecord,
  account: string,
): Promise<MemberRecord | undefined> {
  const member = await members.get(transaction, account);
  return member?.organizationId === organizationId ? member : undefined;
}

/** @throws Fault AccountNotFoundException */
export async function requireMember(scope: Scope, organization: OrganizationRecord, account: string): Promise<MemberRecord> {
  const member = await findMember(scope.transaction, organization, account);
  if (member === undefined) throw fault('AccountNotFoundException', "You specified an account that doesn't exist.");
  return member;
}

/** Policies, tags and delegations hang on these. @throws Fault TargetNotFoundException */
export async function requireTarget(scope: Scope, organization: OrganizationRecord, id: string): Promise<void> {
  const { transaction } = scope;
  const isThere = /^\d{12}$/.test(id)
    ? (await findMember(transaction, organization, id)) !== undefined
    : (await findNode(transaction, organization, id)) !== undefined;
  if (!isThere) throw fault('TargetNotFoundException', "You specified a target that doesn't exist.");
}

export async function childOf(
  transaction: Transaction,
  { organizationId }: OrganizationRecord,
  parentId: string,
  kind: ChildRecord['kind'],
): Promise<ChildRecord | undefined> {
  return (await children.list(transaction, [organizationId, parentId, kind], { limit: 1 }))[0]?.value;
}

/** The ids from the root down to the last one of a path. */
export function idsOfPath(path: string): readonly string[] {
  return path.split('/').slice(1, -1);
}

/** How many units deep a path is; the root is 0. */
export function depthOf(path: string): number {
  return idsOfPath(path).length - 1;
}

export async function countOf(transaction: Transaction, { organizationId }: OrganizationRecord, what: string): Promise<number> {
  return (await counts.get(transaction, organizationId, what))?.count ?? 0;
}

/** Counts one more or less. Reading and writing one record, parallel calls cannot exceed a limit together. */
export async function count(transaction: Transaction, organization: OrganizationRecord, what: string, by: 1 | -1): Promise<void> {
  const { organizationId } = organization;
  counts.put(transaction, { organizationId, what, count: Math.max(0, (await countOf(transaction, organization, what)) + by) });
}

/** Ends the validity of everything that nodes keep about the organisation's guardrails. */
export function guardrailsChanged(scope: Pick<Scope, 'transaction' | 'requestId'>, organizationId: string): void {
  advanceGeneration(scope.transaction, organizationId, scope.requestId);
}
