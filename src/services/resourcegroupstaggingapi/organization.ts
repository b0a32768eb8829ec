// Who may ask for the compliance of a whole organisation, and which of its accounts are asked about.
// https://docs.aws.amazon.com/tag-editor/latest/userguide/tag-policies-orgs.html
import type { Scope } from '../../kit/context.ts';
import type { OrganizationMember, OrganizationStanding } from '../../kit/ports.ts';
import { fault, globalRegion, invalidParameter } from './service.ts';

const tagPolicyPrincipal = 'tagpolicies.tag.amazonaws.com';

export interface Organization {
  readonly organizationId: string;
  readonly rootId: string;
  readonly managementAccount: string;
}

/** @throws Fault ConstraintViolationException */
export async function requireManagement(scope: Scope): Promise<Organization> {
  const standing = await scope.organizations.standingOf(scope.transaction, scope.account, tagPolicyPrincipal);
  if (standing === undefined || standing.managementAccount !== scope.account) {
    throw constraint("You can call this operation only from the organization's management account.");
  }
  if (scope.region !== globalRegion) throw constraint(`You can call this operation only from the ${globalRegion} Region.`);
  if (!standing.isServiceTrusted) {
    throw constraint(`You must enable the tag policies service principal (${tagPolicyPrincipal}) to integrate with Organizations.`);
  }
  return { ...standing, rootId: rootOf(standing) };
}

/** @throws Fault ConstraintViolationException when no tag policy reaches any account of the organisation */
export async function requireTagPolicy(scope: Scope, organization: Organization): Promise<void> {
  for await (const members of membersOf(scope, organization, '')) {
    for (const { account } of members) if ((await tagRulesOf(scope, account)).length > 0) return;
  }
  throw constraint('You must have a tag policy attached to the organization root, an OU, or an account.');
}

export async function tagRulesOf({ guardrails, transaction }: Scope, account: string) {
  return (await guardrails.placeOf(account, transaction))?.tagRules ?? [];
}

/** The targets themselves, which may be accounts, units and the root. @throws Fault InvalidParameterException */
export async function requireTargets(scope: Scope, { organizationId, rootId }: Organization, targets: readonly string[]): Promise<void> {
  const { organizations, transaction } = scope;
  for (const target of targets) {
    const isThere =
      target === rootId ||
      (target.startsWith('ou-') && (await organizations.unitPath(transaction, organizationId, target)) !== undefined) ||
      (await organizations.standingOf(transaction, target, tagPolicyPrincipal))?.organizationId === organizationId;
    if (!isThere) throw invalidParameter(`The target ID ${target} is invalid, unsupported, or doesn't exist.`);
  }
}

/** Undefined targets stand for the whole organisation. */
export function isTargeted({ account, path }: OrganizationMember, targets: ReadonlySet<string> | undefined): boolean {
  return targets === undefined || targets.has(account) || path.split('/').some((part) => targets.has(part));
}

const batchMax = 100;

/** The accounts of the organisation in the order of their ids, from this one on, in batches. */
export async function* membersOf(
  { organizations, transaction }: Scope,
  { organizationId }: Organization,
  from: string,
): AsyncGenerator<readonly OrganizationMember[]> {
  for (let next: string | undefined = from; next !== undefined; ) {
    const batch: readonly OrganizationMember[] = await organizations.membersFrom(transaction, next, batchMax);
    yield batch.filter((member) => member.organizationId === organizationId);
    const last = batch.length < batchMax ? undefined : batch.at(-1)?.account;
    // Sorts after the account, and before every other one.
    next = last === undefined ? undefined : `${last} `;
  }
}

export function constraint(message: string) {
  return fault('ConstraintViolationException', message);
}

/** `o-…/r-…/…` */
function rootOf({ path }: OrganizationStanding): string {
  return path.split('/')[1] ?? '';
}
