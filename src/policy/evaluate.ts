// The decision: AWS's evaluation logic over all layers, without building an explanation.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
import { choices } from './choices.ts';
import { resourceControlLevels, serviceControlLevels } from './guardrails.ts';
import type { AuthorizationRequest, Decision, PolicyLayer, PolicySource, ResourcePolicy } from './policy.ts';
import { mayAllow, mayDeny, type PolicyList } from './policy-list.ts';
import { type PrincipalMatch, stronger } from './principals.ts';
import { policyMatch, type Subject, statementMatch, subjectOf } from './statement.ts';

function allowedBy(layer: PolicyLayer | undefined): Decision {
  return { outcome: 'ALLOW', layer, source: undefined, statementIndex: undefined };
}

const allowedByIdentity = allowedBy('identity');
const allowedByResource = allowedBy('resource');
const allowedOutsidePolicies = allowedBy(undefined);

export function evaluate(request: AuthorizationRequest): Decision {
  const subject = subjectOf(request);
  if (choices.neverDenied.has(subject.lowerCaseAction) && request.principal.kind !== 'anonymous') return allowedOutsidePolicies;
  for (const layer of choices.denyOrder) {
    if (!layerDenies(layer, subject)) continue;
    const denying = denyingStatement(layer, subject);
    if (denying !== undefined) return { outcome: 'EXPLICIT_DENY', layer, ...denying };
  }
  return withoutDeny(subject);
}

const none: readonly PolicySource[] = [];

/** The policies of a layer, for layers with levels those of all levels. */
export function sourcesOf(layer: PolicyLayer, subject: Subject): readonly PolicySource[] {
  const { request } = subject;
  switch (layer) {
    case 'identity':
      return request.identity;
    case 'boundary':
      return request.boundary === undefined ? none : [request.boundary];
    case 'session':
      return request.session ?? none;
    case 'resource':
      return onResource(request.resourcePolicy);
    case 'vpc-endpoint':
      return request.vpcEndpoint === undefined ? none : [request.vpcEndpoint];
    case 'service-control':
      return serviceControlLevels(subject)?.flat() ?? none;
    case 'resource-control':
      return resourceControlLevels(subject)?.flat() ?? none;
  }
}

/** The resource's own policy, and those that resource shares put beside it. */
function onResource(policy: ResourcePolicy | undefined): readonly PolicySource[] {
  const { source, shares = none } = policy ?? {};
  return source === undefined ? shares : [source, ...shares];
}

function layerDenies(layer: PolicyLayer, subject: Subject): boolean {
  const { boundary, identity, resourcePolicy, session, vpcEndpoint } = subject.request;
  switch (layer) {
    case 'identity':
      return anyDenies(identity, subject);
    case 'boundary':
      return boundary !== undefined && denies(boundary, subject);
    case 'session':
      return session !== undefined && anyDenies(session, subject);
    case 'resource':
      return resourcePolicy !== undefined && anyDenies(onResource(resourcePolicy), subject) && !rootUnlocks(subject);
    case 'vpc-endpoint':
      return vpcEndpoint !== undefined && denies(vpcEndpoint, subject);
    case 'service-control':
      return serviceControlLevels(subject)?.some((level) => anyDenies(level, subject)) === true;
    case 'resource-control':
      return resourceControlLevels(subject)?.some((level) => anyDenies(level, subject)) === true;
  }
}

/** AWS: the root user can always take back a policy of its own account's resource that locks everybody out. */
export function rootUnlocks({ request: { principal, resourceAccount }, lowerCaseAction }: Subject): boolean {
  if (principal.kind !== 'root' || (resourceAccount !== undefined && resourceAccount !== principal.account)) return false;
  return choices.rootUnlocks.has(lowerCaseAction);
}

function anyDenies(sources: PolicyList, subject: Subject): boolean {
  for (let at = 0; at < sources.length; at += 1) {
    if (!mayDeny(sources, at, subject)) continue;
    const source = sources[at];
    if (source !== undefined && denies(source, subject)) return true;
  }
  return false;
}

function denies({ policy }: PolicySource, subject: Subject): boolean {
  return policyMatch(policy, 'Deny', subject) !== undefined;
}

function denyingStatement(layer: PolicyLayer, subject: Subject): Pick<Decision, 'source' | 'statementIndex'> | undefined {
  for (const source of sourcesOf(layer, subject)) {
    const statement = source.policy.denies.find((each) => statementMatch(each, subject) !== undefined);
    if (statement !== undefined) return { source, statementIndex: statement.index };
  }
  return undefined;
}

/** Whether any statement of any of the policies allows. */
export function allows(sources: PolicyList, subject: Subject): boolean {
  for (let at = 0; at < sources.length; at += 1) {
    if (!mayAllow(sources, at, subject)) continue;
    const source = sources[at];
    if (source !== undefined && policyAllows(source, subject)) return true;
  }
  return false;
}

function policyAllows({ policy }: PolicySource, subject: Subject): boolean {
  return policyMatch(policy, 'Allow', subject) !== undefined;
}

