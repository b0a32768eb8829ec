// Decides whether the caller may do what it asks: every action on every resource that the operation names must be allowed by every layer.
// The allow path builds no explanation; a refusal is evaluated a second time with the trace on and kept with the ledger entry.
import type { Clock } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import type { Context, Scope, Sealer } from '../kit/context.ts';
import { authorizationIdAt, type Explained } from '../kit/decision-records.ts';
import { type Access, anyCaller, unsigned } from '../kit/operation.ts';
import type { GuardrailsPort } from '../kit/ports.ts';
import { sessionRestriction } from '../kit/session-restrictions.ts';
import type { SharesPort } from '../kit/shareables.ts';
import { enforcedTagViolation, type TagRule } from '../kit/tag-policy.ts';
import type { ProtocolName } from '../model/model.ts';
import { evaluate } from '../policy/evaluate.ts';
import { explain } from '../policy/explain.ts';
import { refusalMessage } from '../policy/message.ts';
import type { AuthorizationRequest, Decision, PolicySource } from '../policy/policy.ts';
import type { Transaction } from '../store/store.ts';
import type { RecordAsked } from './asked-record.ts';
import { encodeAuthorizationMessage, shownContext } from './authorization-message.ts';
import { conditionContext } from './condition-context.ts';
import type { DecisionLog } from './decision-log.ts';
import { tagPolicyViolation } from './faults.ts';
import type { Places, RequestFacts } from './request-facts.ts';
import type { Decoded } from './stages.ts';

export interface Authorizer {
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly guardrails: GuardrailsPort;
  readonly shares: SharesPort;
  readonly decisions: DecisionLog;
  readonly recordAsked: RecordAsked;
}

/** A refusal with its reasons, which the ledger keeps. */
export class Refusal extends Fault {
  readonly explained: Explained;

  constructor(fault: Fault, explained: Explained) {
    super(fault.code, fault.message, { ...(fault.status === undefined ? {} : { status: fault.status }), fields: fault.fields });
    this.explained = explained;
  }
}

/** Returns when everything is allowed. @throws Refusal with AWS's sentence for the first action that is not. */
export async function authorize(authorizer: Authorizer, request: Decoded, scope: Context, proven?: readonly Access[]): Promise<void> {
  const restriction = sessionRestriction(scope.caller, request.service.entry.signingName, request.operation.name);
  if (restriction !== undefined) throw restriction;
  const rule = request.definition.access;
  if (rule === anyCaller) return;
  if (rule === unsigned && proven === undefined) throw new Error(`${request.operation.name} has proved nothing to authorise`);
  const named = rule === unsigned ? (proven ?? []) : await rule(request.input, scope);
  const accesses: readonly Access[] = Array.isArray(named) ? named : [named as Access];
  if (accesses.length === 0) throw new Error(`${request.operation.name} names no action to authorise`);
  const facts = requestFacts(request, scope.now);
  const isAbsent = request.definition.isAbsent === true;
  const record = (wasAllowed: boolean): void =>
    scope.note({ asked: authorizer.recordAsked({ facts, account: scope.account, accesses, isAbsent, wasAllowed }) });
  const asked: AuthorizationRequest[] = [];
  for (const access of accesses) {
    const { question, tagRules } = await authorizationRequest(authorizer, request, access, facts, scope);
    asked.push(question);
    const { outcome } = evaluate(question);
    if (isRefusal(outcome, isAbsent)) {
      record(false);
      throw refuse(authorizer, request, access, question, asked, scope);
    }
    const violation = tagRules === undefined ? undefined : enforcedTagViolation(tagRules, access);
    if (violation !== undefined) {
      record(false);
      throw tagPolicyViolation(violation, request);
    }
  }
  record(true);
  authorizer.decisions.remember(request.requestId, { timeMs: scope.now, operation: operationLabel(request), asked });
}

/** Of an absent operation nobody knows the resource, so that what fails to allow it proves nothing; what forbids it does. */
export function isRefusal(outcome: Decision['outcome'], isAbsent: boolean): boolean {
  return isAbsent ? outcome === 'EXPLICIT_DENY' : outcome !== 'ALLOW';
}

async function authorizationRequest(
  authorizer: Authorizer,
  { identity, service }: Decoded,
  access: Access,
  facts: Omit<RequestFacts, 'places'>,
  scope: Scope,
): Promise<{ readonly question: AuthorizationRequest; readonly tagRules: readonly TagRule[] | undefined }> {
  const resourceAccount = access.resourceAccount ?? scope.account;
  const accounts = {
    resource: resourceAccount,
    principal: identity.caller.principal.account,
    source: facts.source?.account,
    vpcEndpoint: facts.vpcEndpoint?.ownerAccount,
  };
  const places = await placesOf(authorizer.guardrails, accounts, scope.transaction);
  const isShareable = service.shareables.some(({ isArn }) => isArn(access.resource));
  const shares = isShareable
    ? await authorizer.shares.policiesFor(scope.transaction, {
        arn: access.resource,
        principal: identity.caller.principal,
        place: places.principal,
      })
    : [];
  return { question: questionOf({ ...facts, places }, access, scope.account, shares), tagRules: places.resource?.tagRules };
}

