// Who may ask for the compliance of a whole organisation, and the accounts that are in it.
// https://docs.aws.amazon.com/tag-editor/latest/userguide/tag-policies-orgs.html
import type { Scope } from '../../kit/context.ts';
import type { OrganizationStanding } from '../../kit/ports.ts';
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

/** The accounts of the organisation, or of the named accounts, units and root in it. @throws Fault InvalidParameterException */
export async function accountsOf(
  scope: Scope,
  { organizationId, rootId, managementAccount }: Organization,
  targets: readonly string[] | undefined,
): Promise<readonly string[]> {
  const branch = await scope.organizations.branchOf(scope.transaction, organizationId, `${organizationId}/${rootId}`, undefined);
  const members = branch?.accounts ?? [];
  const own = await scope.organizations.standingOf(scope.transaction, managementAccount, tagPolicyPrincipal);
  const all = [{ account: managementAccount, path: `${own?.path ?? ''}${managementAccount}` }, ...members];
  if (targets === undefined) return all.map(({ account }) => account);
  const chosen = new Set<string>();
  for (const target of targets) {
    const under = all.filter(({ path }) => path.split('/').includes(target));
    if (under.length === 0) throw invalidParameter(`The target ID ${target} is invalid, unsupported, or doesn't exist.`);
    for (const { account } of under) chosen.add(account);
  }
  return [...chosen];
}

export function constraint(message: string) {
  return fault('ConstraintViolationException', message);
}

/** `o-…/r-…/…` */
function rootOf({ path }: OrganizationStanding): string {
  return path.split('/')[1] ?? '';
}
