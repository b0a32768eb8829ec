// Work that a service does by itself: at certain times (jobs), or because something was recorded (readers of the ledger). Declared in the
// service's definition; kit/work.ts runs it.
import type { Ids } from '../base/ids.ts';
import type { Structure } from '../protocol/protocol.ts';
import type { LedgerEntry, Transaction } from '../store/store.ts';
import type { Answers } from './answers.ts';
import type { ServiceCall } from './calls.ts';
import type { Collection } from './collection.ts';
import type { Context, Sealer } from './context.ts';
import type { FunctionRuntime } from './ports.ts';

export type ContextFor = (place: { readonly account: string; readonly region: string }) => Context;

/** When a service acts by itself, and what it has learnt from outside for it. */
export interface ServiceRun {
  readonly now: number;
  readonly answers: Answers;
}

/** How the scheduler runs work in a service's name; implemented by the pipeline. */
export type RunService = <Result>(
  service: string,
  transaction: Transaction,
  run: ServiceRun,
  work: (contextFor: ContextFor) => Promise<Result>,
) => Promise<Result>;

/** What a job or reader works with. Everything happens in one unit of work. */
export interface JobContext {
  readonly partition: string;
  readonly now: number;
  readonly transaction: Transaction;
  readonly ids: Ids;
  readonly sealer: Sealer;
  /** The context of an operation in which the service itself acts, on behalf of an account. */
  readonly contextFor: ContextFor;
}

/** Runs in the unit of work that also notes when it is due again, so it happens exactly once, whatever dies and however many nodes there are. */
export interface Job {
  /** Unique in the service; a noun for what is done: `key-deletion`. */
  readonly name: string;
  readonly everyMs: number;
  /** It looks at what other services' jobs have done, and so runs after them. */
  readonly isLast?: boolean;
  /** Does a bounded part of what is due; `more` when something is left. It may run again after a conflict, so it has no effect outside. */
  run(context: JobContext): Promise<'more' | undefined>;
}

/** A job whose work stands in a collection that is keyed by the time at which each item of it is due. */
export interface DueWork<Item extends object> {
  readonly name: string;
  readonly everyMs: number;
  readonly records: Collection<Item>;
  readonly dueAtMs: (item: Item) => number;
  /** Items of one unit of work. */
  readonly batch: number;
  /** The item is no longer in the collection; it may be put there again, for later. */
  perform(context: JobContext, item: Item): Promise<void>;
}

export function dueWork<Item extends object>({ name, everyMs, records, dueAtMs, batch, perform }: DueWork<Item>): Job {
  return {
    name,
    everyMs,
    async run(context) {
      const { transaction, now } = context;
      const earliest = await records.list(transaction, [], { limit: batch });
      const due = earliest.map(({ value }) => value).filter((item) => dueAtMs(item) <= now);
      for (const item of due) {
        records.remove(transaction, item);
        await perform(context, item);
      }
      return due.length === batch ? 'more' : undefined;
    },
  };
}

/** What a job that acts on the world outside gets while it does so: no transaction is open. */
export interface Outside {
  now(): number;
  readonly ids: Ids;
  /** A unit of work of its own. */
  transact<Result>(work: (context: JobContext) => Promise<Result>): Promise<Result>;
  /**
   * Another service's operation as this service's principal, in a unit of its own, with what it does after its commit (lambda's Invoke).
   * Rejects with the callee's Fault.
   */
  call(call: ServiceCall, place: { readonly account: string; readonly region: string }): Promise<Structure>;
  readonly functions: FunctionRuntime;
}

/**
 * A job with an effect outside the store: `claim` takes one due item and notes a lease on it, `perform` acts (again, should the node die before
 * the end and the lease run out), `settle` records what came of it. Made by `outsideJob`.
 */
export interface OutsideJob {
  readonly name: string;
  readonly everyMs: number;
  readonly step: (outside: Outside) => Promise<'more' | undefined>;
}

export interface OutsideWork<Item, Outcome> {
  readonly name: string;
  readonly everyMs: number;
  claim(context: JobContext): Promise<Item | undefined>;
  /** Returns failures as values; what it throws is reported and the lease runs out. */
  perform(item: Item, outside: Outside): Promise<Outcome>;
  settle(item: Item, outcome: Outcome, context: JobContext): Promise<void>;
}

export function outsideJob<Item, Outcome>(work: OutsideWork<Item, Outcome>): OutsideJob {
  return {
    name: work.name,
    everyMs: work.everyMs,
    async step(outside) {
      const item = await outside.transact((context) => work.claim(context));
      if (item === undefined) return undefined;
      const outcome = await work.perform(item, outside);
      await outside.transact((context) => work.settle(item, outcome, context));
      return 'more';
    },
  };
}

/** Sees every event of the ledger once and in order; where it stands is kept in the same unit of work as what it makes of them. */
export interface LedgerReader {
  readonly name: string;
  read(events: readonly LedgerEntry[], context: JobContext): Promise<void>;
}
