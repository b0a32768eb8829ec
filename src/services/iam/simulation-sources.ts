// The policies that a simulation includes: of a user with its groups, of a group or role, and those given in the request, each with its text.
import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import type { PolicySource, Principal } from '../../policy/policy.ts';
import { checkIdentityDocument } from '../../policy/validate-document.ts';
import { arnOf, requireGroup, requireRole, requireUser } from './entities.ts';
import { findManagedPolicy } from './managed-policies.ts';
import { attachments, type EntityKind, groupsOfUser, inlinePolicies, lower } from './records.ts';
import { fault } from './service.ts';

/** A policy with what the simulator says of it. */
export interface SimulatedPolicy {
  /** The policy's name, or `PolicyInputList.1`. */
  readonly id: string;
  readonly text: string;
  readonly source: PolicySource;
}

export interface SimulatedPrincipal {
  readonly principal: Principal;
  readonly userName: string | undefined;
  readonly policies: readonly SimulatedPolicy[];
  readonly boundary: SimulatedPolicy | undefined;
}

/** @throws Fault InvalidInput when the ARN is not of a user, group or role; NoSuchEntity */
export async function principalOf(scope: Scope, arn: string): Promise<SimulatedPrincipal> {
  const parts = parseArn(arn);
  const [kind, ...rest] = parts?.resource.split('/') ?? [];
  const name = rest.at(-1);
  if (parts?.service !== 'iam' || name === undefined || (kind !== 'user' && kind !== 'group' && kind !== 'role')) {
    throw fault('InvalidInput', `Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
  }
  if (parts.account !== scope.account) throw fault('NoSuchEntity', `The entity ${arn} cannot be found.`);
  const own = await policiesOf(scope, kind, name);
  if (kind === 'user') return userPrincipal(scope, name, own);
  if (kind === 'role') return rolePrincipal(scope, name, own);
  await requireGroup(scope, name);
  return { principal: { kind: 'user', arn, account: scope.account }, userName: undefined, policies: own, boundary: undefined };
}

async function userPrincipal(scope: Scope, name: string, own: readonly SimulatedPolicy[]): Promise<SimulatedPrincipal> {
  const user = await requireUser(scope, name);
  const memberships = await groupsOfUser.all(scope.transaction, scope.account, lower(name));
  const ofGroups = await Promise.all(memberships.map(({ groupName }) => policiesOf(scope, 'group', groupName)));
  return {
    principal: { kind: 'user', arn: arnOf(scope, 'user', user.path, user.userName), account: scope.account, uniqueId: user.userId },
    userName: user.userName,
    policies: [...own, ...ofGroups.flat()],
    boundary: await managed(scope, user.boundaryArn),
  };
}

async function rolePrincipal(scope: Scope, name: string, own: readonly SimulatedPolicy[]): Promise<SimulatedPrincipal> {
  const role = await requireRole(scope, name);
  const roleArn = arnOf(scope, 'role', role.path, role.roleName);
  const isServiceLinkedRole = role.path.startsWith('/aws-service-role/');
  return {
    principal: { kind: 'role-session', arn: roleArn, account: scope.account, roleArn, uniqueId: role.roleId, isServiceLinkedRole },
    userName: undefined,
    policies: own,
    boundary: await managed(scope, role.boundaryArn),
  };
}

async function policiesOf(scope: Scope, kind: EntityKind, name: string): Promise<readonly SimulatedPolicy[]> {
  const { transaction, account } = scope;
  const inline = await inlinePolicies.all(transaction, account, kind, lower(name));
  const attached = await attachments.all(transaction, account, kind, lower(name));
  const whole = await Promise.all(attached.map(({ policyArn }) => managed(scope, policyArn)));
  const own = inline.map(({ policyName, document }) => simulated(scope, policyName, document, `${kind} ${name} ${policyName}`));
  return [...own, ...whole.filter((policy) => policy !== undefined)];
}

async function managed(scope: Scope, arn: string | undefined): Promise<SimulatedPolicy | undefined> {
  const found = arn === undefined ? undefined : await findManagedPolicy(scope.transaction, arn);
  return found === undefined ? undefined : simulated(scope, found.record.policyName, found.document, found.arn);
}

/** `name` tells the policy from all others of the simulation. */
export function simulated({ compile }: Scope, id: string, text: string, name: string): SimulatedPolicy {
  return { id, text, source: { name, policy: compile(text) } };
}

/** The request's own policies. @throws Fault InvalidInput */
export function inputPolicies(scope: Scope, texts: readonly string[] | undefined, list: string): readonly SimulatedPolicy[] {
  return (texts ?? []).map((text, index) => {
    const check = checkIdentityDocument(text);
    if ('message' in check) throw fault('InvalidInput', check.message);
    const id = `${list}.${index + 1}`;
    return simulated(scope, id, text, id);
  });
}
