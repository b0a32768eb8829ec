// Groups and their members. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_groups.html
import { wholeSeconds } from '../../base/clock.ts';
import { uniqueId } from '../../kit/account-ids.ts';
import type { Scope } from '../../kit/context.ts';
import { countDown, countUp } from './account-counts.ts';
import type { Group } from './api.gen.ts';
import { arnOf, entityAccess, onEntity, permissionsChanged, requireGroup, requireUser } from './entities.ts';
import { listPage, pathPage } from './listing.ts';
import { withinQuota } from './quotas.ts';
import {
  attachedTo,
  attachments,
  type GroupRecord,
  groups,
  groupsOfUser,
  inlinePolicies,
  lower,
  membersOfGroup,
  users,
} from './records.ts';
import { fault, operation } from './service.ts';
import { userShape } from './users.ts';

function groupShape(scope: Scope, group: GroupRecord): Group {
  return {
    Path: group.path,
    GroupName: group.groupName,
    GroupId: group.groupId,
    Arn: arnOf(scope, 'group', group.path, group.groupName),
    CreateDate: group.createdAtMs,
  };
}

export const CreateGroup = operation('CreateGroup', {
  access: (input, scope) => ({ action: 'iam:CreateGroup', resource: arnOf(scope, 'group', input.Path ?? '/', input.GroupName) }),
  async handle(input, context) {
    const { transaction, account, now, ids } = context;
    if ((await groups.get(transaction, account, lower(input.GroupName))) !== undefined) {
      throw fault('EntityAlreadyExists', `Group with name ${input.GroupName} already exists.`);
    }
    const group = {
      account,
      groupName: input.GroupName,
      groupId: uniqueId(ids, 'AGPA'),
      path: input.Path ?? '/',
      createdAtMs: wholeSeconds(now),
    };
    await countUp(transaction, account, 'group');
    groups.put(transaction, group);
    return { Group: groupShape(context, group) };
  },
});

export const GetGroup = operation('GetGroup', {
  access: onEntity('iam:GetGroup', 'group', (input) => input.GroupName),
  async handle(input, context) {
    const group = await requireGroup(context, input.GroupName);
    const page = await listPage(context, membersOfGroup, [context.account, lower(group.groupName)], input);
    const members = await Promise.all(page.items.map(({ userName }) => users.get(context.transaction, context.account, lower(userName))));
    return {
      Group: groupShape(context, group),
      Users: members.flatMap((user) => (user === undefined ? [] : [userShape(context, user, false)])),
      ...page.state,
    };
  },
});

export const ListGroups = operation('ListGroups', {
  access: (input, scope) => ({ action: 'iam:ListGroups', resource: arnOf(scope, 'group', input.PathPrefix ?? '/', '') }),
  async handle(input, context) {
    const page = await pathPage(context, groups, input);
    return { Groups: page.items.map((group) => groupShape(context, group)), ...page.state };
  },
});

export const DeleteGroup = operation('DeleteGroup', {
  access: onEntity('iam:DeleteGroup', 'group', (input) => input.GroupName),
  async handle(input, context) {
    const { transaction, account } = context;
    const group = await requireGroup(context, input.GroupName);
    const name = lower(group.groupName);
    const conflict = (what: string) => fault('DeleteConflict', `Cannot delete entity, must ${what} first.`);
    if ((await membersOfGroup.list(transaction, [account, name], { limit: 1 })).length > 0) throw conflict('remove users from group');
    if ((await attachments.list(transaction, [account, 'group', name], { limit: 1 })).length > 0) throw conflict('detach all policies');
    if ((await inlinePolicies.list(transaction, [account, 'group', name], { limit: 1 })).length > 0) throw conflict('delete policies');
    groups.remove(transaction, group);
    await countDown(transaction, account, 'group');
    return {};
  },
});

