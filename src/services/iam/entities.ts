// Finding users, groups and roles, their ARNs, and what IAM authorises on them.

import type { Scope } from '../../kit/context.ts';
import { advanceGeneration } from '../../kit/generation.ts';
import { type Access, commonFault } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ResourceArn } from '../../kit/resources.gen.ts';
import { requireModifiable } from './protected-roles.ts';
import { type EntityKind, type GroupRecord, groups, lower, type RoleRecord, roles, type Tags, type UserRecord, users } from './records.ts';
import { fault } from './service.ts';

/** What the three kinds have in common. */
export interface Entity {
  readonly kind: EntityKind;
  readonly name: string;
  readonly arn: ResourceArn<`iam:${EntityKind}`>;
  readonly id: string;
  readonly tags: Tags;
}

export function arnOf<Kind extends EntityKind | 'policy' | 'instance-profile' | 'server-certificate'>(
  scope: Scope,
  kind: Kind,
  path: string,
  name: string,
): ResourceArn<`iam:${Kind}`> {
  return resourceNamed<`iam:${Kind}`>(`arn:${scope.partition}:iam::${scope.account}:${kind}${path}${name}`);
}

/** @throws Fault NoSuchEntity */
export async function requireUser(scope: Scope, userName: string): Promise<UserRecord> {
  const user = await users.get(scope.transaction, scope.account, lower(userName));
  if (user === undefined) throw fault('NoSuchEntity', `The user with name ${userName} cannot be found.`);
  return user;
}

/** @throws Fault NoSuchEntity */
export async function requireGroup(scope: Scope, groupName: string): Promise<GroupRecord> {
  const group = await groups.get(scope.transaction, scope.account, lower(groupName));
  if (group === undefined) throw fault('NoSuchEntity', `The group with name ${groupName} cannot be found.`);
  return group;
}

/** @throws Fault NoSuchEntity */
export async function requireRole(scope: Scope, roleName: string): Promise<RoleRecord> {
  const role = await roles.get(scope.transaction, scope.account, lower(roleName));
  if (role === undefined) throw fault('NoSuchEntity', `The role with name ${roleName} cannot be found.`);
  return role;
}

/** @throws Fault NoSuchEntity */
export async function requireEntity(scope: Scope, kind: EntityKind, name: string): Promise<Entity> {
  const found = await findEntity(scope, kind, name);
  if (found === undefined) throw fault('NoSuchEntity', `The ${kind} with name ${name} cannot be found.`);
  return found;
}

/** @throws Fault NoSuchEntity; UnmodifiableEntity for service-linked roles */
export async function requireModifiableEntity(scope: Scope, kind: EntityKind, name: string): Promise<Entity> {
  const entity = await requireEntity(scope, kind, name);
  if (kind === 'role') requireModifiable(await requireRole(scope, name));
  return entity;
}

export async function findEntity(scope: Scope, kind: EntityKind, name: string): Promise<Entity | undefined> {
  const { transaction, account } = scope;
  switch (kind) {
    case 'user': {
      const user = await users.get(transaction, account, lower(name));
      return user === undefined ? undefined : userEntity(scope, user);
    }
    case 'group': {
      const group = await groups.get(transaction, account, lower(name));
      if (group === undefined) return undefined;
      return { kind, name: group.groupName, arn: arnOf(scope, kind, group.path, group.groupName), id: group.groupId, tags: {} };
    }
    case 'role': {
      const role = await roles.get(transaction, account, lower(name));
      if (role === undefined) return undefined;
      return { kind, name: role.roleName, arn: arnOf(scope, kind, role.path, role.roleName), id: role.roleId, tags: role.tags };
    }
  }
}

function userEntity(scope: Scope, user: UserRecord): Entity {
  return { kind: 'user', name: user.userName, arn: arnOf(scope, 'user', user.path, user.userName), id: user.userId, tags: user.tags };
}

/** What must be allowed to touch an existing user, group or role; for a missing one the ARN that it would have. */
export async function entityAccess(
  scope: Scope,
  action: Access['action'],
  kind: EntityKind,
  name: string,
  extra: Partial<Access> = {},
): Promise<Access> {
  const entity = await findEntity(scope, kind, name);
  const resource = entity?.arn ?? arnOf(scope, kind, '/', name);
  const tags = entity === undefined || kind === 'group' ? {} : { resourceTags: entity.tags };
  return { action, resource, shownAs: `${kind} ${name}`, ...tags, ...extra };
}

/** The access of most operations on one named entity. */
export function onEntity<Input>(action: Access['action'], kind: EntityKind, nameOf: (input: Input) => string) {
  return (input: Input, scope: Scope): Promise<Access> => entityAccess(scope, action, kind, nameOf(input));
}

/** Operations without a name are about the calling user. @throws Fault ValidationError for callers that are no users. */
export function userNameOf(scope: Scope, given: string | undefined): string {
  const name = given ?? scope.caller.userName;
  if (name === undefined) throw commonFault('ValidationError', 'Must specify userName when calling with non-User credentials');
  return name;
}

/** Ends the validity of cached identities of the account. */
export function permissionsChanged(scope: Scope): void {
  advanceGeneration(scope.transaction, scope.account, scope.requestId);
}

export function tagList(tags: Tags): readonly { readonly Key: string; readonly Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** @throws Fault InvalidInput for keys that differ only in case. */
export function tagRecord(tags: readonly { readonly Key: string; readonly Value: string }[] | undefined): Tags {
  const record: Record<string, string> = {};
  const seen = new Set<string>();
  for (const { Key: key, Value: value } of tags ?? []) {
    if (seen.has(key.toLowerCase()))
      throw fault('InvalidInput', 'Duplicate tag keys found. Please note that Tag keys are case insensitive.');
    if (/^aws:/i.test(key)) throw fault('InvalidInput', 'The specified tag key is reserved: tag keys must not start with aws:.');
    seen.add(key.toLowerCase());
    record[key] = value;
  }
  if (seen.size > 50) throw fault('LimitExceeded', 'The number of tags has reached the maximum limit.');
  return record;
}
