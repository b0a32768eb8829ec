// Permissions boundaries of users and roles. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
import type { Scope } from '../../kit/context.ts';
import type { Transaction } from '../../store/store.ts';
import type { AttachedPermissionsBoundary } from './api.gen.ts';
import { entityAccess, onEntity, permissionsChanged, requireRole, requireUser } from './entities.ts';
import { findManagedPolicy } from './managed-policies.ts';
import { requireModifiable } from './protected-roles.ts';
import { type BoundaryUseRecord, boundaryUses, roles, users } from './records.ts';
import { fault, operation } from './service.ts';

/** Keeps the index of what each policy bounds. */
export function noteBoundary(
  transaction: Transaction,
  bounded: Omit<BoundaryUseRecord, 'policyArn'>,
  before: string | undefined,
  after: string | undefined,
): void {
  if (before !== undefined) boundaryUses.remove(transaction, { ...bounded, policyArn: before });
  if (after !== undefined) boundaryUses.put(transaction, { ...bounded, policyArn: after });
}

export function boundaryOf(arn: string): AttachedPermissionsBoundary {
  return { PermissionsBoundaryType: 'PermissionsBoundaryPolicy', PermissionsBoundaryArn: arn };
}

/** @throws Fault NoSuchEntity when there is no such managed policy. */
export async function requireBoundary(scope: Scope, arn: string): Promise<void> {
  const policy = await findManagedPolicy(scope.transaction, arn);
  if (policy === undefined || (!policy.isAwsManaged && policy.record.account !== scope.account))
    throw fault('NoSuchEntity', `Scope ARN: ${arn} does not exist or is not attachable.`);
}

export const PutUserPermissionsBoundary = operation('PutUserPermissionsBoundary', {
  access: (input, scope) =>
    entityAccess(scope, 'iam:PutUserPermissionsBoundary', 'user', input.UserName, {
      context: { 'iam:PermissionsBoundary': input.PermissionsBoundary },
    }),
  async handle(input, context) {
    const user = await requireUser(context, input.UserName);
    await requireBoundary(context, input.PermissionsBoundary);
    users.put(context.transaction, { ...user, boundaryArn: input.PermissionsBoundary });
    noteBoundary(
      context.transaction,
      { account: user.account, kind: 'user', name: user.userName },
      user.boundaryArn,
      input.PermissionsBoundary,
    );
    permissionsChanged(context);
    return {};
  },
});

export const DeleteUserPermissionsBoundary = operation('DeleteUserPermissionsBoundary', {
  access: onEntity('iam:DeleteUserPermissionsBoundary', 'user', (input) => input.UserName),
  async handle(input, context) {
    const { boundaryArn, ...user } = await requireUser(context, input.UserName);
    if (boundaryArn === undefined) throw fault('NoSuchEntity', `The user ${input.UserName} does not have a permissions boundary.`);
    users.put(context.transaction, user);
    noteBoundary(context.transaction, { account: user.account, kind: 'user', name: user.userName }, boundaryArn, undefined);
    permissionsChanged(context);
    return {};
  },
});

export const PutRolePermissionsBoundary = operation('PutRolePermissionsBoundary', {
  access: (input, scope) =>
    entityAccess(scope, 'iam:PutRolePermissionsBoundary', 'role', input.RoleName, {
      context: { 'iam:PermissionsBoundary': input.PermissionsBoundary },
    }),
  async handle(input, context) {
    const role = await requireRole(context, input.RoleName);
    requireModifiable(role);
    await requireBoundary(context, input.PermissionsBoundary);
    roles.put(context.transaction, { ...role, boundaryArn: input.PermissionsBoundary });
    noteBoundary(
      context.transaction,
      { account: role.account, kind: 'role', name: role.roleName },
      role.boundaryArn,
      input.PermissionsBoundary,
    );
    permissionsChanged(context);
    return {};
  },
});

export const DeleteRolePermissionsBoundary = operation('DeleteRolePermissionsBoundary', {
  access: onEntity('iam:DeleteRolePermissionsBoundary', 'role', (input) => input.RoleName),
  async handle(input, context) {
    const { boundaryArn, ...role } = await requireRole(context, input.RoleName);
    requireModifiable(role);
    if (boundaryArn === undefined) throw fault('NoSuchEntity', `The role ${input.RoleName} does not have a permissions boundary.`);
    roles.put(context.transaction, role);
    noteBoundary(context.transaction, { account: role.account, kind: 'role', name: role.roleName }, boundaryArn, undefined);
    permissionsChanged(context);
    return {};
  },
});

export const boundaryOperations = [
  PutUserPermissionsBoundary,
  DeleteUserPermissionsBoundary,
  PutRolePermissionsBoundary,
  DeleteRolePermissionsBoundary,
];
