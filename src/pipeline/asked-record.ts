// What policies were asked about a request, as the ledger keeps it beside the event: enough to ask again, of other policies. What a client's
// requests have in common is a context of its own, kept once. Policies, tags of principals and places are not in it: those are looked up when
// it is asked again. docs/adr/0023-what-if.md
import { createHash } from 'node:crypto';
import { limits } from '../base/limits.ts';
import type { Caller, SessionFacts } from '../kit/context.ts';
import type { Access } from '../kit/operation.ts';
import type { VpcEndpoint } from '../kit/ports.ts';
import type { ConditionValue, PolicySource, Principal, ResourcePolicy } from '../policy/policy.ts';
import type { Asked, AskedContext } from '../store/store.ts';
import type { RequestFacts } from './request-facts.ts';

/** A context in words. */
export interface RecordedContext extends Omit<RequestFacts, 'identity' | 'now' | 'region' | 'places' | 'vpcEndpoint'> {
  readonly vpcEndpoint: RecordedEndpoint | undefined;
  readonly principal: Principal;
  readonly userId: string;
  readonly userName: string | undefined;
  /** Of callers whom an identity provider vouches for; the tags of others are looked up. */
  readonly tags: Readonly<Record<string, string>>;
  readonly session: SessionFacts | undefined;
  readonly sessionPolicies: readonly RecordedPolicy[] | undefined;
  /** In which the caller acted. */
  readonly account: string;
  /** Condition keys that the request had, in lower case, but whose values were too long to be kept. */
  readonly unrecorded: readonly string[];
}

/** With the policy that it had. */
export interface RecordedEndpoint extends Omit<VpcEndpoint, 'policy'> {
  readonly policy: RecordedPolicy;
}

/** A session policy: a managed one by its ARN, otherwise its text. */
export interface RecordedPolicy {
  readonly name: string;
  readonly arn?: string;
  readonly text?: string;
}

/** One action on one resource. */
export interface RecordedAccess
  extends Pick<
    Access,
    'resource' | 'resourceAccount' | 'resourceTags' | 'requestTags' | 'context' | 'granted' | 'isServiceOwned' | 'hasSecondFactor'
  > {
  readonly action: string;
  /** The resource's policy took part, in this way. */
  readonly resourceMode: ResourcePolicy['mode'] | undefined;
  /** The resource had a policy, or none that anybody knew of. */
  readonly hadPolicy: boolean;
  /** Of an operation that the build did not have: the resource is what the request named, and nothing but an explicit deny refused it. */
  readonly isAbsent: boolean;
  readonly unrecorded: readonly string[];
}

export interface RecordedQuestion {
  readonly wasAllowed: boolean;
  /** The event is the second one of a request: for the owner of what was used across accounts. */
  readonly isCopy: boolean;
  readonly accesses: readonly RecordedAccess[];
}

/** What a request gives; all of it is known once it is authorised or refused. */
export interface AskedFacts {
  readonly facts: Omit<RequestFacts, 'places'>;
  readonly account: string;
  readonly accesses: readonly Access[];
  readonly isAbsent: boolean;
  /** By policies, and by the tag policy too. */
  readonly wasAllowed: boolean;
}

export type RecordAsked = (asked: AskedFacts) => Asked;

export function createAskedRecorder(): RecordAsked {
  const contexts = new Map<string, AskedContext>();
  return ({ facts, account, accesses, isAbsent, wasAllowed }) => {
    const key = contextKey(facts, account);
    let context = key === undefined ? undefined : contexts.get(key);
    if (context === undefined) {
      context = contextOf(facts, account);
      if (contexts.size >= limits.askedContextsMax) contexts.clear();
      if (key !== undefined) contexts.set(key, context);
    }
    const homes = { caller: facts.identity.caller.principal.account, acting: account, isAbsent };
    return { context, text: `${wasAllowed ? '+' : '-'}${JSON.stringify(accesses.map((access) => written(access, homes)))}` };
  };
}

/** The same question beside an event for another account. */
export function copyOfAsked({ text, context }: Asked): Asked {
  return { text: `=${text}`, context };
}

