// Whose account an operation is about: the caller's own, or one that the caller's organisation lets it manage.
// https://docs.aws.amazon.com/accounts/latest/reference/using-orgs-trusted-access.html

import type { Context, Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import type { OrganizationStanding } from '../../kit/ports.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import { fault } from './service.ts';

const servicePrincipal = 'account.amazonaws.com';

interface About {
  readonly AccountId?: string | undefined;
}

type Keys = NonNullable<Access['context']>;

/** Of the service's actions, without its prefix. */
type Name<Action = Access['action']> = Action extends `account:${infer Rest}` ? Rest : never;

/** The account itself, or the account in the organisation when one is named. */
export function onAccount(action: Name) {
  return onAccountWith<object>(action, () => ({}));
}

/** With condition keys of the service. */
export function onAccountWith<Given>(action: Name, keys: (input: Given) => Keys) {
  return async (input: Given & About, scope: Scope): Promise<Access> => {
    const { partition, account, transaction, organizations } = scope;
    const context = keys(input);
    if (input.AccountId === undefined)
      return { action: `account:${action}`, resource: `arn:${partition}:account::${account}:account`, context };
    const standing = await organizations.standingOf(transaction, input.AccountId, servicePrincipal);
    const owner = standing?.managementAccount ?? account;
    const place = standing === undefined ? {} : placeKeys(standing);
    const inside = `account/${standing?.organizationId ?? 'o-*'}/${input.AccountId}`;
    const resource = resourceNamed<'account:accountInOrganization'>(`arn:${partition}:account::${owner}:${inside}`);
    return { action: `account:${action}`, resource, context: { ...context, ...place } };
  };
}

function placeKeys({ path, tags }: OrganizationStanding): Keys {
  const named = Object.entries(tags).map(([key, value]) => [`account:AccountResourceOrgTags/${key}`, value]);
  return { ...Object.fromEntries(named), 'account:AccountResourceOrgPaths': [path] };
}

/** @throws Fault AccessDeniedException, ValidationException */
export async function targetAccount({ AccountId }: About, context: Context): Promise<string> {
  const { account, transaction, organizations } = context;
  if (AccountId === undefined) return account;
  const own = await organizations.standingOf(transaction, account, servicePrincipal);
  const other = await organizations.standingOf(transaction, AccountId, servicePrincipal);
  const isManagement = own?.managementAccount === account;
  // AWS: the management account manages itself without naming itself.
  if (own === undefined || other?.organizationId !== own.organizationId || AccountId === own.managementAccount) throw denied(context);
  if (!own.hasAllFeatures || !own.isServiceTrusted) throw denied(context);
  if (!isManagement && !own.isDelegatedAdministrator) throw denied(context);
  return AccountId;
}

function denied({ caller }: Context): Error {
  return fault(
    'AccessDeniedException',
    `User: ${caller.principal.arn} is not authorized to perform this operation on the specified account.`,
  );
}
