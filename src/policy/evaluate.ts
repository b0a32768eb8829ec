// The decision: AWS's evaluation logic over all layers, without building an explanation.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
import type { AuthorizationRequest, Decision, PolicyLayer, PolicySource } from './policy.ts';
import type { PrincipalMatch } from './principals.ts';
import { type Subject, statementMatch, subjectOf } from './statement.ts';

/** The order in which the layers are looked through for an explicit deny; the first one is named in the refusal. */
export const denyOrder: readonly PolicyLayer[] = [
  'service-control',
  'resource-control',
  'vpc-endpoint',
  'boundary',
  'session',
  'identity',
  'resource',
];

const allowed: Decision = { outcome: 'ALLOW', layer: undefined, source: undefined, statementIndex: undefined };

export function evaluate(request: AuthorizationRequest): Decision {
  const subject = subjectOf(request);
  for (const layer of denyOrder) {
    for (const source of sourcesOf(request, layer)) {
      const statementIndex = denyingStatement(source, subject);
      if (statementIndex !== undefined) return { outcome: 'EXPLICIT_DENY', layer, source, statementIndex };
    }
  }
  const missing = firstMissing(subject);
  return missing === undefined ? allowed : { outcome: 'IMPLICIT_DENY', layer: missing, source: undefined, statementIndex: undefined };
}

const none: readonly PolicySource[] = [];

/** The policies of a layer, for layers with levels those of all levels. */
export function sourcesOf(request: AuthorizationRequest, layer: PolicyLayer): readonly PolicySource[] {
  switch (layer) {
    case 'identity':
      return request.identity;
    case 'boundary':
      return request.boundary === undefined ? none : [request.boundary];
    case 'session':
      return request.session ?? none;
    case 'resource':
      return request.resourcePolicy?.source === undefined ? none : [request.resourcePolicy.source];
    case 'vpc-endpoint':
      return request.vpcEndpoint === undefined ? none : [request.vpcEndpoint];
    case 'service-control':
      return isSubjectToServiceControl(request) ? request.serviceControl.flat() : none;
    case 'resource-control':
      return isSubjectToResourceControl(request) ? request.resourceControl.flat() : none;
  }
}

function isSubjectToServiceControl(
  request: AuthorizationRequest,
): request is AuthorizationRequest & { readonly serviceControl: readonly (readonly PolicySource[])[] } {
  const { kind, isServiceLinkedRole } = request.principal;
  return request.serviceControl !== undefined && kind !== 'service' && kind !== 'anonymous' && isServiceLinkedRole !== true;
}

function isSubjectToResourceControl(
  request: AuthorizationRequest,
): request is AuthorizationRequest & { readonly resourceControl: readonly (readonly PolicySource[])[] } {
  return request.resourceControl !== undefined && request.principal.isServiceLinkedRole !== true;
}

function denyingStatement(source: PolicySource, subject: Subject): number | undefined {
  for (const statement of source.policy.statements) {
    if (statement.effect === 'Deny' && statementMatch(statement, subject) !== undefined) return statement.index;
  }
  return undefined;
}

/** Whether any statement of the layer allows. */
export function allows(sources: readonly PolicySource[], subject: Subject): boolean {
  for (const { policy } of sources) {
    for (const statement of policy.statements) {
      if (statement.effect === 'Allow' && statementMatch(statement, subject) !== undefined) return true;
    }
  }
  return false;
}

/** The strongest way in which the resource's policy allows the caller. */
export function resourceGrant(request: AuthorizationRequest, subject: Subject): PrincipalMatch | undefined {
  let best: PrincipalMatch | undefined;
  for (const statement of request.resourcePolicy?.source?.policy.statements ?? []) {
    if (statement.effect !== 'Allow') continue;
    const match = statementMatch(statement, subject);
    if (match === 'direct') return match;
    if (match !== undefined && (best === undefined || best === 'account' || match === 'role')) best = match;
  }
  return best;
}

/** The first layer whose allow is needed and not there, in the order in which AWS reports it; undefined when everything allows. */
function firstMissing(subject: Subject): PolicyLayer | undefined {
  const { request } = subject;
  if (isSubjectToResourceControl(request) && !request.resourceControl.every((level) => allows(level, subject))) return 'resource-control';
  if (isSubjectToServiceControl(request) && !request.serviceControl.every((level) => allows(level, subject))) return 'service-control';
  if (request.vpcEndpoint !== undefined && !allows([request.vpcEndpoint], subject)) return 'vpc-endpoint';
  if (request.granted !== undefined) return undefined;
  const { principal, resourcePolicy } = request;
  const grant = resourceGrant(request, subject);
  switch (principal.kind) {
    case 'anonymous':
    case 'service':
    case 'web-identity':
    case 'saml':
      return grant === 'direct' ? undefined : 'resource';
    default:
      break;
  }
  const isSameAccount = request.resourceAccount === undefined || request.resourceAccount === principal.account;
  if (!isSameAccount) return missingAcrossAccounts(subject, grant);
  return resourcePolicy?.mode === 'trust' || resourcePolicy?.mode === 'key'
    ? missingWithTrust(subject, grant)
    : missingInAccount(subject, grant);
}

/** Both accounts must agree: the caller's with its own policies, the resource's with its policy. */
function missingAcrossAccounts(subject: Subject, grant: PrincipalMatch | undefined): PolicyLayer | undefined {
  return missingOnCallersSide(subject) ?? (grant === undefined ? 'resource' : undefined);
}

/** KMS keys and roles: the resource's policy must name the caller, or hand the decision to the account's own policies. */
function missingWithTrust(subject: Subject, grant: PrincipalMatch | undefined): PolicyLayer | undefined {
  switch (grant) {
    case 'direct':
      return undefined;
    case 'role':
    case 'issuer':
      return missingCeiling(subject);
    case 'account':
      return missingOnCallersSide(subject);
    case undefined:
      return 'resource';
  }
}

function missingInAccount(subject: Subject, grant: PrincipalMatch | undefined): PolicyLayer | undefined {
  if (grant === 'direct') return undefined;
  if (grant === 'role' || grant === 'issuer') {
    const ceiling = missingCeiling(subject);
    if (ceiling === undefined) return undefined;
  }
  return missingOnCallersSide(subject);
}

function missingOnCallersSide(subject: Subject): PolicyLayer | undefined {
  const { request } = subject;
  const isRoot = request.principal.kind === 'root';
  if (!isRoot && !allows(request.identity, subject)) return 'identity';
  return missingCeiling(subject);
}

/** Boundary and session policies: they allow nothing by themselves, but without them nothing is allowed. */
function missingCeiling(subject: Subject): PolicyLayer | undefined {
  const { boundary, session, principal } = subject.request;
  if (boundary !== undefined && !allows([boundary], subject)) return 'boundary';
  if (session !== undefined && !allows(session, subject)) return 'session';
  // A session of GetFederationToken without a policy has no permissions of its own.
  return session === undefined && principal.kind === 'federated-user' ? 'session' : undefined;
}