/** Undefined: without an access key there is nothing that tells two sessions apart, or two whom an identity provider vouches for. Headers have no line feeds in them. */
function contextKey(facts: AskedFacts['facts'], account: string): string | undefined {
  const { identity, source, via } = facts;
  const { principal, accessKeyId, session } = identity.caller;
  if (accessKeyId === undefined && (session !== undefined || principal.kind === 'saml' || principal.kind === 'web-identity'))
    return undefined;
  const from = source === undefined ? '' : `${source.account} ${source.arn}`;
  const who = `${accessKeyId}\n${principal.arn}\n${principal.uniqueId}\n${account}\n${from}\n${via.length === 0 ? '' : via.join()}`;
  return `${who}\n${facts.sourceIp}\n${facts.vpcEndpoint?.id}\n${facts.isTls}\n${facts.referer}\n${facts.userAgent}`;
}

function contextOf(
  { identity, sourceIp, vpcEndpoint, isTls, userAgent, referer, via, source }: AskedFacts['facts'],
  account: string,
): AskedContext {
  const { principal, userId, userName, session, tags }: Caller = identity.caller;
  const unrecorded: string[] = [];
  const kept = (key: string, value: string | undefined): string | undefined => {
    if (value === undefined || value.length <= limits.askedValueCharactersMax) return value;
    unrecorded.push(key);
    return undefined;
  };
  const recorded: Partial<RecordedContext> = {
    principal,
    userId,
    userName,
    session,
    ...(principal.kind === 'saml' || principal.kind === 'web-identity' ? { tags } : {}),
    sessionPolicies: identity.sessionPolicies?.map(recordedPolicy),
    ...(account === principal.account ? {} : { account }),
    sourceIp,
    ...(vpcEndpoint === undefined ? {} : { vpcEndpoint: { ...endpointFacts(vpcEndpoint), policy: recordedPolicy(vpcEndpoint.policy) } }),
    isTls,
    userAgent: kept('aws:useragent', userAgent),
    referer: kept('aws:referer', referer),
    ...(via.length === 0 ? {} : { via }),
    source,
    ...(unrecorded.length === 0 ? {} : { unrecorded }),
  };
  const text = JSON.stringify(recorded);
  return { id: createHash('sha256').update(text).digest('base64url').slice(0, 16), text };
}

function endpointFacts({ id, vpcId, vpcArn, ownerAccount }: VpcEndpoint): Omit<VpcEndpoint, 'policy'> {
  return { id, vpcId, vpcArn, ownerAccount };
}

function recordedPolicy({ name, arn, policy }: PolicySource): RecordedPolicy {
  if (arn !== undefined) return { name, arn };
  return typeof policy.origin === 'string' ? { name, text: policy.origin } : { name };
}

/** Decoding boundary: only `contextOf` writes contexts. */
export function readContext(text: string): RecordedContext {
  const read = JSON.parse(text) as Partial<RecordedContext> & Pick<RecordedContext, 'principal' | 'userId' | 'sourceIp' | 'isTls'>;
  return {
    vpcEndpoint: undefined,
    userName: undefined,
    tags: {},
    session: undefined,
    sessionPolicies: undefined,
    userAgent: undefined,
    referer: undefined,
    source: undefined,
    via: [],
    unrecorded: [],
    account: read.principal.account ?? '',
    ...read,
  };
}

/** Short names: there is one of these for every request. */
interface More {
  readonly a?: string | undefined;
  readonly t?: Readonly<Record<string, string>> | undefined;
  readonly q?: Readonly<Record<string, string>> | undefined;
  readonly c?: Readonly<Record<string, ConditionValue>> | undefined;
  readonly g?: string | undefined;
  readonly o?: 1 | undefined;
  readonly f?: 1 | undefined;
  readonly p?: ResourcePolicy['mode'] | undefined;
  readonly n?: 1 | undefined;
  readonly u?: 1 | undefined;
  readonly x?: readonly string[] | undefined;
}
type Written = readonly [action: string, resource: string, more?: More];

/** The account of the caller, and that in which it acts. */
interface Homes {
  readonly caller: string | undefined;
  readonly acting: string;
  readonly isAbsent: boolean;
}

