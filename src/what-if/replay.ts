// Goes through the ledger in order and judges each call in both states. Calls that are alike in everything that a decision depends on are judged
// once. It gives way between small parts of the ledger, so that requests are served meanwhile, and holds no more of it than one such part.
import { hash } from 'node:crypto';
import { isoSeconds } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { type RecordedContext, readContext, readQuestion } from '../pipeline/asked-record.ts';
import type { AskedEntry, Transaction } from '../store/store.ts';
import { type Drift, judge, type Verdict } from './judge.ts';
import type { PastCall } from './past-call.ts';
import { reasonOf } from './reason.ts';
import { createRecent, type Recent } from './recent.ts';
import type { WhatIfRequest } from './request.ts';
import { createStates, type StateParts, type States, tryChanges } from './states.ts';
import { createTally, type Finding, type Line, type Tally } from './tally.ts';

export interface Counts {
  /** Events of the period. */
  events: number;
  /** Of them calls whose policies were asked. */
  calls: number;
  refused: number;
  allowed: number;
  same: number;
  cannotTell: number;
  /** Nothing was asked: service events, calls that need no permission, calls that failed before. */
  notAsked: number;
  /** Second events of calls across accounts. */
  copies: number;
  /** Calls that today's policies decide otherwise than they were decided, without any change. */
  refusedToday: number;
  allowedToday: number;
}

/** One line of the answer. */
export type Message =
  | { readonly kind: 'start'; readonly from: string; readonly until: string; readonly events: number }
  | { readonly kind: 'progress'; readonly done: number; readonly events: number; readonly refused: number; readonly allowed: number }
  | ({ readonly kind: 'call'; readonly change: 'refused' | 'allowed'; readonly eventTime: string } & Omit<Finding, 'reason' | 'change'> & {
        readonly eventId: string;
      })
  | ({ readonly kind: 'difference' } & Line)
  | ({ readonly kind: 'cannot-tell' } & Line)
  | ({ readonly kind: 'summary'; readonly unlisted: number } & Counts);

/** The events between two sequences. */
interface Span {
  readonly after: number;
  readonly until: number;
}

/** What is remembered of a call, for those that are alike: little, since it may be that no two are. */
type Judged =
  /** To be judged again at each time. */
  | { readonly isTimed: true; readonly call: PastCall }
  | { readonly isTimed: false; readonly kind: Verdict['kind']; readonly drift: Drift; readonly finding: Finding | undefined };

/** Everything that a run keeps while it goes on. */
interface Run {
  readonly parts: StateParts;
  readonly request: WhatIfRequest;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly states: States;
  readonly tally: Tally;
  readonly counts: Counts;
  readonly contexts: Recent<RecordedContext>;
  readonly judged: Recent<Judged>;
}

/** @throws Fault or Error when a change cannot be made, before anything is given */
export async function* replay(parts: StateParts, request: WhatIfRequest): AsyncGenerator<Message> {
  await tryChanges(parts, request.changes);
  const now = parts.now();
  const fromMs = request.fromMs ?? (request.sinceMs === undefined ? 0 : Math.max(0, now - request.sinceMs));
  const untilMs = request.untilMs ?? now;
  const span = await spanOf(parts, fromMs, untilMs);
  const events = span.until - span.after;
  const states = createStates(parts, request.changes);
  const kept = { contexts: createRecent<RecordedContext>(limits.whatIfKnownMax), judged: createRecent<Judged>(limits.whatIfKnownMax) };
  const run: Run = { parts, request, fromMs, untilMs, states, tally: createTally(), counts: noCounts(), ...kept };
  yield { kind: 'start', from: isoSeconds(fromMs), until: isoSeconds(untilMs), events };
  for (let { after } = span; after < span.until; after += limits.whatIfEventsAtOnce) {
    const until = Math.min(span.until, after + limits.whatIfEventsAtOnce);
    yield* replayPart(run, { after, until });
    const { refused, allowed } = run.counts;
    if ((until - span.after) % progressEvery === 0 || until === span.until)
      yield { kind: 'progress', done: until - span.after, events, refused, allowed };
  }
  for (const line of run.tally.lines()) yield { kind: line.change === 'cannot-tell' ? 'cannot-tell' : 'difference', ...line };
  yield { kind: 'summary', ...run.counts, unlisted: run.tally.unlisted };
}

const progressEvery = 5_000;

function noCounts(): Counts {
  const none = { events: 0, calls: 0, refused: 0, allowed: 0, same: 0, cannotTell: 0, notAsked: 0, copies: 0 };
  return { ...none, refusedToday: 0, allowedToday: 0 };
}

async function* replayPart(run: Run, span: Span): AsyncGenerator<Message> {
  const { parts, request, counts } = run;
  const query = { ...span, ...(request.account === undefined ? {} : { account: request.account }) };
  const all = await parts.store.transact((transaction) => transaction.asked(query));
  const entries = all.filter(({ timeMs }) => timeMs >= run.fromMs && timeMs <= run.untilMs);
  await readContexts(run, entries);
  const asked = entries.flatMap((entry) => keyed(run, entry));
  const calls = newCalls(run, asked);
  await run.states.prepare([...calls.values()]);
  counts.events += entries.length;
  for (const { entry, key } of asked) {
    const finding = judgeEntry(run, entry, key, calls.get(key));
    if (request.listsCalls && finding !== undefined && finding.change !== 'cannot-tell') {
      const { reason: _reason, change, ...what } = finding;
      yield { kind: 'call', change, eventId: entry.eventId, eventTime: isoSeconds(entry.timeMs), ...what };
    }
  }
}

interface Keyed {
  readonly entry: AskedEntry;
  /** Equal for events that are alike. */
  readonly key: string;
}

