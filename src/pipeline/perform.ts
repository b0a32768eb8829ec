// The part of a request that does not depend on where it came from: validate, authorise, handle. Requests from the network come here after they
// were decoded, calls of one service to another directly, and so both are judged and recorded alike.
import type { X509Certificate } from 'node:crypto';
import { Fault } from '../base/fault.ts';
import type { Ids } from '../base/ids.ts';
import { isAfterCommit } from '../kit/after-commit.ts';
import { Awaited } from '../kit/awaited.ts';
import type { BillingPort } from '../kit/billing.ts';
import type { ServiceCall, SessionCredentials } from '../kit/calls.ts';
import type { Compile } from '../kit/compiler.ts';
import type { Context, EventFacts, Scope } from '../kit/context.ts';
import type { Explained } from '../kit/decision-records.ts';
import type { OperationDefinition } from '../kit/operation.ts';
import type {
  HardwareModulesPort,
  Identity,
  IdentityPort,
  OrganizationDirectory,
  OutboundPort,
  PrincipalDirectory,
  ProviderDirectory,
} from '../kit/ports.ts';
import type { TaggableDirectory } from '../kit/taggables.ts';
import { validate } from '../model/validate.ts';
import { errorShape } from '../protocol/errors.ts';
import type { Structure } from '../protocol/protocol.ts';
import type { Protocols } from '../protocol/protocols.ts';
import type { LedgerEvent, Transaction } from '../store/store.ts';
import { nested } from '../store/unit-of-work.ts';
import { notImplemented } from './absent.ts';
import { anonymous } from './anonymous.ts';
import { type Authorizer, authorize, Refusal } from './authorize.ts';
import { serviceEventRecord } from './cloudtrail-record.ts';
import { internalFailure, validationFault } from './faults.ts';
import { entriesOf } from './record.ts';
import type { Registry, Service } from './registry.ts';
import type { Actor, Decoded } from './stages.ts';

export interface PerformParts {
  readonly compile: Compile;
  readonly ids: Ids;
  readonly registry: Registry;
  readonly protocols: Protocols;
  readonly authorizer: Authorizer;
  readonly identities: IdentityPort;
  readonly principals: PrincipalDirectory;
  readonly providers: ProviderDirectory;
  readonly organizations: OrganizationDirectory;
  readonly outbound: OutboundPort;
  readonly hardware: HardwareModulesPort;
  readonly attestationRoots: readonly X509Certificate[];
  readonly billing: BillingPort;
  readonly taggables: TaggableDirectory;
  readonly publicUrl: () => string;
  readonly partition: string;
  readonly homeAccount: string;
  readonly onInternalError: (error: unknown, requestId: string) => void;
}

/** What a request leaves in the ledger beside its own entry; it stays even when the request fails. */
export interface Trail {
  readonly events: LedgerEvent[];
  readonly refusals: Explained[];
}

/** A service calls itself through others only by mistake. */
const viaMax = 8;

/** @throws Fault of the validation, of the authorisation or of the operation. */
export async function perform(
  parts: PerformParts,
  decoded: Decoded,
  transaction: Transaction,
  trail: Trail,
  note: Context['note'],
): Promise<Structure> {
  const { operation, definition, input } = decoded;
  const problems = operation.input === undefined ? [] : validate(operation.input, input);
  if (problems.length > 0) throw validationFault(problems, decoded);
  const context = contextOf(parts, decoded, transaction, trail, note);
  if (definition.prove !== undefined) return performProven(parts, decoded, transaction, trail, note, definition.prove);
  await authorize(parts.authorizer, decoded, context);
  return definition.handle(input, context);
}

/** The request says itself who calls: from here on that is the caller, for policies and for the ledger. */
async function performProven(
  parts: PerformParts,
  decoded: Decoded,
  transaction: Transaction,
  trail: Trail,
  note: Context['note'],
  prove: NonNullable<OperationDefinition['prove']>,
): Promise<Structure> {
  const { caller, account, access, handle } = await prove(decoded.input, contextOf(parts, decoded, transaction, trail, note));
  note({ caller, recipient: account });
  const proven: Decoded = { ...decoded, identity: { ...anonymous, caller }, account };
  const context = contextOf(parts, proven, transaction, trail, note);
  await authorize(parts.authorizer, proven, context, access);
  return handle(context);
}

