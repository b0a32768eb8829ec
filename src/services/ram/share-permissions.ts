// Which permission a share grants for each type of its resources.
import type { Context } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { permissionAccess, shareAccess } from './access.ts';
import type { AssociatedPermission, ListPermissionAssociationsRequest } from './api.gen.ts';
import { namedBy, permissionArn as permissionArnOf, shareArn } from './arns.ts';
import { resourceTypesOf, setPermission } from './associations.ts';
import { once } from './idempotency.ts';
import { findPermission, type Permission, permissionSummary, requireAttachable } from './permission-lookup.ts';
import { type SharePermissionRecord, type ShareRecord, sharePermissions, sharesOfPermission } from './records.ts';
import { fault, invalidParameter, malformedArn, operation, unknown } from './service.ts';
import { oneForEachType, requireActive } from './shares.ts';
import { nestedStream, pageOfStream, recordsUnder } from './streams.ts';
import { requireReadableShare, visibleShares } from './views.ts';

interface Pair {
  readonly resourceShareArn: string;
  readonly permissionArn: string;
}

export const AssociateResourceSharePermission = operation('AssociateResourceSharePermission', {
  access: async (input, scope): Promise<readonly Access[]> => [
    await shareAccess(scope, 'ram:AssociateResourceSharePermission', input.resourceShareArn),
    await permissionAccess(scope, 'ram:AssociateResourceSharePermission', input.permissionArn),
  ],
  handle: (input, context) =>
    once(context, 'AssociateResourceSharePermission', input, async () => {
      const share = await requireActive(context, input.resourceShareArn);
      const permission = await requireAttachable(context, input.permissionArn, input.permissionVersion);
      const known = await sharePermissions.get(context.transaction, share.account, share.region, share.shareId, permission.resourceType);
      if (known !== undefined && input.replace !== true) throw oneForEachType(permission.resourceType);
      if (known !== undefined) sharesOfPermission.remove(context.transaction, known);
      setPermission(context, share, permission);
      return { returnValue: true };
    }),
});

export const DisassociateResourceSharePermission = operation('DisassociateResourceSharePermission', {
  access: async (input: Pair, scope): Promise<readonly Access[]> => [
    await shareAccess(scope, 'ram:DisassociateResourceSharePermission', input.resourceShareArn),
    await permissionAccess(scope, 'ram:DisassociateResourceSharePermission', input.permissionArn),
  ],
  handle: (input, context) =>
    once(context, 'DisassociateResourceSharePermission', input, async () => {
      const share = await requireActive(context, input.resourceShareArn);
      const used = await sharePermissions.all(context.transaction, share.account, share.region, share.shareId);
      if (namedBy(input.permissionArn, 'permission') === undefined) throw malformedArn('permission');
      const known = used.find(({ permissionArn }) => permissionArn === input.permissionArn);
      if (known === undefined) throw unknown('Permission', input.permissionArn);
      if ((await resourceTypesOf(context, share)).has(known.resourceType)) {
        throw fault(
          'InvalidStateTransitionException',
          `The resource share has resources of the type ${known.resourceType}. Disassociate them before its permission.`,
        );
      }
      sharePermissions.remove(context.transaction, known);
      sharesOfPermission.remove(context.transaction, known);
      return { returnValue: true };
    }),
});

export const ListResourceSharePermissions = operation('ListResourceSharePermissions', {
  access: (input, scope) => shareAccess(scope, 'ram:ListResourceSharePermissions', input.resourceShareArn),
  async handle(input, context) {
    const share = await requireReadableShare(context, input.resourceShareArn);
    const under = [share.account, share.region, share.shareId];
    const { items, token } = await pageOfStream<Permission>(
      'ListResourceSharePermissions',
      async function* (after) {
        for await (const { cursor, value } of recordsUnder(context.transaction, sharePermissions, under, after)) {
          yield { position: cursor, item: await findPermission(context, value.permissionArn, value.version) };
        }
      },
      input,
    );
    // AWS: of a permission in a share it says that it is in it.
    return { permissions: items.map((each) => ({ ...permissionSummary(each), status: 'ASSOCIATED' })), ...token };
  },
});

interface Use {
  readonly share: ShareRecord;
  readonly used: SharePermissionRecord;
  readonly permission: Permission;
}

export const ListPermissionAssociations = operation('ListPermissionAssociations', {
  // Without a permission all of the account's are asked about.
  access: ({ permissionArn }: ListPermissionAssociationsRequest, scope) =>
    permissionAccess(scope, 'ram:ListPermissionAssociations', permissionArn ?? permissionArnOf(scope, { ...scope, name: '*' })),
  async handle(input, context) {
    const { permissionArn, permissionVersion } = input;
    if (permissionArn !== undefined && namedBy(permissionArn, 'permission') === undefined) throw malformedArn('permission');
    if (permissionVersion !== undefined && permissionArn === undefined) {
      throw invalidParameter('You must specify permissionArn when you specify permissionVersion.');
    }
    const stream = nestedStream(
      visibleShares(context, 'SELF', undefined),
      (share) =>
        async function* (after) {
          const under = [share.account, share.region, share.shareId];
          for await (const { cursor, value } of recordsUnder(context.transaction, sharePermissions, under, after)) {
            yield { position: cursor, item: await useOf(context, input, share, value) };
          }
        },
    );
    const { items, token } = await pageOfStream('ListPermissionAssociations', stream, input);
    return { permissions: items.map((use) => useShape(context, use)), ...token };
  },
});

async function useOf(
  context: Context,
  input: ListPermissionAssociationsRequest,
  share: ShareRecord,
  used: SharePermissionRecord,
): Promise<Use | undefined> {
  const { permissionArn, permissionVersion, associationStatus, resourceType, featureSet, defaultVersion } = input;
  if (permissionArn !== undefined && permissionArn !== used.permissionArn) return undefined;
  if (permissionVersion !== undefined && permissionVersion !== used.version) return undefined;
  if (associationStatus !== undefined && associationStatus !== 'ASSOCIATED') return undefined;
  if (resourceType !== undefined && resourceType.toLowerCase() !== used.resourceType.toLowerCase()) return undefined;
  // AWS: only of shares that have a resource of the type.
  if (resourceType !== undefined && !(await resourceTypesOf(context, share)).has(used.resourceType)) return undefined;
  if (featureSet !== undefined && featureSet !== share.featureSet) return undefined;
  const permission = await findPermission(context, used.permissionArn, used.version);
  if (permission === undefined || (defaultVersion === true && permission.version !== permission.defaultVersion)) return undefined;
  return { share, used, permission };
}

function useShape(context: Context, { share, used, permission }: Use): AssociatedPermission {
  return {
    arn: used.permissionArn,
    permissionVersion: String(used.version),
    defaultVersion: permission.version === permission.defaultVersion,
    resourceType: used.resourceType,
    status: 'ASSOCIATED',
    featureSet: share.featureSet,
    lastUpdatedTime: used.updatedAtMs,
    resourceShareArn: shareArn(context, share),
  };
}

export const sharePermissionOperations = [
  AssociateResourceSharePermission,
  DisassociateResourceSharePermission,
  ListResourceSharePermissions,
  ListPermissionAssociations,
];
