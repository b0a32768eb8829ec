// Whom a share may name: accounts, roles and users, organisations and their units, services. What each comes to: under whom it is found, and
// whether it needs an invitation.
// https://docs.aws.amazon.com/ram/latest/userguide/getting-started-terms-and-concepts.html#term-consuming-account
import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import type { Holder } from './records.ts';
import { invalidParameter, notPermitted, unknown } from './service.ts';
import { type SharingOrganization, servicePrincipal, sharingOrganization } from './sharing.ts';

interface Named extends Pick<Holder, 'kind' | 'id'> {
  readonly unitId?: string;
  /** Of organisations and units: the management account that stands in the ARN. */
  readonly owner?: string;
}

/** What a principal is by its form. @throws Fault InvalidParameterException */
export function readPrincipal({ partition }: Pick<Scope, 'partition'>, principal: string): Named {
  if (/^\d{12}$/.test(principal)) return { kind: 'account', id: principal };
  if (/^[a-z0-9.-]+\.amazonaws\.com$/.test(principal)) return { kind: 'service', id: principal };
  const arn = parseArn(principal);
  const named = arn?.partition === partition && arn.region === '' ? namedByArn(arn.service, arn.account, arn.resource) : undefined;
  if (named === undefined) throw invalidParameter(`Principal ID ${principal} is malformed. Verify the ID and try again.`);
  return named;
}

function namedByArn(service: string, account: string, resource: string): Named | undefined {
  if (!/^\d{12}$/.test(account)) return undefined;
  if (service === 'iam') {
    const kind = /^(role|user)\/[\w+=,.@/-]+$/.exec(resource)?.[1];
    return kind === 'role' || kind === 'user' ? { kind, id: account } : undefined;
  }
  if (service !== 'organizations') return undefined;
  const organization = /^organization\/(o-[a-z0-9]{10,32})$/.exec(resource)?.[1];
  if (organization !== undefined) return { kind: 'organization', id: organization, owner: account };
  const [, id, unitId] = /^ou\/(o-[a-z0-9]{10,32})\/(ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})$/.exec(resource) ?? [];
  return id === undefined || unitId === undefined ? undefined : { kind: 'unit', id, unitId, owner: account };
}

/** What a principal comes to for shares of the caller's account. @throws Fault */
export async function holderOf(scope: Scope, principal: string): Promise<Holder> {
  const named = readPrincipal(scope, principal);
  const own = await sharingOrganization(scope, scope.account);
  switch (named.kind) {
    case 'service':
      return { kind: 'service', id: named.id };
    case 'organization':
      if (own?.organizationId !== named.id || own.managementAccount !== named.owner) throw unknown('Organization', named.id);
      return { kind: 'organization', id: named.id, organizationId: named.id };
    case 'unit':
      return unitHolder(scope, own, named);
    case 'account':
      return { kind: 'account', id: named.id, ...(await sideOf(scope, own, named.id)) };
    case 'role':
    case 'user': {
      const principalId = await scope.principals.principalId(scope.transaction, principal);
      if (principalId === undefined) throw unknown('Principal', principal);
      return { kind: named.kind, id: named.id, principalId, ...(await sideOf(scope, own, named.id)) };
    }
  }
}

/** AWS: an account may share with itself, which gives all of its roles and users what the share grants. */
async function sideOf(
  scope: Scope,
  own: SharingOrganization | undefined,
  account: string,
): Promise<Pick<Holder, 'isOwn' | 'organizationId'>> {
  if (account === scope.account) return { isOwn: true };
  return own !== undefined && (await isMember(scope, account, own)) ? { organizationId: own.organizationId } : {};
}

async function unitHolder(
  { transaction, organizations }: Scope,
  own: SharingOrganization | undefined,
  { id: organizationId, unitId = '', owner }: Named,
): Promise<Holder> {
  const isOwn = own?.organizationId === organizationId && own.managementAccount === owner;
  const path = isOwn ? await organizations.unitPath(transaction, organizationId, unitId) : undefined;
  if (path === undefined) throw unknown('OrganizationalUnit', unitId);
  return { kind: 'unit', id: unitId, path, organizationId };
}

async function isMember({ transaction, organizations }: Scope, account: string, own: SharingOrganization): Promise<boolean> {
  return (await organizations.standingOf(transaction, account, servicePrincipal))?.organizationId === own.organizationId;
}

/** An account, or a role or user of it, that must accept an invitation. */
export function isInvited({ kind, organizationId, isOwn }: Holder): boolean {
  return organizationId === undefined && kind !== 'service' && isOwn !== true;
}

/** AWS: an owner in no organisation has no outsiders. @throws Fault InvalidParameterException */
export async function requireOutsidersAllowed(scope: Scope, principal: string, holder: Holder, allowsExternal: boolean): Promise<void> {
  if (allowsExternal || !isInvited(holder)) return;
  if ((await scope.organizations.standingOf(scope.transaction, scope.account, servicePrincipal)) === undefined) return;
  throw invalidParameter(
    `Principal ${principal} is not in your AWS organization. You do not have permission to add external AWS accounts to a resource share.`,
  );
}

/** AWS says so of a resource that may not leave the organisation, and of a share that may not either. */
export function onlyInside(): Error {
  return notPermitted(
    'The resource you are attempting to share can only be shared within your AWS Organization. This error may also occur if you have not enabled sharing with your AWS organization, or that onboarding process is still in progress.',
  );
}

/** The rules of a type of resources for a principal. @throws Fault OperationNotPermittedException */
export function requireSuitable(
  type: {
    readonly type: string;
    readonly hasPrincipals: boolean;
    readonly isForOutsiders: boolean;
    readonly servicePrincipals?: readonly string[];
  },
  principal: string,
  holder: Holder,
): void {
  if (isInvited(holder) && !type.isForOutsiders) {
    throw onlyInside();
  }
  if ((holder.kind === 'role' || holder.kind === 'user') && !type.hasPrincipals) {
    throw notPermitted(`Resources of type ${type.type} cannot be shared with IAM roles and users: ${principal}.`);
  }
  if (holder.kind === 'service' && type.servicePrincipals?.includes(holder.id) !== true) {
    throw notPermitted(`Resources of type ${type.type} cannot be shared with the service principal ${principal}.`);
  }
}

/** Ids under which a caller finds shares: its account, its organisation and the units above it. */
export function holderIdsOf(
  account: string,
  place: { readonly organizationId: string; readonly path: string } | undefined,
): readonly string[] {
  if (place === undefined) return [account];
  const units = place.path.split('/').filter((id) => id.startsWith('ou-'));
  return [account, place.organizationId, ...units];
}
