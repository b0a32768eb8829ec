// A session of a role for somebody whom a SAML 2.0 identity provider vouches for.

import { assert } from '../../base/assert.ts';
import type { Caller, Context, Scope } from '../../kit/context.ts';
import { type Access, commonFault, type Proof } from '../../kit/operation.ts';
import type { RoleFacts, SamlProviderFacts } from '../../kit/ports.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { ConditionValue } from '../../policy/policy.ts';
import type { AssumeRoleWithSAMLRequest, AssumeRoleWithSAMLResponse } from './api.gen.ts';
import {
  federatedActions,
  federatedSeconds,
  givenSessionTags,
  isSessionName,
  refuseManagedRole,
  requireSourceIdentity,
} from './federated-session.ts';
import { accountOfRole, makeRoleSession, roleTagKeys } from './role-session.ts';
import { nameQualifierOf, readClaims, type SamlClaims } from './saml-assertion.ts';
import { samlAttributeKeys } from './saml-condition-keys.ts';
import { invalidToken, readSamlResponse } from './saml-response.ts';
import { selfProving } from './service.ts';
import type { SessionTags } from './session-tags.ts';
import { redeem } from './used-assertions.ts';

const action = 'sts:AssumeRoleWithSAML';
const prefix = 'https://aws.amazon.com/SAML/Attributes/';

/** Everything that the assertion says about the new session. */
interface Federation {
  readonly provider: SamlProviderFacts;
  readonly claims: SamlClaims;
  readonly subject: string;
  readonly nameQualifier: string;
  readonly sessionName: string;
  readonly tags: SessionTags;
  readonly sourceIdentity: string | undefined;
}

export const AssumeRoleWithSAML = selfProving('AssumeRoleWithSAML', prove, { readOnly: true, recordsResponse: true });

async function prove(input: AssumeRoleWithSAMLRequest, scope: Scope): Promise<Proof<AssumeRoleWithSAMLResponse>> {
  const account = accountOfRole(input.RoleArn);
  refuseManagedRole(input.RoleArn, action);
  const federation = await verified(input, scope);
  if (federation.provider.account !== account) throw refused();
  const role = await scope.principals.role(scope.transaction, input.RoleArn);
  return {
    account,
    caller: callerOf(input, federation),
    access: accesses(input, federation, role),
    handle: (context) => handle(input, federation, context),
  };
}

const refused = () => commonFault('AccessDenied', `Not authorized to perform ${action}`);

async function verified(input: AssumeRoleWithSAMLRequest, scope: Scope): Promise<Federation> {
  const provider = await scope.providers.samlProvider(scope.transaction, input.PrincipalArn);
  if (provider === undefined) throw invalidToken("Specified provider doesn't exist");
  const assertion = await readSamlResponse(input.SAMLAssertion, provider);
  const claims = readClaims(assertion, {
    provider,
    now: scope.now,
    isRecipient: (recipient) => isOurs(recipient, provider, scope),
    isAudience: (audience) => audience === 'urn:amazon:webservices' || isOurs(audience, provider, scope),
  });
  // AWS: without a subject nobody may assume anything.
  if (claims.subject === undefined) throw refused();
  requireRole(input, claims);
  return {
    provider,
    claims,
    subject: claims.subject,
    nameQualifier: nameQualifierOf(claims.issuer, provider),
    sessionName: sessionNameOf(claims),
    tags: tagsOf(claims),
    sourceIdentity: requireSourceIdentity(soleValue(claims, 'SourceIdentity')),
  };
}

/** AWS's sign-in addresses, global and regional, with or without the provider's id, and this installation's own. */
function isOurs(url: string, { uuid }: SamlProviderFacts, { publicUrl }: Scope): boolean {
  const match = /^https:\/\/(?:[a-z]{2}(?:-[a-z]+)+-\d\.)?signin\.aws\.amazon\.com\/saml(?:\/acs\/([A-Z0-9]+))?$/.exec(url);
  if (match !== null) return match[1] === undefined || match[1] === uuid;
  return url === `${publicUrl}/saml` || url === `${publicUrl}/saml/acs/${uuid}`;
}

/** The assertion must name the role together with the provider, in either order. */
function requireRole(input: AssumeRoleWithSAMLRequest, claims: SamlClaims): void {
  const pairs = (claims.attributes.get(`${prefix}Role`) ?? []).map((value) => value.split(',').map((arn) => arn.trim()));
  const isNamed = pairs.some((pair) => pair.length === 2 && pair.includes(input.RoleArn) && pair.includes(input.PrincipalArn));
  if (!isNamed) throw invalidToken("SAML Assertion doesn't contain the requested Role and Metadata in the attributes");
}

function sessionNameOf(claims: SamlClaims): string {
  const name = soleValue(claims, 'RoleSessionName');
  if (name === undefined) throw invalidToken('RoleSessionName is required in AuthnResponse');
  if (!isSessionName(name)) throw invalidToken('RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}');
  return name;
}

