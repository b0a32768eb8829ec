// Customer managed permissions and their versions; listing them beside those that AWS manages.
// https://docs.aws.amazon.com/ram/latest/userguide/create-customer-managed-permissions.html
import type { Context } from '../../kit/context.ts';
import { permissionAccess } from './access.ts';
import type { CreatePermissionRequest, ListPermissionsRequest } from './api.gen.ts';
import { forgottenAfterMs } from './associations.ts';
import { once } from './idempotency.ts';
import {
  customerPermission,
  findPermission,
  managedPermission,
  type Permission,
  permissionDetail,
  permissionSummary,
  requirePermission,
} from './permission-lookup.ts';
import { count, quotas } from './quotas.ts';
import { due, type PermissionRecord, permissions, sharePermissions, sharesOfPermission, type VersionRecord, versions } from './records.ts';
import { fault, invalidParameter, notPermitted, operation, unknown } from './service.ts';
import { pageOfStream, recordsUnder, type Stream } from './streams.ts';
import { requestTagsOf, requireTags } from './tag-rules.ts';
import { requireTemplate } from './templates.ts';
import { typeNamed } from './types.ts';

export const CreatePermission = operation('CreatePermission', {
  access: ({ tags, resourceType }: CreatePermissionRequest) => {
    const requestTags = tags === undefined ? {} : { requestTags: requestTagsOf(tags) };
    const create = {
      action: 'ram:CreatePermission',
      resource: '*',
      ...requestTags,
      context: { 'ram:PermissionResourceType': resourceType },
    } as const;
    return (tags?.length ?? 0) === 0 ? create : [create, { action: 'ram:TagResource', resource: '*', ...requestTags }];
  },
  handle: (input, context) =>
    once(context, 'CreatePermission', input, async () => {
      const type = await typeNamed(context, input.resourceType);
      if (type?.type !== input.resourceType) throw invalidParameter(`The resource type ${input.resourceType} is not valid.`);
      if (!type.hasCustomerPermissions) {
        throw notPermitted(`The resource type ${type.type} does not support customer managed permissions.`);
      }
      const template = requireTemplate(type, input.policyTemplate);
      const made = await addPermission(context, { name: input.name, resourceType: type.type, template, tags: requireTags({}, input.tags) });
      return { permission: permissionSummary(made) };
    }),
});

export interface NewPermission {
  readonly name: string;
  readonly resourceType: string;
  readonly template: string;
  readonly tags?: PermissionRecord['tags'];
  readonly featureSet?: PermissionRecord['featureSet'];
}

/** @throws Fault PermissionAlreadyExistsException, PermissionLimitExceededException */
export async function addPermission(context: Context, given: NewPermission): Promise<Permission> {
  const { transaction, account, region, now } = context;
  const { name, resourceType, template, tags = {}, featureSet = 'STANDARD' } = given;
  const known = await permissions.get(transaction, account, region, name);
  if (known !== undefined && !known.isDeleted) throw alreadyExists(name);
  const onExcess = () => fault('PermissionLimitExceededException', 'You have reached the maximum number of customer managed permissions.');
  await count(transaction, context, 'permissions', 1, { most: quotas.permissions, onExcess });
  await count(transaction, context, `permissions of ${resourceType}`, 1, { most: quotas.permissionsPerType, onExcess });
  for (const former of await versions.all(transaction, account, region, name)) versions.remove(transaction, former);
  const record: PermissionRecord = {
    account,
    region,
    name,
    resourceType,
    defaultVersion: 1,
    lastVersion: 1,
    featureSet,
    isDeleted: false,
    tags,
    createdAtMs: now,
    updatedAtMs: now,
  };
  const version: VersionRecord = { account, region, name, version: 1, template, isDeleted: false, createdAtMs: now, updatedAtMs: now };
  permissions.put(transaction, record);
  versions.put(transaction, version);
  return customerPermission(context, record, version);
}

function alreadyExists(name: string): Error {
  return fault('PermissionAlreadyExistsException', `A permission with the name ${name} already exists in this Region.`);
}

