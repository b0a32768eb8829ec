// Instance profiles: the name under which an EC2 instance finds its one role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
import { wholeSeconds } from '../../base/clock.ts';
import { uniqueId } from '../../kit/account-ids.ts';
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { passRole } from '../../kit/pass-role.ts';
import { countDown, countUp } from './account-counts.ts';
import type { InstanceProfile } from './api.gen.ts';
import { arnOf, onEntity, requireRole, tagList, tagRecord } from './entities.ts';
import { listPage, pathPage } from './listing.ts';
import { requireModifiable } from './protected-roles.ts';
import { withinQuota } from './quotas.ts';
import { type InstanceProfileRecord, instanceProfiles, lower, profilesOfRole, roles } from './records.ts';
import { roleShape } from './role-shape.ts';
import { fault, operation } from './service.ts';
import { keyTags, merged, tagPage, without } from './tag-rules.ts';

export async function profileShape(scope: Scope, profile: InstanceProfileRecord, isWhole = true): Promise<InstanceProfile> {
  const role = profile.roleName === undefined ? undefined : await roles.get(scope.transaction, scope.account, lower(profile.roleName));
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: arnOf(scope, 'instance-profile', profile.path, profile.name),
    CreateDate: profile.createdAtMs,
    Roles: role === undefined ? [] : [await roleShape(scope, role, 'embedded')],
    ...(isWhole && Object.keys(profile.tags).length > 0 ? { Tags: tagList(profile.tags) } : {}),
  };
}

/** @throws Fault NoSuchEntity */
async function requireProfile(scope: Scope, name: string): Promise<InstanceProfileRecord> {
  const profile = await instanceProfiles.get(scope.transaction, scope.account, lower(name));
  if (profile === undefined) throw fault('NoSuchEntity', `Instance Profile ${name} cannot be found.`);
  return profile;
}

async function profileAccess(scope: Scope, action: Access['action'], name: string, extra: Partial<Access> = {}): Promise<Access> {
  const profile = await instanceProfiles.get(scope.transaction, scope.account, lower(name));
  const resource = arnOf(scope, 'instance-profile', profile?.path ?? '/', profile?.name ?? name);
  return {
    action,
    resource,
    shownAs: `instance profile ${name}`,
    ...(profile === undefined ? {} : { resourceTags: profile.tags }),
    ...extra,
  };
}

function onProfile(action: Access['action']) {
  return (input: { readonly InstanceProfileName: string }, scope: Scope): Promise<Access> =>
    profileAccess(scope, action, input.InstanceProfileName);
}

export const CreateInstanceProfile = operation('CreateInstanceProfile', {
  access: (input, scope) => ({
    action: 'iam:CreateInstanceProfile',
    resource: arnOf(scope, 'instance-profile', input.Path ?? '/', input.InstanceProfileName),
    shownAs: `instance profile ${input.InstanceProfileName}`,
    ...(input.Tags === undefined ? {} : { requestTags: tagRecord(input.Tags) }),
  }),
  async handle(input, context) {
    const { transaction, account, ids, now } = context;
    if ((await instanceProfiles.get(transaction, account, lower(input.InstanceProfileName))) !== undefined)
      throw fault('EntityAlreadyExists', `Instance Profile ${input.InstanceProfileName} already exists.`);
    await countUp(transaction, account, 'instance-profile');
    const profile: InstanceProfileRecord = {
      account,
      name: input.InstanceProfileName,
      id: uniqueId(ids, 'AIPA'),
      path: input.Path ?? '/',
      createdAtMs: wholeSeconds(now),
      tags: tagRecord(input.Tags),
    };
    instanceProfiles.put(transaction, profile);
    return { InstanceProfile: await profileShape(context, profile) };
  },
});

export const GetInstanceProfile = operation('GetInstanceProfile', {
  access: onProfile('iam:GetInstanceProfile'),
  handle: async (input, context) => ({
    InstanceProfile: await profileShape(context, await requireProfile(context, input.InstanceProfileName)),
  }),
});

export const ListInstanceProfiles = operation('ListInstanceProfiles', {
  access: (input, scope) => ({
    action: 'iam:ListInstanceProfiles',
    resource: arnOf(scope, 'instance-profile', input.PathPrefix ?? '/', ''),
  }),
  async handle(input, context) {
    const page = await pathPage(context, instanceProfiles, input);
    return { InstanceProfiles: await Promise.all(page.items.map((profile) => profileShape(context, profile, false))), ...page.state };
  },
});