function soleValue({ attributes }: SamlClaims, name: string): string | undefined {
  const values = attributes.get(prefix + name);
  if (values !== undefined && values.length !== 1) throw invalidToken(`${name} in AuthnResponse must have one value`);
  return values?.[0];
}

function tagsOf(claims: SamlClaims): SessionTags {
  const tagPrefix = `${prefix}PrincipalTag:`;
  const keys = [...claims.attributes.keys()].filter((name) => name.startsWith(tagPrefix)).map((name) => name.slice(tagPrefix.length));
  return givenSessionTags({
    tags: keys.map((Key) => ({ Key, Value: soleValue(claims, `PrincipalTag:${Key}`) ?? '' })),
    transitiveTagKeys: claims.attributes.get(`${prefix}TransitiveTagKeys`) ?? [],
  });
}

function callerOf(input: AssumeRoleWithSAMLRequest, { nameQualifier, subject }: Federation): Caller {
  return {
    principal: { kind: 'saml', arn: input.PrincipalArn, account: undefined },
    userId: `${nameQualifier}:${subject}`,
    accessKeyId: undefined,
    userName: subject,
    tags: {},
    session: undefined,
  };
}

/** The keys that stay with the session; trust policies can ask for more. */
function lastingKeys({ nameQualifier, subject, claims }: Federation): Readonly<Record<string, ConditionValue>> {
  return { 'saml:namequalifier': nameQualifier, 'saml:sub': subject, 'saml:sub_type': claims.subjectType };
}

function accesses(input: AssumeRoleWithSAMLRequest, federation: Federation, role: RoleFacts | undefined): readonly Access[] {
  const { claims, provider, tags, sourceIdentity } = federation;
  const onRole = {
    resource: resourceNamed<'sts:role'>(input.RoleArn),
    resourceAccount: provider.account,
    resourceTags: role?.tags ?? {},
    requestTags: tags.tags,
    resourcePolicy: { mode: 'trust', source: role?.trust },
    context: {
      ...samlAttributeKeys(claims.attributes),
      ...lastingKeys(federation),
      'saml:aud': claims.recipient,
      'saml:iss': claims.issuer,
      'saml:doc': `${provider.account}/${provider.name}`,
      'sts:RoleSessionName': federation.sessionName,
      'sts:SourceIdentity': sourceIdentity,
      'sts:TransitiveTagKeys': tags.transitiveTagKeys.length > 0 ? tags.transitiveTagKeys : undefined,
      ...roleTagKeys(role),
    },
  } as const;
  return federatedActions(action, tags, sourceIdentity).map((each) => ({ action: each, ...onRole }));
}

async function handle(input: AssumeRoleWithSAMLRequest, federation: Federation, context: Context): Promise<AssumeRoleWithSAMLResponse> {
  const { claims, tags } = federation;
  const role = await context.principals.role(context.transaction, input.RoleArn);
  assert(role, 'a caller is authorised only for a role that exists');
  const redemption = {
    provider: input.PrincipalArn,
    id: claims.id,
    subject: federation.subject,
    roleArn: input.RoleArn,
    expiresAtMs: claims.usableUntilMs,
  };
  if (!(await redeem(context.transaction, redemption))) throw invalidToken('The SAML assertion has already been used');
  const durationSeconds = secondsOf(input, claims, role, context.now);
  const session = await makeRoleSession(context, {
    role,
    name: federation.sessionName,
    durationSeconds,
    policies: input,
    tags,
    sourceIdentity: federation.sourceIdentity,
    origin: { federatedKeys: lastingKeys(federation) },
    requestParameters: {
      sAMLAssertion: undefined,
      sAMLAssertionID: claims.id,
      roleSessionName: federation.sessionName,
      durationSeconds,
      ...(Object.keys(tags.tags).length > 0 ? { principalTags: tags.tags } : {}),
      ...(tags.transitiveTagKeys.length > 0 ? { transitiveTagKeys: tags.transitiveTagKeys } : {}),
    },
  });
  return {
    ...session,
    Subject: federation.subject,
    SubjectType: claims.subjectType,
    Issuer: claims.issuer,
    Audience: claims.recipient,
    NameQualifier: federation.nameQualifier,
  };
}

/** AWS: the session ends when the identity provider's does, and the SessionDuration attribute can shorten it. */
function secondsOf(input: AssumeRoleWithSAMLRequest, claims: SamlClaims, role: RoleFacts, now: number): number {
  const asked = federatedSeconds(input.DurationSeconds, role);
  const attribute = soleValue(claims, 'SessionDuration');
  const given = attribute === undefined ? asked : Number(attribute);
  if (!Number.isInteger(given) || given < 900 || given > 43_200) {
    throw invalidToken('SessionDuration in AuthnResponse must be between 900 and 43200');
  }
  const left = claims.sessionUntilMs === undefined ? asked : Math.floor((claims.sessionUntilMs - now) / 1000);
  return Math.min(asked, given, Math.max(1, left));
}
