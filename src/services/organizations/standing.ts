// Who may call what: the caller's organisation, its part in it, and how each operation is authorised. Management operations belong to the
// management account; members that administer a service read; what the organisation's resource policy hands over, members may do.

import type { Context, Scope } from '../../kit/context.ts';
import type { Access, Coverage, OperationDefinition } from '../../kit/operation.ts';
import type { ResourceArn } from '../../kit/resources.gen.ts';
import { compilePolicy } from '../../policy/compile.ts';
import type { ConditionValue } from '../../policy/policy.ts';
import type { Operations } from './api.gen.ts';
import { accountArn, policyArn, resourcePolicyArn, rootArn, unitArn } from './arns.ts';
import { managedPolicy } from './aws-managed.ts';
import { delegations, members, type OrganizationRecord, organizations, policies, resourcePolicies, tagsOf } from './records.ts';
import { accessDenied, fault, operation } from './service.ts';

/**
 * `management`: the management account alone.
 * `policies`: also members to whom the resource policy hands it over.
 * `readers`: also members that are registered as delegated administrators.
 * `members`: every account of an organisation.
 */
export type Who = 'management' | 'policies' | 'readers' | 'members';

/** One thing that an operation touches: the id of a root, unit, account, policy or resource policy, or an ARN. */
export interface Target {
  readonly id?: string;
  readonly arn?: '*' | ResourceArn;
  readonly context?: Readonly<Record<string, ConditionValue | undefined>>;
}

type Name = keyof Operations & string;
type TagList = readonly { readonly Key: string; readonly Value: string }[];

interface Declaration<Input, Output> {
  /** `stored` for what is kept without effect. */
  readonly coverage?: Coverage;
  readonly who: Who;
  /** What is touched; nothing in particular when absent. */
  readonly on?: (input: Input, organization: OrganizationRecord, scope: Scope) => readonly Target[] | Promise<readonly Target[]>;
  /** Tags of the request; giving some needs organizations:TagResource too. */
  readonly tags?: (input: Input) => TagList | undefined;
  readonly handle: (input: Input, context: Context, organization: OrganizationRecord) => Promise<Output> | Output;
}

/** An operation inside an organisation. */
export function organizationOperation<Operation extends Name>(
  name: Operation,
  declaration: Declaration<Operations[Operation]['input'], Operations[Operation]['output']>,
): OperationDefinition {
  type Input = Operations[Operation]['input'];
  return operation(name, {
    access: async (input: Input, scope: Scope) => accessOf(name, declaration, input, scope),
    ...(declaration.coverage === undefined ? {} : { coverage: declaration.coverage }),
    async handle(input: Input, context: Context) {
      const organization = await requireOrganization(context);
      if (!(await isEntitled(context, organization, declaration.who))) throw accessDenied();
      return declaration.handle(input, context, organization);
    },
  });
}

/** The caller's organisation. @throws Fault AWSOrganizationsNotInUseException */
export async function requireOrganization(scope: Scope): Promise<OrganizationRecord> {
  const organization = await organizationOf(scope);
  if (organization === undefined) throw fault('AWSOrganizationsNotInUseException', 'Your account is not a member of an organization.');
  return organization;
}

async function organizationOf({ transaction, account }: Scope): Promise<OrganizationRecord | undefined> {
  const member = await members.get(transaction, account);
  return member === undefined ? undefined : organizations.get(transaction, member.organizationId);
}

async function isEntitled(scope: Scope, organization: OrganizationRecord, who: Who): Promise<boolean> {
  if (who === 'members' || organization.managementAccount === scope.account) return true;
  if (who === 'management') return false;
  if (who === 'readers' && (await isDelegated(scope, organization))) return true;
  // Whether the resource policy allows it was asked before; without one nothing was.
  return (await resourcePolicies.get(scope.transaction, organization.organizationId)) !== undefined;
}

