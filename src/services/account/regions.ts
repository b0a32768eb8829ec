// Regions that an account opts into and out of. A change takes time: its state is read by the clock.
// https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
import { allRegions, changeRegion, isEnabledByDefault, statusOfRegion } from '../../kit/account-regions.ts';
import type { Context } from '../../kit/context.ts';
import { decodeMarker, encodeMarker } from '../../kit/paging.ts';
import { fault, operation } from './service.ts';
import { onAccount, onAccountWith, targetAccount } from './target.ts';

/** AWS: a few minutes for most accounts. */
const changeMs = 5 * 60_000;
const regionsPerPage = 50;

/** @throws Fault ValidationException */
function requireRegion(region: string): void {
  if (allRegions.includes(region)) return;
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
  if (isEnabledByDefault(input.RegionName)) {
    throw fault('ValidationException', `The Region ${input.RegionName} is enabled by default and cannot be changed.`, {
      fields: { reason: 'invalidRegionOptTarget' },
    });
  }
  const before = await statusOfRegion(transaction, account, input.RegionName, now);
  const opposite = status === 'ENABLING' ? 'DISABLING' : 'ENABLING';
  if (before === opposite) throw fault('ConflictException', `The Region ${input.RegionName} is currently in a status of ${before}.`);
  // AWS: asking for what is so, or on its way, changes nothing.
  const isThere = before === status || before === (status === 'ENABLING' ? 'ENABLED' : 'DISABLED');
  if (!isThere) changeRegion(transaction, { account, region: input.RegionName, status, doneAtMs: now + changeMs });
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
    const RegionOptStatus = await statusOfRegion(context.transaction, account, input.RegionName, context.now);
    return { RegionName: input.RegionName, RegionOptStatus };
  },
});

export const ListRegions = operation('ListRegions', {
  access: onAccount('ListRegions'),
  async handle(input, context) {
    const { transaction, now } = context;
    const account = await targetAccount(input, context);
    const after = input.NextToken === undefined ? '' : decodeMarker(input.NextToken, badToken);
    const names = allRegions.filter((name) => name > after);
    const all = await Promise.all(
      names.map(async (RegionName) => ({ RegionName, RegionOptStatus: await statusOfRegion(transaction, account, RegionName, now) })),
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
