// Operations that a part of the server asks for with somebody's credentials, without a request from the network: validated, authorised and
// recorded as if they had sent it.

import { Fault } from '../base/fault.ts';
import { createAnswers } from '../kit/answers.ts';
import type { ServiceCall } from '../kit/calls.ts';
import type { EventFacts } from '../kit/context.ts';
import { storeExplanation } from '../kit/decision-records.ts';
import type { Identity } from '../kit/ports.ts';
import type { Structure } from '../protocol/protocol.ts';
import type { Transaction } from '../store/store.ts';
import { Refusal } from './authorize.ts';
import { type PerformParts, perform, type Trail } from './perform.ts';
import { entriesOf } from './record.ts';
import type { Decoded, Received } from './stages.ts';

/** What is done is part of the unit of work; of a refusal only its ledger entry remains. Returns the fault, so that the unit can commit that entry. */
export async function act(
  parts: PerformParts,
  transaction: Transaction,
  received: Received,
  identity: Identity,
  call: ServiceCall,
): Promise<Structure | Fault> {
  const decoded = await decodedCall(parts, received, identity, call);
  const trail: Trail = { events: [], refusals: [] };
  let notes: EventFacts = {};
  const note = (facts: EventFacts): void => {
    notes = { ...notes, ...facts };
  };
  const finish = (output: Structure | undefined, fault: Fault | undefined): void => {
    for (const explained of trail.refusals) storeExplanation(transaction, explained);
    for (const event of [...trail.events, ...entriesOf(parts, { known: decoded, output, fault, notes })]) transaction.append(event);
  };
  try {
    const output = await perform(parts, decoded, transaction, trail, note);
    finish(output, undefined);
    return output;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    transaction.discard();
    if (error instanceof Refusal) trail.refusals.push(error.explained);
    finish(undefined, error);
    return error;
  }
}

async function decodedCall(parts: PerformParts, received: Received, identity: Identity, call: ServiceCall): Promise<Decoded> {
  const service = await parts.registry.service(call.service);
  const operation = service.model.operations.get(call.operation);
  const definition = service.operations.get(call.operation);
  if (operation === undefined || definition === undefined) throw new Error(`there is no operation ${call.operation} of ${call.service}`);
  const region = call.options.region ?? '';
  return {
    ...received,
    service,
    protocol: parts.protocols[service.model.protocols[0] ?? 'json'],
    region,
    globalRegion: region,
    vpcEndpoint: undefined,
    signature: { kind: 'unsigned' },
    answers: createAnswers(parts.ids),
    operation,
    definition,
    input: call.input,
    identity,
    account: identity.caller.principal.account ?? parts.homeAccount,
    via: [],
    source: undefined,
  };
}
