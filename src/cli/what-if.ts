// `castellan what-if`: which calls of the ledger other policies would have decided otherwise. Ends with 0 when none and with 3 when some.
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Message } from '../what-if/replay.ts';
import type { Change, Slot, WhatIfRequest } from '../what-if/request.ts';
import { streamAdmin } from './client.ts';
import type { CommandContext } from './main.ts';
import { CommandError, type Output } from './output.ts';
import { parseDuration } from './time.ts';

type Options = Readonly<Record<string, unknown>>;
type Difference = Extract<Message, { readonly kind: 'difference' | 'cannot-tell' }>;
type Summary = Extract<Message, { readonly kind: 'summary' }>;

const differences = 3;

export async function whatIf({ output, dataDir }: CommandContext, _parameters: readonly string[], options: Options): Promise<void> {
  const body = JSON.stringify(requestOf(options));
  const bar = createBar(output);
  const lines: Difference[] = [];
  let summary: Summary | undefined;
  await streamAdmin(dataDir, { method: 'POST', path: 'what-if', body }, (text) => {
    // Decoding boundary: lines of our own server.
    const message = JSON.parse(text) as Message | { readonly kind: 'error'; readonly error: string };
    if (message.kind === 'error') throw new CommandError(message.error);
    if (output.isJson) output.print(text);
    else if (message.kind === 'start') bar.start(message);
    else if (message.kind === 'progress') bar.show(message);
    else if (message.kind === 'call')
      bar.line(
        `${message.eventTime}  ${message.change.padEnd(7)}  ${message.principal}  ${message.action}  ${message.resource}  ${message.eventId}`,
      );
    if (message.kind === 'difference' || message.kind === 'cannot-tell') lines.push(message);
    if (message.kind === 'summary') summary = message;
  });
  bar.end();
  if (summary === undefined) throw new CommandError('the server ended the answer before its summary; look at its log');
  if (!output.isJson) report(output, lines, summary);
  if (summary.refused + summary.allowed > 0) process.exitCode = differences;
}

function requestOf(options: Options): WhatIfRequest {
  const changes = changesOf(options);
  if (changes.length === 0)
    throw new CommandError(
      'say what is to change: --attach POLICY --to TARGET, --detach POLICY --from TARGET, or --change POLICY --with FILE',
      2,
    );
  const since = textOf(options, 'since');
  const account = textOf(options, 'account');
  if (account !== undefined && !/^\d{12}$/.test(account))
    throw new CommandError(`\`${account}\` is no account; an account id has twelve digits`, 2);
  const isDate = since !== undefined && /^\d{4}-/.test(since);
  return {
    changes,
    fromMs: isDate ? parseTime(since) : undefined,
    sinceMs: since === undefined || isDate ? undefined : parseDuration(since),
    untilMs: timeOf(options, 'until'),
    account,
    listsCalls: options['calls'] === true,
  };
}

function changesOf(options: Options): readonly Change[] {
  const slot = slotOf(textOf(options, 'as'));
  const pairs = (first: string, second: string): readonly (readonly [string, string])[] => {
    const [left, right] = [textsOf(options, first), textsOf(options, second)];
    if (left.length !== right.length) throw new CommandError(`each --${first} needs its --${second}`, 2);
    return left.map((text, index) => [text, right[index] ?? '']);
  };
  const of = textOf(options, 'of');
  // AWS: a target keeps at least one service control policy, so what takes the place of another comes first.
  return [
    ...pairs('attach', 'to').map(([policy, target]): Change => ({ kind: 'attach', policy: policyOf(policy), target, slot })),
    ...pairs('change', 'with').map(([policy, file]): Change => ({ kind: 'change', policy, text: readPolicy(file), of, slot })),
    ...pairs('detach', 'from').map(([policy, target]): Change => ({ kind: 'detach', policy, target, slot })),
  ];
}

/** A file when there is one of this name; otherwise what names a policy that exists. */
function policyOf(given: string): Extract<Change, { readonly kind: 'attach' }>['policy'] {
  const isFile = statSync(given, { throwIfNoEntry: false })?.isFile() === true;
  if (isFile) return { text: readPolicy(given), name: basename(given).replace(/\.json$/, '') };
  if (/^(?:p-|arn:)/.test(given)) return { id: given };
  throw new CommandError(`\`${given}\` is neither a file nor the id or ARN of a policy`, 2);
}

function readPolicy(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new CommandError(`the policy file \`${file}\` cannot be read`, 2);
  }
}

function slotOf(text: string | undefined): Slot | undefined {
  if (text === undefined || text === 'identity' || text === 'boundary' || text === 'trust' || text === 'resource') return text;
  throw new CommandError(`a policy is not attached as \`${text}\`; say identity, boundary, trust or resource`, 2);
}

