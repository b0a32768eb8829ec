// A session of a role for somebody whom an OpenID Connect or OAuth 2.0 provider vouches for.

import { assert } from '../../base/assert.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { Access, Proof } from '../../kit/operation.ts';
import { outboundIssuerUrl } from '../../kit/outbound-issuer.ts';
import type { RoleFacts } from '../../kit/ports.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ConditionValue } from '../../policy/policy.ts';
import type { AssumeRoleWithWebIdentityRequest, AssumeRoleWithWebIdentityResponse } from './api.gen.ts';
import { federatedActions, federatedSeconds, givenSessionTags, refuseManagedRole, requireSourceIdentity } from './federated-session.ts';
import { furtherOidcKeys, lastingOidcKeys } from './oidc-condition-keys.ts';
import {
  audienceOf,
  invalidIdToken,
  type OidcToken,
  readToken,
  requireCurrent,
  requireSignature,
  subjectOf,
  tagClaims,
} from './oidc-token.ts';
import { accountOfRole, makeRoleSession, roleTagKeys } from './role-session.ts';
import { selfProving } from './service.ts';
import type { SessionTags } from './session-tags.ts';
import { socialIdentity } from './social-tokens.ts';

const action = 'sts:AssumeRoleWithWebIdentity';

/** Everything that the token says about the new session. */
interface Federation {
  /** As trust policies name it: the ARN of a provider in IAM, or the name of one that AWS knows. */
  readonly principal: string;
  /** What the answer calls the provider. */
  readonly provider: string;
  readonly subject: string;
  readonly audience: string;
  readonly tags: SessionTags;
  readonly sourceIdentity: string | undefined;
  readonly lastingKeys: Readonly<Record<string, ConditionValue>>;
  readonly furtherKeys: Readonly<Record<string, ConditionValue>>;
}

export const AssumeRoleWithWebIdentity = selfProving('AssumeRoleWithWebIdentity', prove, { readOnly: true, recordsResponse: true });

async function prove(input: AssumeRoleWithWebIdentityRequest, scope: Scope): Promise<Proof<AssumeRoleWithWebIdentityResponse>> {
  const account = accountOfRole(input.RoleArn);
  refuseManagedRole(input.RoleArn, action);
  const federation =
    input.ProviderId === undefined ? await openIdFederation(input, account, scope) : socialFederation(input, input.ProviderId, scope);
  const role = await scope.principals.role(scope.transaction, input.RoleArn);
  const { principal, audience, subject } = federation;
  return {
    account,
    caller: {
      principal: { kind: 'web-identity', arn: principal, account: undefined },
      userId: `${principal}:${audience}:${subject}`,
      accessKeyId: undefined,
      userName: subject,
      tags: {},
      session: undefined,
    },
    access: accesses(input, federation, account, role),
    handle: (context) => handle(input, federation, context),
  };
}

/** What must hold of a token of this issuer, and where its keys are. */
interface Issuer {
  readonly principal: string;
  /** The prefix of its condition keys. */
  readonly name: string;
  readonly url: string;
  /** Undefined: anybody's, as far as the trust policy allows. */
  readonly clientIds: readonly string[] | undefined;
  readonly thumbprints: readonly string[];
}

/** Issuers that AWS knows without a provider in IAM. */
const builtIn: ReadonlySet<string> = new Set(['accounts.google.com', 'cognito-identity.amazonaws.com']);

async function openIdFederation(input: AssumeRoleWithWebIdentityRequest, account: string, scope: Scope): Promise<Federation> {
  const token = await readToken(input.WebIdentityToken);
  const issuer = await issuerOf(token, account, scope);
  requireCurrent(token, scope.now);
  const audience = audienceOf(token, issuer.clientIds);
  const subject = subjectOf(token);
  await requireSignature(token, scope.outbound, issuer);
  const given = tagClaims(token);
  return {
    principal: issuer.principal,
    provider: token.issuer,
    subject,
    audience: audience.audience,
    tags: givenSessionTags(given),
    sourceIdentity: requireSourceIdentity(given.sourceIdentity),
    lastingKeys: lastingOidcKeys(issuer.name, token, audience, subject),
    furtherKeys: furtherOidcKeys(issuer.name, token, audience),
  };
}

