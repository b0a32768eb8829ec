// Whose credentials a request is about: a user's, or the account's root's own. AWS's operations leave the name out for the caller itself.

import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import type { ResourceArn } from '../../kit/resources.gen.ts';
import { arnOf, entityAccess, requireUser, userNameOf } from './entities.ts';
import { lower, principalIds, users } from './records.ts';

export interface Owner {
  /** A user's unique id, or the account for root: what credentials are filed under. */
  readonly id: string;
  /** Undefined for root. */
  readonly userName: string | undefined;
  readonly arn: string;
}

export function rootArn({ partition, account }: Pick<Scope, 'partition' | 'account'>): ResourceArn<'sts:root-user'> {
  return `arn:${partition}:iam::${account}:root`;
}

function isRootItself(scope: Scope, userName: string | undefined): boolean {
  return userName === undefined && scope.caller.principal.kind === 'root';
}

/** @throws Fault NoSuchEntity, InvalidInput */
export async function requireOwner(scope: Scope, userName: string | undefined): Promise<Owner> {
  if (isRootItself(scope, userName)) return { id: scope.account, userName: undefined, arn: rootArn(scope) };
  const user = await requireUser(scope, userNameOf(scope, userName));
  return { id: user.userId, userName: user.userName, arn: arnOf(scope, 'user', user.path, user.userName) };
}

/** Root has no name of its own, but EnableMFADevice and ResyncMFADevice demand one: `root`, unless a user has that name. */
export async function nameOrRoot(scope: Scope, userName: string): Promise<string | undefined> {
  if (userName !== 'root' || scope.caller.principal.kind !== 'root') return userName;
  return (await users.get(scope.transaction, scope.account, lower(userName))) === undefined ? undefined : userName;
}

/** What an operation on the credentials of somebody must be allowed. */
export function onOwner(action: Access['action'], extra: Partial<Access> = {}) {
  return (input: { readonly UserName?: string | undefined }, scope: Scope): Access | Promise<Access> => {
    if (isRootItself(scope, input.UserName)) return { action, resource: rootArn(scope), ...extra };
    return entityAccess(scope, action, 'user', userNameOf(scope, input.UserName), extra);
  };
}

/** The present name of the owner, or undefined for root. */
export async function nameOfOwner(scope: Scope, ownerId: string): Promise<string | undefined> {
  return ownerId === scope.account ? undefined : (await principalIds.get(scope.transaction, ownerId))?.name;
}
