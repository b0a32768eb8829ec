// GetCostForecast and GetUsageForecast: a line through the last ninety days at most, drawn on. See forecast-model.ts for the method.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostForecast.html
import { decimalScale, printDecimal } from '../../base/decimal.ts';
import type { Context } from '../../kit/context.ts';
import type { Expression, ForecastResult, GetCostForecastResponse, GetUsageForecastRequest } from './api.gen.ts';
import { factsOf } from './billing.ts';
import { compileExpression } from './expression.ts';
import { daysAhead, type Forecast, forecast, historyDaysMax, lineThrough } from './forecast-model.ts';
import { dayAfter, dayOf, daysOf, monthStart, slotsOf } from './periods.ts';
import { fault, invalid, operation } from './service.ts';
import { billingViewAccess, requireView } from './views.ts';

export const GetCostForecast = operation('GetCostForecast', {
  access: (input) => billingViewAccess('ce:GetCostForecast', input.BillingViewArn),
  async handle(input, context) {
    if (input.Metric === 'USAGE_QUANTITY' || input.Metric === 'NORMALIZED_USAGE_AMOUNT') {
      throw invalid(`Metric ${input.Metric} is not supported by GetCostForecast.`);
    }
    const metric = input.Metric === 'BLENDED_COST' ? 'blended' : 'unblended';
    const answer = await forecastOf(context, input, (history) => history[metric]);
    return shown(answer, context.billing.currency);
  },
});

export const GetUsageForecast = operation('GetUsageForecast', {
  access: (input) => billingViewAccess('ce:GetUsageForecast', input.BillingViewArn),
  async handle(input, context) {
    if (input.Metric !== 'USAGE_QUANTITY' && input.Metric !== 'NORMALIZED_USAGE_AMOUNT') {
      throw invalid(`Metric ${input.Metric} is not supported by GetUsageForecast.`);
    }
    if (input.Metric === 'NORMALIZED_USAGE_AMOUNT') throw insufficient();
    const answer = await forecastOf(context, input, (history) => history.quantity);
    const [unit, other] = answer.units;
    if (unit === undefined || other !== undefined) {
      throw fault(
        'UnresolvableUsageUnitException',
        'The usage that the filter selects is measured in several units; select one usage type.',
      );
    }
    return shown(answer, unit);
  },
});

interface History {
  readonly unblended: bigint;
  readonly blended: bigint;
  readonly quantity: bigint;
}

interface Answer {
  readonly results: readonly { readonly start: string; readonly end: string; readonly value: Forecast }[];
  readonly hasIntervals: boolean;
  readonly units: readonly string[];
}

async function forecastOf(
  context: Context,
  input: Pick<GetUsageForecastRequest, 'TimePeriod' | 'Granularity' | 'Filter' | 'PredictionIntervalLevel' | 'BillingViewArn'>,
  pick: (history: History) => bigint,
): Promise<Answer> {
  requireView(context, input.BillingViewArn);
  const { Granularity, Filter, PredictionIntervalLevel: level } = input;
  if (Granularity === 'HOURLY') throw invalid('Forecasts support only DAILY and MONTHLY granularities.');
  const today = dayOf(context.now);
  const { from, to } = readFuture(input.TimePeriod, Granularity, today);
  const { days, units } = await historyOf(context, Filter, today);
  const line = lineThrough(days.map((day) => Number(pick(day)) / Number(decimalScale)));
  if (line === undefined) throw insufficient();
  const results = slotsOf(from, to, Granularity).map(({ start, end }) => ({
    start,
    end,
    value: forecast(line, daysAhead(line, today, daysOf(start, end)), level ?? 80),
  }));
  return { results, hasIntervals: level !== undefined, units };
}

function insufficient() {
  return fault('DataUnavailableException', 'Insufficient amount of historical data to generate forecasts.');
}

const dailyMonths = 3;
const monthlyMonths = 18;

function readFuture(
  { Start, End }: { readonly Start: string; readonly End: string },
  granularity: 'DAILY' | 'MONTHLY',
  today: string,
): { readonly from: string; readonly to: string } {
  for (const [name, text] of [
    ['Start', Start],
    ['End', End],
  ] as const) {
    const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(ms) || dayOf(ms) !== text) throw invalid(`${name} time ${text} is invalid. Valid format is: yyyy-MM-dd.`);
  }
  if (Start >= End) throw invalid(`Requested Start: ${Start} must be before requested End: ${End}`);
  if (Start < today) throw invalid(`Earliest supported Start is ${today}.`);
  const months = granularity === 'DAILY' ? dailyMonths : monthlyMonths;
  const latest = monthStart(today, months + 1);
  if (End > latest) throw invalid(`Latest supported End for ${granularity} granularity is ${latest}.`);
  return { from: Start, to: End };
}

/** The whole days before today, from the first one with usage on. */
async function historyOf(
  context: Context,
  filter: Expression | undefined,
  today: string,
): Promise<{ readonly days: readonly History[]; readonly units: readonly string[] }> {
  const matches = filter === undefined ? () => true : compileExpression(filter, 'filter');
  const query = { viewer: context.account, from: dayAfter(today, -historyDaysMax), to: today, now: context.now, by: 'day' } as const;
  const sums = new Map<string, History>();
  const units = new Set<string>();
  for (const facts of await factsOf(context.transaction, context.billing, query)) {
    if (!matches(facts)) continue;
    const { day, unblended, blended, quantity, unit } = facts.line;
    const sum = sums.get(day) ?? nothing;
    sums.set(day, { unblended: sum.unblended + unblended, blended: sum.blended + blended, quantity: sum.quantity + quantity });
    units.add(unit);
  }
  const first = [...sums.keys()].toSorted()[0];
  return { days: first === undefined ? [] : daysOf(first, today).map((day) => sums.get(day) ?? nothing), units: [...units] };
}

const nothing: History = { unblended: 0n, blended: 0n, quantity: 0n };

function shown({ results, hasIntervals }: Answer, Unit: string): GetCostForecastResponse {
  const total = results.reduce((sum, { value }) => sum + value.mean, 0);
  return {
    Total: { Amount: text(total), Unit },
    ForecastResultsByTime: results.map(
      ({ start, end, value }): ForecastResult => ({
        TimePeriod: { Start: start, End: end },
        MeanValue: text(value.mean),
        ...(hasIntervals ? { PredictionIntervalLowerBound: text(value.lower), PredictionIntervalUpperBound: text(value.upper) } : {}),
      }),
    ),
  };
}

/** What cannot be told from noise is not printed. */
function text(value: number): string {
  return printDecimal(BigInt(Math.round(value * 1e6)) * (decimalScale / 1_000_000n));
}
