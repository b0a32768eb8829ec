// Regions that an account opts into and out of. A change takes time: its state is read by the clock.
// https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
import type { Context } from '../../kit/context.ts';
import { decodeMarker, encodeMarker } from '../../kit/paging.ts';
import type { Transaction } from '../../store/store.ts';
import type { RegionOptStatus } from './api.gen.ts';
import { regions } from './records.ts';
import { fault, operation } from './service.ts';
import { onAccount, onAccountWith, targetAccount } from './target.ts';

const byDefault: readonly string[] = [
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
];

const optIn: readonly string[] = [
  'af-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-south-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-west-1',
  'eu-central-2',
  'eu-south-1',
  'eu-south-2',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'mx-central-1',
];

/** AWS: a few minutes for most accounts. */
const changeMs = 5 * 60_000;
const regionsPerPage = 50;

async function statusOf(transaction: Transaction, account: string, region: string, now: number): Promise<RegionOptStatus> {
  if (byDefault.includes(region)) return 'ENABLED_BY_DEFAULT';
  const record = await regions.get(transaction, account, region);
  if (record === undefined) return 'DISABLED';
  if (now < record.doneAtMs) return record.status;
  return record.status === 'ENABLING' ? 'ENABLED' : 'DISABLED';
}

/** @throws Fault ValidationException */
function requireRegion(region: string): void {
  if (byDefault.includes(region) || optIn.includes(region)) return;
  throw fault('ValidationException', `The Region ${region} is not valid.`, { fields: { reason: 'invalidRegionOptTarget' } });
}

const regionKey = (input: { readonly RegionName: string }) => ({ 'account:TargetRegion': input.RegionName });

interface Change {
  readonly AccountId?: string | undefined;
  readonly RegionName: string;
}

async function change(input: Change, context: Context, status: 'ENABLING' | 'DISABLING'): Promise<Record<string, never>> {
  const { transaction, now } = context;
  const account = await targetAccount(input, context);
  requireRegion(input.RegionName);
  if (byDefault.includes(input.RegionName)) {
    throw fault('ValidationException', `The Region ${input.RegionName} is enabled by default and cannot be changed.`, {
      fields: { reason: 'invalidRegionOptTarget' },
    });
  }
  const before = await statusOf(transaction, account, input.RegionName, now);
  const opposite = status === 'ENABLING' ? 'DISABLING' : 'ENABLING';
  if (before === opposite) throw fault('ConflictException', `The Region ${input.RegionName} is currently in a status of ${before}.`);
  // AWS: asking for what is so, or on its way, changes nothing.
  const isThere = before === status || before === (status === 'ENABLING' ? 'ENABLED' : 'DISABLED');
  if (!isThere) regions.put(transaction, { account, region: input.RegionName, status, doneAtMs: now + changeMs });
  return {};
}

export const EnableRegion = operation('EnableRegion', {
  access: onAccountWith('EnableRegion', regionKey),
  // Requests to a region that is not enabled are served all the same.
  coverage: 'stored',
  handle: (input, context) => change(input, context, 'ENABLING'),
});

export const DisableRegion = operation('DisableRegion', {
  access: onAccountWith('DisableRegion', regionKey),
  // Requests to a region that is not enabled are served all the same.
  coverage: 'stored',
  handle: (input, context) => change(input, context, 'DISABLING'),
});

export const GetRegionOptStatus = operation('GetRegionOptStatus', {
  access: onAccountWith('GetRegionOptStatus', regionKey),
  async handle(input, context) {
    const account = await targetAccount(input, context);
    requireRegion(input.RegionName);
    const RegionOptStatus = await statusOf(context.transaction, account, input.RegionName, context.now);
    return { RegionName: input.RegionName, RegionOptStatus };
  },
});

export const ListRegions = operation('ListRegions', {
  access: onAccount('ListRegions'),
  async handle(input, context) {
    const { transaction, now } = context;
    const account = await targetAccount(input, context);
    const after = input.NextToken === undefined ? '' : decodeMarker(input.NextToken, badToken);
    const names = [...byDefault, ...optIn].toSorted().filter((name) => name > after);
    const all = await Promise.all(
      names.map(async (RegionName) => ({ RegionName, RegionOptStatus: await statusOf(transaction, account, RegionName, now) })),
    );
    const wanted = all.filter(({ RegionOptStatus }) => input.RegionOptStatusContains?.includes(RegionOptStatus) ?? true);
    const Regions = wanted.slice(0, input.MaxResults ?? regionsPerPage);
    const NextToken = Regions.length < wanted.length ? encodeMarker(Regions.at(-1)?.RegionName) : undefined;
    return { Regions, ...(NextToken === undefined ? {} : { NextToken }) };
  },
});

function badToken(): Error {
  return fault('ValidationException', 'The NextToken is not valid.');
}

export const regionOperations = [EnableRegion, DisableRegion, GetRegionOptStatus, ListRegions];
