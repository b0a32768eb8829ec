// How a Principal element names a caller, and how strongly: AWS treats a grant to a role differently from one to its session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
import { choices } from './choices.ts';
import type { PrincipalElement } from './document.ts';
import type { Principal } from './policy.ts';

/**
 * `direct`: this very user, session, service, or everybody. `role`: the role behind the session. `issuer`: the user behind a federated-user
 * session. `account`: the account, which only delegates to its own policies.
 */
export type PrincipalMatch = 'direct' | 'role' | 'issuer' | 'account';

/** The stronger of two: what names the caller itself, then its role, then its issuer, then its account. */
export function stronger(left: PrincipalMatch | undefined, right: PrincipalMatch | undefined): PrincipalMatch | undefined {
  if (left === undefined || right === undefined || left === right) return left ?? right;
  if (left === 'direct' || right === 'direct') return 'direct';
  if (left === 'role' || right === 'role') return 'role';
  return 'issuer';
}

/** A Principal or NotPrincipal element, sorted by what its values name. */
export interface CompiledPrincipals {
  readonly isNegated: boolean;
  readonly isEverybody: boolean;
  /** Account ids, from both forms. */
  readonly accounts: ReadonlySet<string>;
  /** ARNs and unique ids of users, roles and sessions. */
  readonly names: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  readonly providers: ReadonlySet<string>;
  readonly canonicalUsers: ReadonlySet<string>;
}

const rootArn = /^arn:[^:]*:iam::(\d{12}):root$/;

export function compilePrincipals({ isNegated, entries }: PrincipalElement): CompiledPrincipals {
  const ofKind = (kind: string): readonly string[] => entries.filter((entry) => entry.kind === kind).map(({ value }) => value);
  const aws = ofKind('AWS');
  const accounts = aws.map((value) => (/^\d{12}$/.test(value) ? value : rootArn.exec(value)?.[1])).filter((value) => value !== undefined);
  return {
    isNegated,
    isEverybody: aws.includes('*'),
    accounts: setOf(accounts),
    names: setOf(aws),
    services: setOf(ofKind('Service')),
    providers: setOf(ofKind('Federated')),
    canonicalUsers: setOf(ofKind('CanonicalUser')),
  };
}

const empty: ReadonlySet<string> = new Set();

function setOf(values: readonly string[]): ReadonlySet<string> {
  return values.length === 0 ? empty : new Set(values);
}

/**
 * The strongest way in which the element names the caller; undefined when it does not. Without an element everybody is meant.
 * `sparesNobody`: AWS: NotPrincipal with Deny always denies a caller that has a permissions boundary.
 */
export function matchPrincipal(
  principals: CompiledPrincipals | undefined,
  principal: Principal,
  sparesNobody: boolean,
): PrincipalMatch | undefined {
  if (principals === undefined) return 'direct';
  if (!principals.isNegated) return strongestMatch(principals, principal);
  return sparesNobody || !isSpared(principals, principal) ? 'direct' : undefined;
}

function strongestMatch(principals: CompiledPrincipals, principal: Principal): PrincipalMatch | undefined {
  if (principals.isEverybody) return 'direct';
  const { kind, arn } = principal;
  switch (kind) {
    case 'anonymous':
      return undefined;
    case 'service':
      return principals.services.has(arn) || hasAny(principals.services, principal.serviceNames) ? 'direct' : undefined;
    case 'web-identity':
    case 'saml':
      return principals.providers.has(arn) || principals.providers.has('*') ? 'direct' : undefined;
    case 'root':
    case 'user':
    case 'role-session':
    case 'federated-user':
      return matchOfAccount(principals, principal);
  }
}

function hasAny(set: ReadonlySet<string>, values: readonly string[] | undefined): boolean {
  return values?.some((value) => set.has(value)) === true;
}

function matchOfAccount({ accounts, names, canonicalUsers }: CompiledPrincipals, principal: Principal): PrincipalMatch | undefined {
  const { kind, arn, account, roleArn, uniqueId, issuerArn, canonicalUserId } = principal;
  const isAccountNamed =
    (account !== undefined && accounts.has(account)) || (canonicalUserId !== undefined && canonicalUsers.has(canonicalUserId));
  if (isAccountNamed && kind === 'root') return 'direct';
  if (names.has(arn) || (kind === 'user' && uniqueId !== undefined && names.has(uniqueId))) return 'direct';
  if (roleArn !== undefined && (names.has(roleArn) || (uniqueId !== undefined && names.has(uniqueId)))) return 'role';
  if (issuerArn !== undefined && (names.has(issuerArn) || (uniqueId !== undefined && names.has(uniqueId)))) return 'issuer';
  return isAccountNamed ? 'account' : undefined;
}

/** Whether NotPrincipal leaves the caller out. */
function isSpared(principals: CompiledPrincipals, principal: Principal): boolean {
  if (choices.notPrincipalSpares === 'any' || principals.isEverybody) return strongestMatch(principals, principal) !== undefined;
  const { account, arn, roleArn } = principal;
  const { accounts, names } = principals;
  if (account === undefined) return strongestMatch(principals, principal) !== undefined;
  return accounts.has(account) && (principal.kind === 'root' || names.has(arn)) && (roleArn === undefined || names.has(roleArn));
}