function timeOf(options: Options, name: string): number | undefined {
  const text = textOf(options, name);
  return text === undefined ? undefined : parseTime(text);
}

function parseTime(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new CommandError(`\`${text}\` is no time; say for example 2026-03-01 or 2026-03-01T12:00:00Z`, 2);
  return ms;
}

function textOf(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

function textsOf(options: Options, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

interface Bar {
  start(message: Extract<Message, { readonly kind: 'start' }>): void;
  show(message: Extract<Message, { readonly kind: 'progress' }>): void;
  /** Printed above the bar. */
  line(text: string): void;
  end(): void;
}

const barWidth = 30;

/** On a terminal one line that is drawn again; elsewhere a plain line at each tenth. Both on standard error, so that results can be piped. */
function createBar(output: Output): Bar {
  const isTerminal = process.stderr.isTTY === true && !output.isJson;
  let tenth = 0;
  const clear = (): void => {
    if (isTerminal) process.stderr.write('\r\u001b[K');
  };
  return {
    start: ({ from, until, events }) => output.print(`replaying up to ${events.toLocaleString('en')} events from ${from} to ${until}`),
    show({ done, events, refused, allowed }) {
      const share = events === 0 ? 1 : done / events;
      const found = `${refused.toLocaleString('en')} refused, ${allowed.toLocaleString('en')} allowed`;
      if (isTerminal) {
        const full = Math.round(share * barWidth);
        process.stderr.write(`\r\u001b[K[${'█'.repeat(full)}${'·'.repeat(barWidth - full)}] ${Math.floor(share * 100)} %  ${found}`);
      } else if (Math.floor(share * 10) > tenth) {
        tenth = Math.floor(share * 10);
        process.stderr.write(`${tenth * 10} %: ${done.toLocaleString('en')} of ${events.toLocaleString('en')} events, ${found}\n`);
      }
    },
    line(text) {
      clear();
      output.print(text);
    },
    end: clear,
  };
}

function report(output: Output, lines: readonly Difference[], summary: Summary): void {
  const { palette } = output;
  const title: Readonly<Record<Difference['change'], string>> = {
    refused: palette.bad('would have been refused'),
    allowed: palette.good('would have been allowed'),
    'cannot-tell': palette.strong('cannot tell'),
  };
  for (const change of ['refused', 'allowed', 'cannot-tell'] as const) {
    const rows = lines.filter((each) => each.change === change);
    if (rows.length === 0) continue;
    output.print(`\n${title[change]}`);
    for (const row of rows) printRow(output, row);
  }
  output.print(`\n${sentences(summary).join('\n')}`);
}

function printRow(
  { print, palette }: Output,
  { principal, action, count, firstSeen, lastSeen, example, reason, because, missingKeys }: Difference,
): void {
  print(`  ${String(count).padStart(9)}  ${palette.strong(action)}  ${principal}`);
  const seen = count === 1 ? firstSeen : `${firstSeen} to ${lastSeen}`;
  print(palette.faint(`             ${seen}, for example event ${example.eventId} on ${example.resource}`));
  if (because !== undefined) print(palette.faint(`             ${because}${missingKeys?.length ? `: ${missingKeys.join(', ')}` : ''}`));
  if (reason === undefined) return;
  print(palette.faint(`             ${reason.sentence}`));
  const at = reason.level === undefined ? '' : `, level ${reason.level.index} of the organization (${reason.level.node})`;
  if (reason.policy !== undefined || at !== '') print(palette.faint(`             ${reason.policy ?? `no policy allows it`}${at}`));
}

function sentences(summary: Summary): readonly string[] {
  const number = (value: number): string => value.toLocaleString('en');
  const { events, calls, refused, allowed, same, cannotTell, notAsked, copies, refusedToday, allowedToday, unlisted } = summary;
  return [
    `${number(events)} events, ${number(calls)} calls judged: ${number(refused)} would have been refused, ${number(allowed)} would have been allowed, ${number(same)} as before, ${number(cannotTell)} cannot be told`,
    ...(notAsked > 0
      ? [`${number(notAsked)} events asked no policy (service events, calls that need no permission or failed before)`]
      : []),
    ...(copies > 0 ? [`${number(copies)} events are second records of calls across accounts`] : []),
    ...(refusedToday + allowedToday > 0
      ? [
          `apart from the change, today's policies would refuse ${number(refusedToday)} calls that were allowed and allow ${number(allowedToday)} that were refused`,
        ]
      : []),
    ...(unlisted > 0 ? [`${number(unlisted)} further differences are counted but not listed`] : []),
  ];
}
