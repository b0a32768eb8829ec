// A budget as clients give it, checked, and as they are shown it.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html
import { Fault } from '../../base/fault.ts';
import type { Context } from '../../kit/context.ts';
import type { Budget, CostTypes, Spend } from './api.gen.ts';
import { currentPeriod, endless, periodAt } from './periods.ts';
import type { BudgetRecord } from './records.ts';
import { fault, invalid } from './service.ts';
import { amountOf, expressionOf, spentIn } from './spending.ts';

const defaultCostTypes: CostTypes = {
  IncludeTax: true,
  IncludeSubscription: true,
  UseBlended: false,
  IncludeRefund: true,
  IncludeCredit: true,
  IncludeUpfront: true,
  IncludeRecurring: true,
  IncludeOtherSubscription: true,
  IncludeSupport: true,
  IncludeDiscount: true,
  UseAmortized: false,
};

/** AWS: how many former periods a moving average may take in. */
const adjustmentMax = { DAILY: 60, MONTHLY: 12, QUARTERLY: 4, ANNUALLY: 1 } as const;

/** @throws Fault InvalidParameterException */
export async function newBudget(context: Context, budget: Budget, before?: BudgetRecord): Promise<BudgetRecord> {
  const { account, now } = context;
  const { BudgetName: name, TimeUnit: timeUnit, CostFilters, CostTypes, FilterExpression, Metrics, AutoAdjustData } = budget;
  const { BudgetType: type } = budget;
  if (type !== 'COST' && type !== 'USAGE') {
    throw invalid(`Budgets of the type ${type} are not supported: nothing can be reserved in this installation.`);
  }
  if (Object.keys(CostFilters ?? {}).length > 0 && FilterExpression !== undefined) {
    throw invalid('Either FilterExpression and Metrics or CostFilters and CostTypes can be given, not both.');
  }
  if (FilterExpression !== undefined && CostTypes !== undefined) {
    throw invalid('Either FilterExpression and Metrics or CostFilters and CostTypes can be given, not both.');
  }
  if (CostTypes?.UseBlended === true && CostTypes.UseAmortized === true)
    throw invalid('A budget cannot use blended and amortized costs at once.');
  if (type === 'USAGE' && CostTypes !== undefined) throw invalid('CostTypes are for budgets of the type COST only.');
  checkBillingView(context, budget);
  const period = periodOf(budget, now);
  const shape = {
    account,
    name,
    type,
    timeUnit,
    ...period,
    costFilters: CostFilters,
    costTypes: type === 'COST' && FilterExpression === undefined ? { ...defaultCostTypes, ...CostTypes } : undefined,
    filterExpression: FilterExpression,
    metrics: Metrics,
    updatedAtMs: now,
    tags: before?.tags ?? {},
    actual: '0.0',
    periodStartMs: 0,
  };
  const limits = await limitsOf(context, budget, { ...shape, type, limit: { Amount: '0', Unit: context.billing.currency } });
  const record: BudgetRecord = { ...shape, ...limits, autoAdjust: AutoAdjustData };
  if (type === 'COST' && record.limit.Unit !== context.billing.currency) {
    throw invalid(`Unsupported currency: ${record.limit.Unit}. The bill is in ${context.billing.currency}.`);
  }
  await checkFilter(context, record);
  return record;
}

/** The bill is the one that knows what can be asked of it. */
async function checkFilter(context: Context, record: BudgetRecord): Promise<void> {
  try {
    expressionOf(record);
    await spentIn(context, record, periodAt('DAILY', context.now));
  } catch (error) {
    if (error instanceof Fault && error.code === 'ValidationException') throw invalid(error.message);
    throw error;
  }
}

function checkBillingView({ partition, account }: Context, { BillingViewArn }: Budget): void {
  if (BillingViewArn === undefined || BillingViewArn === `arn:${partition}:billing::${account}:billingview/primary`) return;
  throw fault('NotFoundException', `The billing view ${BillingViewArn} does not exist.`);
}

function periodOf({ TimeUnit, TimePeriod }: Budget, now: number): { readonly startMs: number; readonly endMs: number } {
  const { Start, End } = TimePeriod ?? {};
  if (TimeUnit === 'CUSTOM' && (Start === undefined || End === undefined))
    throw invalid('A budget of the time unit CUSTOM has a start and an end.');
  const startMs = Start ?? periodAt(TimeUnit === 'CUSTOM' ? 'DAILY' : TimeUnit, now).startMs;
  const endMs = End ?? endless;
  if (startMs >= endMs) throw invalid('The start date must come before the end date.');
  if (endMs > endless) throw invalid('The end date must come before 06/15/87 00:00 UTC.');
  if (endMs <= now) throw invalid('The end date of a budget must be in the future.');
  return { startMs, endMs };
}

type Limits = Pick<BudgetRecord, 'limit' | 'planned'>;

async function limitsOf(context: Context, budget: Budget, shape: Omit<BudgetRecord, 'autoAdjust'>): Promise<Limits> {
  const { BudgetLimit, PlannedBudgetLimits: planned, AutoAdjustData } = budget;
  if ([BudgetLimit, planned, AutoAdjustData].filter((each) => each !== undefined).length > 1) {
    throw invalid('Only one of BudgetLimit, PlannedBudgetLimits and AutoAdjustData can be given.');
  }
  if (AutoAdjustData !== undefined) return { limit: await averageLimit(context, budget, shape) };
  if (planned !== undefined) return { planned: checkedPlan(budget, planned, context.now), limit: plannedLimit(planned, context.now) };
  if (BudgetLimit === undefined) throw invalid('BudgetLimit is required for cost and usage budgets.');
  return { limit: checkedSpend(BudgetLimit) };
}

