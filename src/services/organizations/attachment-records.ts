// What is attached where. The AWS managed policies stand everywhere by default, so only where one was detached is kept.
import type { Transaction } from '../../store/store.ts';
import type { PolicyType } from './api.gen.ts';
import { managedPolicyOf } from './aws-managed.ts';
import { type AttachmentRecord, attachedTo, attachments, detachedDefaults } from './records.ts';

/** Ids of the policies of one type that are attached to a target, AWS's own first. */
export async function attachedIds(
  transaction: Transaction,
  organizationId: string,
  targetId: string,
  type: PolicyType,
): Promise<readonly string[]> {
  const own = await attachments.all(transaction, organizationId, targetId, type);
  const byDefault = managedPolicyOf(type);
  const hasDefault = byDefault !== undefined && !(await isDefaultDetached(transaction, organizationId, targetId, type));
  return [...(hasDefault ? [byDefault.policyId] : []), ...own.map(({ policyId }) => policyId)];
}

async function isDefaultDetached(transaction: Transaction, organizationId: string, targetId: string, type: PolicyType): Promise<boolean> {
  return type === 'SERVICE_CONTROL_POLICY' && (await detachedDefaults.get(transaction, organizationId, targetId)) !== undefined;
}

export function putAttachment(transaction: Transaction, attachment: AttachmentRecord): void {
  for (const side of [attachments, attachedTo]) side.put(transaction, attachment);
}

export function removeAttachment(transaction: Transaction, attachment: AttachmentRecord): void {
  for (const side of [attachments, attachedTo]) side.remove(transaction, attachment);
}

/** For a target that goes. */
export async function detachEverything(transaction: Transaction, organizationId: string, targetId: string): Promise<void> {
  for (const attachment of await attachments.all(transaction, organizationId, targetId)) removeAttachment(transaction, attachment);
  detachedDefaults.remove(transaction, { organizationId, targetId });
}
