// `castellan bill`: what a month cost, by account and service, as Cost Explorer answers it to whoever asks; with --focus as a file in FOCUS 1.0.
import { writeFileSync } from 'node:fs';
import { parseDecimal, printDecimal } from '../base/decimal.ts';
import { type BillQuestion, costAndUsage, type Expression, sellerOf } from './bill-queries.ts';
import { callAdmin } from './client.ts';
import { focusCsv } from './focus-export.ts';
import type { CommandContext } from './main.ts';
import { CommandError } from './output.ts';

interface Bill {
  readonly month: string;
  readonly currency: string;
  readonly seller: string;
  /** The month is not over. */
  readonly isEstimated: boolean;
  readonly accounts: readonly AccountBill[];
  readonly unblendedCost: string;
  readonly blendedCost: string;
}

interface AccountBill {
  readonly account: string;
  readonly name: string;
  readonly services: readonly Cost[];
  readonly unblendedCost: string;
  readonly blendedCost: string;
}

interface Cost {
  readonly service: string;
  readonly unblendedCost: string;
  readonly blendedCost: string;
}

export async function bill(
  context: CommandContext,
  _parameters: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { output } = context;
  const { month: given, account, focus } = options;
  if (given !== undefined && !/^\d{4}-(?:0[1-9]|1[0-2])$/.test(String(given))) {
    throw new CommandError(`--month \`${String(given)}\` is not a month such as 2026-11`, 2);
  }
  if (account !== undefined && !/^\d{12}$/.test(String(account))) {
    throw new CommandError(`--account \`${String(account)}\` is not twelve digits`, 2);
  }
  const now = await serverTime(context);
  const month = given === undefined ? now.slice(0, 7) : String(given);
  const question: BillQuestion = { ...periodOf(month, now), account: account === undefined ? undefined : String(account) };
  if (typeof focus === 'string') {
    const { csv, rows } = await focusCsv(context, question);
    writeFileSync(focus, csv);
    if (output.isJson) output.json({ file: focus, rows });
    else output.print(`${rows} charges of ${month} are in ${focus} (FOCUS 1.0)`);
    return;
  }
  const found = await billOf(context, month, question);
  if (output.isJson) output.json(found);
  else output.print(render(found, context));
}

/** The clock of a server on this machine may have been moved; of any other one it is taken to be right. */
async function serverTime({ environment, dataDir }: CommandContext): Promise<string> {
  if (environment['AWS_ENDPOINT_URL'] !== undefined) return new Date().toISOString();
  return String(JSON.parse(await callAdmin(dataDir, { method: 'GET', path: 'time' })).now);
}

/** @throws CommandError when the month lies ahead */
function periodOf(month: string, now: string): { readonly start: string; readonly end: string } {
  const [year = 0, number = 0] = month.split('-').map(Number);
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const start = day(Date.UTC(year, number - 1, 1));
  if (start > now) throw new CommandError(`the month ${month} has not begun`, 2);
  return { start, end: day(Date.UTC(year, number, 1)) };
}

async function billOf(context: CommandContext, month: string, question: BillQuestion): Promise<Bill> {
  const filter: Expression | undefined =
    question.account === undefined ? undefined : { Dimensions: { Key: 'LINKED_ACCOUNT', Values: [question.account] } };
  const { groups, names, isEstimated, currency } = await costAndUsage(context, question, {
    granularity: 'MONTHLY',
    by: ['LINKED_ACCOUNT', 'SERVICE'],
    filter,
  });
  const services = new Map<string, Cost[]>();
  for (const { keys, metrics } of groups) {
    const [account = '', service = ''] = keys;
    const known = services.get(account) ?? [];
    known.push({ service, unblendedCost: metrics.UnblendedCost, blendedCost: metrics.BlendedCost });
    services.set(account, known);
  }
  const accounts = [...services].map(
    ([account, costs]): AccountBill => ({
      account,
      name: names.get(account) ?? '',
      services: costs,
      unblendedCost: sumOf(costs.map(({ unblendedCost }) => unblendedCost)),
      blendedCost: sumOf(costs.map(({ blendedCost }) => blendedCost)),
    }),
  );
  return {
    month,
    currency,
    seller: await sellerOf(context, question),
    isEstimated,
    accounts,
    unblendedCost: sumOf(accounts.map(({ unblendedCost }) => unblendedCost)),
    blendedCost: sumOf(accounts.map(({ blendedCost }) => blendedCost)),
  };
}

function sumOf(amounts: readonly string[]): string {
  return printDecimal(amounts.reduce((sum, text) => sum + (parseDecimal(text) ?? 0n), 0n));
}

function render(found: Bill, { output }: CommandContext): string {
  const { strong, faint } = output.palette;
  const state = found.isEstimated ? ' so far' : '';
  const head = [
    strong(`bill of ${found.month}${state}, in ${found.currency}`),
    faint(`prices: ${found.seller || 'no usage, no prices'}`),
    '',
  ];
  const width = Math.max(30, ...found.accounts.flatMap(({ services }) => services.map(({ service }) => service.length + 4)));
  const row = (text: string, unblended: string, blended: string): string =>
    `${text.padEnd(width)}${unblended.padStart(18)}${blended.padStart(18)}`;
  const body = found.accounts.flatMap(({ account, name, services, unblendedCost, blendedCost }) => [
    strong(row(`${account}  ${name}`, unblendedCost, blendedCost)),
    ...services.map((cost) => row(`  ${cost.service}`, cost.unblendedCost, cost.blendedCost)),
    '',
  ]);
  return [...head, faint(row('', 'unblended', 'blended')), ...body, strong(row('total', found.unblendedCost, found.blendedCost))].join(
    '\n',
  );
}
