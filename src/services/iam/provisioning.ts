// What AWS itself makes in customers' accounts: the store of a new account, and roles in it.
import { wholeSeconds } from '../../base/clock.ts';
import { uniqueId } from '../../kit/account-ids.ts';
import { advanceGeneration } from '../../kit/generation.ts';
import type { NewRole, PrincipalDirectory } from '../../kit/ports.ts';
import type { Transaction } from '../../store/store.ts';
import { countUp } from './account-counts.ts';
import { accounts, attachedTo, attachments, lower, principalIds, type RoleRecord, roles } from './records.ts';

const sessionSecondsMax = 3_600;

export const provisioning: Pick<PrincipalDirectory, 'openAccount' | 'addRole'> = { openAccount, addRole };

async function openAccount(transaction: Transaction, account: string, now: number): Promise<void> {
  // The root has no key until somebody with access to the server makes one.
  accounts.put(transaction, { account, createdAtMs: now, rootKeyId: '' });
}

async function addRole(
  transaction: Transaction,
  { account, path, roleName, description, trust, policyArns, ids, now }: NewRole,
): Promise<void> {
  if ((await roles.get(transaction, account, lower(roleName))) !== undefined) return;
  const role: RoleRecord = {
    account,
    roleName,
    roleId: uniqueId(ids, 'AROA'),
    path,
    createdAtMs: wholeSeconds(now),
    description,
    maxSessionSeconds: sessionSecondsMax,
    tags: {},
    trustPolicy: trust,
  };
  await countUp(transaction, account, 'role');
  roles.put(transaction, role);
  principalIds.put(transaction, { id: role.roleId, account, kind: 'role', name: roleName });
  for (const policyArn of policyArns) {
    const policyName = policyArn.slice(policyArn.lastIndexOf('/') + 1);
    for (const side of [attachments, attachedTo]) side.put(transaction, { account, kind: 'role', name: roleName, policyArn, policyName });
  }
  advanceGeneration(transaction, account, ids.uuid());
}
