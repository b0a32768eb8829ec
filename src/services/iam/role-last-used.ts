// When a role was last used, and where: the newest event of one of its sessions.
import type { Scope } from '../../kit/context.ts';
import type { RoleLastUsed } from './api.gen.ts';
import type { RoleRecord } from './records.ts';

/** Empty while nothing is known. */
export async function roleLastUsed(_scope: Scope, _role: RoleRecord): Promise<RoleLastUsed> {
  return {};
}
