// The effective management policy of an account: all policies of a type from the root down to it, merged.
import type { Transaction } from '../../store/store.ts';
import type { EffectivePolicyType } from './api.gen.ts';
import { type Effective, mergePolicies } from './inheritance.ts';
import { attachments, type MemberRecord, type OrganizationRecord, policies } from './records.ts';
import { idsOfPath } from './tree.ts';

export interface EffectivePolicy {
  readonly content: Effective | undefined;
  readonly contributors: readonly string[];
  readonly updatedAtMs: number;
}

/** Undefined when the type is not enabled, or nothing of it reaches the account. */
export async function effectivePolicy(
  transaction: Transaction,
  organization: OrganizationRecord,
  member: MemberRecord,
  type: EffectivePolicyType,
): Promise<EffectivePolicy | undefined> {
  if (organization.policyTypes[type] === undefined) return undefined;
  const levels: unknown[][] = [];
  const contributors: string[] = [];
  let updatedAtMs = 0;
  for (const targetId of [...idsOfPath(member.parentPath), member.account]) {
    const attached = await attachments.all(transaction, organization.organizationId, targetId, type);
    const level: unknown[] = [];
    // AWS: at one level the policy that was attached first goes first.
    for (const { policyId, atMs } of attached.toSorted((one, other) => one.atMs - other.atMs)) {
      const policy = await policies.get(transaction, organization.organizationId, policyId);
      if (policy === undefined) continue;
      level.push(JSON.parse(policy.content));
      contributors.push(policyId);
      updatedAtMs = Math.max(updatedAtMs, atMs, policy.updatedAtMs);
    }
    levels.push(level);
  }
  if (contributors.length === 0) return undefined;
  return { content: mergePolicies(type, levels), contributors, updatedAtMs };
}
