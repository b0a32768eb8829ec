// The whole request on one screen: route, arrive, authenticate, decode, validate, authorise, handle, encode, record; all of it one unit of work, so
// that effect and ledger entry are both there or neither is.
import { Fault } from '../base/fault.ts';
import { type AfterCommit, isAfterCommit } from '../kit/after-commit.ts';
import { untilAnswered } from '../kit/answers.ts';
import { Awaited } from '../kit/awaited.ts';
import type { ServiceCall } from '../kit/calls.ts';
import type { EventFacts } from '../kit/context.ts';
import { storeExplanation } from '../kit/decision-records.ts';
import type { ContextFor, Outside, RunService, ServiceRun } from '../kit/jobs.ts';
import type { Identity, VpcEndpointsPort } from '../kit/ports.ts';
import type { Structure, WireResponse } from '../protocol/protocol.ts';
import { readSignature } from '../sigv4/present.ts';
import { ConflictError, type LedgerEvent, type Store, type Transaction } from '../store/store.ts';
import { act } from './act.ts';
import { type Authenticator, authenticate } from './authenticate.ts';
import { Refusal } from './authorize.ts';
import { internalFailure, notFoundService, throttled } from './faults.ts';
import { contextOf, type PerformParts, perform, principalOf, serviceIdentity, type Trail } from './perform.ts';
import { type Ended, entriesOf, type Known } from './record.ts';
import { address, arrive, globalRegion, guessProtocol, type Router, route } from './route.ts';
import type { Actor, Addressed, Decoded, Received } from './stages.ts';

export interface PipelineParts extends PerformParts {
  readonly store: Store;
  /** For what operations do after their unit of work. */
  readonly outside: (service: string) => Outside;
  readonly router: Router;
  readonly authenticator: Authenticator;
  readonly vpcEndpoints: VpcEndpointsPort;
}

export interface Pipeline {
  serve(received: Received): Promise<WireResponse>;
  /** Answers a request that could not be read, in the error shape that its client reads. */
  refuse(received: Received, fault: Fault): WireResponse;
  /** Asks for an operation with somebody's credentials, as a part of the server. */
  act(transaction: Transaction, received: Received, identity: Identity, call: ServiceCall): Promise<Structure | Fault>;
  /** Runs work that a service does by itself; what it records is appended to the unit of work. */
  runService: RunService;
}

type Outcome = Ended & ({ readonly response: WireResponse; readonly later?: undefined } | { readonly later: Later });

/** A request whose unit of work has ended, and which is answered by what happens now. */
interface Later {
  readonly decoded: Decoded;
  readonly output: AfterCommit<Structure>;
}

export function createPipeline(parts: PipelineParts): Pipeline {
  const { protocols } = parts;
  const refuse = (received: Received, fault: Fault): WireResponse =>
    guessProtocol(protocols, received.request).encodeFault(fault, undefined, undefined, received.requestId);
  return {
    refuse,
    act: (...given) => act(parts, ...given),
    runService: (name, transaction, run, work) => runService(parts, name, transaction, run, work),
    async serve(received) {
      try {
        const addressed = await address(parts.router, received, readSignature(received.request));
        if (addressed === undefined) return refuse(received, notFoundService(received));
        return await untilAnswered(() => serveOnce(parts, addressed));
      } catch (error) {
        parts.onInternalError(error, received.requestId);
        return refuse(received, internalFailure());
      }
    },
  };
}

async function serveOnce(parts: PipelineParts, addressed: Addressed): Promise<WireResponse> {
  try {
    const outcome = await parts.store.transact(async (transaction) => {
      addressed.answers.restart();
      const trail: Trail = { events: [], refusals: [] };
      const outcome = await attempt(parts, addressed, transaction, trail);
      if (outcome.fault !== undefined) transaction.discard();
      // A refusal of a call to another service is the reason of this request's failure, so it is found under both ids.
      const refusal = outcome.fault instanceof Refusal ? outcome.fault.explained : trail.refusals.at(-1);
      if (outcome.fault !== undefined && refusal !== undefined) trail.refusals.push({ ...refusal, requestId: addressed.requestId });
      keep(transaction, trail, entriesOf(parts, outcome));
      return outcome;
    });
    return outcome.later === undefined ? outcome.response : await finish(parts, outcome.later);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    return addressed.protocol.encodeFault(throttled(), addressed.service.model, undefined, addressed.requestId);
  }
}