/** What the policies are asked about one access. `account` is the one in which the caller acts. */
export function questionOf(
  facts: RequestFacts,
  access: Access,
  account: string,
  shares: readonly PolicySource[] = [],
): AuthorizationRequest {
  const { identity, places } = facts;
  return {
    principal: identity.caller.principal,
    action: access.action,
    resource: access.resource,
    resourceAccount: access.resourceAccount ?? account,
    context: conditionContext(facts, access),
    identity: identity.identityPolicies,
    boundary: identity.boundary,
    session: identity.sessionPolicies,
    resourcePolicy: shares.length === 0 ? access.resourcePolicy : { mode: 'optional', source: undefined, ...access.resourcePolicy, shares },
    ...(access.granted === undefined ? {} : { granted: access.granted }),
    serviceControl: places.principal?.serviceControl,
    resourceControl: places.resource?.resourceControl,
    isSameOrganization: places.principal !== undefined && places.principal.organizationId === places.resource?.organizationId,
    ...(access.isServiceOwned === true ? { isServiceOwned: true } : {}),
    vpcEndpoint: facts.vpcEndpoint?.policy,
  };
}

/** Most often all accounts are one, and it is looked up once. */
async function placesOf(
  guardrails: GuardrailsPort,
  {
    resource,
    principal,
    source,
    vpcEndpoint,
  }: Readonly<Record<'principal' | 'source' | 'vpcEndpoint', string | undefined>> & {
    readonly resource: string;
  },
  transaction: Transaction,
): Promise<Places> {
  const ofResource = await guardrails.placeOf(resource, transaction);
  const placeOf = async (account: string | undefined) =>
    account === undefined ? undefined : account === resource ? ofResource : guardrails.placeOf(account, transaction);
  return {
    resource: ofResource,
    principal: await placeOf(principal),
    source: await placeOf(source),
    vpcEndpoint: await placeOf(vpcEndpoint),
  };
}

function requestFacts(request: Decoded, now: number): Omit<RequestFacts, 'places'> {
  // AWS: what a service calls comes from the service's network, and nothing is told of the one from which the caller came.
  const isOfService = request.via.length > 0 || request.source !== undefined;
  return {
    identity: request.identity,
    now,
    region: request.region,
    sourceIp: isOfService ? undefined : request.sourceIp,
    vpcEndpoint: isOfService ? undefined : request.vpcEndpoint,
    // Services reach each other over TLS.
    isTls: request.tls !== undefined || isOfService,
    via: request.via,
    source: request.source,
    userAgent: request.request.headers['user-agent'],
    referer: request.request.headers['referer'],
  };
}

function refuse(
  authorizer: Authorizer,
  request: Decoded,
  access: Access,
  question: AuthorizationRequest,
  asked: readonly AuthorizationRequest[],
  scope: Scope,
): Refusal {
  const explanations = asked.map((each) => explain(each));
  const authorizationId = authorizationIdAt(scope.now, randomText(scope));
  const encodedMessage = encodeAuthorizationMessage(authorizer.sealer, question, evaluate(question), authorizationId);
  const sentence = refusalMessage(question, evaluate(question), access.shownAs);
  const { quirks } = request.service;
  const message = quirks.encodedRefusals
    ? `You are not authorized to perform this operation. ${sentence}. Encoded authorization failure message: ${encodedMessage}`
    : sentence;
  const { account } = question.principal;
  const explained = {
    requestId: request.requestId,
    authorizationId,
    accounts: [...new Set([account ?? scope.account, question.resourceAccount ?? scope.account])],
    context: shownContext(question),
    timeMs: scope.now,
    operation: operationLabel(request),
    message,
    decisions: explanations,
    encodedMessage,
  };
  return new Refusal(
    new Fault(quirks.accessDeniedCode ?? accessDeniedCode(request.protocol.name), message, refusalStatus(request.protocol.name)),
    explained,
  );
}

/** Sixteen characters of base 36. */
function randomText({ ids }: Scope): string {
  const number = BigInt(`0x${Buffer.from(ids.bytes(12)).toString('hex')}`);
  return number.toString(36).padStart(19, '0').slice(-16);
}

function operationLabel(request: Decoded): string {
  return `${request.service.entry.name}:${request.operation.name}`;
}

function accessDeniedCode(protocol: ProtocolName): string {
  if (protocol === 'ec2') return 'UnauthorizedOperation';
  return protocol === 'query' || protocol === 'rest-xml' ? 'AccessDenied' : 'AccessDeniedException';
}

function refusalStatus(protocol: ProtocolName): { readonly status: number } {
  return { status: protocol === 'json' || protocol === 'smithy-rpc-v2-cbor' ? 400 : 403 };
}
