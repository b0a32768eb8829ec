// `castellan bill`: what a month cost, by account and service, as Cost Explorer answers it to whoever asks; with --focus as a file in FOCUS 1.0.
import { writeFileSync } from 'node:fs';
import { parseDecimal, printDecimal } from '../base/decimal.ts';
import { all, type BillQuestion, type CostGroup, costAndUsage, only, sellerOf, unitPriceOf } from './bill-queries.ts';
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
  readonly services: readonly ServiceBill[];
  readonly unblendedCost: string;
  readonly blendedCost: string;
}

interface ServiceBill {
  readonly service: string;
  readonly usage: readonly UsageBill[];
  readonly unblendedCost: string;
  readonly blendedCost: string;
}

interface UsageBill {
  readonly usageType: string;
  readonly quantity: string;
  readonly unit: string;
  /** Of one unit, as this account paid it: tiers that the organisation had reached when the account used it. */
  readonly unblendedRate: string;
  readonly unblendedCost: string;
  /** Of one unit, as the whole organisation paid it on average. */
  readonly blendedRate: string;
  readonly blendedCost: string;
}

export async function bill(
  context: CommandContext,
  _parameters: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { output } = context;
  const { month: given, account, focus, detail } = options;
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
  else output.print(render(found, context, detail === true));
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
  const linked = question.account === undefined ? [] : [only('LINKED_ACCOUNT', question.account)];
  const whole = await costAndUsage(context, question, { granularity: 'MONTHLY', by: ['SERVICE'], filter: all(linked) });
  const names = new Map<string, string>();
  const services = new Map<string, ServiceBill[]>();
  for (const {
    keys: [service = ''],
  } of whole.groups) {
    const filter = all([...linked, only('SERVICE', service)]);
    const found = await costAndUsage(context, question, { granularity: 'MONTHLY', by: ['LINKED_ACCOUNT', 'USAGE_TYPE'], filter });
    for (const [account, name] of found.names) names.set(account, name);
    for (const account of new Set(found.groups.map(({ keys }) => keys[0] ?? ''))) {
      const usage = found.groups.filter(({ keys }) => keys[0] === account).map(usageBill);
      const known = services.get(account) ?? [];
      known.push({ service, usage, ...totals(usage) });
      services.set(account, known);
    }
  }
  const accounts = [...services]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([account, costs]): AccountBill => ({ account, name: names.get(account) ?? '', services: costs, ...totals(costs) }));
  const { currency, isEstimated } = whole;
  return { month, currency, seller: await sellerOf(context, question), isEstimated, accounts, ...totals(accounts) };
}

function usageBill({ keys, metrics, unit }: CostGroup): UsageBill {
  const { UnblendedCost: unblendedCost, BlendedCost: blendedCost, UsageQuantity: quantity } = metrics;
  return {
    usageType: keys[1] ?? '',
    quantity,
    unit,
    unblendedRate: unitPriceOf(unblendedCost, quantity),
    unblendedCost,
    blendedRate: unitPriceOf(blendedCost, quantity),
    blendedCost,
  };
}

interface Costs {
  readonly unblendedCost: string;
  readonly blendedCost: string;
}

function totals(parts: readonly Costs[]): Costs {
  return { unblendedCost: sumOf(parts.map((part) => part.unblendedCost)), blendedCost: sumOf(parts.map((part) => part.blendedCost)) };
}

function sumOf(amounts: readonly string[]): string {
  return printDecimal(amounts.reduce((sum, text) => sum + (parseDecimal(text) ?? 0n), 0n));
}

function render(found: Bill, { output }: CommandContext, hasDetail: boolean): string {
  const { strong, faint } = output.palette;
  const state = found.isEstimated ? ' so far' : '';
  const head = [
    strong(`bill of ${found.month}${state}, in ${found.currency}`),
    faint(`prices: ${found.seller || 'no usage, no prices'}`),
    '',
  ];
  const width = Math.max(40, ...found.accounts.flatMap(({ services }) => services.map(({ service }) => service.length + 4)));
  const row = (text: string, { unblendedCost, blendedCost }: Costs): string =>
    `${text.padEnd(width)}${unblendedCost.padStart(18)}${blendedCost.padStart(18)}`;
  const usageRow = (usage: UsageBill): string =>
    faint(
      `${row(`    ${usage.usageType}`, usage)}   ${usage.quantity} ${usage.unit} at ${usage.unblendedRate} (blended ${usage.blendedRate})`,
    );
  const body = found.accounts.flatMap(({ account, name, services, ...costs }) => [
    strong(row(`${account}  ${name}`, costs)),
    ...services.flatMap(({ service, usage, ...sums }) => [row(`  ${service}`, sums), ...(hasDetail ? usage.map(usageRow) : [])]),
    '',
  ]);
  return [...head, faint(row('', { unblendedCost: 'unblended', blendedCost: 'blended' })), ...body, strong(row('total', found))].join('\n');
}
