// How managed policies and their versions are shown in answers.
import type { Scope } from '../../kit/context.ts';
import type { Policy, PolicyVersion } from './api.gen.ts';
import type { ImportedPolicyRecord } from './aws-managed.ts';
import { shownDocument } from './documents.ts';
import { tagList } from './entities.ts';
import { attachmentCount, boundaryCount } from './policy-uses.ts';
import type { PolicyRecord, PolicyVersionRecord } from './records.ts';

type ListedPolicy = PolicyRecord | ImportedPolicyRecord;

export function arnOfPolicy(scope: Scope, record: ListedPolicy): string {
  return `arn:${scope.partition}:iam::${record.account}:policy${record.path}${record.policyName}`;
}

/** AWS: lists leave out description and tags. */
export async function policyShape(scope: Scope, record: ListedPolicy, isWhole: boolean): Promise<Policy> {
  const arn = arnOfPolicy(scope, record);
  return {
    PolicyName: record.policyName,
    PolicyId: record.policyId,
    Arn: arn,
    Path: record.path,
    DefaultVersionId: record.defaultVersionId,
    AttachmentCount: await attachmentCount(scope, arn),
    PermissionsBoundaryUsageCount: await boundaryCount(scope, arn),
    IsAttachable: true,
    ...(isWhole && record.description !== undefined ? { Description: record.description } : {}),
    CreateDate: record.createdAtMs,
    UpdateDate: record.updatedAtMs,
    ...(isWhole && Object.keys(record.tags).length > 0 ? { Tags: tagList(record.tags) } : {}),
  };
}

export function versionShape(record: PolicyRecord, version: PolicyVersionRecord, isWhole: boolean): PolicyVersion {
  return {
    ...(isWhole ? { Document: shownDocument(version.document) } : {}),
    VersionId: version.versionId,
    IsDefaultVersion: version.versionId === record.defaultVersionId,
    CreateDate: version.createdAtMs,
  };
}
