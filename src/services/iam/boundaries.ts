// Permissions boundaries of users and roles. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
import type { Scope } from '../../kit/context.ts';
import type { AttachedPermissionsBoundary } from './api.gen.ts';
import { entityAccess, onEntity, permissionsChanged, requireRole, requireUser } from './entities.ts';
import { findManagedPolicy } from './managed-policies.ts';
import { roles, users } from './records.ts';
import { fault, operation } from './service.ts';

export function boundaryOf(arn: string): AttachedPermissionsBoundary {
  return { PermissionsBoundaryType: 'PermissionsBoundaryPolicy', PermissionsBoundaryArn: arn };
}

/** @throws Fault NoSuchEntity when there is no such managed policy. */
export async function requireBoundary(scope: Scope, arn: string): Promise<void> {
  if ((await findManagedPolicy(scope.transaction, arn)) === undefined)
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
    await requireBoundary(context, input.PermissionsBoundary);
    roles.put(context.transaction, { ...role, boundaryArn: input.PermissionsBoundary });
    permissionsChanged(context);
    return {};
  },
});

export const DeleteRolePermissionsBoundary = operation('DeleteRolePermissionsBoundary', {
  access: onEntity('iam:DeleteRolePermissionsBoundary', 'role', (input) => input.RoleName),
  async handle(input, context) {
    const { boundaryArn, ...role } = await requireRole(context, input.RoleName);
    if (boundaryArn === undefined) throw fault('NoSuchEntity', `The role ${input.RoleName} does not have a permissions boundary.`);
    roles.put(context.transaction, role);
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
