// The two states that calls are judged in: the installation as it is, and as it would be with the changes. Both are read when a call needs them,
// in one unit of work, which makes the changes between the two readings and is discarded.

import { type ArnParts, parseArn } from '../base/arn.ts';
import { seededIds } from '../base/ids.ts';
import { limits } from '../base/limits.ts';
import type { Access } from '../kit/operation.ts';
import type { AccountPlace, GuardrailsPort, Identity, VpcEndpoint } from '../kit/ports.ts';
import type { ShareableType } from '../kit/shareables.ts';
import { taggablesOf } from '../kit/taggables.ts';
import { anonymous } from '../pipeline/anonymous.ts';
import type { RecordedContext, RecordedEndpoint } from '../pipeline/asked-record.ts';
import type { PerformParts } from '../pipeline/perform.ts';
import { accessesOf, suppose } from '../pipeline/suppose.ts';
import type { PolicySource, Principal } from '../policy/policy.ts';
import type { Structure } from '../protocol/protocol.ts';
import type { Store, Transaction } from '../store/store.ts';
import { make } from './operations.ts';
import { delegationName, ownerOf, type PastCall, type ResourceState, resourceName, type State, shareName, tagsOnly } from './past-call.ts';
import { createRecent, type Recent } from './recent.ts';
import type { Change } from './request.ts';
import { sameIdentity, samePlace, sameResource } from './sameness.ts';

export interface StateParts {
  readonly store: Store;
  readonly perform: PerformParts;
  /** Without a memory of other states. */
  readonly newGuardrails: () => GuardrailsPort;
  readonly now: () => number;
}

export interface States {
  readonly now: State;
  readonly supposed: State;
  /** Reads what these calls need and is not known yet. */
  prepare(calls: readonly PastCall[]): Promise<void>;
  /** Whether the changes can make a difference to the call: something that it is judged by is not the same in both states. */
  reach(call: PastCall): boolean;
  /** Whether the changes give the caller's organisation a resource policy, or take it away, and the call knew of none. */
  appears(call: PastCall): boolean;
}

/** A value in both states; one that the changes do not touch is the same object twice. */
interface Pair<Value> {
  readonly now: Value;
  readonly supposed: Value;
}

interface Known {
  readonly identities: Recent<Pair<Identity | undefined>>;
  readonly places: Recent<Pair<AccountPlace | undefined>>;
  readonly resources: Recent<Pair<ResourceState | undefined>>;
  /** The same in both states: no change is about them. */
  readonly endpoints: Recent<VpcEndpoint>;
  /** The same in both states too: a share is no policy that is attached. */
  readonly shares: Recent<readonly PolicySource[]>;
}

/** What a call needs that is not known. */
interface Wanted {
  readonly contexts: Map<string, RecordedContext>;
  readonly accounts: Set<string>;
  readonly resources: Map<string, { readonly service: string; readonly account: string; readonly arn: string }>;
  readonly shares: Map<string, { readonly principal: Principal; readonly arn: string }>;
}

export function createStates(parts: StateParts, changes: readonly Change[]): States {
  const recent = <Value>(): Recent<Value> => createRecent<Value>(limits.whatIfKnownMax);
  const known: Known = { identities: recent(), places: recent(), resources: recent(), endpoints: recent(), shares: recent() };
  const stateOf = (side: keyof Pair<unknown>): State => ({
    identity: (contextId) => known.identities.get(contextId)?.[side],
    place: (account) => known.places.get(account)?.[side],
    resource: (name) => known.resources.get(name)?.[side],
    shares: (name) => known.shares.get(name) ?? [],
    endpoint: (contextId) => known.endpoints.get(contextId),
  });
  const appears = ({ context, question }: PastCall): boolean =>
    question.accesses.some((access) => differs(known.resources.get(delegationName(access, context) ?? '')));
  return {
    now: stateOf('now'),
    supposed: stateOf('supposed'),
    async prepare(calls) {
      for (const each of [known.identities, known.places, known.resources, known.endpoints, known.shares]) each.turn();
      const wanted = wantedBy(calls, known, await parts.perform.registry.shareables());
      for (const { contextId, context } of calls) {
        const { vpcEndpoint } = context;
        if (vpcEndpoint !== undefined && !known.endpoints.has(contextId)) known.endpoints.set(contextId, endpointOf(parts, vpcEndpoint));
      }
      if (wanted.contexts.size + wanted.accounts.size + wanted.resources.size + wanted.shares.size > 0)
        await read(parts, changes, wanted, known);
    },
    appears,
    reach(call) {
      const { contextId, context, question } = call;
      if (differs(known.identities.get(contextId)) || appears(call)) return true;
      if (accountsOf(context).some((account) => differs(known.places.get(account)))) return true;
      return question.accesses.some((access) => {
        const name = resourceName(access, context);
        return differs(known.places.get(ownerOf(access, context))) || (name !== undefined && differs(known.resources.get(name)));
      });
    },
  };
}

