// Permissions by ARN, AWS's and the customers' alike, and how they are shown.
import type { Context, Scope } from '../../kit/context.ts';
import type { ManagedPermission, ShareableType } from '../../kit/shareables.ts';
import type { PermissionStatus, ResourceSharePermissionDetail, ResourceSharePermissionSummary } from './api.gen.ts';
import { managedPermissionArn, namedBy, permissionArn } from './arns.ts';
import { type PermissionRecord, permissions, type VersionRecord, versions } from './records.ts';
import { invalidParameter, malformedArn, unknown } from './service.ts';
import { templateOf } from './templates.ts';

/** A permission, with the version that is asked for. */
export interface Permission {
  readonly arn: string;
  readonly name: string;
  readonly resourceType: string;
  readonly version: number;
  readonly defaultVersion: number;
  readonly template: string;
  /** AWS's are the same for everybody. */
  readonly record?: PermissionRecord | undefined;
  readonly isTypeDefault: boolean;
  readonly isDeleted: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** 2018-11-20, when RAM began. */
const managedSinceMs = 1_542_672_000_000;

export function managedPermission(scope: Pick<Scope, 'partition'>, type: ShareableType, permission: ManagedPermission): Permission {
  return {
    arn: managedPermissionArn(scope, permission.name),
    name: permission.name,
    resourceType: type.type,
    version: 1,
    defaultVersion: 1,
    template: templateOf(permission.statements),
    isTypeDefault: type.permissions[0] === permission,
    isDeleted: false,
    createdAtMs: managedSinceMs,
    updatedAtMs: managedSinceMs,
  };
}

/** The default of a type: what a share of it grants when nothing else is said. */
export function defaultPermission(scope: Pick<Scope, 'partition'>, type: ShareableType): Permission {
  const [first] = type.permissions;
  if (first === undefined) throw new Error(`the type ${type.type} has no default permission`);
  return managedPermission(scope, type, first);
}

export function customerPermission(scope: Pick<Scope, 'partition'>, record: PermissionRecord, version: VersionRecord): Permission {
  return {
    arn: permissionArn(scope, record),
    name: record.name,
    resourceType: record.resourceType,
    version: version.version,
    defaultVersion: record.defaultVersion,
    template: version.template,
    record,
    isTypeDefault: false,
    isDeleted: record.isDeleted || version.isDeleted,
    createdAtMs: version.createdAtMs,
    updatedAtMs: Math.max(version.updatedAtMs, record.updatedAtMs),
  };
}

type Looking = Pick<Scope, 'partition' | 'transaction' | 'shareables'>;

/** In its default version unless another is asked for. Undefined: there is none. */
export async function findPermission(scope: Looking, arn: string, version?: number): Promise<Permission | undefined> {
  const named = namedBy(arn, 'permission');
  if (named === undefined) return undefined;
  if (named.account === 'aws') {
    for (const type of await scope.shareables()) {
      const permission = type.permissions.find(({ name }) => managedPermissionArn(scope, name) === arn);
      if (permission !== undefined) return version === undefined || version === 1 ? managedPermission(scope, type, permission) : undefined;
    }
    return undefined;
  }
  const record = await permissions.get(scope.transaction, named.account, named.region, named.id);
  if (record === undefined) return undefined;
  const wanted = version ?? record.defaultVersion;
  const found = await versions.get(scope.transaction, record.account, record.region, record.name, wanted.toString().padStart(15, '0'));
  return found === undefined ? undefined : customerPermission(scope, record, found);
}

/** A permission that the caller may see: AWS's, or its own in this region. @throws Fault MalformedArnException, UnknownResourceException */
export async function requirePermission(scope: Context, arn: string, version?: number): Promise<Permission> {
  const named = namedBy(arn, 'permission');
  if (named === undefined) throw malformedArn('permission');
  const isVisible = named.account === 'aws' || (named.account === scope.account && named.region === scope.region);
  const permission = isVisible ? await findPermission(scope, arn, version) : undefined;
  if (permission === undefined) throw unknown('Permission', version === undefined ? arn : `${arn} version ${version}`);
  return permission;
}

/** One that can be associated. @throws Fault */
export async function requireAttachable(context: Context, arn: string, version?: number): Promise<Permission> {
  const permission = await requirePermission(context, arn, version);
  if (statusOf(permission) === 'ATTACHABLE') return permission;
  throw invalidParameter(
    permission.isDeleted
      ? `The permission ${arn} is deleted.`
      : `Version ${permission.version} of the permission ${arn} is not its default version, and only that can be associated.`,
  );
}

function statusOf({ isDeleted, version, defaultVersion, record }: Permission): PermissionStatus {
  if (isDeleted) return 'DELETED';
  return version === defaultVersion && record?.featureSet !== 'CREATED_FROM_POLICY' ? 'ATTACHABLE' : 'UNATTACHABLE';
}

export function permissionSummary(permission: Permission): ResourceSharePermissionSummary {
  const { record } = permission;
  return {
    arn: permission.arn,
    version: String(permission.version),
    defaultVersion: permission.version === permission.defaultVersion,
    name: permission.name,
    resourceType: permission.resourceType,
    status: statusOf(permission),
    creationTime: permission.createdAtMs,
    lastUpdatedTime: permission.updatedAtMs,
    isResourceTypeDefault: permission.isTypeDefault,
    permissionType: record === undefined ? 'AWS_MANAGED' : 'CUSTOMER_MANAGED',
    featureSet: record?.featureSet ?? 'STANDARD',
    ...(record === undefined ? {} : { tags: Object.entries(record.tags).map(([key, value]) => ({ key, value })) }),
  };
}

export function permissionDetail(permission: Permission): ResourceSharePermissionDetail {
  return { ...permissionSummary(permission), status: statusOf(permission), permission: permission.template };
}
