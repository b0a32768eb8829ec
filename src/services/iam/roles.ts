// Roles. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html
import { wholeSeconds } from '../../base/clock.ts';
import { uniqueId } from '../../kit/account-ids.ts';
import { countDown, countUp } from './account-counts.ts';
import { noteBoundary, requireBoundary } from './boundaries.ts';
import { arnOf, onEntity, permissionsChanged, requireRole, tagRecord } from './entities.ts';
import { pathPage } from './listing.ts';
import { requireModifiable, serviceRolePath } from './protected-roles.ts';
import { attachments, inlinePolicies, lower, principalIds, profilesOfRole, type RoleRecord, roles } from './records.ts';
import { roleShape } from './role-shape.ts';
import { fault, operation } from './service.ts';
import { storedTrustPolicy } from './trust-policies.ts';

const defaultSessionSeconds = 3_600;

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
    if (input.Path?.startsWith(serviceRolePath))
      throw fault('InvalidInput', `The path ${serviceRolePath} is reserved for service-linked roles.`);
    if (input.PermissionsBoundary !== undefined) await requireBoundary(context, input.PermissionsBoundary);
    await countUp(transaction, account, 'role');
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
    noteBoundary(transaction, { account, kind: 'role', name: role.roleName }, undefined, role.boundaryArn);
    principalIds.put(transaction, { id: role.roleId, account, kind: 'role', name: role.roleName });
    return { Role: await roleShape(context, role, 'created') };
  },
});

export const GetRole = operation('GetRole', {
  access: onEntity('iam:GetRole', 'role', (input) => input.RoleName),
  handle: async (input, context) => ({ Role: await roleShape(context, await requireRole(context, input.RoleName), 'whole') }),
});

export const ListRoles = operation('ListRoles', {
  access: (input, scope) => ({ action: 'iam:ListRoles', resource: arnOf(scope, 'role', input.PathPrefix ?? '/', '') }),
  async handle(input, context) {
    const page = await pathPage(context, roles, input);
    return { Roles: await Promise.all(page.items.map((role) => roleShape(context, role, 'listed'))), ...page.state };
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
    return { Role: await roleShape(context, role, 'created') };
  },
});

export const UpdateAssumeRolePolicy = operation('UpdateAssumeRolePolicy', {
  access: onEntity('iam:UpdateAssumeRolePolicy', 'role', (input) => input.RoleName),
  async handle(input, context) {
    const role = await requireRole(context, input.RoleName);
    requireModifiable(role);
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
    requireModifiable(role);
    const name = lower(role.roleName);
    if ((await profilesOfRole.list(transaction, [account, name], { limit: 1 })).length > 0) {
      throw fault('DeleteConflict', 'Cannot delete entity, must remove roles from instance profile first.');
    }
    if ((await attachments.list(transaction, [account, 'role', name], { limit: 1 })).length > 0) {
      throw fault('DeleteConflict', 'Cannot delete entity, must detach all policies first.');
    }
    if ((await inlinePolicies.list(transaction, [account, 'role', name], { limit: 1 })).length > 0) {
      throw fault('DeleteConflict', 'Cannot delete entity, must delete policies first.');
    }
    roles.remove(transaction, role);
    noteBoundary(transaction, { account, kind: 'role', name: role.roleName }, role.boundaryArn, undefined);
    await countDown(transaction, account, 'role');
    principalIds.remove(transaction, { id: role.roleId, account, kind: 'role', name: role.roleName });
    permissionsChanged(context);
    return {};
  },
});

export const roleOperations = [CreateRole, GetRole, ListRoles, UpdateRole, UpdateRoleDescription, UpdateAssumeRolePolicy, DeleteRole];
