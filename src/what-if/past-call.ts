// A call of the past as a question of today: what was recorded of it, together with an identity, places and a resource's policy.
import type { Access } from '../kit/operation.ts';
import type { AccountPlace, Identity, VpcEndpoint } from '../kit/ports.ts';
import { enforcedTagViolation, type TagViolation } from '../kit/tag-policy.ts';
import type { RecordedAccess, RecordedContext, RecordedQuestion } from '../pipeline/asked-record.ts';
import { questionOf } from '../pipeline/authorize.ts';
import type { AuthorizationRequest, ConditionContext, PolicySource, ResourcePolicy } from '../policy/policy.ts';

/** Events that are alike in all that a decision can depend on, but for the time. */
export interface PastCall {
  readonly contextId: string;
  readonly context: RecordedContext;
  readonly question: RecordedQuestion;
  readonly region: string;
}

/** The policy and the tags of a resource. */
export interface ResourceState {
  /** Undefined: resources of its kind have none. */
  readonly policy: ResourcePolicy | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** One state of the installation, as far as calls need it. Undefined identities and resources are gone. */
export interface State {
  identity(contextId: string): Identity | undefined;
  place(account: string): AccountPlace | undefined;
  resource(name: string): ResourceState | undefined;
  /** What resource shares put on a resource for a caller, by `shareName`. */
  shares(name: string): readonly PolicySource[];
  /** By which the callers of a context came; with the policy that it had then, as the configuration has it. */
  endpoint(contextId: string): VpcEndpoint | undefined;
}

/** What stands for the service in the name of a resource of which only the tags are asked. */
export const tagsOnly = 'tags';

/** Under which name a state has the resource of an access; undefined when neither its policy nor its tags were asked. */
export function resourceName(
  { resourceMode, hadPolicy, resourceTags, action, resource }: RecordedAccess,
  { account }: RecordedContext,
): string | undefined {
  // A key of another account for an operation that reaches none: its policy has no say.
  if (resourceMode === 'key' && !hadPolicy) return undefined;
  if (resourceMode === undefined) return resourceTags === undefined || resource === '*' ? undefined : `${tagsOnly} ${account} ${resource}`;
  return `${resourceMode === 'trust' ? 'iam' : serviceOf(action)} ${account} ${resource}`;
}

function serviceOf(action: string): string {
  return action.slice(0, action.indexOf(':'));
}

/** The owner of the resource. */
export function ownerOf(access: RecordedAccess, { principal, account }: RecordedContext): string {
  return access.resourceAccount ?? principal.account ?? account;
}

/** What a decision was made of that is not always the same, or not known. */
export interface Used {
  /** Keys that the request had, and whose values were not kept. */
  readonly unrecorded: Set<string>;
  /** The decision depends on the time of the call. */
  isTimed: boolean;
}

export interface Asked {
  readonly question: AuthorizationRequest;
  /** What the tag policy of the resource's account has against the tags of the request; it counts once the question is answered with yes. */
  readonly tagViolation: TagViolation | undefined;
}

/** What the policies of a state are asked. A resource whose policy is gone has none. */
export function askedOf(
  call: PastCall,
  access: RecordedAccess,
  { state, identity, timeMs, used }: { readonly state: State; readonly identity: Identity; readonly timeMs: number; readonly used: Used },
): Asked {
  const { context } = call;
  const { principal } = identity.caller;
  const owner = ownerOf(access, context);
  const places = {
    principal: principal.account === undefined ? undefined : state.place(principal.account),
    resource: state.place(owner),
    source: context.source === undefined ? undefined : state.place(context.source.account),
    vpcEndpoint: context.vpcEndpoint === undefined ? undefined : state.place(context.vpcEndpoint.ownerAccount),
  };
  const vpcEndpoint = state.endpoint(call.contextId);
  const facts = { ...context, vpcEndpoint, identity, now: timeMs, region: call.region, places };
  const asked = accessOf(access, state.resource(resourceName(access, context) ?? ''));
  const question = questionOf(facts, asked, owner, state.shares(shareName(access, context)));
  return {
    question: { ...question, context: watched(question.context, call, access, used) },
    tagViolation: enforcedTagViolation(places.resource?.tagRules ?? [], asked),
  };
}

/** Under which name a state has the organisation's resource policy, for a call that was not judged by one. */
export function delegationName({ resourceMode, action }: RecordedAccess, { account }: RecordedContext): string | undefined {
  return resourceMode === undefined && serviceOf(action) === 'organizations' ? `organizations ${account} *` : undefined;
}

/** Under which name a state has what shares put on the resource for the caller. */
export function shareName({ resource }: RecordedAccess, { principal }: RecordedContext): string {
  return `${principal.account ?? principal.arn} ${resource}`;
}

function accessOf(recorded: RecordedAccess, resource: ResourceState | undefined): Access {
  const { resourceMode, hadPolicy: _hadPolicy, isAbsent: _isAbsent, unrecorded: _unrecorded, action, ...rest } = recorded;
  const policy: ResourcePolicy | undefined =
    resourceMode === undefined ? undefined : (resource?.policy ?? { mode: resourceMode, source: undefined });
  return {
    ...rest,
    // Decoding boundary: the ledger holds actions that an operation of this build has named.
    action: action as Access['action'],
    ...(resource === undefined ? {} : { resourceTags: resource.tags, ...contextWith(resource.tags, recorded) }),
    ...(policy === undefined ? {} : { resourcePolicy: policy }),
  };
}

/** The service's own spelling of the resource's tags, with those of today. */
function contextWith(tags: ResourceState['tags'], access: RecordedAccess): Pick<Access, 'context'> {
  const { context } = access;
  const service = ownSpelling(access);
  if (service === undefined) return context === undefined ? {} : { context };
  const others = Object.entries(context ?? {}).filter(([key]) => !key.includes(':ResourceTag/'));
  const own = Object.entries(tags).map(([key, value]) => [`${service}:ResourceTag/${key}`, value] as const);
  return { context: Object.fromEntries([...others, ...own]) };
}

/** Whose name is in the spelling, where the service that judges the action gives one beside `aws:ResourceTag`. */
function ownSpelling({ action, resource, resourceMode }: RecordedAccess): string | undefined {
  if (resourceMode === 'trust' || action === 'iam:PassRole') return 'iam';
  const service = serviceOf(action);
  return service === 'secretsmanager' || (service === 'ram' && resource.includes(':resource-share/')) ? service : undefined;
}

const timeKeys: ReadonlySet<string> = new Set(['aws:currenttime', 'aws:epochtime', 'aws:multifactorauthage']);

/** Notes what the policies look at. */
function watched(inner: ConditionContext, { context }: PastCall, { unrecorded }: RecordedAccess, used: Used): ConditionContext {
  const missing = new Set([...unrecorded, ...context.unrecorded]);
  return {
    get(key) {
      if (timeKeys.has(key)) used.isTimed = true;
      if (missing.has(key)) used.unrecorded.add(key);
      return inner.get(key);
    },
    ...(inner.whyNeverPresent === undefined ? {} : { whyNeverPresent: inner.whyNeverPresent }),
  };
}
