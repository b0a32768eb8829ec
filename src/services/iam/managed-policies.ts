// Managed policies by ARN, whoever manages them: the account or AWS.
import { parseArn } from '../../base/arn.ts';
import type { Transaction } from '../../store/store.ts';
import { awsManagedPolicies } from './aws-managed.ts';
import { lower, type PolicyRecord, policies } from './records.ts';

export interface ManagedPolicy {
  readonly arn: string;
  readonly record: PolicyRecord;
  readonly isAwsManaged: boolean;
  /** The document of the default version. */
  readonly document: string;
}

/** AWS managed policies have no creation time here; AWS shows the day on which it made them. */
const awsManagedSinceMs = Date.UTC(2015, 1, 6, 18, 39, 46);

export async function findManagedPolicy(transaction: Transaction, arn: string): Promise<ManagedPolicy | undefined> {
  const parts = parseArn(arn);
  if (parts?.service !== 'iam' || !parts.resource.startsWith('policy/')) return undefined;
  const slash = parts.resource.lastIndexOf('/');
  const name = parts.resource.slice(slash + 1);
  const path = parts.resource.slice('policy'.length, slash + 1);
  const isAwsManaged = parts.account === 'aws';
  const record = isAwsManaged ? awsRecord(name) : await policies.get(transaction, parts.account, lower(name));
  if (record === undefined || record.path !== path || record.policyName !== name) return undefined;
  const current = record.versions.find(({ versionId }) => versionId === record.defaultVersionId);
  return current === undefined ? undefined : { arn, record, isAwsManaged, document: current.document };
}

export function allAwsManaged(partition: string): readonly ManagedPolicy[] {
  return awsManagedPolicies.flatMap(({ name, path }) => {
    const record = awsRecord(name);
    const document = record?.versions[0]?.document;
    if (record === undefined || document === undefined) return [];
    return [{ arn: `arn:${partition}:iam::aws:policy${path}${name}`, record, isAwsManaged: true, document }];
  });
}

function awsRecord(name: string): PolicyRecord | undefined {
  const found = awsManagedPolicies.find((policy) => policy.name === name);
  if (found === undefined) return undefined;
  return {
    account: 'aws',
    policyName: found.name,
    policyId: found.id,
    path: found.path,
    description: found.description,
    createdAtMs: awsManagedSinceMs,
    updatedAtMs: awsManagedSinceMs,
    tags: {},
    defaultVersionId: found.version,
    lastVersion: Number(found.version.slice(1)),
    versions: [{ versionId: found.version, document: JSON.stringify(found.document), createdAtMs: awsManagedSinceMs }],
  };
}
