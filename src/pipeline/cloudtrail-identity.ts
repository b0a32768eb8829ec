// Who called, as CloudTrail's userIdentity element prints it.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
import { parseArn } from '../base/arn.ts';
import { assertNever } from '../base/assert.ts';
import { isoSeconds } from '../base/clock.ts';
import type { Caller } from '../kit/context.ts';
import type { Structure } from '../protocol/protocol.ts';

export interface IdentityFacts {
  /** The account that receives the event; the caller's, or the resource's when that is another. */
  readonly account: string;
  /** Undefined when authentication failed. */
  readonly caller?: Caller | undefined;
  /** The key that the request presented, for those whose authentication failed. Not proven, so anything. */
  readonly presentedAccessKeyId?: string | undefined;
  /** The service that called in the caller's name. */
  readonly invokedBy?: string | undefined;
}

const accessKeyIdMax = 128;

export function userIdentity(facts: IdentityFacts): Structure {
  const { caller, invokedBy } = facts;
  // The account is not printed: nobody has proved that the key is theirs.
  if (!caller) return { type: 'Unknown', accessKeyId: presentedKey(facts) };
  const { kind, account } = caller.principal;
  if (kind === 'service') return { type: 'AWSService', invokedBy: caller.principal.arn };
  if (kind === 'anonymous') return { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' };
  if (kind === 'web-identity' || kind === 'saml') return federationIdentity(caller);
  if (account !== facts.account) return { type: 'AWSAccount', principalId: caller.userId, accountId: account, invokedBy };
  return { ...accountIdentity(caller), invokedBy };
}

/** What LookupEvents finds the event by. */
export function usernameOf(caller: Caller): string | undefined {
  switch (caller.principal.kind) {
    case 'root':
      return 'root';
    case 'user':
      return caller.userName;
    case 'role-session':
    case 'federated-user':
      return caller.session?.name;
    case 'web-identity':
    case 'saml':
      return caller.userName;
    case 'service':
    case 'anonymous':
      return undefined;
    default:
      return assertNever(caller.principal.kind);
  }
}

/** Cut to what an access key id may be. */
export function presentedKey({ presentedAccessKeyId }: IdentityFacts): string | undefined {
  return presentedAccessKeyId?.slice(0, accessKeyIdMax);
}

function accountIdentity(caller: Caller): Structure {
  const { kind, arn, account } = caller.principal;
  return {
    type: kind === 'root' ? 'Root' : kind === 'user' ? 'IAMUser' : kind === 'federated-user' ? 'FederatedUser' : 'AssumedRole',
    principalId: caller.userId,
    arn,
    accountId: account,
    accessKeyId: caller.accessKeyId,
    userName: kind === 'user' ? caller.userName : undefined,
    sessionContext: sessionContext(caller),
  };
}

function sessionContext(caller: Caller): Structure | undefined {
  const { session } = caller;
  if (!session) return undefined;
  return {
    sessionIssuer: sessionIssuer(caller),
    webIdFederationData: session.federatedProvider && { federatedProvider: session.federatedProvider, attributes: {} },
    // AWS: text, not a boolean.
    attributes: { creationDate: isoSeconds(session.issuedAtMs), mfaAuthenticated: session.mfaAtMs === undefined ? 'false' : 'true' },
    sourceIdentity: session.sourceIdentity,
    assumedRoot: session.isAssumedRoot ? 'true' : undefined,
  };
}

/** The role or user whose permissions the session has; a user's or root's own session has none. */
function sessionIssuer({ principal }: Caller): Structure | undefined {
  const arn = principal.kind === 'role-session' ? principal.roleArn : principal.kind === 'federated-user' ? principal.issuerArn : undefined;
  if (arn === undefined) return undefined;
  const resource = parseArn(arn)?.resource ?? '';
  const isRoot = resource === 'root';
  return {
    type: principal.kind === 'role-session' ? 'Role' : isRoot ? 'Root' : 'IAMUser',
    principalId: isRoot ? principal.account : principal.uniqueId,
    arn,
    accountId: principal.account,
    userName: isRoot ? undefined : resource.slice(resource.lastIndexOf('/') + 1),
  };
}

/** Callers of AssumeRoleWithSAML and AssumeRoleWithWebIdentity, who have no account yet. */
function federationIdentity(caller: Caller): Structure {
  return {
    type: caller.principal.kind === 'saml' ? 'SAMLUser' : 'WebIdentityUser',
    principalId: caller.userId,
    userName: caller.userName,
    // AWS: for SAML the hash of issuer, account and provider that also begins the principal's id.
    identityProvider: caller.principal.kind === 'saml' ? caller.userId.slice(0, caller.userId.indexOf(':')) : caller.principal.arn,
  };
}
