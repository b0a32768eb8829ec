// How many groups, roles, policies and instance profiles an account has, counted as they come and go, so that a quota costs one read.
// Users are not counted: every CreateUser would wait for the others (README.md).
import type { Collection } from '../../kit/collection.ts';
import type { Transaction } from '../../store/store.ts';
import { withinQuota } from './quotas.ts';
import { type CountedKind, counts, groups, instanceProfiles, policies, roles } from './records.ts';

interface Counted {
  readonly quota: 'GroupsPerAccount' | 'RolesPerAccount' | 'PoliciesPerAccount' | 'InstanceProfilesPerAccount';
  readonly all: Collection<object>['all'];
}

const counted: Readonly<Record<CountedKind, Counted>> = {
  group: { quota: 'GroupsPerAccount', all: groups.all },
  role: { quota: 'RolesPerAccount', all: roles.all },
  policy: { quota: 'PoliciesPerAccount', all: policies.all },
  'instance-profile': { quota: 'InstanceProfilesPerAccount', all: instanceProfiles.all },
};

export async function countOf(transaction: Transaction, account: string, kind: CountedKind): Promise<number> {
  return (await counts.get(transaction, account, kind))?.count ?? (await counted[kind].all(transaction, account)).length;
}

/** Counts one more. @throws Fault LimitExceeded */
export async function countUp(transaction: Transaction, account: string, kind: CountedKind): Promise<void> {
  const count = (await countOf(transaction, account, kind)) + 1;
  withinQuota(counted[kind].quota, count);
  counts.put(transaction, { account, kind, count });
}

export async function countDown(transaction: Transaction, account: string, kind: CountedKind): Promise<void> {
  counts.put(transaction, { account, kind, count: (await countOf(transaction, account, kind)) - 1 });
}
