// Users and roles in policies that say who may come: AWS keeps them by their unique ids, so that a later namesake does not inherit what the first
// one had, and shows the ids of those that are gone.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
import { parseArn } from '../../base/arn.ts';
import type { PrincipalScope } from '../../kit/ports.ts';
import { awsPrincipals, withAwsPrincipals } from '../../policy/positions.ts';
import type { Transaction } from '../../store/store.ts';
import { lower, principalIds, roles, users } from './records.ts';

/** A policy document as it is kept. */
export async function withIds({ transaction }: PrincipalScope, text: string): Promise<string> {
  return rewritten(text, (value) => idOf(transaction, value));
}

/** A kept document as it is shown: ids that still exist as ARNs, others as they are. */
export async function withArns(scope: PrincipalScope, text: string): Promise<string> {
  return rewritten(text, (value) => arnOfId(scope, value));
}

async function rewritten(text: string, lookup: (value: string) => Promise<string | undefined>): Promise<string> {
  const found = new Map<string, string>();
  for (const value of awsPrincipals(text)) {
    const replacement = await lookup(value);
    if (replacement !== undefined) found.set(value, replacement);
  }
  return found.size === 0 ? text : withAwsPrincipals(text, found);
}

/** The unique id of a user's or role's ARN. */
export async function idOf(transaction: Transaction, value: string): Promise<string | undefined> {
  const arn = parseArn(value);
  const match = arn?.service === 'iam' ? /^(user|role)(\/(?:.*\/)?)([^/]+)$/.exec(arn.resource) : null;
  if (arn === undefined || match === null) return undefined;
  const [, kind, path, name = ''] = match;
  if (kind === 'user') {
    const user = await users.get(transaction, arn.account, lower(name));
    return user?.path === path && user?.userName === name ? user.userId : undefined;
  }
  const role = await roles.get(transaction, arn.account, lower(name));
  return role?.path === path && role?.roleName === name ? role.roleId : undefined;
}

/** The present ARN of a user or role. */
export async function arnOfId({ transaction, partition }: PrincipalScope, value: string): Promise<string | undefined> {
  const known = await principalIds.get(transaction, value);
  if (known === undefined) return undefined;
  const { account, name, kind } = known;
  const record = kind === 'user' ? await users.get(transaction, account, lower(name)) : await roles.get(transaction, account, lower(name));
  if (record === undefined) return undefined;
  const isSame = 'userId' in record ? record.userId === value : record.roleId === value;
  return isSame ? `arn:${partition}:iam::${account}:${kind}${record.path}${name}` : undefined;
}
