// Customer managed policies and their versions. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
import { wholeSeconds } from '../../base/clock.ts';
import { uniqueId } from '../../kit/account-ids.ts';
import { countedSize } from '../../policy/validate-document.ts';
import { countDown, countUp } from './account-counts.ts';
import { requireIdentityDocument } from './documents.ts';
import { arnOf, permissionsChanged, tagRecord } from './entities.ts';
import { pageOfItems } from './listing.ts';
import { onPolicy, requireOwnPolicy, requirePolicy } from './policy-access.ts';
import { ListPolicies } from './policy-lists.ts';
import { policyShape, versionShape } from './policy-shape.ts';
import { ListEntitiesForPolicy } from './policy-uses.ts';
import { quotas, withinQuota } from './quotas.ts';
import { attachedTo, boundaryUses, lower, type PolicyRecord, type PolicyVersionRecord, policies } from './records.ts';
import { fault, operation } from './service.ts';

export const CreatePolicy = operation('CreatePolicy', {
  access: (input, scope) => ({
    action: 'iam:CreatePolicy',
    resource: arnOf(scope, 'policy', input.Path ?? '/', input.PolicyName),
    shownAs: `policy ${input.PolicyName}`,
    ...(input.Tags === undefined ? {} : { requestTags: tagRecord(input.Tags) }),
  }),
  async handle(input, context) {
    const { transaction, account, now, ids } = context;
    requireIdentityDocument(input.PolicyDocument);
    withinQuota('PolicySize', countedSize(input.PolicyDocument));
    if ((await policies.get(transaction, account, lower(input.PolicyName))) !== undefined) {
      throw fault('EntityAlreadyExists', `A policy called ${input.PolicyName} already exists. Duplicate names are not allowed.`);
    }
    const record: PolicyRecord = {
      account,
      policyName: input.PolicyName,
      policyId: uniqueId(ids, 'ANPA'),
      path: input.Path ?? '/',
      description: input.Description,
      createdAtMs: wholeSeconds(now),
      updatedAtMs: wholeSeconds(now),
      tags: tagRecord(input.Tags),
      defaultVersionId: 'v1',
      lastVersion: 1,
      versions: [{ versionId: 'v1', document: input.PolicyDocument, createdAtMs: wholeSeconds(now) }],
    };
    await countUp(transaction, account, 'policy');
    policies.put(transaction, record);
    return { Policy: await policyShape(context, record, true) };
  },
});

export const GetPolicy = operation('GetPolicy', {
  access: onPolicy('iam:GetPolicy'),
  handle: async (input, context) => ({ Policy: await policyShape(context, (await requirePolicy(context, input.PolicyArn)).record, true) }),
});

export const DeletePolicy = operation('DeletePolicy', {
  access: onPolicy('iam:DeletePolicy'),
  async handle(input, context) {
    const record = await requireOwnPolicy(context, input.PolicyArn);
    if ((await attachedTo.list(context.transaction, [context.account, input.PolicyArn], { limit: 1 })).length > 0) {
      throw fault('DeleteConflict', 'Cannot delete a policy attached to entities.');
    }
    if ((await boundaryUses.list(context.transaction, [context.account, input.PolicyArn], { limit: 1 })).length > 0)
      throw fault('DeleteConflict', 'Cannot delete a policy that is used as a permissions boundary.');
    if (record.versions.length > 1)
      throw fault(
        'DeleteConflict',
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
      );
    policies.remove(context.transaction, record);
    await countDown(context.transaction, context.account, 'policy');
    return {};
  },
});

export const CreatePolicyVersion = operation('CreatePolicyVersion', {
  access: onPolicy('iam:CreatePolicyVersion'),
  async handle(input, context) {
    const record = await requireOwnPolicy(context, input.PolicyArn);
    requireIdentityDocument(input.PolicyDocument);
    withinQuota('PolicySize', countedSize(input.PolicyDocument));
    if (record.versions.length >= quotas.VersionsPerPolicy) {
      throw fault(
        'LimitExceeded',
        'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
      );
    }
    const version = { versionId: `v${record.lastVersion + 1}`, document: input.PolicyDocument, createdAtMs: wholeSeconds(context.now) };
    const changed: PolicyRecord = {
      ...record,
      lastVersion: record.lastVersion + 1,
      updatedAtMs: wholeSeconds(context.now),
      versions: [...record.versions, version],
      defaultVersionId: input.SetAsDefault === true ? version.versionId : record.defaultVersionId,
    };
    policies.put(context.transaction, changed);
    if (input.SetAsDefault === true) permissionsChanged(context);
    return { PolicyVersion: versionShape(changed, version, false) };
  },
});

/** @throws Fault NoSuchEntity */
function requireVersion(record: PolicyRecord, arn: string, versionId: string): PolicyVersionRecord {
  const version = record.versions.find((each) => each.versionId === versionId);
  if (version === undefined) throw fault('NoSuchEntity', `Policy ${arn} version ${versionId} does not exist or is not attachable.`);
  return version;
}

export const GetPolicyVersion = operation('GetPolicyVersion', {
  access: onPolicy('iam:GetPolicyVersion'),
  async handle(input, context) {
    const { record } = await requirePolicy(context, input.PolicyArn, true);
    return { PolicyVersion: versionShape(record, requireVersion(record, input.PolicyArn, input.VersionId), true) };
  },
});

export const ListPolicyVersions = operation('ListPolicyVersions', {
  access: onPolicy('iam:ListPolicyVersions'),
  async handle(input, context) {
    const { record } = await requirePolicy(context, input.PolicyArn, true);
    // AWS: the newest first.
    const order = ({ versionId }: PolicyVersionRecord) => String(1_000_000_000 - Number(versionId.slice(1)));
    const page = pageOfItems(record.versions.toReversed(), input, order);
    return { Versions: page.items.map((version) => versionShape(record, version, false)), ...page.state };
  },
});

export const SetDefaultPolicyVersion = operation('SetDefaultPolicyVersion', {
  access: onPolicy('iam:SetDefaultPolicyVersion'),
  async handle(input, context) {
    const record = await requireOwnPolicy(context, input.PolicyArn);
    requireVersion(record, input.PolicyArn, input.VersionId);
    policies.put(context.transaction, { ...record, defaultVersionId: input.VersionId });
    permissionsChanged(context);
    return {};
  },
});

export const DeletePolicyVersion = operation('DeletePolicyVersion', {
  access: onPolicy('iam:DeletePolicyVersion'),
  async handle(input, context) {
    const record = await requireOwnPolicy(context, input.PolicyArn);
    const version = requireVersion(record, input.PolicyArn, input.VersionId);
    if (version.versionId === record.defaultVersionId) throw fault('DeleteConflict', 'Cannot delete the default version of a policy.');
    policies.put(context.transaction, {
      ...record,
      versions: record.versions.filter((each) => each !== version),
    });
    return {};
  },
});

export const policyOperations = [
  CreatePolicy,
  GetPolicy,
  ListPolicies,
  DeletePolicy,
  CreatePolicyVersion,
  GetPolicyVersion,
  ListPolicyVersions,
  SetDefaultPolicyVersion,
  DeletePolicyVersion,
  ListEntitiesForPolicy,
];