function written(access: Access, { caller, acting, isAbsent }: Homes): Written {
  const { action, resource, resourceAccount, resourceTags, requestTags, context, granted, resourcePolicy } = access;
  const x: string[] = [];
  const more: More = {
    a: ownerUnlikeCaller(resourceAccount, caller, acting),
    // The tags of a resource with a policy are looked up with it.
    t: resourcePolicy === undefined ? boundedTags('aws:resourcetag/', resourceTags, x) : undefined,
    // An empty set of tags in a request is as good as none.
    q: requestTags === undefined || Object.keys(requestTags).length === 0 ? undefined : boundedTags('aws:requesttag/', requestTags, x),
    c: boundedContext(context, x),
    g: granted?.name,
    o: access.isServiceOwned ? 1 : undefined,
    f: access.hasSecondFactor ? 1 : undefined,
    p: resourcePolicy?.mode,
    n: resourcePolicy !== undefined && resourcePolicy.source === undefined ? 1 : undefined,
    u: isAbsent ? 1 : undefined,
    x: x.length === 0 ? undefined : x,
  };
  for (const member in more) if (more[member as keyof More] !== undefined) return [action, resource, more];
  return [action, resource];
}

/** What `ownerOf` in what-if/past-call.ts would not know without it. */
function ownerUnlikeCaller(owner: string | undefined, caller: string | undefined, acting: string): string | undefined {
  if (owner !== undefined) return owner === caller ? undefined : owner;
  return caller === undefined || caller === acting ? undefined : acting;
}

type Tags = Readonly<Record<string, string>>;

function boundedTags(prefix: string, tags: Tags | undefined, unrecorded: string[]): Tags | undefined {
  if (tags === undefined) return undefined;
  const names = Object.keys(tags);
  if (names.length <= limits.askedKeysMax) return tags;
  for (const name of names.slice(limits.askedKeysMax)) unrecorded.push(`${prefix}${name}`.toLowerCase());
  return Object.fromEntries(names.slice(0, limits.askedKeysMax).map((name) => [name, tags[name] ?? '']));
}

function boundedContext(context: Access['context'], unrecorded: string[]): Readonly<Record<string, ConditionValue>> | undefined {
  if (context === undefined) return undefined;
  let count = 0;
  const kept: Record<string, ConditionValue> = {};
  for (const key in context) {
    // Only what a service put there itself.
    const value = context[key as keyof typeof context];
    if (value === undefined) continue;
    count += 1;
    const length = typeof value === 'string' ? value.length : value.reduce((sum, each) => sum + each.length, 0);
    if (count > limits.askedKeysMax || length > limits.askedValueCharactersMax) unrecorded.push(key.toLowerCase());
    else kept[key] = value;
  }
  return count === 0 ? undefined : kept;
}

/** Decoding boundary: only `written` makes these texts. Undefined: nothing was asked. */
export function readQuestion(text: string): RecordedQuestion | undefined {
  if (text === '') return undefined;
  const isCopy = text.startsWith('=');
  const start = isCopy ? 1 : 0;
  const accesses = (JSON.parse(text.slice(start + 1)) as readonly Written[]).map(([action, resource, more = {}]): RecordedAccess => {
    const { a, t, q, c, g, o, f, p, n, u, x = [] } = more;
    return {
      action,
      // Decoding boundary, as above.
      resource: resource as Access['resource'],
      ...(a === undefined ? {} : { resourceAccount: a }),
      ...(t === undefined ? {} : { resourceTags: t }),
      ...(q === undefined ? {} : { requestTags: q }),
      ...(c === undefined ? {} : { context: c }),
      ...(g === undefined ? {} : { granted: { name: g } }),
      ...(o === undefined ? {} : { isServiceOwned: true }),
      ...(f === undefined ? {} : { hasSecondFactor: true }),
      resourceMode: p,
      hadPolicy: p !== undefined && n === undefined,
      isAbsent: u !== undefined,
      unrecorded: x,
    };
  });
  return { wasAllowed: text[start] === '+', isCopy, accesses };
}
