// Customer managed policies and their versions. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
import { wholeSeconds } from '../../base/clock.ts';
import { uniqueId } from '../../kit/account-ids.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import { countedSize } from '../../policy/validate-document.ts';
import type { ListPoliciesRequest, Policy, PolicyVersion } from './api.gen.ts';
import { allAwsManaged, awsAccount, awsKey, type ImportedPolicyRecord } from './aws-managed.ts';
import { requireIdentityDocument, shownDocument } from './documents.ts';
import { arnOf, permissionsChanged, tagList, tagRecord } from './entities.ts';
import { type ListPage, listPage, pageOfItems } from './listing.ts';
import { findManagedPolicy, type ManagedPolicy } from './managed-policies.ts';
import { quotas, withinQuota } from './quotas.ts';
import { attachedTo, lower, type PolicyRecord, type PolicyVersionRecord, policies, roles, users } from './records.ts';
import { fault, operation } from './service.ts';

type ListedPolicy = PolicyRecord | ImportedPolicyRecord;

function arnOfPolicy(scope: Scope, record: ListedPolicy): string {
  return `arn:${scope.partition}:iam::${record.account}:policy${record.path}${record.policyName}`;
}

/** How a policy is used in the account: where it is attached, and whose boundary it is. */
interface Usage {
  readonly attached: number;
  readonly boundaries: number;
}

async function usageOf(scope: Scope, arn: string): Promise<Usage> {
  const attached = await attachedTo.all(scope.transaction, scope.account, arn);
  return { attached: attached.length, boundaries: (await boundaryCounts(scope)).get(arn) ?? 0 };
}

async function boundaryCounts(scope: Scope): Promise<ReadonlyMap<string, number>> {
  const everyone = [...(await users.all(scope.transaction, scope.account)), ...(await roles.all(scope.transaction, scope.account))];
  const counts = new Map<string, number>();
  for (const { boundaryArn } of everyone) if (boundaryArn !== undefined) counts.set(boundaryArn, (counts.get(boundaryArn) ?? 0) + 1);
  return counts;
}

function policyShape(scope: Scope, record: ListedPolicy, usage: Usage, isWhole = true): Policy {
  return {
    PolicyName: record.policyName,
    PolicyId: record.policyId,
    Arn: arnOfPolicy(scope, record),
    Path: record.path,
    DefaultVersionId: record.defaultVersionId,
    AttachmentCount: usage.attached,
    PermissionsBoundaryUsageCount: usage.boundaries,
    IsAttachable: true,
    ...(isWhole && record.description !== undefined ? { Description: record.description } : {}),
    CreateDate: record.createdAtMs,
    UpdateDate: record.updatedAtMs,
    ...(isWhole && Object.keys(record.tags).length > 0 ? { Tags: tagList(record.tags) } : {}),
  };
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
export async function requirePolicy(scope: Scope, arn: string, isWhole = false): Promise<ManagedPolicy> {
  const found = await findManagedPolicy(scope.transaction, arn, isWhole);
  if (found === undefined || (!found.isAwsManaged && found.record.account !== scope.account)) {
    throw fault('NoSuchEntity', `Policy ${arn} was not found.`);
  }
  return found;
}

/** AWS's sentence for every change of a policy that is AWS's. */
export function outsideAccount(): Error {
  return commonFault('AccessDenied', 'Policy is outside your own account.');
}

/** @throws Fault NoSuchEntity; AccessDenied for policies that only AWS may change. */
async function requireOwnPolicy(scope: Scope, arn: string): Promise<PolicyRecord> {
  const { record, isAwsManaged } = await requirePolicy(scope, arn);
  if (isAwsManaged) throw outsideAccount();
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
    return { Policy: policyShape(context, record, { attached: 0, boundaries: 0 }) };
  },
});

export const GetPolicy = operation('GetPolicy', {
  access: onPolicy('iam:GetPolicy'),
  async handle(input, context) {
    const { record, arn } = await requirePolicy(context, input.PolicyArn);
    return { Policy: policyShape(context, record, await usageOf(context, arn)) };
  },
});

export const ListPolicies = operation('ListPolicies', {
  access: (_input, scope) => ({ action: 'iam:ListPolicies', resource: arnOf(scope, 'policy', '/', ''), shownAs: 'policy path /' }),
  async handle(input, context) {
    const page = await policyPage(context, input);
    const boundaries = await boundaryCounts(context);
    const shapes = page.items.map(async (record) => {
      const arn = arnOfPolicy(context, record);
      const attached = await attachedTo.all(context.transaction, context.account, arn);
      return policyShape(context, record, { attached: attached.length, boundaries: boundaries.get(arn) ?? 0 }, false);
    });
    return { Policies: await Promise.all(shapes), ...page.state };
  },
});

/** The account's own policies by name, then those of AWS by path and name, as one list. */
async function policyPage(context: Context, input: ListPoliciesRequest): Promise<ListPage<ListedPolicy>> {
  const prefix = input.PathPrefix ?? '/';
  const isUsed = await usedPolicies(context, input);
  const isWanted = (record: ListedPolicy) => record.path.startsWith(prefix) && isUsed(arnOfPolicy(context, record));
  const keyOf = (record: ListedPolicy) => (record.account === awsAccount ? `b${awsKey(record)}` : `a${lower(record.policyName)}`);
  const own = input.Scope === 'AWS' ? [] : await policies.all(context.transaction, context.account);
  const aws = input.Scope === 'Local' ? [] : await allAwsManaged(context.transaction);
  return pageOfItems([...own, ...aws].filter(isWanted), input, keyOf);
}

/** Which policies OnlyAttached and PolicyUsageFilter leave. */
async function usedPolicies(context: Context, input: ListPoliciesRequest): Promise<(arn: string) => boolean> {
  const isAttachedOnly = input.OnlyAttached === true;
  if (!isAttachedOnly && input.PolicyUsageFilter === undefined) return () => true;
  const attached = new Set((await attachedTo.all(context.transaction, context.account)).map(({ policyArn }) => policyArn));
  const boundaries = await boundaryCounts(context);
  switch (input.PolicyUsageFilter) {
    case 'PermissionsPolicy':
      return (arn) => attached.has(arn);
    case 'PermissionsBoundary':
      return (arn) => boundaries.has(arn);
    default:
      return (arn) => attached.has(arn) || boundaries.has(arn);
  }
}

export const DeletePolicy = operation('DeletePolicy', {
  access: onPolicy('iam:DeletePolicy'),
  async handle(input, context) {
    const record = await requireOwnPolicy(context, input.PolicyArn);
    if ((await attachedTo.list(context.transaction, [context.account, input.PolicyArn], { limit: 1 })).length > 0) {
      throw fault('DeleteConflict', 'Cannot delete a policy attached to entities.');
    }
    if ((await usageOf(context, input.PolicyArn)).boundaries > 0)
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
    const { record } = await requirePolicy(context, input.PolicyArn, true);
    return { PolicyVersion: versionShape(record, requireVersion(record, input.VersionId), true) };
  },
});

export const ListPolicyVersions = operation('ListPolicyVersions', {
  access: onPolicy('iam:ListPolicyVersions'),
  async handle(input, context) {
    const { record } = await requirePolicy(context, input.PolicyArn, true);
    // Newest first; keys have to grow.
    const keyOf = ({ versionId }: PolicyVersionRecord) => String(1_000_000 - Number(versionId.slice(1))).padStart(7, '0');
    const page = pageOfItems(record.versions.toReversed(), input, keyOf);
    return { Versions: page.items.map((version) => versionShape(record, version, false)), ...page.state };
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
