// How the use of Lambda stands in bills: invocations, and the time that functions ran, by their memory.
import { parseArn } from '../../base/arn.ts';
import type { Outside } from '../../kit/jobs.ts';
import { type Metering, noteUsage } from '../../kit/metering.ts';
import type { FunctionOutcome, FunctionRun } from '../../kit/ports.ts';

export const metering: Metering = {
  // AWS: operations on functions cost nothing and stand apart from their invocations.
  requests: (operation) => (operation === 'Invoke' ? 'Request' : 'APIRequest'),
};

/** Megabytes times milliseconds of one GB-second. */
const divisor = String(1_024 * 1_000);

export async function noteRun(outside: Outside, run: FunctionRun, { billedMs = 0 }: FunctionOutcome): Promise<void> {
  const account = parseArn(run.functionArn)?.account;
  if (account === undefined || billedMs === 0) return;
  await outside.transact(async ({ transaction, ids, now }) =>
    noteUsage(transaction, ids, {
      service: 'lambda',
      account,
      region: run.region,
      operation: 'Invoke',
      usageType: 'Lambda-GB-Second',
      unit: 'Lambda-GB-Second',
      divisor,
      quantity: String(run.memoryMb * billedMs),
      atMs: now,
      tags: {},
    }),
  );
}