export const CreatePermissionVersion = operation('CreatePermissionVersion', {
  access: (input, scope) => permissionAccess(scope, 'ram:CreatePermissionVersion', input.permissionArn),
  handle: (input, context) =>
    once(context, 'CreatePermissionVersion', input, async () => {
      const { transaction, account, region, now } = context;
      const { record, resourceType } = await requireCustomerPermission(context, input.permissionArn);
      const type = await typeNamed(context, resourceType);
      if (type === undefined) throw invalidParameter(`The resource type ${resourceType} is not valid.`);
      const template = requireTemplate(type, input.policyTemplate);
      const kept = (await versions.all(transaction, account, region, record.name)).filter(({ isDeleted }) => !isDeleted);
      if (kept.length >= quotas.versionsPerPermission) {
        throw fault(
          'PermissionVersionsLimitExceededException',
          `The permission has the maximum of ${quotas.versionsPerPermission} versions. Delete one before you create another.`,
        );
      }
      const next = record.lastVersion + 1;
      const changed: PermissionRecord = { ...record, defaultVersion: next, lastVersion: next, updatedAtMs: now };
      const { name } = record;
      const version: VersionRecord = {
        account,
        region,
        name,
        version: next,
        template,
        isDeleted: false,
        createdAtMs: now,
        updatedAtMs: now,
      };
      permissions.put(transaction, changed);
      versions.put(transaction, version);
      return { permission: permissionDetail(customerPermission(context, changed, version)) };
    }),
});

type CustomerPermission = Permission & { readonly record: PermissionRecord };

/** A permission of the caller that can be changed. @throws Fault */
async function requireCustomerPermission(context: Context, arn: string, version?: number): Promise<CustomerPermission> {
  const permission = await requirePermission(context, arn, version);
  const { record } = permission;
  if (record === undefined) throw notCustomers(arn);
  if (permission.isDeleted) throw unknown('Permission', arn);
  if (record.featureSet !== 'STANDARD') throw notCustomers(arn);
  return { ...permission, record };
}

function notCustomers(arn: string): Error {
  return invalidParameter(`The permission ${arn} is not a customer managed permission.`);
}

export const SetDefaultPermissionVersion = operation('SetDefaultPermissionVersion', {
  access: (input, scope) => permissionAccess(scope, 'ram:SetDefaultPermissionVersion', input.permissionArn),
  handle: (input, context) =>
    once(context, 'SetDefaultPermissionVersion', input, async () => {
      const { record, version } = await requireCustomerPermission(context, input.permissionArn, input.permissionVersion);
      permissions.put(context.transaction, { ...record, defaultVersion: version, updatedAtMs: context.now });
      return { returnValue: true };
    }),
});

export const DeletePermissionVersion = operation('DeletePermissionVersion', {
  access: (input, scope) => permissionAccess(scope, 'ram:DeletePermissionVersion', input.permissionArn),
  handle: (input, context) =>
    once(context, 'DeletePermissionVersion', input, async () => {
      const { transaction, now } = context;
      const permission = await requireCustomerPermission(context, input.permissionArn, input.permissionVersion);
      const { record, version, defaultVersion } = permission;
      if (version === defaultVersion) throw invalidParameter('You cannot delete the default version of a permission.');
      if (await isUsed(context, permission, version)) throw notPermitted('The version is associated with a resource share.');
      const stored = await versions.get(transaction, record.account, record.region, record.name, String(version).padStart(15, '0'));
      if (stored !== undefined) versions.put(transaction, { ...stored, isDeleted: true, updatedAtMs: now });
      forgetLater(context, record, version);
      return { returnValue: true, permissionStatus: 'DELETING' as const };
    }),
});

export const DeletePermission = operation('DeletePermission', {
  access: (input, scope) => permissionAccess(scope, 'ram:DeletePermission', input.permissionArn),
  handle: (input, context) =>
    once(context, 'DeletePermission', input, async () => {
      const permission = await requirePermission(context, input.permissionArn);
      const { record } = permission;
      if (record === undefined) throw notPermitted('AWS managed permissions cannot be deleted.');
      if (permission.isDeleted) throw unknown('Permission', input.permissionArn);
      if (await isUsed(context, permission)) throw notPermitted('The permission is associated with a resource share.');
      await removePermission(context, record);
      return { returnValue: true, permissionStatus: 'DELETING' as const };
    }),
});

