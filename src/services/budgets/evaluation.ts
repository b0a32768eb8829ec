// Looks at budgets: what was spent, what is expected, which notifications are in alarm, and which actions are due. Once an hour, and whenever a budget
// changes; an end that has passed ends the budget.
import { Fault } from '../../base/fault.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import type { Context } from '../../kit/context.ts';
import type { Job } from '../../kit/jobs.ts';
import type { ComparisonOperator, NotificationType, ThresholdType } from './api.gen.ts';
import { averageLimit, plannedLimit } from './budget-shape.ts';
import { enter, execute } from './execution.ts';
import { type BudgetPeriod, currentPeriod, dayOf } from './periods.ts';
import { type ActionRecord, actions, type BudgetRecord, budgets, notifications } from './records.ts';
import { removeBudget } from './removal.ts';
import { amountOf, expectedAhead, printed, spentIn } from './spending.ts';

interface Reached {
  readonly limit: bigint;
  readonly actual: bigint;
  readonly forecasted: bigint | undefined;
}

/** Brings a budget up to date. The context acts in the budget's account. */
export async function evaluate(context: Context, budget: BudgetRecord): Promise<void> {
  const { transaction, now } = context;
  const period = currentPeriod(budget, now);
  if (period === undefined) return;
  const isNewPeriod = period.startMs !== budget.periodStartMs;
  const limit = await currentLimit(context, budget, isNewPeriod);
  const actual = await spentIn(context, budget, period);
  const ahead = await aheadOf(context, budget, period, isNewPeriod);
  const forecasted = ahead.amount === undefined ? undefined : actual + BigInt(ahead.amount);
  budgets.put(transaction, {
    ...budget,
    limit,
    actual: printed(actual),
    forecasted: forecasted === undefined ? undefined : printed(forecasted),
    ahead,
    periodStartMs: period.startMs,
    ...(isNewPeriod && budget.autoAdjust !== undefined ? { autoAdjust: { ...budget.autoAdjust, LastAutoAdjustTime: now } } : {}),
  });
  const reached: Reached = { limit: amountOf(limit.Amount), actual, forecasted };
  for (const record of await notifications.all(transaction, budget.account, budget.name)) {
    const { type, operator, threshold, thresholdType } = record;
    const state = isPassed(reached, { type, operator, threshold, thresholdType }) ? 'ALARM' : 'OK';
    if (state !== record.state) notifications.put(transaction, { ...record, state });
  }
  for (const action of await actions.all(transaction, budget.account, budget.name)) await actOn(context, action, reached, isNewPeriod);
}

/** A forecast reads three months, and changes with the day. */
async function aheadOf(
  context: Context,
  budget: BudgetRecord,
  period: BudgetPeriod,
  isNewPeriod: boolean,
): Promise<NonNullable<BudgetRecord['ahead']>> {
  const day = dayOf(context.now);
  if (budget.ahead?.day === day && !isNewPeriod) return budget.ahead;
  return { day, amount: (await expectedAhead(context, budget, period))?.toString() };
}

async function currentLimit(context: Context, budget: BudgetRecord, isNewPeriod: boolean): Promise<BudgetRecord['limit']> {
  if (budget.planned !== undefined) return plannedLimit(budget.planned, context.now);
  if (budget.autoAdjust === undefined || !isNewPeriod) return budget.limit;
  return averageLimit(context, { AutoAdjustData: budget.autoAdjust, TimeUnit: budget.timeUnit }, budget);
}

interface Threshold {
  readonly type: NotificationType;
  readonly operator: ComparisonOperator;
  readonly threshold: number;
  readonly thresholdType: ThresholdType;
}

function isPassed({ limit, actual, forecasted }: Reached, { type, operator, threshold, thresholdType }: Threshold): boolean {
  const amount = type === 'ACTUAL' ? actual : forecasted;
  if (amount === undefined) return false;
  const given = amountOf(threshold.toFixed(10));
  const bound = thresholdType === 'PERCENTAGE' ? (limit * given) / amountOf('100') : given;
  if (operator === 'EQUAL_TO') return amount === bound;
  return operator === 'GREATER_THAN' ? amount > bound : amount < bound;
}

/** A policy that is attached stays so until somebody reverses it, also into the next period; what is over otherwise stands by again. */
async function actOn(context: Context, action: ActionRecord, reached: Reached, isNewPeriod: boolean): Promise<void> {
  let current = action;
  if (isNewPeriod && (action.status === 'PENDING' || action.status === 'EXECUTION_FAILURE' || action.status === 'REVERSE_SUCCESS')) {
    current = await enter(context, action, 'STANDBY', 'SYSTEM', 'A new budget period has begun.');
  }
  const { ActionThresholdValue: threshold, ActionThresholdType: thresholdType } = current.threshold;
  const passed = isPassed(reached, { type: current.notificationType, operator: 'GREATER_THAN', threshold, thresholdType });
  if (current.status !== 'STANDBY' || !passed) return;
  if (current.approval === 'AUTOMATIC') await execute(context, current, 'SYSTEM');
  else await enter(context, current, 'PENDING', 'SYSTEM', 'The threshold was passed; the action waits for approval.');
}

/** A budget that cannot be looked at (there is too much usage) keeps no other from its turn. The bill refuses before anything is written. */
function unlessFault(error: unknown): void {
  if (!(error instanceof Fault)) throw error;
}

/** How far a round through all budgets has come. */
const rounds: Collection<{ readonly id: 'round'; readonly after: string }> = collection('budgets.round', ({ id }) => [id]);
/** Many, because budgets of one organisation share the work of adding up its usage. */
const budgetsPerRun = 50;

export const evaluation: Job = {
  name: 'evaluation',
  everyMs: 3_600_000,
  isLast: true,
  async run({ transaction, now, contextFor }) {
    const round = await rounds.get(transaction, 'round');
    const batch = await budgets.list(transaction, [], { limit: budgetsPerRun, ...(round === undefined ? {} : { after: round.after }) });
    for (const { value: budget } of batch) {
      if (now >= budget.endMs) await removeBudget(transaction, budget);
      else await evaluate(contextFor({ account: budget.account, region: 'us-east-1' }), budget).catch(unlessFault);
    }
    const last = batch.at(-1);
    if (last !== undefined && batch.length === budgetsPerRun) {
      rounds.put(transaction, { id: 'round', after: last.cursor });
      return 'more';
    }
    if (round !== undefined) rounds.remove(transaction, round);
    return undefined;
  },
};
