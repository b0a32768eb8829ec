// Users. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users.html

import { wholeSeconds } from '../../base/clock.ts';
import { uniqueId } from '../../kit/account-ids.ts';
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import type { User } from './api.gen.ts';
import { boundaryOf, noteBoundary, requireBoundary } from './boundaries.ts';
import { loginProfiles, mfasOfOwner, serviceCredentials, signingCertificates, sshKeys } from './credential-records.ts';
import { arnOf, entityAccess, onEntity, permissionsChanged, requireUser, tagList, tagRecord, userNameOf } from './entities.ts';
import { pathPage } from './listing.ts';
import {
  accessKeys,
  accounts,
  attachedTo,
  attachments,
  groupsOfUser,
  inlinePolicies,
  keysOfUser,
  lower,
  membersOfGroup,
  principalIds,
  type UserRecord,
  users,
} from './records.ts';
import { fault, operation } from './service.ts';

/** AWS: lists leave out boundary and tags. */
export function userShape(scope: Scope, user: UserRecord, isWhole = true, passwordUsedAtMs?: number): User {
  return {
    Path: user.path,
    UserName: user.userName,
    UserId: user.userId,
    Arn: arnOf(scope, 'user', user.path, user.userName),
    CreateDate: user.createdAtMs,
    ...(passwordUsedAtMs === undefined ? {} : { PasswordLastUsed: passwordUsedAtMs }),
    ...(isWhole && user.boundaryArn !== undefined ? { PermissionsBoundary: boundaryOf(user.boundaryArn) } : {}),
    ...(isWhole && Object.keys(user.tags).length > 0 ? { Tags: tagList(user.tags) } : {}),
  };
}

export const CreateUser = operation('CreateUser', {
  access: (input, scope) => ({
    action: 'iam:CreateUser',
    resource: arnOf(scope, 'user', input.Path ?? '/', input.UserName),
    ...(input.Tags === undefined ? {} : { requestTags: tagRecord(input.Tags) }),
    context: { 'iam:PermissionsBoundary': input.PermissionsBoundary },
  }),
  async handle(input, context) {
    const { transaction, account, now, ids } = context;
    if ((await users.get(transaction, account, lower(input.UserName))) !== undefined) {
      throw fault('EntityAlreadyExists', `User with name ${input.UserName} already exists.`);
    }
    if (input.PermissionsBoundary !== undefined) await requireBoundary(context, input.PermissionsBoundary);
    const user: UserRecord = {
      account,
      userName: input.UserName,
      userId: uniqueId(ids, 'AIDA'),
      path: input.Path ?? '/',
      createdAtMs: wholeSeconds(now),
      tags: tagRecord(input.Tags),
      boundaryArn: input.PermissionsBoundary,
    };
    users.put(transaction, user);
    noteBoundary(transaction, { account, kind: 'user', name: user.userName }, undefined, user.boundaryArn);
    principalIds.put(transaction, { id: user.userId, account, kind: 'user', name: user.userName });
    return { User: userShape(context, user) };
  },
});

export const GetUser = operation('GetUser', {
  access: (input, scope): Access | Promise<Access> =>
    isRootItself(input.UserName, scope)
      ? { action: 'iam:GetUser', resource: `arn:${scope.partition}:iam::${scope.account}:root` }
      : entityAccess(scope, 'iam:GetUser', 'user', userNameOf(scope, input.UserName)),
  async handle(input, context) {
    if (isRootItself(input.UserName, context)) return { User: await rootShape(context) };
    const user = await requireUser(context, userNameOf(context, input.UserName));
    const profile = await loginProfiles.get(context.transaction, context.account, user.userId);
    return { User: userShape(context, user, true, profile?.lastUsedAtMs) };
  },
});

function isRootItself(userName: string | undefined, { caller }: Scope): boolean {
  return userName === undefined && caller.principal.kind === 'root';
}

/** AWS: root has no name and no path of its own, but GetUser shows it. */
export async function rootShape({ partition, account, transaction }: Scope): Promise<User> {
  const createdAtMs = wholeSeconds((await accounts.get(transaction, account))?.createdAtMs ?? 0);
  return { Path: '/', UserName: 'root', UserId: account, Arn: `arn:${partition}:iam::${account}:root`, CreateDate: createdAtMs };
}

export const ListUsers = operation('ListUsers', {
  access: (input, scope) => ({ action: 'iam:ListUsers', resource: arnOf(scope, 'user', input.PathPrefix ?? '/', '') }),
  async handle(input, context) {
    const page = await pathPage(context, users, input);
    const shapes = page.items.map(async (user) => {
      const profile = await loginProfiles.get(context.transaction, context.account, user.userId);
      return userShape(context, user, false, profile?.lastUsedAtMs);
    });
    return { Users: await Promise.all(shapes), ...page.state };
  },
});

