// What code that acts on the world outside works with: units of work of its own, other services, and the ports that reach out.
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import type { Store, Transaction } from '../store/store.ts';
import { isAfterCommit } from './after-commit.ts';
import { type Answers, createAnswers, untilAnswered } from './answers.ts';
import type { Sealer } from './context.ts';
import type { JobContext, Outside, RunService } from './jobs.ts';
import type { FunctionRuntime } from './ports.ts';

export interface OutsideParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly sealer: Sealer;
  readonly partition: string;
  readonly runService: RunService;
  readonly functions: FunctionRuntime;
}

export function createOutside(parts: OutsideParts, service: string): Outside {
  const transact: Outside['transact'] = (work) =>
    transactAnswered(parts, (transaction, answers) => inService(parts, service, { transaction, answers }, work));
  const outside: Outside = {
    now: () => parts.clock.now(),
    ids: parts.ids,
    functions: parts.functions,
    transact,
    async call(call, place) {
      const options = { as: 'service', ...call.options, mayDefer: true } as const;
      const output = await transact((context) => context.contextFor(place).call({ ...call, options }));
      return isAfterCommit(output) ? output.afterCommit(createOutside(parts, call.service)) : output;
    },
  };
  return outside;
}

/** A unit of work that runs again for each answer that it waits for. */
export function transactAnswered<Result>(
  { store, ids }: Pick<OutsideParts, 'store' | 'ids'>,
  work: (transaction: Transaction, answers: Answers) => Promise<Result>,
): Promise<Result> {
  const answers = createAnswers(ids);
  return untilAnswered(() => store.transact((transaction) => work(transaction, answers)));
}

export function inService<Result>(
  { partition, clock, sealer, runService }: OutsideParts,
  service: string,
  { transaction, answers }: { readonly transaction: Transaction; readonly answers: Answers },
  work: (context: JobContext) => Promise<Result>,
): Promise<Result> {
  const now = clock.now();
  return runService(service, transaction, { now, answers }, (contextFor) =>
    work({ partition, now, transaction, ids: answers.ids, sealer, contextFor }),
  );
}
