// What would be if an operation were done: it is validated and handled, but nobody is asked for permission and nothing is recorded. For units of
// work that are discarded. And what an operation would ask about, for who wants to know the policy of a resource.
import { createAnswers } from '../kit/answers.ts';
import type { Access } from '../kit/operation.ts';
import type { Identity } from '../kit/ports.ts';
import { validate } from '../model/validate.ts';
import type { Structure } from '../protocol/protocol.ts';
import type { Transaction } from '../store/store.ts';
import { anonymous } from './anonymous.ts';
import { validationFault } from './faults.ts';
import { contextOf, type PerformParts } from './perform.ts';
import { globalRegion } from './route.ts';
import type { Actor, Decoded } from './stages.ts';

export interface Supposition {
  readonly service: string;
  readonly operation: string;
  readonly input: Structure;
  /** In whose name: its root user's. */
  readonly account: string;
  readonly region: string;
  readonly now: number;
  /** Where identifiers come from. */
  readonly ids: PerformParts['ids'];
}

/** @throws Fault of the validation or of the operation. */
export async function suppose(parts: PerformParts, transaction: Transaction, supposition: Supposition): Promise<Structure> {
  const decoded = await decodedOf(parts, supposition);
  const { definition, input, operation } = decoded;
  const problems = operation.input === undefined ? [] : validate(operation.input, input);
  if (problems.length > 0) throw validationFault(problems, decoded);
  return definition.handle(input, contextFor(parts, decoded, transaction));
}

/** What the operation would ask about. */
export async function accessesOf(parts: PerformParts, transaction: Transaction, supposition: Supposition): Promise<readonly Access[]> {
  const decoded = await decodedOf(parts, supposition);
  const rule = decoded.definition.access;
  if (typeof rule === 'string') return [];
  const named = await rule(decoded.input, contextFor(parts, decoded, transaction));
  return Array.isArray(named) ? named : [named as Access];
}

async function decodedOf(
  parts: PerformParts,
  { service: name, operation: wanted, input, account, region, now, ids }: Supposition,
): Promise<Decoded> {
  const service = await parts.registry.service(name);
  const operation = service.model.operations.get(wanted);
  const definition = service.operations.get(wanted);
  if (operation === undefined || definition === undefined) throw new Error(`there is no operation ${wanted} of ${name}`);
  const answers = createAnswers(ids);
  const actor: Actor = {
    request: { method: '', path: '', query: '', headers: {}, body: new Uint8Array(0) },
    requestId: answers.ids.uuid(),
    receivedAtMs: now,
    sourceIp: '127.0.0.1',
    vpcEndpoint: undefined,
    tls: undefined,
    service,
    protocol: parts.protocols[service.model.protocols[0] ?? 'json'],
    region: service.quirks.isGlobal ? globalRegion : region,
    globalRegion,
    signature: { kind: 'unsigned' },
    answers,
    identity: rootOf(parts.partition, account),
    account,
    via: [],
    source: undefined,
  };
  return { ...actor, operation, definition, input };
}

function contextFor(parts: PerformParts, decoded: Decoded, transaction: Transaction) {
  return contextOf(parts, decoded, transaction, { events: [], refusals: [] }, () => undefined);
}

function rootOf(partition: string, account: string): Identity {
  const principal = { kind: 'root', arn: `arn:${partition}:iam::${account}:root`, account } as const;
  return { ...anonymous, caller: { ...anonymous.caller, principal, userId: account } };
}
