// Customer managed policies and their versions. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
import { wholeSeconds } from '../../base/clock.ts';
import { uniqueId } from '../../kit/account-ids.ts';
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { countedSize } from '../../policy/validate-document.ts';
import type { Policy, PolicyVersion } from './api.gen.ts';
import { requireIdentityDocument, shownDocument } from './documents.ts';
import { arnOf, permissionsChanged, tagList, tagRecord } from './entities.ts';
import { listPage } from './listing.ts';
import { allAwsManaged, findManagedPolicy, type ManagedPolicy } from './managed-policies.ts';
import { quotas, withinQuota } from './quotas.ts';
import { attachedTo, lower, type PolicyRecord, type PolicyVersionRecord, policies, roles, users } from './records.ts';
import { fault, operation } from './service.ts';

function arnOfPolicy(scope: Scope, record: PolicyRecord): string {
  return `arn:${scope.partition}:iam::${record.account}:policy${record.path}${record.policyName}`;
}

async function policyShape(scope: Scope, record: PolicyRecord, isWhole = true): Promise<Policy> {
  const arn = arnOfPolicy(scope, record);
  const attached = await attachedTo.all(scope.transaction, scope.account, arn);
  return {
    PolicyName: record.policyName,
    PolicyId: record.policyId,
    Arn: arn,
    Path: record.path,
    DefaultVersionId: record.defaultVersionId,
    AttachmentCount: attached.length,
    PermissionsBoundaryUsageCount: await boundaryUses(scope, arn),
    IsAttachable: true,
    ...(isWhole && record.description !== undefined ? { Description: record.description } : {}),
    CreateDate: record.createdAtMs,
    UpdateDate: record.updatedAtMs,
    ...(isWhole && Object.keys(record.tags).length > 0 ? { Tags: tagList(record.tags) } : {}),
  };
}

async function boundaryUses(scope: Scope, arn: string): Promise<number> {
  const everyone = [...(await users.all(scope.transaction, scope.account)), ...(await roles.all(scope.transaction, scope.account))];
  return everyone.filter(({ boundaryArn }) => boundaryArn === arn).length;
}

function versionShape(record: PolicyRecord, version: PolicyVersionRecord, isWhole: boolean): PolicyVersion {
  return {
    ...(isWhole ? { Document: shownDocument(version.document) } : {}),
    VersionId: version.versionId,
    IsDefaultVersion: version.versionId === record.defaultVersionId,
    CreateDate: version.createdAtMs,
  };
}

/** @throws Fault NoSuchEntity */
export async function requirePolicy(scope: Scope, arn: string): Promise<ManagedPolicy> {
  const found = await findManagedPolicy(scope.transaction, arn);
  if (found === undefined || (!found.isAwsManaged && found.record.account !== scope.account)) {
    throw fault('NoSuchEntity', `Policy ${arn} was not found.`);
  }
  return found;
}

/** @throws Fault NoSuchEntity; AccessDenied for policies that only AWS may change. */
async function requireOwnPolicy(scope: Scope, arn: string): Promise<PolicyRecord> {
  const { record, isAwsManaged } = await requirePolicy(scope, arn);
  if (isAwsManaged) throw fault('InvalidInput', `Policy ${arn} is managed by AWS and cannot be changed.`);
  return record;
}

export function onPolicy<Input extends { readonly PolicyArn: string }>(action: string) {
  return async (input: Input, scope: Scope): Promise<Access> => {
    const found = await findManagedPolicy(scope.transaction, input.PolicyArn);
    return {
      action,
      resource: input.PolicyArn,
      shownAs: `policy ${input.PolicyArn}`,
      ...(found === undefined ? {} : { resourceTags: found.record.tags }),
    };
  };
}

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
    if (countedSize(input.PolicyDocument) > quotas.PolicySize) withinQuota('PolicySize', countedSize(input.PolicyDocument));
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
    policies.put(transaction, record);
    return { Policy: await policyShape(context, record) };
  },
});

export const GetPolicy = operation('GetPolicy', {
  access: onPolicy('iam:GetPolicy'),
  handle: async (input, context) => ({ Policy: await policyShape(context, (await requirePolicy(context, input.PolicyArn)).record) }),
});

export const ListPolicies = operation('ListPolicies', {
  access: (_input, scope) => ({ action: 'iam:ListPolicies', resource: arnOf(scope, 'policy', '/', ''), shownAs: 'policy path /' }),
  async handle(input, context) {
    const prefix = input.PathPrefix ?? '/';
    const isWanted = (shape: Policy) =>
      (shape.Path ?? '/').startsWith(prefix) &&
      (input.OnlyAttached !== true || (shape.AttachmentCount ?? 0) > 0) &&
      (input.PolicyUsageFilter !== 'PermissionsBoundary' || (shape.PermissionsBoundaryUsageCount ?? 0) > 0);
    const own =
      input.Scope === 'AWS' ? { items: [], state: { IsTruncated: false } } : await listPage(context, policies, [context.account], input);
    // AWS's own policies come after the last page of the account's.
    const aws = input.Scope === 'Local' || own.state.IsTruncated ? [] : allAwsManaged(context.partition).map(({ record }) => record);
    const shapes = await Promise.all([...own.items, ...aws].map((record) => policyShape(context, record, false)));
    return { Policies: shapes.filter(isWanted), ...own.state };
  },
});

