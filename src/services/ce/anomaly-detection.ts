// Judges each day that is over, for each value that a monitor looks at, against the days before it. Days in a row are one anomaly.
import { decimalScale } from '../../base/decimal.ts';
import type { Context } from '../../kit/context.ts';
import type { Job } from '../../kit/jobs.ts';
import { historyMax, type Judgement, judge } from './anomaly-model.ts';
import { type AnomalyRecord, anomalies, type MonitorRecord, monitors } from './anomaly-records.ts';
import type { RootCause } from './api.gen.ts';
import { factsOf } from './billing.ts';
import type { Facts } from './dimensions.ts';
import { compileExpression } from './expression.ts';
import { dayAfter, dayOf, daysOf } from './periods.ts';

/** AWS: the values with the largest costs that a monitor looks at. */
const valuesMax = 5_000;
const rootCausesMax = 10;
/** AWS: how long anomalies are kept. */
const keptDays = 90;
/** Days that one run judges of one monitor. */
const daysPerRun = 14;
const monitorsPerRun = 5;

export const anomalyDetection: Job = {
  name: 'anomaly-detection',
  everyMs: 3_600_000,
  isLast: true,
  async run({ transaction, now, contextFor }) {
    const yesterday = dayAfter(dayOf(now), -1);
    let after: string | undefined;
    let count = 0;
    for (;;) {
      const batch = await monitors.list(transaction, [], { limit: 100, ...(after === undefined ? {} : { after }) });
      for (const { cursor, value: monitor } of batch) {
        after = cursor;
        const next = monitor.evaluatedDay === undefined ? dayOf(monitor.createdAtMs) : dayAfter(monitor.evaluatedDay);
        if (next > yesterday) continue;
        await evaluateMonitor(contextFor({ account: monitor.account, region: 'us-east-1' }), monitor, next, yesterday);
        count += 1;
        if (count === monitorsPerRun) return 'more';
      }
      if (batch.length < 100) return count > 0 ? 'more' : undefined;
    }
  },
};

async function evaluateMonitor(context: Context, monitor: MonitorRecord, from: string, yesterday: string): Promise<void> {
  const { transaction, now, billing } = context;
  const last = [dayAfter(from, daysPerRun - 1), yesterday].toSorted()[0] ?? yesterday;
  const query = { viewer: monitor.account, from: dayAfter(from, -historyMax), to: dayAfter(last), now, by: 'day' } as const;
  const facts = await factsOf(transaction, billing, query);
  const firstDay = facts.map(({ line }) => line.day).toSorted()[0] ?? last;
  const values = valuesOf(monitor, facts);
  const before = await anomalies.all(transaction, monitor.account, monitor.id);
  for (const record of before) if (record.endDay < dayAfter(last, -keptDays)) anomalies.remove(transaction, record);
  for (const [value, lines] of values) {
    const known = before.filter((record) => record.value === value);
    for (const record of judged(context, monitor, { value, lines, known, firstDay, days: daysOf(from, dayAfter(last)) })) {
      anomalies.put(transaction, record);
    }
  }
  monitors.put(transaction, { ...monitor, evaluatedDay: last, valueCount: values.size });
}

interface Value {
  readonly value: string;
  readonly lines: readonly Facts[];
  readonly known: readonly AnomalyRecord[];
  /** Before it nothing is known; from it on a day without costs is one. */
  readonly firstDay: string;
  readonly days: readonly string[];
}

/** The anomalies of a value that are new or go on. */
function judged(context: Context, monitor: MonitorRecord, { value, lines, known, firstDay, days }: Value): Iterable<AnomalyRecord> {
  const costs = costByDay(lines);
  const found = new Map(known.map((record) => [record.anomalyId, record]));
  const changed = new Map<string, AnomalyRecord>();
  for (const day of days) {
    // Days that were unusual themselves say nothing about what is usual.
    const isUsual = (past: string): boolean => ![...found.values()].some(({ startDay, endDay }) => past >= startDay && past <= endDay);
    const earliest = dayAfter(day, -historyMax);
    const past = daysOf(firstDay > earliest ? firstDay : earliest, day).filter(isUsual);
    const history = past.map((each) => costs.get(each) ?? 0);
    const judgement = judge(history, costs.get(day) ?? 0);
    if (judgement === undefined) continue;
    const before = [...found.values()].find(({ endDay }) => endDay === dayAfter(day, -1));
    const record = extended(context, monitor, { value, day, judgement, before, rootCauses: causesOf(lines, day, past) });
    found.set(record.anomalyId, record);
    changed.set(record.anomalyId, record);
  }
  return changed.values();
}