export const ListInstanceProfilesForRole = operation('ListInstanceProfilesForRole', {
  access: onEntity('iam:ListInstanceProfilesForRole', 'role', (input) => input.RoleName),
  async handle(input, context) {
    const { roleName } = await requireRole(context, input.RoleName);
    const page = await listPage(context, profilesOfRole, [context.account, lower(roleName)], input);
    return {
      InstanceProfiles: await profilesNamed(
        context,
        page.items.map(({ profileName }) => profileName),
      ),
      ...page.state,
    };
  },
});

/** The profiles that a role is in. */
export async function profilesNamed(scope: Scope, names: readonly string[]): Promise<readonly InstanceProfile[]> {
  const found = await Promise.all(names.map((name) => instanceProfiles.get(scope.transaction, scope.account, lower(name))));
  return Promise.all(found.filter((profile) => profile !== undefined).map((profile) => profileShape(scope, profile, false)));
}

// AWS: whoever puts a role into a profile passes it to EC2.
export const AddRoleToInstanceProfile = operation('AddRoleToInstanceProfile', {
  access: async (input, scope) => {
    const role = await roles.get(scope.transaction, scope.account, lower(input.RoleName));
    const roleArn = arnOf(scope, 'role', role?.path ?? '/', role?.roleName ?? input.RoleName);
    return [
      await profileAccess(scope, 'iam:AddRoleToInstanceProfile', input.InstanceProfileName),
      await passRole(scope, roleArn, 'ec2.amazonaws.com'),
    ];
  },
  async handle(input, context) {
    const { transaction, account } = context;
    const profile = await requireProfile(context, input.InstanceProfileName);
    const role = await requireRole(context, input.RoleName);
    requireModifiable(role);
    withinQuota('InstanceSessionsPerInstanceProfile', profile.roleName === undefined ? 1 : 2);
    instanceProfiles.put(transaction, { ...profile, roleName: role.roleName });
    profilesOfRole.put(transaction, { account, roleName: role.roleName, profileName: profile.name });
    return {};
  },
});

export const RemoveRoleFromInstanceProfile = operation('RemoveRoleFromInstanceProfile', {
  access: onProfile('iam:RemoveRoleFromInstanceProfile'),
  async handle(input, context) {
    const { transaction, account } = context;
    const { roleName, ...profile } = await requireProfile(context, input.InstanceProfileName);
    const role = await requireRole(context, input.RoleName);
    if (roleName === undefined || lower(roleName) !== lower(role.roleName))
      throw fault('NoSuchEntity', `The role with name ${input.RoleName} cannot be found.`);
    instanceProfiles.put(transaction, profile);
    profilesOfRole.remove(transaction, { account, roleName, profileName: profile.name });
    return {};
  },
});

export const DeleteInstanceProfile = operation('DeleteInstanceProfile', {
  access: onProfile('iam:DeleteInstanceProfile'),
  async handle(input, context) {
    const profile = await requireProfile(context, input.InstanceProfileName);
    if (profile.roleName !== undefined)
      throw fault('DeleteConflict', 'Cannot delete entity, must remove roles from instance profile first.');
    instanceProfiles.remove(context.transaction, profile);
    await countDown(context.transaction, context.account, 'instance-profile');
    return {};
  },
});

export const TagInstanceProfile = operation('TagInstanceProfile', {
  access: (input, scope) =>
    profileAccess(scope, 'iam:TagInstanceProfile', input.InstanceProfileName, { requestTags: tagRecord(input.Tags) }),
  async handle(input, context) {
    const profile = await requireProfile(context, input.InstanceProfileName);
    instanceProfiles.put(context.transaction, { ...profile, tags: merged(profile.tags, input.Tags) });
    return {};
  },
});

export const UntagInstanceProfile = operation('UntagInstanceProfile', {
  access: (input, scope) => profileAccess(scope, 'iam:UntagInstanceProfile', input.InstanceProfileName, keyTags(input.TagKeys)),
  async handle(input, context) {
    const profile = await requireProfile(context, input.InstanceProfileName);
    instanceProfiles.put(context.transaction, { ...profile, tags: without(profile.tags, input.TagKeys) });
    return {};
  },
});

export const ListInstanceProfileTags = operation('ListInstanceProfileTags', {
  access: onProfile('iam:ListInstanceProfileTags'),
  handle: async (input, context) => tagPage((await requireProfile(context, input.InstanceProfileName)).tags, input),
});

export const instanceProfileOperations = [
  CreateInstanceProfile,
  GetInstanceProfile,
  ListInstanceProfiles,
  ListInstanceProfilesForRole,
  AddRoleToInstanceProfile,
  RemoveRoleFromInstanceProfile,
  DeleteInstanceProfile,
  TagInstanceProfile,
  UntagInstanceProfile,
  ListInstanceProfileTags,
];
