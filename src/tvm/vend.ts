// Hands out credentials: a session of the configured role, assumed by the broker through STS, tagged with whom it is for.
import { isoSeconds } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import { getOwn } from '../base/record.ts';
import type { Received } from '../pipeline/stages.ts';
import type { Transaction } from '../store/store.ts';
import { TvmProblem } from './problem.ts';
import type { TvmConfiguration, Vending } from './records.ts';
import type { TvmParts } from './tvm.ts';

export interface Recipient {
  readonly sessionName: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Answers the fault of a refusal as a value, so that the unit of work keeps its ledger entry. */
export async function vend(
  parts: TvmParts,
  transaction: Transaction,
  received: Received,
  {
    configuration,
    vending,
    recipient,
  }: { readonly configuration: TvmConfiguration; readonly vending: Vending; readonly recipient: Recipient },
): Promise<object | TvmProblem> {
  const { identities, sealer, partition, region } = parts;
  const found = await identities.identify(
    { accessKeyId: configuration.brokerAccessKeyId, sessionToken: undefined },
    { partition, sealer, transaction },
  );
  if (found.kind !== 'identity') return new TvmProblem(503, 'BrokerUnavailable', 'the broker’s access key is not active');
  const input = {
    RoleArn: vending.roleArn,
    RoleSessionName: recipient.sessionName,
    DurationSeconds: vending.durationSeconds,
    Policy: vending.sessionPolicy,
    Tags: Object.entries(recipient.tags).map(([Key, Value]) => ({ Key, Value })),
  };
  const output = await parts.act(transaction, received, found.identity, {
    service: 'sts',
    operation: 'AssumeRole',
    input,
    options: { region },
  });
  // What is wrong between broker and role is the operator's to read in the ledger, and nobody else's.
  if (output instanceof Fault) return new TvmProblem(503, 'BrokerRefused', 'the broker could not assume the role');
  // Decoding boundary: this is what AssumeRole answers.
  const credentials = getOwn(output, 'Credentials') as Readonly<Record<string, unknown>>;
  return { Credentials: { ...credentials, Expiration: isoSeconds(Number(credentials['Expiration'])) } };
}