export const DeletePolicy = operation('DeletePolicy', {
  access: onPolicy('iam:DeletePolicy'),
  async handle(input, context) {
    const record = await requireOwnPolicy(context, input.PolicyArn);
    if ((await attachedTo.list(context.transaction, [context.account, input.PolicyArn], { limit: 1 })).length > 0) {
      throw fault('DeleteConflict', 'Cannot delete a policy attached to entities.');
    }
    if ((await boundaryUses(context, input.PolicyArn)) > 0)
      throw fault('DeleteConflict', 'Cannot delete a policy that is used as a permissions boundary.');
    if (record.versions.length > 1)
      throw fault(
        'DeleteConflict',
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
      );
    policies.remove(context.transaction, record);
    return {};
  },
});

export const CreatePolicyVersion = operation('CreatePolicyVersion', {
  access: onPolicy('iam:CreatePolicyVersion'),
  async handle(input, context) {
    const record = await requireOwnPolicy(context, input.PolicyArn);
    requireIdentityDocument(input.PolicyDocument);
    if (countedSize(input.PolicyDocument) > quotas.PolicySize) withinQuota('PolicySize', countedSize(input.PolicyDocument));
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

function requireVersion(record: PolicyRecord, versionId: string): PolicyVersionRecord {
  const version = record.versions.find((each) => each.versionId === versionId);
  if (version === undefined)
    throw fault('NoSuchEntity', `Policy ${record.policyName} version ${versionId} does not exist or is not attachable.`);
  return version;
}

export const GetPolicyVersion = operation('GetPolicyVersion', {
  access: onPolicy('iam:GetPolicyVersion'),
  async handle(input, context) {
    const { record } = await requirePolicy(context, input.PolicyArn);
    return { PolicyVersion: versionShape(record, requireVersion(record, input.VersionId), true) };
  },
});

export const ListPolicyVersions = operation('ListPolicyVersions', {
  access: onPolicy('iam:ListPolicyVersions'),
  async handle(input, context) {
    const { record } = await requirePolicy(context, input.PolicyArn);
    return { Versions: record.versions.toReversed().map((version) => versionShape(record, version, false)), IsTruncated: false };
  },
});

export const SetDefaultPolicyVersion = operation('SetDefaultPolicyVersion', {
  access: onPolicy('iam:SetDefaultPolicyVersion'),
  async handle(input, context) {
    const record = await requireOwnPolicy(context, input.PolicyArn);
    requireVersion(record, input.VersionId);
    policies.put(context.transaction, { ...record, defaultVersionId: input.VersionId, updatedAtMs: wholeSeconds(context.now) });
    permissionsChanged(context);
    return {};
  },
});

export const DeletePolicyVersion = operation('DeletePolicyVersion', {
  access: onPolicy('iam:DeletePolicyVersion'),
  async handle(input, context) {
    const record = await requireOwnPolicy(context, input.PolicyArn);
    const version = requireVersion(record, input.VersionId);
    if (version.versionId === record.defaultVersionId) throw fault('DeleteConflict', 'Cannot delete the default version of a policy.');
    policies.put(context.transaction, {
      ...record,
      versions: record.versions.filter((each) => each !== version),
      updatedAtMs: wholeSeconds(context.now),
    });
    return {};
  },
});

export const ListEntitiesForPolicy = operation('ListEntitiesForPolicy', {
  access: onPolicy('iam:ListEntitiesForPolicy'),
  async handle(input, context) {
    await requirePolicy(context, input.PolicyArn);
    const page = await listPage(context, attachedTo, [context.account, input.PolicyArn], input);
    const { EntityFilter: filter } = input;
    const ofKind = (kind: string, wanted: string) =>
      page.items.filter((item) => item.kind === kind && (filter === undefined || filter === wanted));
    const withId = async (kind: 'user' | 'role', name: string): Promise<string> => {
      const record =
        kind === 'user'
          ? await users.get(context.transaction, context.account, lower(name))
          : await roles.get(context.transaction, context.account, lower(name));
      return record === undefined ? '' : 'userId' in record ? record.userId : record.roleId;
    };
    return {
      PolicyGroups: ofKind('group', 'Group').map(({ name }) => ({ GroupName: name })),
      PolicyUsers: await Promise.all(
        ofKind('user', 'User').map(async ({ name }) => ({ UserName: name, UserId: await withId('user', name) })),
      ),
      PolicyRoles: await Promise.all(
        ofKind('role', 'Role').map(async ({ name }) => ({ RoleName: name, RoleId: await withId('role', name) })),
      ),
      ...page.state,
    };
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
