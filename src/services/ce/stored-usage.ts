// Measures once an hour what services keep (keys, secrets) and gathers what they noted (how long functions ran). After a pause, or when the clock was
// moved, the hours in between are made up for with what is there now.
import { type Collection, collection } from '../../kit/collection.ts';
import type { Job, JobContext } from '../../kit/jobs.ts';
import { type MeteredService, notedUsage, type StoredItem, type StoredMeter } from '../../kit/metering.ts';
import { noteTagKeys } from './allocation-tags.ts';
import { addUsage, type Measured, payingAccount, trimHours } from './usage.ts';

const hourMs = 3_600_000;
/** A pass makes up for no more than this at once, so that its records stay few. */
const hoursMax = 24 * 31;

/** Where the measuring stands. */
interface Progress {
  readonly id: 'stored';
  /** Everything before this hour has been measured. */
  readonly measuredUntilMs: number;
  /** A pass that has not ended: up to when, which meter, and where in it. */
  readonly pass?: { readonly untilMs: number; readonly meter: number; readonly after?: string | undefined } | undefined;
}

const progress: Collection<Progress> = collection('ce.stored-usage-progress', ({ id }) => [id]);

export const storedUsage: Job = {
  name: 'stored-usage',
  everyMs: 10 * 60_000,
  async run(context) {
    const { transaction, now } = context;
    const currentHour = Math.floor(now / hourMs) * hourMs;
    const state = await progress.get(transaction, 'stored');
    // The first hour that is measured is the one in which the measuring began.
    const measuredUntilMs = state?.measuredUntilMs ?? currentHour - hourMs;
    const pass = state?.pass ?? { untilMs: Math.min(currentHour, measuredUntilMs + hoursMax * hourMs), meter: 0 };
    if (pass.untilMs <= measuredUntilMs) return undefined;
    const meters = await metersOf(context);
    const current = meters[pass.meter];
    if (current === undefined) {
      progress.put(transaction, { id: 'stored', measuredUntilMs: pass.untilMs });
      return 'more';
    }
    const { items, next } = await current.meter.page(transaction, pass.after);
    const period = { fromMs: measuredUntilMs, toMs: pass.untilMs };
    await addUsage(
      context,
      items.map((item) => hoursOf(current, item, period)),
    );
    await noteTags(context, items);
    const following =
      next === undefined ? { untilMs: pass.untilMs, meter: pass.meter + 1 } : { untilMs: pass.untilMs, meter: pass.meter, after: next };
    progress.put(transaction, { id: 'stored', measuredUntilMs, pass: following });
    return 'more';
  },
};

interface Declared {
  readonly service: MeteredService;
  readonly meter: StoredMeter;
}

async function metersOf(context: JobContext): Promise<readonly Declared[]> {
  const services = await servicesOf(context);
  return services.flatMap((service) => (service.metering.stored ?? []).map((meter) => ({ service, meter })));
}

/** An account is needed to ask, and any will do. */
function servicesOf({ contextFor }: JobContext): Promise<readonly MeteredService[]> {
  return contextFor({ account: '000000000000', region: 'us-east-1' }).billing.meteredServices();
}

/** One for every hour in which the item was there; the hour in which it came counts. */
function hoursOf({ service, meter }: Declared, item: StoredItem, period: { readonly fromMs: number; readonly toMs: number }): Measured {
  const { usageType, unit, divisor, operation } = meter;
  const { account, region, tags } = item;
  const quantity = BigInt(item.count);
  const first = Math.max(period.fromMs, Math.floor(item.sinceMs / hourMs) * hourMs);
  const amounts: { readonly atMs: number; readonly quantity: bigint }[] = [];
  for (let atMs = first; atMs < period.toMs; atMs += hourMs) amounts.push({ atMs, quantity });
  return { service, usageType, unit, divisor, operation, account, region, tags, isMonthly: true, amounts };
}

async function noteTags(context: JobContext, items: readonly StoredItem[]): Promise<void> {
  const keysOf = new Map<string, Set<string>>();
  for (const { account, tags } of items) {
    const keys = keysOf.get(account) ?? new Set<string>();
    for (const key of Object.keys(tags)) keys.add(key);
    if (keys.size > 0) keysOf.set(account, keys);
  }
  for (const [account, keys] of keysOf) {
    const payer = await payingAccount(context.contextFor({ account, region: 'us-east-1' }), context.transaction, account);
    await noteTagKeys(context.transaction, payer, [...keys], context.now);
  }
}

const notedMax = 200;

export const gatheredUsage: Job = {
  name: 'gathered-usage',
  everyMs: 60_000,
  async run(context) {
    const { transaction } = context;
    const batch = await notedUsage.list(transaction, [], { limit: notedMax });
    if (batch.length === 0) return undefined;
    const services = new Map((await servicesOf(context)).map((service) => [service.name, service]));
    const measured = batch.flatMap(({ value }): Measured[] => {
      const { id: _id, quantity, atMs, service: name, ...usage } = value;
      const service = services.get(name);
      return service === undefined ? [] : [{ ...usage, service, isMonthly: false, amounts: [{ atMs, quantity: BigInt(quantity) }] }];
    });
    await addUsage(context, measured);
    for (const { value } of batch) notedUsage.remove(transaction, value);
    return batch.length === notedMax ? 'more' : undefined;
  },
};

export const hourlyTrimming: Job = {
  name: 'hourly-trimming',
  everyMs: 6 * hourMs,
  run: ({ transaction, now }) => trimHours(transaction, now),
};
