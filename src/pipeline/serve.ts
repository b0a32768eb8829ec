// The whole request on one screen: route, authenticate, decode, validate, authorise, handle, encode, record; all of it one unit of work, so
// that effect and ledger entry are both there or neither is.
import { Fault } from '../base/fault.ts';
import type { Ids } from '../base/ids.ts';
import type { Context, EventFacts, Scope } from '../kit/context.ts';
import type { PrincipalDirectory } from '../kit/ports.ts';
import { redact } from '../model/redact.ts';
import { validate } from '../model/validate.ts';
import type { Structure, WireResponse } from '../protocol/protocol.ts';
import { readSignature } from '../sigv4/present.ts';
import { ConflictError, type Store, type Transaction } from '../store/store.ts';
import { type Authenticator, authenticate } from './authenticate.ts';
import { type Authorizer, authorize, Refusal } from './authorize.ts';
import { buildRecord } from './cloudtrail-record.ts';
import { storeExplanation } from './decision-log.ts';
import { internalFailure, notFoundService, throttled, validationFault } from './faults.ts';
import { address, guessProtocol, type Router, route } from './route.ts';
import type { Addressed, Authenticated, Decoded, Received, Routed } from './stages.ts';

export interface PipelineParts {
  readonly store: Store;
  readonly ids: Ids;
  readonly router: Router;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly principals: PrincipalDirectory;
  readonly partition: string;
  /** Gets the ledger entries of callers that nobody knows. */
  readonly homeAccount: string;
  readonly onInternalError: (error: unknown, requestId: string) => void;
}

export interface Pipeline {
  serve(received: Received): Promise<WireResponse>;
  /** Answers a request that could not be read, in the error shape that its client reads. */
  refuse(received: Received, fault: Fault): WireResponse;
}

/** What is known when a request ends, well or not. */
type Known = Addressed & Partial<Pick<Routed, 'operation' | 'definition'> & Pick<Authenticated, 'identity'> & Pick<Decoded, 'input'>>;

interface Outcome {
  readonly known: Known;
  readonly response: WireResponse;
  readonly output?: Structure | undefined;
  readonly fault?: Fault | undefined;
  readonly notes: EventFacts;
}

export function createPipeline(parts: PipelineParts): Pipeline {
  const { protocols } = parts.router;
  const refuse = (received: Received, fault: Fault): WireResponse =>
    guessProtocol(protocols, received.request).encodeFault(fault, undefined, undefined, received.requestId);
  return {
    refuse,
    async serve(received) {
      try {
        const addressed = await address(parts.router, received, readSignature(received.request));
        if (addressed === undefined) return refuse(received, notFoundService(received));
        return await serveAddressed(parts, addressed);
      } catch (error) {
        parts.onInternalError(error, received.requestId);
        return refuse(received, internalFailure());
      }
    },
  };
}

async function serveAddressed(parts: PipelineParts, addressed: Addressed): Promise<WireResponse> {
  try {
    return await parts.store.transact(async (transaction) => {
      const outcome = await attempt(parts, addressed, transaction);
      if (outcome.fault !== undefined) transaction.discard();
      if (outcome.fault instanceof Refusal) storeExplanation(transaction, outcome.fault.explained);
      transaction.append(record(parts, outcome));
      return outcome.response;
    });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    return addressed.protocol.encodeFault(throttled(), addressed.service.model, undefined, addressed.requestId);
  }
}

async function attempt(parts: PipelineParts, addressed: Addressed, transaction: Transaction): Promise<Outcome> {
  let known: Known = addressed;
  let notes: EventFacts = {};
  try {
    const routed = route(addressed);
    known = routed;
    const authenticated = await authenticate(parts.authenticator, routed, transaction);
    known = authenticated;
    const input = authenticated.protocol.decode(authenticated.operation, authenticated.request);
    const decoded: Decoded = { ...authenticated, input };
    known = decoded;
    const problems = decoded.operation.input === undefined ? [] : validate(decoded.operation.input, input);
    if (problems.length > 0) throw validationFault(problems, decoded);
    const scope = scopeOf(parts, decoded, transaction);
    await authorize(parts.authorizer, decoded, scope);
    const context = contextOf(parts, decoded, scope, (facts) => {
      notes = { ...notes, ...facts };
    });
    const output = await decoded.definition.handle(input, context);
    const response = decoded.protocol.encode(decoded.operation, output, decoded.requestId);
    return { known, response, output, notes };
  } catch (error) {
    const fault = asFault(parts, error, addressed.requestId);
    const response = addressed.protocol.encodeFault(fault, addressed.service.model, known.operation, addressed.requestId);
    return { known, response, fault, notes };
  }
}

function scopeOf(parts: PipelineParts, decoded: Decoded, transaction: Transaction): Scope {
  const { caller } = decoded.identity;
  return {
    partition: parts.partition,
    account: caller.principal.account ?? parts.homeAccount,
    region: decoded.region,
    caller,
    now: decoded.receivedAtMs,
    requestId: decoded.requestId,
    transaction,
    principals: parts.principals,
    sealer: parts.authorizer.sealer,
  };
}

function contextOf(parts: PipelineParts, decoded: Decoded, scope: Scope, note: Context['note']): Context {
  return { ...scope, ids: parts.ids, sourceIp: decoded.sourceIp, userAgent: decoded.request.headers['user-agent'] ?? '', note };
}

function asFault(parts: PipelineParts, error: unknown, requestId: string): Fault {
  if (error instanceof Fault) return error;
  parts.onInternalError(error, requestId);
  return internalFailure();
}

function record(parts: PipelineParts, { known, output, fault, notes }: Outcome) {
  const { operation, definition, service } = known;
  const { quirks, model } = service;
  const caller = known.identity?.caller;
  return buildRecord({
    eventId: parts.ids.uuid(),
    requestId: known.requestId,
    timeMs: known.receivedAtMs,
    partition: parts.partition,
    account: caller?.principal.account ?? parts.homeAccount,
    region: known.region,
    eventSource: quirks.eventSource ?? `${model.endpointPrefix}.amazonaws.com`,
    eventName: operation?.name ?? 'Unknown',
    caller,
    presentedAccessKeyId: known.signature.kind === 'signed' ? known.signature.accessKeyId : undefined,
    operation,
    requestParameters: notes.requestParameters,
    readOnly: definition?.readOnly ?? false,
    sourceIp: known.sourceIp,
    userAgent: known.request.headers['user-agent'],
    host: known.request.headers['host'],
    tls: known.tls,
    input: operation?.input === undefined || known.input === undefined ? undefined : redact(operation.input, known.input),
    output:
      operation?.output === undefined || output === undefined || !definition?.recordsResponse
        ? undefined
        : redact(operation.output, output),
    error: fault === undefined ? undefined : { code: fault.code, message: fault.message },
    resources: notes.resources ?? [],
    additionalEventData: notes.additionalEventData,
  });
}
