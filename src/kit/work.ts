// Runs what services do by themselves (kit/jobs.ts): each job when it is due, each reader when the ledger has grown. One per node; nodes agree
// through the store, so that nothing runs twice and nothing is forgotten. See docs/adr/0009-work-over-time.md.
import { limits } from '../base/limits.ts';
import type { LedgerBatch, Transaction } from '../store/store.ts';
import type { Job, LedgerReader, OutsideJob } from './jobs.ts';
import { createOutside, inService, type OutsideParts, transactAnswered } from './outside.ts';
import type { ServiceDefinition } from './service.ts';

export interface WorkParts extends OutsideParts {
  readonly services: () => Promise<readonly ServiceDefinition[]>;
  /** A job that fails is reported and tried again when it is next due. */
  readonly onError: (error: unknown, what: string) => void;
}

export interface Work {
  /** Runs everything that is due now, until nothing is. */
  settle(): Promise<void>;
  /** Looks for due work every second from now on. Returns how to stop, which waits for what is running. */
  start(): () => Promise<void>;
}

interface Task {
  /** `kms/key-deletion`. */
  readonly id: string;
  readonly everyMs: number;
  /** Does what is due, or as much of it as the others leave time for. */
  readonly run: () => Promise<void>;
}

type Step = () => Promise<'more' | undefined>;

const jobCollection = 'work.job';
const readerCollection = 'work.reader';
const tickMs = 1_000;

export function createWork(parts: WorkParts): Work {
  let tasks: Promise<readonly Task[]> | undefined;
  /** When this node looks at a task again; the store has the last word. */
  const lookAgainAtMs = new Map<string, number>();
  let running: Promise<void> | undefined;

  const pass = async (isForced: boolean): Promise<void> => {
    tasks ??= tasksOf(parts);
    for (const task of await tasks) {
      if (!isForced && parts.clock.now() < (lookAgainAtMs.get(task.id) ?? 0)) continue;
      try {
        await task.run();
      } catch (error) {
        parts.onError(error, task.id);
      }
      lookAgainAtMs.set(task.id, parts.clock.now() + task.everyMs);
    }
  };
  /** Passes never overlap on a node. */
  const exclusive = (isForced: boolean): Promise<void> => {
    const before = running ?? Promise.resolve();
    const next = before.then(() => pass(isForced));
    running = next;
    return next;
  };

  return {
    settle: () => exclusive(true),
    start() {
      let isBusy = false;
      const timer = setInterval(() => {
        if (isBusy) return;
        isBusy = true;
        void exclusive(false).finally(() => {
          isBusy = false;
        });
      }, tickMs);
      timer.unref();
      return async () => {
        clearInterval(timer);
        await running;
      };
    },
  };
}

/** Steps until nothing is left, at most as many as leave the others their turn. */
async function repeat(step: Step): Promise<void> {
  for (let count = 0; count < limits.jobStepsMax; count += 1) if ((await step()) !== 'more') return;
}

async function tasksOf(parts: WorkParts): Promise<readonly Task[]> {
  const definitions = await parts.services();
  const readers = definitions.flatMap(({ name, readers = [] }) => readers.map((reader) => ({ service: name, reader })));
  const jobs = definitions.flatMap(({ name, jobs = [] }) => jobs.map((job) => ({ job, task: jobTask(parts, name, job) })));
  const isLast = (job: Job | OutsideJob): boolean => 'isLast' in job && job.isLast === true;
  return [
    { id: 'readers', everyMs: tickMs, run: () => readTogether(parts, readers) },
    ...jobs.filter(({ job }) => !isLast(job)).map(({ task }) => task),
    ...jobs.filter(({ job }) => isLast(job)).map(({ task }) => task),
  ];
}

function jobTask(parts: WorkParts, service: string, job: Job | OutsideJob): Task {
  const id = `${service}/${job.name}`;
  const { everyMs } = job;
  if ('step' in job) {
    const outside = createOutside(parts, service);
    return { id, everyMs, run: () => repeat(() => job.step(outside)) };
  }
  const step: Step = () =>
    transactAnswered(parts, async (transaction, answers) => {
      const due = (await transaction.get(jobCollection, id))?.['dueAtMs'];
      const now = parts.clock.now();
      if (typeof due === 'number' && now < due) return undefined;
      const more = await inService(parts, service, { transaction, answers }, (context) => job.run(context));
      if (more === undefined) transaction.put(jobCollection, id, { dueAtMs: now + everyMs });
      return more;
    });
  return { id, everyMs, run: () => repeat(step) };
}

interface NamedReader {
  readonly service: string;
  readonly reader: LedgerReader;
}

/** Batch by batch, all readers the same one, so that it is fetched once. One that fails waits for the next pass; the others go on. */
async function readTogether(parts: WorkParts, readers: readonly NamedReader[]): Promise<void> {
  const nextBatch = sharedBatches();
  let reading = readers;
  await repeat(async () => {
    const unfinished: NamedReader[] = [];
    for (const named of reading) {
      try {
        if ((await readBatch(parts, named, nextBatch)) === 'more') unfinished.push(named);
      } catch (error) {
        parts.onError(error, `${named.service}/${named.reader.name}`);
      }
    }
    reading = unfinished;
    return reading.length > 0 ? 'more' : undefined;
  });
}

type NextBatch = (transaction: Transaction, cursor: string | undefined) => Promise<LedgerBatch>;

/** Remembers the last batch that was not empty: what once followed a cursor always does. */
function sharedBatches(): NextBatch {
  let last: { readonly after: string | undefined; readonly batch: LedgerBatch } | undefined;
  return async (transaction, cursor) => {
    if (last !== undefined && last.after === cursor) return last.batch;
    const batch = await transaction.eventsAfter(cursor, limits.readerBatchMax);
    if (batch.entries.length > 0) last = { after: cursor, batch };
    return batch;
  };
}

function readBatch(parts: WorkParts, { service, reader }: NamedReader, nextBatch: NextBatch): Promise<'more' | undefined> {
  const id = `${service}/${reader.name}`;
  return transactAnswered(parts, async (transaction, answers) => {
    const stored = (await transaction.get(readerCollection, id))?.['cursor'];
    const batch = await nextBatch(transaction, typeof stored === 'string' ? stored : undefined);
    if (batch.entries.length === 0 || batch.cursor === undefined) return undefined;
    await inService(parts, service, { transaction, answers }, (context) => reader.read(batch.entries, context));
    transaction.put(readerCollection, id, { cursor: batch.cursor });
    return 'more';
  });
}