export const UpdateUser = operation('UpdateUser', {
  access: async (input, scope) => [
    await entityAccess(scope, 'iam:UpdateUser', 'user', input.UserName),
    ...(input.NewUserName === undefined && input.NewPath === undefined ? [] : [await renamedAccess(input, scope)]),
  ],
  async handle(input, context) {
    const { transaction, account } = context;
    const user = await requireUser(context, input.UserName);
    const renamed = { ...user, userName: input.NewUserName ?? user.userName, path: input.NewPath ?? user.path };
    const isSameName = lower(renamed.userName) === lower(user.userName);
    if (!isSameName && (await users.get(transaction, account, lower(renamed.userName))) !== undefined) {
      throw fault('EntityAlreadyExists', `User with name ${renamed.userName} already exists.`);
    }
    await moveUser(context, user, renamed);
    permissionsChanged(context);
    return {};
  },
});

async function renamedAccess(
  input: { readonly UserName: string; readonly NewUserName?: string | undefined; readonly NewPath?: string | undefined },
  scope: Scope,
): Promise<Access> {
  const user = await users.get(scope.transaction, scope.account, lower(input.UserName));
  const name = input.NewUserName ?? user?.userName ?? input.UserName;
  return { action: 'iam:UpdateUser', resource: arnOf(scope, 'user', input.NewPath ?? user?.path ?? '/', name) };
}

/** Everything that names the user follows it. */
async function moveUser(context: Scope, user: UserRecord, renamed: UserRecord): Promise<void> {
  const { transaction, account } = context;
  users.remove(transaction, user);
  users.put(transaction, renamed);
  noteBoundary(transaction, { account, kind: 'user', name: user.userName }, user.boundaryArn, undefined);
  noteBoundary(transaction, { account, kind: 'user', name: renamed.userName }, undefined, user.boundaryArn);
  principalIds.put(transaction, { id: user.userId, account, kind: 'user', name: renamed.userName });
  for (const owned of await keysOfUser.all(transaction, account, lower(user.userName))) {
    const key = await accessKeys.get(transaction, owned.accessKeyId);
    keysOfUser.remove(transaction, owned);
    keysOfUser.put(transaction, { ...owned, userName: renamed.userName });
    if (key !== undefined) accessKeys.put(transaction, { ...key, userName: renamed.userName });
  }
  for (const inline of await inlinePolicies.all(transaction, account, 'user', lower(user.userName))) {
    inlinePolicies.remove(transaction, inline);
    inlinePolicies.put(transaction, { ...inline, name: renamed.userName });
  }
  for (const attached of await attachments.all(transaction, account, 'user', lower(user.userName))) {
    for (const side of [attachments, attachedTo]) {
      side.remove(transaction, attached);
      side.put(transaction, { ...attached, name: renamed.userName });
    }
  }
  for (const membership of await groupsOfUser.all(transaction, account, lower(user.userName))) {
    for (const side of [groupsOfUser, membersOfGroup]) {
      side.remove(transaction, membership);
      side.put(transaction, { ...membership, userName: renamed.userName });
    }
  }
}

export const DeleteUser = operation('DeleteUser', {
  access: onEntity('iam:DeleteUser', 'user', (input) => input.UserName),
  async handle(input, context) {
    const { transaction, account } = context;
    const user = await requireUser(context, input.UserName);
    const name = lower(user.userName);
    const conflict = (what: string) => fault('DeleteConflict', `Cannot delete entity, must ${what} first.`);
    if ((await attachments.list(transaction, [account, 'user', name], { limit: 1 })).length > 0) throw conflict('detach all policies');
    if ((await inlinePolicies.list(transaction, [account, 'user', name], { limit: 1 })).length > 0) throw conflict('delete policies');
    if ((await keysOfUser.list(transaction, [account, name], { limit: 1 })).length > 0) throw conflict('delete access keys');
    if ((await loginProfiles.get(transaction, account, user.userId)) !== undefined) throw conflict('delete login profile');
    if ((await serviceCredentials.list(transaction, [account, user.userId], { limit: 1 })).length > 0)
      throw conflict('delete service specific credentials');
    if ((await signingCertificates.list(transaction, [account, user.userId], { limit: 1 })).length > 0)
      throw conflict('delete signing certificates');
    if ((await sshKeys.list(transaction, [account, user.userId], { limit: 1 })).length > 0) throw conflict('delete SSH public keys');
    if ((await mfasOfOwner.list(transaction, [account, user.userId], { limit: 1 })).length > 0) throw conflict('delete MFA device');
    if ((await groupsOfUser.list(transaction, [account, name], { limit: 1 })).length > 0) throw conflict('remove users from group');
    users.remove(transaction, user);
    noteBoundary(transaction, { account, kind: 'user', name: user.userName }, user.boundaryArn, undefined);
    principalIds.remove(transaction, { id: user.userId, account, kind: 'user', name: user.userName });
    permissionsChanged(context);
    return {};
  },
});

export const userOperations = [CreateUser, GetUser, ListUsers, UpdateUser, DeleteUser];
