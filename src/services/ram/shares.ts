// Resource shares: making, changing, deleting and listing them.
import type { Context } from '../../kit/context.ts';
import { entityAccesses, shareAccess } from './access.ts';
import type { CreateResourceShareRequest, GetResourceSharesRequest, ResourceShare } from './api.gen.ts';
import { namedBy, shareArn } from './arns.ts';
import {
  addEntities,
  disassociate,
  forgottenAfterMs,
  isExternal,
  requireFew,
  requireManageable,
  setPermission,
  standing,
} from './associations.ts';
import { once } from './idempotency.ts';
import { requireAttachable } from './permission-lookup.ts';
import { onlyInside } from './principals.ts';
import { count, quotas } from './quotas.ts';
import { due, type ShareRecord, sharePermissions, shares, sharesOfPermission } from './records.ts';
import { fault, invalidParameter, limitExceeded, malformedArn, operation } from './service.ts';
import { pageOfStream, type Stream } from './streams.ts';
import { requestTagsOf, requireTags } from './tag-rules.ts';
import { requireOwnShare, visibleShares } from './views.ts';

export const CreateResourceShare = operation('CreateResourceShare', {
  access: async (input: CreateResourceShareRequest, scope) => {
    requireFew(input);
    const { tags, allowExternalPrincipals = true, resourceShareConfiguration } = input;
    const accesses = await entityAccesses(scope, input, (conditions) => ({
      action: 'ram:CreateResourceShare',
      resource: '*',
      ...(tags === undefined ? {} : { requestTags: requestTagsOf(tags) }),
      context: {
        ...conditions,
        'ram:RequestedAllowsExternalPrincipals': String(allowExternalPrincipals),
        'ram:RetainSharingOnAccountLeaveOrganization': String(resourceShareConfiguration?.retainSharingOnAccountLeaveOrganization ?? false),
      },
    }));
    if ((tags?.length ?? 0) === 0) return accesses;
    return [...accesses, { action: 'ram:TagResource', resource: '*', requestTags: requestTagsOf(tags) }];
  },
  handle: (input, context) => once(context, 'CreateResourceShare', input, () => create(context, input)),
});

async function create(context: Context, input: CreateResourceShareRequest): Promise<{ readonly resourceShare: ResourceShare }> {
  const { transaction, account, region, ids, now } = context;
  requireName(input.name);
  await count(transaction, context, 'shares', 1, {
    most: quotas.shares,
    onExcess: () => limitExceeded(`You have reached the maximum number of resource shares: ${quotas.shares}.`),
  });
  const share: ShareRecord = {
    account,
    region,
    shareId: ids.uuid(),
    name: input.name,
    allowsExternal: input.allowExternalPrincipals ?? true,
    retains: input.resourceShareConfiguration?.retainSharingOnAccountLeaveOrganization ?? false,
    isDeleted: false,
    featureSet: 'STANDARD',
    tags: requireTags({}, input.tags),
    createdAtMs: now,
    updatedAtMs: now,
  };
  shares.put(transaction, share);
  const types = new Set<string>();
  for (const arn of input.permissionArns ?? []) {
    const permission = await requireAttachable(context, arn);
    if (types.has(permission.resourceType)) throw oneForEachType(permission.resourceType);
    types.add(permission.resourceType);
    setPermission(context, share, permission);
  }
  await addEntities(context, share, input);
  return { resourceShare: shareShape(context, share) };
}

export function oneForEachType(resourceType: string): Error {
  return invalidParameter(`You can associate only one permission with the resource type ${resourceType} in a resource share.`);
}

function requireName(name: string): void {
  if (name.trim() === '' || name.length > 255) throw invalidParameter('The name of a resource share must have 1 to 255 characters.');
}

export const UpdateResourceShare = operation('UpdateResourceShare', {
  access: (input, scope) =>
    shareAccess(scope, 'ram:UpdateResourceShare', input.resourceShareArn, {
      'ram:RequestedAllowsExternalPrincipals':
        input.allowExternalPrincipals === undefined ? undefined : String(input.allowExternalPrincipals),
    }),
  handle: (input, context) =>
    once(context, 'UpdateResourceShare', input, async () => {
      const { resourceShareArn, name, allowExternalPrincipals } = input;
      const share = await requireActive(context, resourceShareArn);
      if (name !== undefined) requireName(name);
      if (allowExternalPrincipals === false && (await standing(context, share, 'PRINCIPAL')).some(({ holder }) => isExternal(holder))) {
        throw onlyInside();
      }
      const changed: ShareRecord = {
        ...share,
        name: name ?? share.name,
        allowsExternal: allowExternalPrincipals ?? share.allowsExternal,
        updatedAtMs: context.now,
      };
      shares.put(context.transaction, changed);
      return { resourceShare: shareShape(context, changed) };
    }),
});