function checkedSpend(spend: Spend): Spend {
  if (amountOf(spend.Amount) === 0n) throw invalid('The limit of a budget must be greater than zero.');
  return spend;
}

function checkedPlan({ TimeUnit }: Budget, planned: Readonly<Record<string, Spend>>, now: number): Readonly<Record<string, Spend>> {
  if (TimeUnit !== 'MONTHLY' && TimeUnit !== 'QUARTERLY')
    throw invalid('PlannedBudgetLimits are for the time units MONTHLY and QUARTERLY.');
  const starts = Object.keys(planned).map((key) => (/^\d{1,11}$/.test(key) ? Number(key) * 1_000 : Number.NaN));
  if (starts.length === 0 || starts.length > (TimeUnit === 'MONTHLY' ? 12 : 4)) {
    throw invalid(
      `PlannedBudgetLimits has limits for ${TimeUnit === 'MONTHLY' ? '12 months' : 'four quarters'} at most, and at least one.`,
    );
  }
  if (starts.some((start) => Number.isNaN(start) || periodAt(TimeUnit, start).startMs !== start)) {
    throw invalid(`The keys of PlannedBudgetLimits are starts of ${TimeUnit === 'MONTHLY' ? 'months' : 'quarters'}, in seconds of UTC.`);
  }
  if (!starts.includes(periodAt(TimeUnit, now).startMs) && Math.min(...starts) < now) {
    throw invalid('PlannedBudgetLimits must start from the current period.');
  }
  for (const spend of Object.values(planned)) checkedSpend(spend);
  if (new Set(Object.values(planned).map(({ Unit }) => Unit)).size > 1) throw invalid('All limits of a budget have the same unit.');
  return planned;
}

/** The limit of the period in which a moment lies; after the last one, the last one. */
export function plannedLimit(planned: Readonly<Record<string, Spend>>, now: number): Spend {
  const sorted = Object.entries(planned).toSorted(([a], [b]) => Number(a) - Number(b));
  const chosen = sorted.findLast(([start]) => Number(start) * 1_000 <= now) ?? sorted[0];
  if (chosen === undefined) throw new Error('a plan has at least one limit');
  return chosen[1];
}

/** AWS: the average of the last periods; the earliest of them do not count as long as nothing was spent. */
export async function averageLimit(
  context: Context,
  budget: Pick<Budget, 'AutoAdjustData' | 'TimeUnit'>,
  shape: BudgetRecord,
): Promise<Spend> {
  const { AutoAdjustData, TimeUnit: unit } = budget;
  const periods = AutoAdjustData?.HistoricalOptions?.BudgetAdjustmentPeriod;
  if (AutoAdjustData?.AutoAdjustType !== 'HISTORICAL')
    throw invalid('Budgets adjust themselves to history (HISTORICAL) only in this installation.');
  if (unit === 'CUSTOM' || periods === undefined || periods > adjustmentMax[unit]) {
    throw invalid(`BudgetAdjustmentPeriod is at most ${unit === 'CUSTOM' ? 0 : adjustmentMax[unit]} for the time unit ${unit}.`);
  }
  const spent: bigint[] = [];
  for (let before = periods; before >= 1; before -= 1) {
    const amount = await spentIn(context, shape, periodAt(unit, context.now, before));
    if (spent.length > 0 || amount > 0n) spent.push(amount);
  }
  const average = spent.length === 0 ? 0n : spent.reduce((sum, amount) => sum + amount, 0n) / BigInt(spent.length);
  // A budget of nothing would be passed by everything.
  return { Amount: average === 0n ? '1' : decimal(average), Unit: shape.limit.Unit };
}

function decimal(amount: bigint): string {
  const digits = amount.toString().padStart(11, '0');
  return `${digits.slice(0, -10)}.${digits.slice(-10)}`.replace(/\.?0+$/, '');
}

export function shownBudget(record: BudgetRecord, now: number, showsExpression: boolean): Budget {
  const { name, type, timeUnit, limit, planned, costFilters, costTypes, filterExpression, metrics, autoAdjust } = record;
  const isCurrent = record.periodStartMs === (currentPeriod(record, now)?.startMs ?? 0);
  return {
    BudgetName: name,
    BudgetLimit: planned === undefined ? limit : plannedLimit(planned, now),
    ...(planned === undefined ? {} : { PlannedBudgetLimits: planned }),
    CostFilters: costFilters ?? {},
    ...(costTypes === undefined ? {} : { CostTypes: costTypes }),
    TimeUnit: timeUnit,
    TimePeriod: { Start: record.startMs, End: record.endMs },
    CalculatedSpend: {
      ActualSpend: { Amount: isCurrent ? record.actual : '0.0', Unit: limit.Unit },
      ...(isCurrent && record.forecasted !== undefined ? { ForecastedSpend: { Amount: record.forecasted, Unit: limit.Unit } } : {}),
    },
    BudgetType: type,
    LastUpdatedTime: record.updatedAtMs,
    ...(autoAdjust === undefined ? {} : { AutoAdjustData: autoAdjust }),
    ...(filterExpression !== undefined && showsExpression ? { FilterExpression: filterExpression } : {}),
    ...(metrics === undefined ? {} : { Metrics: metrics }),
  };
}