function keep(transaction: Transaction, trail: Trail, own: readonly LedgerEvent[]): void {
  for (const explained of trail.refusals) storeExplanation(transaction, explained);
  for (const event of [...trail.events, ...own]) transaction.append(event);
}

async function attempt(parts: PipelineParts, addressed: Addressed, transaction: Transaction, trail: Trail): Promise<Outcome> {
  let known: Known = addressed;
  let notes: EventFacts = {};
  try {
    const arrived = await arrive(parts.vpcEndpoints, addressed, transaction);
    known = arrived;
    const routed = route(arrived);
    known = routed;
    const authenticated = await authenticate(parts.authenticator, routed, transaction);
    known = authenticated;
    const input = authenticated.protocol.decode(authenticated.operation, authenticated.request);
    const decoded: Decoded = { ...authenticated, input };
    known = decoded;
    const output = await perform(parts, decoded, transaction, trail, (facts) => {
      notes = { ...notes, ...facts };
    });
    if (isAfterCommit(output)) return { known, later: { decoded, output }, notes };
    const response = decoded.protocol.encode(decoded.operation, output, decoded.requestId);
    return { known, response, output, notes };
  } catch (error) {
    if (error instanceof Awaited) throw error;
    const fault = asFault(parts, error, addressed.requestId);
    const response = addressed.protocol.encodeFault(fault, addressed.service.model, known.operation, addressed.requestId);
    return { known, ...withAuthorizationId(response, fault, notes), fault };
  }
}

/** A refusal says in a header and in its ledger entry under which id its decision can be asked for. */
function withAuthorizationId(
  response: WireResponse,
  fault: Fault,
  notes: EventFacts,
): { readonly response: WireResponse; readonly notes: EventFacts } {
  const authorizationId = fault instanceof Refusal ? fault.explained.authorizationId : undefined;
  if (authorizationId === undefined) return { response, notes };
  return {
    response: { ...response, headers: { ...response.headers, 'x-castellan-authorization-id': authorizationId } },
    notes: { ...notes, additionalEventData: { ...notes.additionalEventData, authorizationId } },
  };
}

async function finish(parts: PipelineParts, { decoded, output }: Later): Promise<WireResponse> {
  const { protocol, operation, requestId, service } = decoded;
  try {
    return protocol.encode(operation, await output.afterCommit(parts.outside(service.entry.name)), requestId);
  } catch (error) {
    return protocol.encodeFault(asFault(parts, error, requestId), service.model, operation, requestId);
  }
}

function asFault(parts: PipelineParts, error: unknown, requestId: string): Fault {
  if (error instanceof Fault) return error;
  parts.onInternalError(error, requestId);
  return internalFailure();
}

const noRequest = { method: '', path: '', query: '', headers: {}, body: new Uint8Array(0) };

async function runService<Result>(
  parts: PipelineParts,
  name: string,
  transaction: Transaction,
  { now, answers }: ServiceRun,
  work: (contextFor: ContextFor) => Promise<Result>,
): Promise<Result> {
  answers.restart();
  const service = await parts.registry.service(name);
  const protocol = parts.protocols[service.model.protocols[0] ?? 'json'];
  const trail: Trail = { events: [], refusals: [] };
  const principal = principalOf(service);
  const contextFor: ContextFor = ({ account, region }) => {
    const actor: Actor = {
      request: noRequest,
      requestId: answers.ids.uuid(),
      receivedAtMs: now,
      sourceIp: principal,
      tls: undefined,
      service,
      protocol,
      region: service.quirks.isGlobal ? globalRegion : region,
      globalRegion,
      vpcEndpoint: undefined,
      signature: { kind: 'unsigned' },
      answers,
      identity: serviceIdentity(principal),
      account,
      via: [],
      source: { account, arn: undefined },
    };
    return contextOf(parts, actor, transaction, trail, () => undefined);
  };
  const result = await work(contextFor);
  keep(transaction, trail, []);
  return result;
}