/** The events that are judged; the others are counted. */
function keyed(run: Run, entry: AskedEntry): readonly Keyed[] {
  const { counts, request, tally } = run;
  const { text, contextId } = entry;
  if (text === undefined) {
    counts.cannotTell += 1;
    const because = 'the event is older than the record of what policies are asked';
    tally.add({ change: 'cannot-tell', principal: '-', action: actionOf(entry), resource: '-', because }, entry);
    return [];
  }
  if (text === '' || contextId === undefined) {
    counts.notAsked += 1;
    return [];
  }
  // The owner's copy of a call across accounts counts only for who asks about the owner's account alone.
  if (text.startsWith('=') && (request.account === undefined || isOwnCall(run, contextId, entry.account))) {
    counts.copies += 1;
    return [];
  }
  return [{ entry, key: hash('sha256', `${contextId} ${entry.region} ${text}`, 'base64url') }];
}

/** `iam:CreateUser`, as far as an event by itself tells it. */
function actionOf({ eventSource, eventName }: AskedEntry): string {
  return `${eventSource.split('.')[0]}:${eventName}`;
}

function isOwnCall({ contexts }: Run, contextId: string, account: string): boolean {
  return contexts.get(contextId)?.principal.account === account;
}

/** The contexts of a part of the ledger; those of earlier parts are known. */
async function readContexts({ parts, contexts }: Run, entries: readonly AskedEntry[]): Promise<void> {
  contexts.turn();
  const wanted = new Set(entries.flatMap(({ contextId }) => (contextId === undefined || contexts.has(contextId) ? [] : [contextId])));
  if (wanted.size === 0) return;
  await parts.store.transact(async (transaction) => {
    for (const id of wanted) {
      const text = await transaction.askedContext(id);
      if (text !== undefined) contexts.set(id, readContext(text));
    }
  });
}

/** One call of each kind that is to be judged. */
function newCalls(run: Run, asked: readonly Keyed[]): ReadonlyMap<string, PastCall> {
  run.judged.turn();
  const calls = new Map<string, PastCall>();
  for (const { entry, key } of asked) {
    if (calls.has(key)) continue;
    const known = run.judged.get(key);
    // What depends on the time of the call is judged again each time, and needs its states.
    if (known?.isTimed === false) continue;
    const call = known?.call ?? callOf(run, entry);
    if (call !== undefined) calls.set(key, call);
  }
  return calls;
}

function callOf({ contexts }: Run, { contextId = '', text = '', region }: AskedEntry): PastCall | undefined {
  const [context, question] = [contexts.get(contextId), readQuestion(text)];
  return context === undefined || question === undefined ? undefined : { contextId, context, question, region };
}

function judgeEntry(run: Run, entry: AskedEntry, key: string, call: PastCall | undefined): Finding | undefined {
  const { counts, judged, tally } = run;
  const known = judged.get(key);
  const result = known?.isTimed === false ? known : judgeNow(run, entry, key, call);
  const { drift, finding, kind } = result;
  counts.calls += 1;
  if (drift === 'refused-today') counts.refusedToday += 1;
  if (drift === 'allowed-today') counts.allowedToday += 1;
  counts[kind === 'cannot-tell' ? 'cannotTell' : kind] += 1;
  if (finding !== undefined) tally.add(finding, entry);
  return finding;
}

function judgeNow(
  { judged, states }: Run,
  entry: AskedEntry,
  key: string,
  call: PastCall | undefined,
): Judged & { readonly isTimed: false } {
  if (call === undefined) throw new Error(`the ledger has lost what was asked for event ${entry.eventId}`);
  const verdict = judge(call, entry.timeMs, states);
  const { kind, drift, isTimed } = verdict;
  const finding = findingOf(call, verdict, states);
  // The reason is asked for by the first of a line alone, and holds on to policies.
  judged.set(key, isTimed ? { isTimed, call } : { isTimed, kind, drift, finding: finding && { ...finding, reason: undefined } });
  return { isTimed: false, kind, drift, finding };
}

function findingOf({ context: { principal } }: PastCall, verdict: Verdict, states: States): Finding | undefined {
  const who = principal.roleArn ?? principal.arn;
  switch (verdict.kind) {
    case 'same':
      return undefined;
    case 'cannot-tell': {
      const { action, resource, reason: because, missingKeys } = verdict;
      return { change: 'cannot-tell', principal: who, action, resource, because, missingKeys };
    }
    case 'refused':
    case 'allowed': {
      const { asked, kind, state } = verdict;
      const { action, resource } = asked.question;
      return { change: kind, principal: who, action, resource, reason: () => reasonOf(asked, states[state]) };
    }
  }
}

/** The part of the ledger that can hold events of the period. Times grow with sequences but for seconds; the margin is wider than that. */
async function spanOf({ store }: StateParts, fromMs: number, untilMs: number): Promise<Span> {
  return store.transact(async (transaction) => {
    const last = (await transaction.events({ limit: 1 }))[0]?.sequence ?? 0;
    const after = await lastBefore(transaction, last, fromMs - marginMs);
    return { after, until: Math.max(after, await lastBefore(transaction, last, untilMs + marginMs)) };
  });
}

const marginMs = 3_600_000;

/** A sequence at and below which events are older than this, and above which they are not; halving finds it in a few reads. */
async function lastBefore(transaction: Transaction, last: number, timeMs: number): Promise<number> {
  let [low, high] = [0, last];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const [event] = await transaction.events({ before: middle + 1, limit: 1 });
    if (event === undefined || event.sequence <= low || event.timeMs < timeMs) low = middle;
    else high = event.sequence - 1;
  }
  return low;
}