async function issuerOf(token: OidcToken, account: string, scope: Scope): Promise<Issuer> {
  const name = token.issuer.replace(/^https:\/\//, '');
  // AWS: the tokens of GetWebIdentityToken are for services outside only.
  if (token.issuer.startsWith(outboundIssuerUrl(scope.publicUrl, ''))) {
    throw invalidIdToken('Tokens of GetWebIdentityToken cannot be used to assume a role');
  }
  // AWS: Google's tokens may name it without the scheme.
  if (builtIn.has(name)) return { principal: name, name, url: `https://${name}`, clientIds: undefined, thumbprints: [] };
  const provider = token.issuer === name ? undefined : await scope.providers.openIdProvider(scope.transaction, account, name);
  if (provider === undefined) throw invalidIdToken(`No OpenIDConnect provider found in your account for ${token.issuer.slice(0, 255)}`);
  const principal = `arn:${scope.partition}:iam::${account}:oidc-provider/${provider.url}`;
  return { principal, name, url: token.issuer, clientIds: provider.clientIds, thumbprints: provider.thumbprints };
}

function socialFederation(input: AssumeRoleWithWebIdentityRequest, providerId: string, scope: Scope): Federation {
  const { provider, subject, audience, keys } = socialIdentity(providerId, input.WebIdentityToken, scope.outbound, scope.now);
  const tags = { tags: {}, transitiveTagKeys: [] };
  return { principal: provider, provider, subject, audience, tags, sourceIdentity: undefined, lastingKeys: keys, furtherKeys: {} };
}

function accesses(
  input: AssumeRoleWithWebIdentityRequest,
  { tags, sourceIdentity, lastingKeys, furtherKeys }: Federation,
  account: string,
  role: RoleFacts | undefined,
): readonly Access[] {
  const onRole = {
    resource: resourceNamed<'sts:role'>(input.RoleArn),
    resourceAccount: account,
    resourceTags: role?.tags ?? {},
    requestTags: tags.tags,
    resourcePolicy: { mode: 'trust', source: role?.trust },
    context: {
      ...furtherKeys,
      ...lastingKeys,
      'sts:RoleSessionName': input.RoleSessionName,
      'sts:SourceIdentity': sourceIdentity,
      'sts:TransitiveTagKeys': tags.transitiveTagKeys.length > 0 ? tags.transitiveTagKeys : undefined,
      ...roleTagKeys(role),
    },
  } as const;
  return federatedActions(action, tags, sourceIdentity).map((each) => ({ action: each, ...onRole }));
}

async function handle(
  input: AssumeRoleWithWebIdentityRequest,
  federation: Federation,
  context: Context,
): Promise<AssumeRoleWithWebIdentityResponse> {
  const role = await context.principals.role(context.transaction, input.RoleArn);
  assert(role, 'a caller is authorised only for a role that exists');
  const { tags, sourceIdentity } = federation;
  const session = await makeRoleSession(context, {
    role,
    name: input.RoleSessionName,
    durationSeconds: federatedSeconds(input.DurationSeconds, role),
    policies: input,
    tags,
    sourceIdentity,
    origin: { federatedProvider: federation.principal, federatedKeys: federation.lastingKeys },
    requestParameters: {
      webIdentityToken: undefined,
      ...(Object.keys(tags.tags).length > 0 ? { principalTags: tags.tags } : {}),
      ...(tags.transitiveTagKeys.length > 0 ? { transitiveTagKeys: tags.transitiveTagKeys } : {}),
    },
  });
  return {
    ...session,
    SubjectFromWebIdentityToken: federation.subject,
    Provider: federation.provider,
    Audience: federation.audience,
  };
}