/** A share of the caller that can be changed. @throws Fault */
export async function requireActive(context: Context, arn: string): Promise<ShareRecord> {
  const share = await requireOwnShare(context, arn);
  if (share.isDeleted) throw fault('InvalidStateTransitionException', `The resource share ${arn} is deleted.`);
  requireManageable(share);
  return share;
}

export const DeleteResourceShare = operation('DeleteResourceShare', {
  access: (input, scope) => shareAccess(scope, 'ram:DeleteResourceShare', input.resourceShareArn),
  handle: (input, context) =>
    once(context, 'DeleteResourceShare', input, async () => {
      await deleteShare(context, await requireActive(context, input.resourceShareArn));
      return { returnValue: true };
    }),
});

/** Ends all sharing at once; the share is shown as deleted for a while. */
export async function deleteShare(context: Context, share: ShareRecord): Promise<void> {
  const { transaction, now } = context;
  const { account, region, shareId } = share;
  for (const kind of ['PRINCIPAL', 'RESOURCE', 'SOURCE'] as const) {
    for (const association of await standing(context, share, kind)) await disassociate(context, association);
  }
  for (const used of await sharePermissions.all(transaction, account, region, shareId)) {
    sharePermissions.remove(transaction, used);
    sharesOfPermission.remove(transaction, used);
  }
  await count(transaction, share, 'shares', -1);
  shares.put(transaction, { ...share, isDeleted: true, updatedAtMs: now });
  // After its associations are forgotten.
  due.put(transaction, { dueAtMs: now + forgottenAfterMs + 1_000, what: 'forget-share', key: [account, region, shareId] });
}

export const GetResourceShares = operation('GetResourceShares', {
  access: (input: GetResourceSharesRequest) => ({
    action: 'ram:GetResourceShares',
    resource: '*',
    // AWS: the filter's tags are the request's.
    ...(input.tagFilters === undefined ? {} : { requestTags: filterTags(input) }),
  }),
  async handle(input, context) {
    if (input.permissionArn !== undefined && namedBy(input.permissionArn, 'permission') === undefined) throw malformedArn('permission');
    const stream: Stream<ShareRecord> = async function* (after) {
      for await (const { position, item } of visibleShares(context, input.resourceOwner, input.resourceShareArns)(after)) {
        yield { position, item: item !== undefined && (await isWanted(context, input, item)) ? item : undefined };
      }
    };
    const { items, token } = await pageOfStream('GetResourceShares', stream, input);
    const isOwn = input.resourceOwner === 'SELF';
    return { resourceShares: items.map((share) => shareShape(context, share, isOwn)), ...token };
  },
});

function filterTags({ tagFilters = [] }: GetResourceSharesRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(tagFilters.map(({ tagKey = '', tagValues = [] }) => [tagKey, tagValues[0] ?? '']));
}

async function isWanted({ transaction }: Context, input: GetResourceSharesRequest, share: ShareRecord): Promise<boolean> {
  const { resourceShareStatus, name, tagFilters, permissionArn, permissionVersion } = input;
  if (resourceShareStatus !== undefined && resourceShareStatus !== statusOf(share)) return false;
  if (name !== undefined && name !== share.name) return false;
  // AWS: several filters are alternatives.
  if (tagFilters !== undefined && tagFilters.length > 0 && !tagFilters.some((filter) => hasTag(share, filter))) return false;
  if (permissionArn === undefined) return true;
  const used = await sharePermissions.all(transaction, share.account, share.region, share.shareId);
  return used.some((each) => each.permissionArn === permissionArn && (permissionVersion ?? each.version) === each.version);
}

function hasTag(
  { tags }: ShareRecord,
  { tagKey = '', tagValues = [] }: { readonly tagKey?: string | undefined; readonly tagValues?: readonly string[] | undefined },
): boolean {
  const value = Object.hasOwn(tags, tagKey) ? tags[tagKey] : undefined;
  return value !== undefined && (tagValues.length === 0 || tagValues.includes(value));
}

function statusOf({ isDeleted }: ShareRecord): 'ACTIVE' | 'DELETED' {
  return isDeleted ? 'DELETED' : 'ACTIVE';
}

function shareShape(context: Context, share: ShareRecord, isOwn = true): ResourceShare {
  return {
    resourceShareArn: shareArn(context, share),
    name: share.name,
    owningAccountId: share.account,
    allowExternalPrincipals: share.allowsExternal,
    status: statusOf(share),
    // Tags are the owner's business.
    ...(isOwn ? { tags: Object.entries(share.tags).map(([key, value]) => ({ key, value })) } : {}),
    creationTime: share.createdAtMs,
    lastUpdatedTime: share.updatedAtMs,
    featureSet: share.featureSet,
    resourceShareConfiguration: { retainSharingOnAccountLeaveOrganization: share.retains },
  };
}

export const shareOperations = [CreateResourceShare, UpdateResourceShare, DeleteResourceShare, GetResourceShares];
