// When a role was last used, and where: the newest attempt of one of its sessions, as the ledger's reader has noted it.
import type { Scope } from '../../kit/context.ts';
import type { RoleLastUsed } from './api.gen.ts';
import { lastAccesses, trackedMs } from './last-accessed.ts';
import type { RoleRecord } from './records.ts';

/** Empty while nothing is known. */
export async function roleLastUsed({ transaction, now }: Scope, { account, roleId }: RoleRecord): Promise<RoleLastUsed> {
  const last = await lastAccesses.get(transaction, account, roleId, '', '');
  return last === undefined || last.atMs < now - trackedMs ? {} : { LastUsedDate: last.atMs, Region: last.region };
}