function endpointOf({ perform }: StateParts, { policy, ...facts }: RecordedEndpoint): VpcEndpoint {
  const { name, text } = policy;
  // INVARIANT: judge.ts does not judge a call whose endpoint's policy was not recorded.
  return { ...facts, policy: { name, policy: perform.compile(text ?? nothing) } };
}

const nothing = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}';

function differs(pair: Pair<unknown> | undefined): boolean {
  return pair !== undefined && pair.now !== pair.supposed;
}

function accountsOf({ principal, account, source, vpcEndpoint }: RecordedContext): readonly string[] {
  return [principal.account, account, source?.account, vpcEndpoint?.ownerAccount].filter((each): each is string => each !== undefined);
}

function wantedBy(calls: readonly PastCall[], known: Known, shareables: readonly ShareableType[]): Wanted {
  const wanted: Wanted = { contexts: new Map(), accounts: new Set(), resources: new Map(), shares: new Map() };
  for (const { contextId, context, question } of calls) {
    if (!known.identities.has(contextId)) wanted.contexts.set(contextId, context);
    const owners = question.accesses.map((access) => ownerOf(access, context));
    for (const account of [...accountsOf(context), ...owners]) if (!known.places.has(account)) wanted.accounts.add(account);
    for (const access of question.accesses) {
      const { resource: arn } = access;
      for (const name of [resourceName(access, context), delegationName(access, context)]) {
        if (name === undefined || known.resources.has(name)) continue;
        wanted.resources.set(name, { service: name.slice(0, name.indexOf(' ')), account: context.account, arn });
      }
      const name = shareName(access, context);
      if (!known.shares.has(name) && shareables.some(({ isArn }) => isArn(arn)))
        wanted.shares.set(name, { principal: context.principal, arn });
    }
  }
  return wanted;
}

/** Whether the changes can be made at all. @throws Fault or Error that says why not */
export async function tryChanges(parts: StateParts, changes: readonly Change[]): Promise<void> {
  await parts.store.transact(async (transaction) => {
    try {
      await makeAll(parts, changes, transaction);
    } finally {
      transaction.discard();
    }
  });
}

async function makeAll(parts: StateParts, changes: readonly Change[], transaction: Transaction): Promise<void> {
  // What the changes create bears the same names however often they are made.
  const ids = seededIds('what-if');
  // Nothing of a state that never was may stay in what the server remembers of guardrails.
  const perform = { ...parts.perform, authorizer: { ...parts.perform.authorizer, guardrails: parts.newGuardrails() } };
  const run = (
    at: { readonly service: string; readonly name: string; readonly account: string; readonly region?: string },
    input: Structure,
  ) =>
    suppose(perform, transaction, {
      service: at.service,
      operation: at.name,
      account: at.account,
      region: at.region ?? '',
      input,
      now: parts.now(),
      ids,
    });
  for (const change of changes) await make(change, { transaction, organizations: perform.organizations, run });
}

interface Reading {
  readonly identities: Map<string, Identity | undefined>;
  readonly places: Map<string, AccountPlace | undefined>;
  readonly resources: Map<string, ResourceState | undefined>;
}

async function read(parts: StateParts, changes: readonly Change[], wanted: Wanted, known: Known): Promise<void> {
  const [now, supposed] = await parts.store.transact(async (transaction) => {
    const before = await readAll(parts, wanted, transaction);
    for (const [name, question] of wanted.shares) known.shares.set(name, await sharesOf(parts, question, transaction));
    await makeAll(parts, changes, transaction);
    const after = await readAll(parts, wanted, transaction);
    transaction.discard();
    return [before, after];
  });
  join(known.identities, now.identities, supposed.identities, sameIdentity);
  join(known.places, now.places, supposed.places, samePlace);
  join(known.resources, now.resources, supposed.resources, sameResource);
}