/** Whether every level allows. */
export function levelsAllow(levels: readonly (readonly PolicySource[])[], subject: Subject): boolean {
  for (const level of levels) if (!allows(level, subject)) return false;
  return true;
}

/** The strongest way in which a policy of the resource allows the caller. */
export function resourceGrant(subject: Subject): PrincipalMatch | undefined {
  const { source, shares } = subject.request.resourcePolicy ?? {};
  let best = source === undefined ? undefined : policyMatch(source.policy, 'Allow', subject);
  for (const { policy } of shares ?? none) best = stronger(best, policyMatch(policy, 'Allow', subject));
  return best;
}

const missingAnywhere: Readonly<Record<PolicyLayer, Decision>> = {
  identity: missing('identity'),
  resource: missing('resource'),
  boundary: missing('boundary'),
  session: missing('session'),
  'service-control': missing('service-control'),
  'resource-control': missing('resource-control'),
  'vpc-endpoint': missing('vpc-endpoint'),
};

function missing(layer: PolicyLayer): Decision {
  return { outcome: 'IMPLICIT_DENY', layer, source: undefined, statementIndex: undefined };
}

/** The decision when nothing denies: the first layer whose allow is needed and not there, in the order in which AWS reports it. */
function withoutDeny(subject: Subject): Decision {
  const { request } = subject;
  const resourceControl = resourceControlLevels(subject);
  if (resourceControl !== undefined && !levelsAllow(resourceControl, subject)) return missingAnywhere['resource-control'];
  const serviceControl = serviceControlLevels(subject);
  if (serviceControl !== undefined && !levelsAllow(serviceControl, subject)) return missingAnywhere['service-control'];
  if (request.vpcEndpoint !== undefined && !policyAllows(request.vpcEndpoint, subject)) return missingAnywhere['vpc-endpoint'];
  const { principal, resourcePolicy } = request;
  if (request.granted !== undefined && (choices.grantsStandAlone || missingCeiling(subject) === undefined)) return allowedOutsidePolicies;
  const grant = resourceGrant(subject);
  switch (principal.kind) {
    case 'anonymous':
    case 'service':
    case 'web-identity':
    case 'saml':
      return grant === 'direct' ? allowedByResource : missingAnywhere.resource;
    case 'root':
    case 'user':
    case 'role-session':
    case 'federated-user':
      break;
  }
  const isSameAccount = request.resourceAccount === undefined || request.resourceAccount === principal.account;
  if (!isSameAccount) return acrossAccounts(subject, grant);
  return resourcePolicy === undefined || resourcePolicy.mode === 'optional' ? inAccount(subject, grant) : withTrust(subject, grant);
}

/** Both accounts must agree: the caller's with its own policies, the resource's with its policy. */
function acrossAccounts(subject: Subject, grant: PrincipalMatch | undefined): Decision {
  const lacking = missingOnCallersSide(subject);
  if (lacking !== undefined) return missingAnywhere[lacking];
  return grant === undefined ? missingAnywhere.resource : allowedByResource;
}

/** KMS keys and roles: the resource's policy must name the caller, or hand the decision to the account's own policies. */
function withTrust(subject: Subject, grant: PrincipalMatch | undefined): Decision {
  if (grant === undefined) return missingAnywhere.resource;
  if (grant === 'direct') return allowedByResource;
  if (grant === 'account') return onCallersSide(subject);
  const ceiling = missingCeiling(subject);
  return ceiling === undefined ? allowedByResource : missingAnywhere[ceiling];
}

/** Most resources: either side is enough, and a grant to the caller itself is limited by nothing but a deny. */
function inAccount(subject: Subject, grant: PrincipalMatch | undefined): Decision {
  if (grant === 'direct') return allowedByResource;
  if ((grant === 'role' || grant === 'issuer') && missingCeiling(subject) === undefined) return allowedByResource;
  return onCallersSide(subject);
}

function onCallersSide(subject: Subject): Decision {
  const lacking = missingOnCallersSide(subject);
  if (lacking !== undefined) return missingAnywhere[lacking];
  return subject.request.principal.kind === 'root' ? allowedOutsidePolicies : allowedByIdentity;
}

/** What the caller's own account lacks. Its root user needs no identity policy. */
function missingOnCallersSide(subject: Subject): PolicyLayer | undefined {
  const { identity, principal } = subject.request;
  if (principal.kind !== 'root' && !allows(identity, subject)) return 'identity';
  return missingCeiling(subject);
}

/** Boundary and session policies: they allow nothing by themselves, but without them nothing is allowed. */
function missingCeiling(subject: Subject): PolicyLayer | undefined {
  const { boundary, session, principal } = subject.request;
  if (boundary !== undefined && !policyAllows(boundary, subject)) return 'boundary';
  if (session !== undefined && !allows(session, subject)) return 'session';
  // A session of GetFederationToken without a policy has no permissions of its own.
  return session === undefined && principal.kind === 'federated-user' ? 'session' : undefined;
}