export function contextOf(parts: PerformParts, actor: Actor, transaction: Transaction, trail: Trail, note: Context['note']): Context {
  const { account, region, receivedAtMs: now, requestId } = actor;
  const scope: Scope = {
    partition: parts.partition,
    account,
    region,
    caller: actor.identity.caller,
    now,
    requestId,
    transaction,
    principals: parts.principals,
    providers: parts.providers,
    organizations: parts.organizations,
    guardrails: parts.authorizer.guardrails,
    shares: parts.authorizer.shares,
    shareables: () => parts.registry.shareables(),
    outbound: parts.outbound,
    hardware: parts.hardware,
    attestationRoots: parts.attestationRoots,
    billing: parts.billing,
    taggables: parts.taggables,
    answers: actor.answers,
    publicUrl: parts.publicUrl(),
    sealer: parts.authorizer.sealer,
    ids: actor.answers.ids,
    compile: parts.compile,
    isGlobalEndpoint: actor.request.headers['host']?.split(':')[0] === `${actor.service.model.endpointPrefix}.amazonaws.com`,
    via: actor.via,
  };
  return {
    ...scope,
    sourceIp: actor.sourceIp,
    userAgent: actor.request.headers['user-agent'] ?? '',
    note,
    call: (call) => invoke(parts, actor, call, transaction, trail),
    serviceEvent: (event) =>
      void trail.events.push(
        serviceEventRecord({ account, region, ...event, eventId: parts.ids.uuid(), timeMs: now, eventSource: principalOf(actor.service) }),
      ),
  };
}

/** The other service's operation, in a part of the unit of work that is undone when it fails. */
async function invoke(parts: PerformParts, outer: Actor, call: ServiceCall, transaction: Transaction, trail: Trail): Promise<Structure> {
  const decoded = await callOf(parts, outer, call, transaction);
  let notes: EventFacts = {};
  const note: Context['note'] = (facts) => {
    notes = { ...notes, ...facts };
  };
  const finish = (output: Structure | undefined, fault: Fault | undefined): void =>
    void trail.events.push(...entriesOf(parts, { known: decoded, output, fault, notes }));
  try {
    const output = await nested(transaction, (inner) => perform(parts, decoded, inner, trail, note));
    if (!isAfterCommit(output)) finish(output, undefined);
    else if (call.options.mayDefer) finish(undefined, undefined);
    else throw new Error(`${call.operation} acts outside: it is called with Outside.call`);
    return output;
  } catch (error) {
    if (error instanceof Awaited) throw error;
    if (error instanceof Refusal) trail.refusals.push(error.explained);
    finish(undefined, error instanceof Fault ? error : internalFailure());
    throw error instanceof Fault ? withStatus(error, decoded) : error;
  }
}

/** The caller knows the callee's model as little as its client does: the fault carries the status that the model gives it. */
function withStatus(fault: Fault, { service, operation }: Decoded): Fault {
  const status = fault.status ?? errorShape(fault, service.model, operation)?.errorStatus;
  if (status === undefined || status === fault.status) return fault;
  return new Fault(fault.code, fault.message, { status, fields: fault.fields, cause: fault });
}

async function callOf(parts: PerformParts, outer: Actor, call: ServiceCall, transaction: Transaction): Promise<Decoded> {
  const { as = 'caller', sourceArn, region = outer.region } = call.options;
  const service = await parts.registry.service(call.service);
  const operation = service.model.operations.get(call.operation);
  const definition = service.operations.get(call.operation);
  if (operation === undefined || definition === undefined) {
    throw notImplemented(service, call.operation);
  }
  if (outer.via.length >= viaMax) throw new Error(`services call each other in a circle: ${outer.via.join(', ')}`);
  const by = principalOf(outer.service);
  const session = typeof as === 'string' ? undefined : await sessionIdentity(parts, as, transaction);
  const asService = session === undefined && (as === 'service' || outer.identity.caller.principal.kind === 'service');
  return {
    ...outer,
    requestId: outer.answers.ids.uuid(),
    service,
    protocol: parts.protocols[service.model.protocols[0] ?? 'json'],
    region: service.quirks.isGlobal ? outer.globalRegion : region,
    operation,
    definition,
    input: call.input,
    identity: session ?? (asService ? serviceIdentity(by) : outer.identity),
    account: session?.caller.principal.account ?? outer.account,
    via: asService || session !== undefined ? [] : [...outer.via, by],
    source: asService ? { account: outer.account, arn: sourceArn } : undefined,
    // A session's call is sent by the service and not by whoever called it.
    ...(session === undefined ? {} : { sourceIp: by, request: { ...outer.request, headers: { 'user-agent': by } } }),
  };
}

async function sessionIdentity(parts: PerformParts, credentials: SessionCredentials, transaction: Transaction): Promise<Identity> {
  const { partition, identities, authorizer } = parts;
  const found = await identities.identify(credentials, { partition, sealer: authorizer.sealer, transaction });
  if (found.kind === 'invalid') throw new Error('a service calls with credentials that are not valid');
  return found.identity;
}

/** `kms.amazonaws.com`: how a service appears in policies and in the ledger. */
export function principalOf({ quirks, model }: Service): string {
  return quirks.eventSource ?? `${model.endpointPrefix}.amazonaws.com`;
}

export function serviceIdentity(principal: string): Identity {
  return {
    ...anonymous,
    caller: { ...anonymous.caller, principal: { kind: 'service', arn: principal, account: undefined }, userId: principal },
  };
}
