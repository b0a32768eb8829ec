// `npm run bench -- bill`: what metering costs per recorded call, and how long a large organisation's bill takes. Its size: BENCH_ACCOUNTS (5000).

import { budgets } from '../../src/services/budgets/records.ts';
import { requestUsage } from '../../src/services/ce/request-usage.ts';
import { usageRecords } from '../../src/services/ce/usage.ts';
import { keys } from '../../src/services/kms/records.ts';
import type { InProcess } from '../in-process.ts';
import { startInProcess } from '../in-process.ts';

const accounts = Number(process.env['BENCH_ACCOUNTS'] ?? 5_000);
const kinds = 10;
const month = new Date().toISOString().slice(0, 7);
const today = new Date().getUTCDate();
const day = (number: number): string => `${month}-${String(number).padStart(2, '0')}`;

const server = await startInProcess('bench-bill');
try {
  await server.organizations().createOrganization({ FeatureSet: 'ALL' });
  await reader(server);
  await answers(server);
  await budgetRound(server);
  await storedThings(server);
} finally {
  await server.stop();
}

async function timed(what: string, work: () => Promise<unknown>, per = 1, unit = 'ms'): Promise<void> {
  const began = performance.now();
  await work();
  const ms = (performance.now() - began) / per;
  console.log(`${what.padEnd(70)} ${(unit === 'us' ? ms * 1_000 : ms).toFixed(1).padStart(10)} ${unit}`);
}

async function reader({ kms, iam, store, runService, clock }: InProcess): Promise<void> {
  for (let call = 0; call < 50; call += 1) {
    await kms().listKeys({});
    await kms().listAliases({});
    await iam().listUsers({});
  }
  const { entries } = await store.transact((transaction) => transaction.eventsAfter(undefined, 500));
  for (const size of [500, 50, 5]) {
    const events = Array.from({ length: size }, (_each, index) => entries[index % entries.length]).filter((each) => each !== undefined);
    const batch = () =>
      runService('ce', (contextFor) =>
        store.transact((transaction) => {
          const unused = { ids: { bytes: () => new Uint8Array(0), uuid: () => '' }, sealer: { seal: () => '', open: () => undefined } };
          return requestUsage.read(events, { ...unused, partition: 'aws', now: clock.now(), transaction, contextFor });
        }),
      );
    const rounds = 100;
    const all = async () => {
      for (let round = 0; round < rounds; round += 1) await batch();
    };
    await timed(`reading ${size} events at once with one durable commit, per event`, all, rounds * size, 'us');
  }
}

async function answers({ account: payer, store, call }: InProcess): Promise<void> {
  const line = { payer, month, productCode: 'awskms', product: 'AWS Key Management Service', region: 'us-east-1', prefix: 'us-east-1-' };
  const kind = { usageType: 'KMS-Requests', unit: 'Requests', divisor: '1', isMonthly: false, tags: {} };
  for (let from = 0; from < accounts; from += 500) {
    await store.transact(async (transaction) => {
      for (let number = from; number < Math.min(accounts, from + 500); number += 1) {
        for (let operation = 0; operation < kinds; operation += 1) {
          const amount = (each: number): string => String(1_000 + ((number * 31 + operation * 7 + each) % 977));
          const days = Object.fromEntries(Array.from({ length: today }, (_each, index) => [day(index + 1).slice(8), amount(index)]));
          usageRecords.put(transaction, {
            ...line,
            ...kind,
            account: String(200_000_000_000 + number),
            operation: `Operation${operation}`,
            days,
          });
        }
      }
    });
  }
  console.log(`\n${accounts} accounts, ${kinds} kinds of usage each, ${today} days`);
  const ask = (input: object) => async () => {
    const TimePeriod = {
      Start: day(1),
      End: new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1, 1)).toISOString().slice(0, 10),
    };
    const { error } = await call('ce', 'GetCostAndUsage', {
      TimePeriod,
      Granularity: 'MONTHLY',
      Metrics: ['UnblendedCost', 'BlendedCost'],
      ...input,
    });
    if (error !== undefined) throw new Error(error);
  };
  await timed('GetCostAndUsage of the month', ask({}));
  await timed('GetCostAndUsage of the month by account', ask({ GroupBy: [{ Type: 'DIMENSION', Key: 'LINKED_ACCOUNT' }] }));
  await timed('GetCostAndUsage by day', ask({ Granularity: 'DAILY' }));
}

async function budgetRound({ account, store, clock, work }: InProcess): Promise<void> {
  const count = 100;
  await work.settle();
  await store.transact(async (transaction) => {
    for (let number = 0; number < count; number += 1) {
      budgets.put(transaction, {
        account,
        name: `budget-${number}`,
        type: 'COST',
        timeUnit: 'MONTHLY',
        limit: { Amount: '10', Unit: 'USD' },
        costFilters: { LinkedAccount: [String(200_000_000_000 + number)] },
        startMs: 0,
        endMs: Number.MAX_SAFE_INTEGER,
        updatedAtMs: 0,
        tags: {},
        actual: '0.0',
        periodStartMs: 0,
      });
    }
  });
  console.log(`\n${count} budgets of the management account, each for one linked account`);
  for (const what of ['looking at all of them, with forecasts', 'looking at all of them an hour later']) {
    clock.advance(3_600_000);
    await timed(what, () => work.settle());
  }
  await store.transact(async (transaction) => {
    for (const budget of await budgets.all(transaction, account)) budgets.remove(transaction, budget);
  });
}

async function storedThings({ store, clock, work }: InProcess): Promise<void> {
  await work.settle();
  for (let from = 0; from < accounts; from += 500) {
    await store.transact(async (transaction) => {
      for (let number = from; number < Math.min(accounts, from + 500); number += 1) {
        keys.put(transaction, {
          account: String(200_000_000_000 + number),
          region: 'us-east-1',
          keyId: `key-${number}`,
          spec: 'SYMMETRIC_DEFAULT',
          usage: 'ENCRYPT_DECRYPT',
          origin: 'AWS_KMS',
          manager: 'CUSTOMER',
          description: '',
          state: 'Enabled',
          createdAtMs: clock.now(),
          policy: '',
          tags: {},
          onDemandRotations: 0,
        });
      }
    });
  }
  console.log(`\n${accounts} keys in as many accounts`);
  for (const hours of [1, 24 * 31]) {
    clock.advance(hours * 3_600_000);
    await timed(`measuring ${hours} ${hours === 1 ? 'hour' : 'hours'}`, () => work.settle());
  }
}