export async function isDelegated({ transaction, account }: Scope, { organizationId }: OrganizationRecord): Promise<boolean> {
  return (await delegations.list(transaction, [organizationId, account], { limit: 1 })).length > 0;
}

async function accessOf<Input>(
  name: Name,
  declaration: Declaration<Input, unknown>,
  input: Input,
  scope: Scope,
): Promise<readonly Access[]> {
  const organization = await organizationOf(scope);
  const action: Access['action'] = `organizations:${name}`;
  const tags = requestTags(declaration.tags?.(input));
  const targets = organization === undefined ? [] : await (declaration.on?.(input, organization, scope) ?? []);
  const delegated = organization === undefined ? {} : await delegatedBy(scope, organization, declaration.who);
  const touched = organization === undefined ? [] : await Promise.all(targets.map((target) => accessTo(scope, organization, target)));
  const accesses = (touched.length === 0 ? [{ resource: '*' as const }] : touched).map((access) => ({
    action,
    ...access,
    ...delegated,
    ...tags,
  }));
  // AWS: whoever creates with tags needs the permission to tag too.
  const isTagging = tags.requestTags !== undefined && name !== 'TagResource';
  return isTagging
    ? [...accesses, ...accesses.slice(0, 1).map((access) => ({ ...access, action: 'organizations:TagResource' as const }))]
    : accesses;
}

function requestTags(tags: TagList | undefined): Pick<Access, 'requestTags'> {
  if (tags === undefined || tags.length === 0) return {};
  return { requestTags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])) };
}

/** For a member that acts by the resource policy, what it touches belongs to the management account, and that policy must allow it. */
async function delegatedBy(
  scope: Scope,
  organization: OrganizationRecord,
  who: Who,
): Promise<Pick<Access, 'resourceAccount' | 'resourcePolicy'>> {
  if (who === 'management' || who === 'members' || scope.account === organization.managementAccount) return {};
  if (who === 'readers' && (await isDelegated(scope, organization))) return {};
  const policy = await resourcePolicies.get(scope.transaction, organization.organizationId);
  if (policy === undefined) return {};
  const source = { name: 'resource policy of the organization', policy: compilePolicy(policy.content) };
  return { resourceAccount: organization.managementAccount, resourcePolicy: { mode: 'optional', source } };
}

async function accessTo(scope: Scope, organization: OrganizationRecord, { id, arn, context }: Target): Promise<Omit<Access, 'action'>> {
  if (id === undefined) return { resource: arn ?? '*', ...(context === undefined ? {} : { context }) };
  const { transaction } = scope;
  const policyType = await policyTypeOf(scope, organization, id);
  const tags = await tagsOf.get(transaction, organization.organizationId, id);
  return {
    resource: arn ?? (await arnOfId(scope, organization, id)) ?? '*',
    resourceTags: tags?.tags ?? {},
    context: { ...(policyType === undefined ? {} : { 'organizations:PolicyType': policyType }), ...context },
  };
}

async function policyTypeOf({ transaction }: Scope, { organizationId }: OrganizationRecord, id: string): Promise<string | undefined> {
  return id.startsWith('p-') ? (managedPolicy(id)?.type ?? (await policies.get(transaction, organizationId, id))?.type) : undefined;
}

/** The ARN of what an id names, whether it exists or not; for a policy that does not exist its type is unknown. */
async function arnOfId(scope: Scope, organization: OrganizationRecord, id: string): Promise<ResourceArn | undefined> {
  const { partition, transaction } = scope;
  if (id.startsWith('r-')) return rootArn(partition, organization, id);
  if (id.startsWith('ou-')) return unitArn(partition, organization, id);
  if (id.startsWith('rp-')) return resourcePolicyArn(partition, organization, id);
  if (/^\d{12}$/.test(id)) return accountArn(partition, organization, id);
  const type = managedPolicy(id)?.type ?? (await policies.get(transaction, organization.organizationId, id))?.type;
  return type === undefined ? undefined : policyArn(partition, organization, type, id);
}