/** The lines of each value, those with the largest costs. */
function valuesOf(monitor: MonitorRecord, facts: readonly Facts[]): ReadonlyMap<string, readonly Facts[]> {
  const values = new Map<string, Facts[]>();
  const pick = valueIn(monitor);
  for (const each of facts) {
    const value = pick(each);
    if (value === undefined) continue;
    const known = values.get(value);
    if (known === undefined) values.set(value, [each]);
    else known.push(each);
  }
  if (values.size <= valuesMax) return values;
  const cost = (lines: readonly Facts[]): bigint => lines.reduce((sum, { line }) => sum + line.unblended, 0n);
  const sorted = [...values].map(([value, lines]) => ({ value, lines, cost: cost(lines) })).sort((a, b) => (a.cost < b.cost ? 1 : -1));
  return new Map(sorted.slice(0, valuesMax).map(({ value, lines }) => [value, lines]));
}

function valueIn({ type, dimension, specification, name }: MonitorRecord): (facts: Facts) => string | undefined {
  if (type === 'CUSTOM' && specification !== undefined) {
    const matches = compileExpression(specification, 'filter');
    return (facts) => (matches(facts) ? name : undefined);
  }
  switch (dimension) {
    case 'LINKED_ACCOUNT':
      return ({ line }) => line.account;
    case 'TAG': {
      const key = specification?.Tags?.Key ?? '';
      return ({ line }) => (Object.hasOwn(line.tags, key) ? line.tags[key] : undefined);
    }
    case 'COST_CATEGORY':
      return (facts) => facts.category(specification?.CostCategories?.Key ?? '');
    default:
      return ({ line }) => line.product;
  }
}

function costByDay(lines: readonly Facts[]): ReadonlyMap<string, number> {
  const costs = new Map<string, number>();
  for (const { line } of lines) costs.set(line.day, (costs.get(line.day) ?? 0) + amount(line.unblended));
  return costs;
}

function amount(cost: bigint): number {
  return Number(cost) / Number(decimalScale);
}

/** What grew most: the day's cost of each usage, less what it was on average. */
function causesOf(lines: readonly Facts[], day: string, past: readonly string[]): readonly RootCause[] {
  const usual = new Set(past);
  const causes = new Map<string, { readonly facts: Facts; today: number; before: number }>();
  for (const facts of lines) {
    const { product, region, account, usageType, day: at, unblended } = facts.line;
    const key = [product, region, account, usageType].join('\n');
    const known = causes.get(key) ?? { facts, today: 0, before: 0 };
    if (at === day) known.today += amount(unblended);
    else if (usual.has(at)) known.before += amount(unblended);
    causes.set(key, known);
  }
  return [...causes.values()]
    .map(({ facts, today, before }) => ({ facts, contribution: today - before / past.length }))
    .filter(({ contribution }) => contribution > 0)
    .sort((a, b) => b.contribution - a.contribution)
    .slice(0, rootCausesMax)
    .map(({ facts: { line, accountName }, contribution }) => ({
      Service: line.product,
      Region: line.region,
      LinkedAccount: line.account,
      LinkedAccountName: accountName,
      UsageType: line.usageType,
      Impact: { Contribution: contribution },
    }));
}

interface Finding {
  readonly value: string;
  readonly day: string;
  readonly judgement: Judgement;
  readonly before: AnomalyRecord | undefined;
  readonly rootCauses: readonly RootCause[];
}

function extended({ ids }: Context, monitor: MonitorRecord, { value, day, judgement, before, rootCauses }: Finding): AnomalyRecord {
  const { actual, expected, score } = judgement;
  return {
    account: monitor.account,
    monitorId: monitor.id,
    anomalyId: before?.anomalyId ?? ids.uuid(),
    value,
    startDay: before?.startDay ?? day,
    endDay: day,
    maxScore: Math.max(before?.maxScore ?? 0, score),
    score,
    maxImpact: Math.max(before?.maxImpact ?? 0, actual - expected),
    actual: (before?.actual ?? 0) + actual,
    expected: (before?.expected ?? 0) + expected,
    rootCauses,
    feedback: before?.feedback,
  };
}