/** It is shown as deleted for a while. */
export async function removePermission(context: Context, record: PermissionRecord): Promise<void> {
  const { transaction, now } = context;
  await count(transaction, record, 'permissions', -1);
  await count(transaction, record, `permissions of ${record.resourceType}`, -1);
  permissions.put(transaction, { ...record, isDeleted: true, updatedAtMs: now });
  forgetLater(context, record);
}

function forgetLater({ transaction, now }: Context, { account, region, name }: PermissionRecord, version?: number): void {
  const key = [account, region, name, ...(version === undefined ? [] : [String(version).padStart(15, '0')])];
  due.put(transaction, { dueAtMs: now + forgottenAfterMs, what: 'forget-permission', key });
}

export async function isUsed({ transaction, account, region }: Context, { arn }: Permission, version?: number): Promise<boolean> {
  for await (const { value } of recordsUnder(transaction, sharesOfPermission, [arn, account, region], undefined)) {
    if (version === undefined) return true;
    const used = await sharePermissions.get(transaction, account, region, value.shareId, value.resourceType);
    if (used?.permissionArn === arn && used.version === version) return true;
  }
  return false;
}

export const GetPermission = operation('GetPermission', {
  access: (input, scope) => permissionAccess(scope, 'ram:GetPermission', input.permissionArn),
  async handle(input, context) {
    return { permission: permissionDetail(await requirePermission(context, input.permissionArn, input.permissionVersion)) };
  },
});

export const ListPermissions = operation('ListPermissions', {
  access: () => ({ action: 'ram:ListPermissions', resource: '*' }),
  async handle(input, context) {
    const { items, token } = await pageOfStream('ListPermissions', listed(context, input), input);
    return { permissions: items.map(permissionSummary), ...token };
  },
});

/** AWS's come first. */
function listed(context: Context, { resourceType, permissionType = 'ALL' }: ListPermissionsRequest): Stream<Permission> {
  const isAsked = (permission: Permission) =>
    resourceType === undefined || permission.resourceType.toLowerCase() === resourceType.toLowerCase();
  return async function* (after = '') {
    if (permissionType !== 'CUSTOMER_MANAGED') {
      const types = await context.shareables();
      const managed = types.flatMap((type) => type.permissions.map((each) => managedPermission(context, type, each)));
      for (const each of managed.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
        const position = `a ${each.name}`;
        if (position > after) yield { position, item: isAsked(each) ? each : undefined };
      }
    }
    if (permissionType === 'AWS_MANAGED') return;
    const from = after.startsWith('c ') ? after.slice(2) : undefined;
    for await (const { cursor, value } of recordsUnder(context.transaction, permissions, [context.account, context.region], from)) {
      const found = await versionOf(context, value, value.defaultVersion);
      yield { position: `c ${cursor}`, item: found !== undefined && isAsked(found) ? found : undefined };
    }
  };
}

async function versionOf(context: Context, record: PermissionRecord, version: number): Promise<Permission | undefined> {
  const { account, region, name } = record;
  const found = await versions.get(context.transaction, account, region, name, String(version).padStart(15, '0'));
  return found === undefined ? undefined : customerPermission(context, record, found);
}

export const ListPermissionVersions = operation('ListPermissionVersions', {
  access: () => ({ action: 'ram:ListPermissionVersions', resource: '*' }),
  async handle(input, context) {
    const permission = await requirePermission(context, input.permissionArn);
    const { record } = permission;
    const stream: Stream<Permission> = async function* (after) {
      if (record === undefined) {
        const found = after === undefined ? await findPermission(context, permission.arn) : undefined;
        if (found !== undefined) yield { position: '1', item: found };
        return;
      }
      const under = [record.account, record.region, record.name];
      for await (const { cursor, value } of recordsUnder(context.transaction, versions, under, after)) {
        yield { position: cursor, item: customerPermission(context, record, value) };
      }
    };
    const { items, token } = await pageOfStream('ListPermissionVersions', stream, input);
    return { permissions: items.map(permissionSummary), ...token };
  },
});

export const permissionOperations = [
  CreatePermission,
  CreatePermissionVersion,
  SetDefaultPermissionVersion,
  DeletePermissionVersion,
  DeletePermission,
  GetPermission,
  ListPermissions,
  ListPermissionVersions,
];
