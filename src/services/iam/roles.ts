// Roles. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html
import { wholeSeconds } from '../../base/clock.ts';
import { uniqueId } from '../../kit/account-ids.ts';
import type { Scope } from '../../kit/context.ts';
import type { Role } from './api.gen.ts';
import { boundaryOf, requireBoundary } from './boundaries.ts';
import { shownDocument } from './documents.ts';
import { arnOf, onEntity, permissionsChanged, requireRole, tagList, tagRecord } from './entities.ts';
import { pathPage } from './listing.ts';
import { attachments, inlinePolicies, lower, principalIds, type RoleRecord, roles } from './records.ts';
import { fault, operation } from './service.ts';
import { shownTrustPolicy, storedTrustPolicy } from './trust-policies.ts';

const defaultSessionSeconds = 3_600;

async function roleShape(scope: Scope, role: RoleRecord, isWhole = true): Promise<Role> {
  return {
    Path: role.path,
    RoleName: role.roleName,
    RoleId: role.roleId,
    Arn: arnOf(scope, 'role', role.path, role.roleName),
    CreateDate: role.createdAtMs,
    AssumeRolePolicyDocument: shownDocument(await shownTrustPolicy(scope, role.trustPolicy)),
    ...(role.description === undefined ? {} : { Description: role.description }),
    MaxSessionDuration: role.maxSessionSeconds,
    ...(isWhole && role.boundaryArn !== undefined ? { PermissionsBoundary: boundaryOf(role.boundaryArn) } : {}),
    ...(isWhole && Object.keys(role.tags).length > 0 ? { Tags: tagList(role.tags) } : {}),
    ...(isWhole ? { RoleLastUsed: {} } : {}),
  };
}

export const CreateRole = operation('CreateRole', {
  access: (input, scope) => ({
    action: 'iam:CreateRole',
    resource: arnOf(scope, 'role', input.Path ?? '/', input.RoleName),
    ...(input.Tags === undefined ? {} : { requestTags: tagRecord(input.Tags) }),
    context: { 'iam:PermissionsBoundary': input.PermissionsBoundary },
  }),
  async handle(input, context) {
    const { transaction, account, now, ids } = context;
    if ((await roles.get(transaction, account, lower(input.RoleName))) !== undefined) {
      throw fault('EntityAlreadyExists', `Role with name ${input.RoleName} already exists.`);
    }
    if (input.PermissionsBoundary !== undefined) await requireBoundary(context, input.PermissionsBoundary);
    const role: RoleRecord = {
      account,
      roleName: input.RoleName,
      roleId: uniqueId(ids, 'AROA'),
      path: input.Path ?? '/',
      createdAtMs: wholeSeconds(now),
      description: input.Description,
      maxSessionSeconds: input.MaxSessionDuration ?? defaultSessionSeconds,
      tags: tagRecord(input.Tags),
      boundaryArn: input.PermissionsBoundary,
      trustPolicy: await storedTrustPolicy(context, input.AssumeRolePolicyDocument),
    };
    roles.put(transaction, role);
    principalIds.put(transaction, { id: role.roleId, account, kind: 'role', name: role.roleName });
    return { Role: await roleShape(context, role) };
  },
});

export const GetRole = operation('GetRole', {
  access: onEntity('iam:GetRole', 'role', (input) => input.RoleName),
  handle: async (input, context) => ({ Role: await roleShape(context, await requireRole(context, input.RoleName)) }),
});

export const ListRoles = operation('ListRoles', {
  access: (input, scope) => ({ action: 'iam:ListRoles', resource: arnOf(scope, 'role', input.PathPrefix ?? '/', '') }),
  async handle(input, context) {
    const page = await pathPage(context, roles, input);
    return { Roles: await Promise.all(page.items.map((role) => roleShape(context, role, false))), ...page.state };
  },
});

export const UpdateRole = operation('UpdateRole', {
  access: onEntity('iam:UpdateRole', 'role', (input) => input.RoleName),
  async handle(input, context) {
    const role = await requireRole(context, input.RoleName);
    roles.put(context.transaction, {
      ...role,
      description: input.Description ?? role.description,
      maxSessionSeconds: input.MaxSessionDuration ?? role.maxSessionSeconds,
    });
    return {};
  },
});

export const UpdateRoleDescription = operation('UpdateRoleDescription', {
  access: onEntity('iam:UpdateRoleDescription', 'role', (input) => input.RoleName),
  async handle(input, context) {
    const role = { ...(await requireRole(context, input.RoleName)), description: input.Description };
    roles.put(context.transaction, role);
    return { Role: await roleShape(context, role) };
  },
});

export const UpdateAssumeRolePolicy = operation('UpdateAssumeRolePolicy', {
  access: onEntity('iam:UpdateAssumeRolePolicy', 'role', (input) => input.RoleName),
  async handle(input, context) {
    const role = await requireRole(context, input.RoleName);
    roles.put(context.transaction, { ...role, trustPolicy: await storedTrustPolicy(context, input.PolicyDocument) });
    permissionsChanged(context);
    return {};
  },
});

export const DeleteRole = operation('DeleteRole', {
  access: onEntity('iam:DeleteRole', 'role', (input) => input.RoleName),
  async handle(input, context) {
    const { transaction, account } = context;
    const role = await requireRole(context, input.RoleName);
    const name = lower(role.roleName);
    if ((await attachments.list(transaction, [account, 'role', name], { limit: 1 })).length > 0) {
      throw fault('DeleteConflict', 'Cannot delete entity, must detach all policies first.');
    }
    if ((await inlinePolicies.list(transaction, [account, 'role', name], { limit: 1 })).length > 0) {
      throw fault('DeleteConflict', 'Cannot delete entity, must delete policies first.');
    }
    roles.remove(transaction, role);
    principalIds.remove(transaction, { id: role.roleId, account, kind: 'role', name: role.roleName });
    permissionsChanged(context);
    return {};
  },
});

export const roleOperations = [CreateRole, GetRole, ListRoles, UpdateRole, UpdateRoleDescription, UpdateAssumeRolePolicy, DeleteRole];
