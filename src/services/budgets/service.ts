// The words that every file of this service is written with.
import type { Scope } from '../../kit/context.ts';
import { type Access, serviceKit } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { Operations } from './api.gen.ts';

export const { operation, fault } = serviceKit<Operations>();

export function invalid(message: string) {
  return fault('InvalidParameterException', message);
}

type BudgetAction = Extract<Access['action'], 'budgets:ViewBudget' | 'budgets:ModifyBudget' | 'budgets:DescribeBudgetActionsForBudget'>;
type ActionAction = Extract<Access['action'], `budgets:${string}BudgetAction` | 'budgets:DescribeBudgetActionHistories'>;

/** An operation on a budget of the account that the request names. */
export function budgetAccess({ partition }: Scope, action: BudgetAction, account: string, name = '*'): Access {
  return { action, resource: `arn:${partition}:budgets::${account}:budget/${name}`, resourceAccount: account };
}

/** An operation on an action of a budget; one that has no id yet is any. */
export function actionAccess(
  { partition }: Scope,
  action: ActionAction,
  {
    AccountId,
    BudgetName,
    ActionId = '*',
  }: { readonly AccountId: string; readonly BudgetName: string; readonly ActionId?: string | undefined },
): Access {
  const resource = resourceNamed<'budgets:budgetAction'>(`arn:${partition}:budgets::${AccountId}:budget/${BudgetName}/action/${ActionId}`);
  return { action, resource, resourceAccount: AccountId };
}

/** AWS: one account's budgets are nobody else's, whatever a policy says. @throws Fault AccessDeniedException */
export function requireOwner({ account }: Scope, given: string): void {
  if (given !== account)
    throw fault('AccessDeniedException', `Account ${account} is not authorized to access the budgets of account ${given}.`);
}

export function invalidToken() {
  return fault('InvalidNextTokenException', 'The pagination token is invalid.');
}
