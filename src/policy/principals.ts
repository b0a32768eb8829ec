// How a Principal element names a caller, and how strongly: AWS treats a grant to a role differently from one to its session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
import type { PrincipalElement, PrincipalType } from './document.ts';
import type { Principal } from './policy.ts';

/**
 * `direct`: this very user, session, service, or everybody. `role`: the role behind the session. `issuer`: the user behind a federated-user
 * session. `account`: the account, which only delegates to its own policies.
 */
export type PrincipalMatch = 'direct' | 'role' | 'issuer' | 'account';

const strength: Readonly<Record<PrincipalMatch, number>> = { direct: 4, role: 3, issuer: 2, account: 1 };

/** The strongest way in which the element names the caller; undefined when it does not. Without an element everybody is meant. */
export function matchPrincipal(
  element: PrincipalElement | undefined,
  principal: Principal,
  hasBoundary: boolean,
): PrincipalMatch | undefined {
  if (element === undefined) return 'direct';
  let best: PrincipalMatch | undefined;
  for (const { kind, value } of element.entries) {
    const match = matchEntry(kind, value, principal);
    if (match !== undefined && (best === undefined || strength[match] > strength[best])) best = match;
  }
  if (!element.isNegated) return best;
  // AWS: NotPrincipal with Deny always denies a caller that has a permissions boundary.
  return best === undefined || hasBoundary ? 'direct' : undefined;
}

function matchEntry(kind: PrincipalType, value: string, principal: Principal): PrincipalMatch | undefined {
  if (kind === 'AWS') return matchAws(value, principal);
  if (kind === 'Service') return principal.kind === 'service' && principal.arn === value ? 'direct' : undefined;
  if (kind === 'Federated') {
    const isFederated = principal.kind === 'web-identity' || principal.kind === 'saml';
    return isFederated && (value === '*' || principal.arn === value) ? 'direct' : undefined;
  }
  return undefined;
}

function matchAws(value: string, principal: Principal): PrincipalMatch | undefined {
  if (value === '*') return 'direct';
  if (principal.kind === 'service' || principal.kind === 'anonymous') return undefined;
  const { account } = principal;
  if (account !== undefined && (value === account || isRootArn(value, account))) return principal.kind === 'root' ? 'direct' : 'account';
  if (value === principal.arn || (value === principal.uniqueId && principal.kind === 'user')) return 'direct';
  if (principal.roleArn !== undefined && (value === principal.roleArn || value === principal.uniqueId)) return 'role';
  return principal.issuerArn !== undefined && value === principal.issuerArn ? 'issuer' : undefined;
}

/** `arn:aws:iam::123456789012:root` in any partition. */
function isRootArn(value: string, account: string): boolean {
  return value.startsWith('arn:') && value.endsWith(`:iam::${account}:root`);
}
