// The ledger entries of a request that has ended, well or not: one for the caller's account, and one for the owner of what was used across accounts.
import type { Fault } from '../base/fault.ts';
import type { Ids } from '../base/ids.ts';
import type { EventFacts } from '../kit/context.ts';
import { redact } from '../model/redact.ts';
import type { Structure } from '../protocol/protocol.ts';
import type { LedgerEvent } from '../store/store.ts';
import { copyOfAsked } from './asked-record.ts';
import { buildRecord, type RecordFacts } from './cloudtrail-record.ts';
import type { Addressed, Authenticated, Decoded, Routed } from './stages.ts';

/** What is known when a request ends. */
export type Known = Addressed &
  Partial<
    Pick<Routed, 'operation' | 'definition'> &
      Pick<Authenticated, 'identity' | 'account' | 'via' | 'source' | 'vpcEndpoint'> &
      Pick<Decoded, 'input'>
  >;

export interface Ended {
  readonly known: Known;
  readonly output?: Structure | undefined;
  readonly fault?: Fault | undefined;
  readonly notes: EventFacts;
}

export interface RecordParts {
  readonly ids: Ids;
  readonly partition: string;
  /** Gets the entries of callers that nobody knows. */
  readonly homeAccount: string;
}

export function entriesOf(parts: RecordParts, ended: Ended): readonly LedgerEvent[] {
  const facts = factsOf(parts, ended);
  const { sharedWith } = ended.notes;
  if (sharedWith === undefined || sharedWith === facts.account) return [buildRecord(facts)];
  const shared = { ...facts, sharedEventId: parts.ids.uuid() };
  return [
    buildRecord(shared),
    buildRecord({ ...shared, eventId: parts.ids.uuid(), account: sharedWith, asked: facts.asked && copyOfAsked(facts.asked) }),
  ];
}

function factsOf(parts: RecordParts, { known, output, fault, notes }: Ended): RecordFacts {
  const { operation, definition, service } = known;
  const { quirks, model } = service;
  return {
    eventId: parts.ids.uuid(),
    requestId: known.requestId,
    timeMs: known.receivedAtMs,
    partition: parts.partition,
    account: notes.recipient ?? known.account ?? parts.homeAccount,
    region: known.region,
    eventSource: quirks.eventSource ?? `${model.endpointPrefix}.amazonaws.com`,
    eventName: operation?.name ?? 'Unknown',
    caller: notes.caller ?? known.identity?.caller,
    presentedAccessKeyId: known.signature.kind === 'signed' ? known.signature.accessKeyId : undefined,
    invokedBy: known.via?.at(-1),
    operation,
    requestParameters: notes.requestParameters,
    readOnly: definition?.readOnly ?? false,
    sourceIp: known.sourceIp,
    userAgent: known.request.headers['user-agent'],
    host: known.request.headers['host'],
    tls: known.tls,
    vpcEndpoint: known.via?.length || known.source ? undefined : known.vpcEndpoint,
    input: operation?.input === undefined || known.input === undefined ? undefined : redact(operation.input, known.input),
    output:
      operation?.output === undefined || output === undefined || !definition?.recordsResponse
        ? undefined
        : redact(operation.output, output),
    error: fault === undefined ? undefined : { code: fault.code, message: fault.message },
    resources: notes.resources ?? [],
    additionalEventData: notes.additionalEventData,
    asked: notes.asked,
  };
}
