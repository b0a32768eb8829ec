// The permissions policies of a user, group or role, with where each comes from: what reports about access are made of.
import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import { findManagedPolicy, type ManagedPolicy } from './managed-policies.ts';
import {
  attachedTo,
  attachments,
  type EntityKind,
  groups,
  groupsOfUser,
  inlinePolicies,
  lower,
  membersOfGroup,
  roles,
  users,
} from './records.ts';

/** A policy as it applies to an entity. */
export interface AppliedPolicy {
  readonly policyName: string;
  /** Undefined: an inline policy. */
  readonly policyArn: string | undefined;
  /** What the inline policy is embedded in. */
  readonly holder: { readonly kind: EntityKind; readonly name: string };
  readonly document: string;
}

/** A user or role whose accesses are reported. */
export interface ReportedPrincipal {
  readonly kind: 'user' | 'role';
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly arn: string;
}

/** What a report is about. */
export interface ReportedEntity {
  readonly kind: EntityKind | 'policy';
  readonly policies: readonly AppliedPolicy[];
  readonly principals: readonly ReportedPrincipal[];
}

/** The entity with this ARN in the caller's account; undefined when there is none. */
export async function reportedEntity(scope: Scope, arn: string): Promise<ReportedEntity | undefined> {
  const parts = parseArn(arn);
  if (parts?.service !== 'iam') return undefined;
  const kind = parts.resource.slice(0, parts.resource.indexOf('/'));
  const name = parts.resource.slice(parts.resource.lastIndexOf('/') + 1);
  if (kind === 'policy') return reportedPolicy(scope, arn);
  if (parts.account !== scope.account) return undefined;
  if (kind === 'group') return reportedGroup(scope, arn, name);
  if (kind !== 'user' && kind !== 'role') return undefined;
  const principal = await principalNamed(scope, kind, name);
  if (principal?.arn !== arn) return undefined;
  return { kind, policies: await policiesOf(scope, kind, principal.name), principals: [principal] };
}

async function reportedGroup(scope: Scope, arn: string, name: string): Promise<ReportedEntity | undefined> {
  const group = await groups.get(scope.transaction, scope.account, lower(name));
  if (group === undefined || arn !== `arn:${scope.partition}:iam::${scope.account}:group${group.path}${group.groupName}`) return undefined;
  return {
    kind: 'group',
    policies: await policiesOf(scope, 'group', group.groupName),
    principals: await membersOf(scope, group.groupName),
  };
}

async function reportedPolicy(scope: Scope, arn: string): Promise<ReportedEntity | undefined> {
  const found = await findManagedPolicy(scope.transaction, arn);
  if (found === undefined || (!found.isAwsManaged && found.record.account !== scope.account)) return undefined;
  return { kind: 'policy', policies: [applied(found, 'user', '')], principals: await holdersOf(scope, arn) };
}

/** Users and roles that have the policy, by themselves or through a group; each once. */
async function holdersOf(scope: Scope, arn: string): Promise<readonly ReportedPrincipal[]> {
  const holders = new Map<string, ReportedPrincipal>();
  for (const { kind, name } of await attachedTo.all(scope.transaction, scope.account, arn)) {
    const found = kind === 'group' ? await membersOf(scope, name) : [await principalNamed(scope, kind, name)];
    for (const principal of found) if (principal !== undefined) holders.set(principal.id, principal);
  }
  return [...holders.values()];
}

async function membersOf(scope: Scope, groupName: string): Promise<readonly ReportedPrincipal[]> {
  const memberships = await membersOfGroup.all(scope.transaction, scope.account, lower(groupName));
  const members = await Promise.all(memberships.map(({ userName }) => principalNamed(scope, 'user', userName)));
  return members.filter((member) => member !== undefined);
}

async function principalNamed(scope: Scope, kind: 'user' | 'role', name: string): Promise<ReportedPrincipal | undefined> {
  const { transaction, account, partition } = scope;
  if (kind === 'user') {
    const user = await users.get(transaction, account, lower(name));
    if (user === undefined) return undefined;
    const arn = `arn:${partition}:iam::${account}:user${user.path}${user.userName}`;
    return { kind, id: user.userId, name: user.userName, path: user.path, arn };
  }
  const role = await roles.get(transaction, account, lower(name));
  if (role === undefined) return undefined;
  return {
    kind,
    id: role.roleId,
    name: role.roleName,
    path: role.path,
    arn: `arn:${partition}:iam::${account}:role${role.path}${role.roleName}`,
  };
}

/** Inline, attached, and for users those of their groups. */
async function policiesOf(scope: Scope, kind: EntityKind, name: string): Promise<readonly AppliedPolicy[]> {
  const { transaction, account } = scope;
  const inline = await inlinePolicies.all(transaction, account, kind, lower(name));
  const attached = await attachments.all(transaction, account, kind, lower(name));
  const managed = await Promise.all(attached.map(({ policyArn }) => findManagedPolicy(transaction, policyArn)));
  const own: readonly AppliedPolicy[] = [
    ...inline.map(({ policyName, document }) => ({ policyName, policyArn: undefined, holder: { kind, name }, document })),
    ...managed.flatMap((policy) => (policy === undefined ? [] : [applied(policy, kind, name)])),
  ];
  if (kind !== 'user') return own;
  const memberships = await groupsOfUser.all(transaction, account, lower(name));
  const ofGroups = await Promise.all(memberships.map(({ groupName }) => policiesOf(scope, 'group', groupName)));
  return [...own, ...ofGroups.flat()];
}

function applied({ arn, record, document }: ManagedPolicy, kind: EntityKind, name: string): AppliedPolicy {
  return { policyName: record.policyName, policyArn: arn, holder: { kind, name }, document };
}
