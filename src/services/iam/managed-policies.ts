// Managed policies by ARN, whoever manages them: the account or AWS.
import { parseArn } from '../../base/arn.ts';
import type { Transaction } from '../../store/store.ts';
import { awsAccount, findAwsManaged } from './aws-managed.ts';
import { lower, type PolicyRecord, policies } from './records.ts';

export interface ManagedPolicy {
  readonly arn: string;
  readonly record: PolicyRecord;
  readonly isAwsManaged: boolean;
  /** The document of the default version. */
  readonly document: string;
}

/** Policies that only services put on their own linked roles. */
export const serviceLinkedPath = '/aws-service-role/';

/** `isWhole`: with the documents of all versions. */
export async function findManagedPolicy(transaction: Transaction, arn: string, isWhole = false): Promise<ManagedPolicy | undefined> {
  const parts = parseArn(arn);
  if (parts?.service !== 'iam' || !parts.resource.startsWith('policy/')) return undefined;
  const slash = parts.resource.lastIndexOf('/');
  const name = parts.resource.slice(slash + 1);
  const path = parts.resource.slice('policy'.length, slash + 1);
  const isAwsManaged = parts.account === awsAccount;
  const record = isAwsManaged
    ? await findAwsManaged(transaction, path, name, isWhole)
    : await policies.get(transaction, parts.account, lower(name));
  if (record === undefined || record.path !== path || record.policyName !== name) return undefined;
  const current = record.versions.find(({ versionId }) => versionId === record.defaultVersionId);
  return current === undefined ? undefined : { arn, record, isAwsManaged, document: current.document };
}
