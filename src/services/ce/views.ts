// Billing views: what an account looks at its costs through. There is one for each account, its primary view, which is also what no ARN means.
import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import { fault } from './service.ts';

type ViewAction = Extract<Access['action'], `ce:Get${string}`>;

/** AWS: a view that was named is a resource; without one the permission is asked for everything. */
export function billingViewAccess(action: ViewAction, given: string | undefined): Access {
  const owner = given === undefined ? undefined : parseArn(given)?.account;
  return {
    action,
    resource: given === undefined ? '*' : resourceNamed<'ce:billingview'>(given),
    ...(owner === undefined ? {} : { resourceAccount: owner }),
  };
}

/** @throws Fault ResourceNotFoundException */
export function requireView({ partition, account }: Scope, given: string | undefined): void {
  if (given === undefined || given === `arn:${partition}:billing::${account}:billingview/primary`) return;
  throw fault('ResourceNotFoundException', `The billing view ${given} does not exist.`);
}