export const UpdateGroup = operation('UpdateGroup', {
  access: async (input, scope) => {
    const before = await entityAccess(scope, 'iam:UpdateGroup', 'group', input.GroupName);
    const group = await groups.get(scope.transaction, scope.account, lower(input.GroupName));
    const after = arnOf(scope, 'group', input.NewPath ?? group?.path ?? '/', input.NewGroupName ?? group?.groupName ?? input.GroupName);
    return after === before.resource ? before : [before, { ...before, resource: after }];
  },
  async handle(input, context) {
    const { transaction, account } = context;
    const group = await requireGroup(context, input.GroupName);
    const renamed = { ...group, groupName: input.NewGroupName ?? group.groupName, path: input.NewPath ?? group.path };
    const isSameName = lower(renamed.groupName) === lower(group.groupName);
    if (!isSameName && (await groups.get(transaction, account, lower(renamed.groupName))) !== undefined) {
      throw fault('EntityAlreadyExists', `Group with name ${renamed.groupName} already exists.`);
    }
    await moveGroup(context, group, renamed);
    permissionsChanged(context);
    return {};
  },
});

/** Everything that names the group follows it. */
async function moveGroup({ transaction, account }: Scope, group: GroupRecord, renamed: GroupRecord): Promise<void> {
  const name = lower(group.groupName);
  groups.remove(transaction, group);
  groups.put(transaction, renamed);
  for (const inline of await inlinePolicies.all(transaction, account, 'group', name)) {
    inlinePolicies.remove(transaction, inline);
    inlinePolicies.put(transaction, { ...inline, name: renamed.groupName });
  }
  for (const attached of await attachments.all(transaction, account, 'group', name)) {
    for (const side of [attachments, attachedTo]) {
      side.remove(transaction, attached);
      side.put(transaction, { ...attached, name: renamed.groupName });
    }
  }
  for (const membership of await membersOfGroup.all(transaction, account, name)) {
    for (const side of [groupsOfUser, membersOfGroup]) {
      side.remove(transaction, membership);
      side.put(transaction, { ...membership, groupName: renamed.groupName });
    }
  }
}

export const AddUserToGroup = operation('AddUserToGroup', {
  access: onEntity('iam:AddUserToGroup', 'group', (input) => input.GroupName),
  async handle(input, context) {
    const { transaction, account } = context;
    const group = await requireGroup(context, input.GroupName);
    const user = await requireUser(context, input.UserName);
    const memberships = await groupsOfUser.all(transaction, account, lower(user.userName));
    if (memberships.some(({ groupName }) => lower(groupName) === lower(group.groupName))) return {};
    withinQuota('GroupsPerUser', memberships.length + 1);
    for (const side of [membersOfGroup, groupsOfUser])
      side.put(transaction, { account, userName: user.userName, groupName: group.groupName });
    permissionsChanged(context);
    return {};
  },
});

export const RemoveUserFromGroup = operation('RemoveUserFromGroup', {
  access: onEntity('iam:RemoveUserFromGroup', 'group', (input) => input.GroupName),
  async handle(input, context) {
    const { transaction, account } = context;
    const group = await requireGroup(context, input.GroupName);
    const user = await requireUser(context, input.UserName);
    const membership = await membersOfGroup.get(transaction, account, lower(group.groupName), lower(user.userName));
    if (membership === undefined) throw fault('NoSuchEntity', `User ${user.userName} is not in group ${group.groupName}.`);
    for (const side of [membersOfGroup, groupsOfUser]) side.remove(transaction, membership);
    permissionsChanged(context);
    return {};
  },
});

export const ListGroupsForUser = operation('ListGroupsForUser', {
  access: (input, scope) => entityAccess(scope, 'iam:ListGroupsForUser', 'user', input.UserName),
  async handle(input, context) {
    const user = await requireUser(context, input.UserName);
    const page = await listPage(context, groupsOfUser, [context.account, lower(user.userName)], input);
    const found = await Promise.all(page.items.map(({ groupName }) => groups.get(context.transaction, context.account, lower(groupName))));
    return { Groups: found.flatMap((group) => (group === undefined ? [] : [groupShape(context, group)])), ...page.state };
  },
});

export const groupOperations = [
  CreateGroup,
  GetGroup,
  ListGroups,
  UpdateGroup,
  DeleteGroup,
  AddUserToGroup,
  RemoveUserFromGroup,
  ListGroupsForUser,
];