function join<Value>(
  known: Recent<Pair<Value | undefined>>,
  before: ReadonlyMap<string, Value | undefined>,
  after: ReadonlyMap<string, Value | undefined>,
  isSame: (left: Value, right: Value) => boolean,
): void {
  for (const [key, now] of before) {
    const then = after.get(key);
    const areSame = now === undefined || then === undefined ? now === then : isSame(now, then);
    known.set(key, { now, supposed: areSame ? now : then });
  }
}

async function readAll(parts: StateParts, { contexts, accounts, resources }: Wanted, transaction: Transaction): Promise<Reading> {
  const guardrails = parts.newGuardrails();
  const reading: Reading = { identities: new Map(), places: new Map(), resources: new Map() };
  for (const account of accounts) reading.places.set(account, await guardrails.placeOf(account, transaction));
  for (const [id, context] of contexts) reading.identities.set(id, await identityOf(parts, context, transaction));
  for (const [name, resource] of resources) reading.resources.set(name, await resourceOf(parts, resource, transaction));
  return reading;
}

async function sharesOf(
  { perform, newGuardrails }: StateParts,
  { principal, arn }: { readonly principal: Principal; readonly arn: string },
  transaction: Transaction,
): Promise<readonly PolicySource[]> {
  const place = principal.account === undefined ? undefined : await newGuardrails().placeOf(principal.account, transaction);
  return perform.authorizer.shares.policiesFor(transaction, { arn, principal, place });
}

/** Who the caller is today, in the session that it had. */
async function identityOf({ perform }: StateParts, context: RecordedContext, transaction: Transaction): Promise<Identity | undefined> {
  const { principal, userId, userName, session, sessionPolicies, tags } = context;
  switch (principal.kind) {
    case 'anonymous':
    case 'service':
    case 'saml':
    case 'web-identity':
      return { ...anonymous, caller: { principal, userId, accessKeyId: undefined, userName, tags, session } };
    case 'root':
    case 'user':
    case 'role-session':
    case 'federated-user':
      return perform.principals.present(transaction, perform.partition, { principal, session, sessionPolicies });
  }
}

/** The operation whose access rule tells the policy of a service's resources, and the member that names the resource. */
const policyReaders: Readonly<Record<string, readonly [operation: string, member: string]>> = {
  kms: ['GetKeyPolicy', 'KeyId'],
  secretsmanager: ['GetResourcePolicy', 'SecretId'],
  lambda: ['GetPolicy', 'FunctionName'],
  // Of the organisation itself, for the member that acts by its resource policy.
  organizations: ['UpdatePolicy', 'PolicyId'],
};

async function resourceOf(
  { perform, now }: StateParts,
  { service, account: callerAccount, arn }: { readonly service: string; readonly account: string; readonly arn: string },
  transaction: Transaction,
): Promise<ResourceState | undefined> {
  if (service === 'iam') {
    const role = await perform.principals.role(transaction, arn);
    return role && { policy: { mode: 'trust', source: role.trust }, tags: role.tags };
  }
  const parts = parseArn(arn);
  if (service === tagsOnly) return parts === undefined ? undefined : tagsOf(perform, parts, transaction);
  const reader = policyReaders[service];
  if (reader === undefined || (parts === undefined && service !== 'organizations')) return undefined;
  const [operation, member] = reader;
  const isOrganization = service === 'organizations';
  const accesses = await accessesOf(perform, transaction, {
    service,
    operation,
    input: { [member]: isOrganization ? 'p-whatif000' : arn },
    account: isOrganization ? callerAccount : (parts?.account ?? callerAccount),
    region: parts?.region ?? '',
    now: now(),
    ids: seededIds('what-if'),
  });
  // An organisation without a resource policy has tags and no policy, as a secret.
  return stateOfAccess(accesses[0]) ?? (isOrganization ? { policy: { mode: 'optional', source: undefined }, tags: {} } : undefined);
}

/** Of a resource without a policy of its own. */
async function tagsOf(perform: PerformParts, arn: ArnParts, transaction: Transaction): Promise<ResourceState | undefined> {
  const { account, region } = arn;
  const place = { transaction, partition: perform.partition, account, region: region === '' ? undefined : region };
  for (const taggable of taggablesOf(await perform.taggables.all(), arn)) {
    const found = await taggable.find(place, arn);
    if (found !== undefined) return { policy: undefined, tags: found.tags };
  }
  return undefined;
}

function stateOfAccess(access: Access | undefined): ResourceState | undefined {
  return access?.resourcePolicy === undefined ? undefined : { policy: access.resourcePolicy, tags: access.resourceTags ?? {} };
}
