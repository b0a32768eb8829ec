// The global condition keys of a request, each computed when a policy asks for it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
import { isoSeconds } from '../base/clock.ts';
import type { Access } from '../kit/operation.ts';
import type { AccountPlace, Identity } from '../kit/ports.ts';
import type { ConditionContext, ConditionValue } from '../policy/policy.ts';

/** Plain facts, without the request's body or its unit of work, so that a decision can be kept and explained later. */
export interface RequestFacts {
  readonly identity: Identity;
  readonly now: number;
  readonly region: string;
  readonly sourceIp: string;
  readonly isTls: boolean;
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;
  /** Service principals through which the caller comes, the first one first. */
  readonly via: readonly string[];
  /** For calls of a service principal: what it acts for. */
  readonly source: { readonly account: string; readonly arn: string | undefined } | undefined;
  readonly places: Places;
}

/** Where the three accounts of a request stand in their organisations. */
export interface Places {
  readonly principal: AccountPlace | undefined;
  readonly resource: AccountPlace | undefined;
  /** Of the account for which a service acts. */
  readonly source: AccountPlace | undefined;
}

type KeySource = (facts: RequestFacts, access: Access) => ConditionValue | undefined;

const principalTypes = {
  root: 'Account',
  user: 'User',
  'role-session': 'AssumedRole',
  'federated-user': 'FederatedUser',
  'web-identity': 'AssumedRole',
  saml: 'AssumedRole',
  service: 'Service',
  anonymous: 'Anonymous',
} as const;

const globalKeys: Readonly<Record<string, KeySource>> = {
  'aws:currenttime': ({ now }) => isoSeconds(now),
  'aws:epochtime': ({ now }) => String(Math.floor(now / 1000)),
  'aws:sourceip': ({ sourceIp }) => sourceIp,
  'aws:securetransport': ({ isTls }) => String(isTls),
  'aws:useragent': ({ userAgent }) => userAgent,
  'aws:referer': ({ referer }) => referer,
  'aws:requestedregion': ({ region }) => region,
  'aws:principalarn': ({ identity }) => identity.caller.principal.roleArn ?? identity.caller.principal.arn,
  'aws:principalaccount': ({ identity }) => identity.caller.principal.account ?? 'anonymous',
  'aws:principaltype': ({ identity }) => principalTypes[identity.caller.principal.kind],
  'aws:principalisawsservice': ({ identity }) => String(identity.caller.principal.kind === 'service'),
  'aws:principalservicename': ({ identity }) => (identity.caller.principal.kind === 'service' ? identity.caller.principal.arn : undefined),
  'aws:userid': ({ identity }) => identity.caller.userId,
  'aws:username': ({ identity }) => identity.caller.userName,
  'aws:tokenissuetime': ({ identity }) => dateOf(identity.caller.session?.issuedAtMs),
  'aws:multifactorauthpresent': ({ identity }, access) => (access.hasSecondFactor ? 'true' : secondFactor(identity)),
  'aws:multifactorauthage': ({ identity, now }, access) =>
    access.hasSecondFactor ? '0' : secondsSince(identity.caller.session?.mfaAtMs, now),
  'aws:assumedroot': ({ identity }) =>
    identity.caller.session === undefined ? undefined : String(identity.caller.session.isAssumedRoot === true),
  'aws:sourceidentity': ({ identity }) => identity.caller.session?.sourceIdentity,
  'aws:federatedprovider': ({ identity: { caller } }) =>
    caller.session?.federatedProvider ?? (caller.principal.kind === 'web-identity' ? caller.principal.arn : undefined),
  'aws:viaawsservice': ({ via }) => String(via.length > 0),
  'aws:calledvia': ({ via }) => (via.length === 0 ? undefined : via),
  'aws:calledviafirst': ({ via }) => via[0],
  'aws:calledvialast': ({ via }) => via.at(-1),
  'aws:sourceaccount': ({ source }) => source?.account,
  'aws:sourcearn': ({ source }) => source?.arn,
  'aws:resourceaccount': ({ identity }, access) => access.resourceAccount ?? identity.caller.principal.account,
  'aws:principalorgid': ({ places }) => places.principal?.organizationId,
  'aws:principalorgpaths': ({ places }) => pathsOf(places.principal),
  'aws:resourceorgid': ({ places }) => places.resource?.organizationId,
  'aws:resourceorgpaths': ({ places }) => pathsOf(places.resource),
  'aws:sourceorgid': ({ places }) => places.source?.organizationId,
  'aws:sourceorgpaths': ({ places }) => pathsOf(places.source),
  'aws:tagkeys': (_facts, access) => (access.requestTags === undefined ? undefined : Object.keys(access.requestTags)),
};

const tagFamilies: readonly {
  readonly prefix: string;
  readonly tags: (facts: RequestFacts, access: Access) => Readonly<Record<string, string>> | undefined;
}[] = [
  { prefix: 'aws:principaltag/', tags: ({ identity }) => identity.caller.tags },
  { prefix: 'aws:resourcetag/', tags: (_facts, access) => access.resourceTags },
  { prefix: 'aws:requesttag/', tags: (_facts, access) => access.requestTags },
];

export function conditionContext(facts: RequestFacts, access: Access): ConditionContext {
  const own = ownKeys(access.context);
  const { federatedKeys, providedKeys } = facts.identity.caller.session ?? {};
  const federated = ownKeys(federatedKeys ?? providedKeys);
  return {
    get(key) {
      const source = Object.hasOwn(globalKeys, key) ? globalKeys[key] : undefined;
      // Untagging names keys without values, so the service gives aws:TagKeys itself.
      if (source !== undefined) return source(facts, access) ?? own?.get(key);
      const family = tagFamilies.find(({ prefix }) => key.startsWith(prefix));
      if (family !== undefined) return tagNamed(family.tags(facts, access), key.slice(family.prefix.length));
      return own?.get(key) ?? federated?.get(key);
    },
  };
}

function pathsOf(place: AccountPlace | undefined): readonly string[] | undefined {
  return place === undefined ? undefined : [place.path];
}

function ownKeys(given: Access['context']): ReadonlyMap<string, ConditionValue> | undefined {
  if (given === undefined) return undefined;
  const keys = new Map<string, ConditionValue>();
  for (const [key, value] of Object.entries(given)) if (value !== undefined) keys.set(key.toLowerCase(), value);
  return keys;
}

/** AWS: the key part of a tag condition is compared without regard to case, the value with it. */
function tagNamed(tags: Readonly<Record<string, string>> | undefined, lowerCaseKey: string): string | undefined {
  if (tags === undefined) return undefined;
  for (const [key, value] of Object.entries(tags)) if (key.toLowerCase() === lowerCaseKey) return value;
  return undefined;
}

/** AWS: absent for long-term credentials and federated identities, `false` or `true` for the sessions of IAM's own users. */
function secondFactor(identity: Identity): string | undefined {
  const { session } = identity.caller;
  if (session === undefined || session.federatedProvider !== undefined || session.federatedKeys !== undefined) return undefined;
  return String(session.mfaAtMs !== undefined);
}

function dateOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : isoSeconds(ms);
}

function secondsSince(ms: number | undefined, now: number): string | undefined {
  return ms === undefined ? undefined : String(Math.floor((now - ms) / 1000));
}
