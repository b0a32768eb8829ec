// Actions of budgets: made, changed, shown, approved and reversed, and what became of them. See execution.ts for what they do.
// https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-controls.html
import type { Context, Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { pageOf } from '../../kit/paging.ts';
import { passRole } from '../../kit/pass-role.ts';
import type { Action, ActionStatus, ActionThreshold, CreateBudgetActionRequest, Definition, ExecutionType } from './api.gen.ts';
import { checkedTags, tagsOf } from './budgets.ts';
import { evaluate } from './evaluation.ts';
import { enter, execute, reverse } from './execution.ts';
import { requireBudget } from './lookup.ts';
import { checkedSubscribers } from './notifications.ts';
import { type ActionRecord, actions, type HistoryRecord, histories } from './records.ts';
import { actionAccess, budgetAccess, fault, invalid, invalidToken, operation, requireOwner } from './service.ts';

const principal = 'budgets.amazonaws.com';
/** AWS: actions of a budget. */
const actionsMax = 10;

async function withRole(scope: Scope, own: readonly Access[], roleArn: string | undefined): Promise<readonly Access[]> {
  return roleArn === undefined ? own : [...own, await passRole(scope, roleArn, principal)];
}

export const CreateBudgetAction = operation('CreateBudgetAction', {
  access(input, scope) {
    const create = { ...actionAccess(scope, 'budgets:CreateBudgetAction', input), requestTags: tagsOf(input.ResourceTags) };
    const tag = (input.ResourceTags ?? []).length === 0 ? [] : [{ ...create, action: 'budgets:TagResource' } as const];
    return withRole(scope, [create, ...tag], input.ExecutionRoleArn);
  },
  async handle(input, context) {
    requireOwner(context, input.AccountId);
    const { transaction, account } = context;
    const budget = await requireBudget(context, input.BudgetName);
    if ((await actions.all(transaction, account, budget.name)).length >= actionsMax) {
      throw fault('CreationLimitExceededException', `A budget has at most ${actionsMax} actions.`);
    }
    const record: ActionRecord = {
      account,
      budget: budget.name,
      actionId: context.ids.uuid(),
      notificationType: input.NotificationType,
      ...(await checkedDefinition(context, input)),
      threshold: checkedThreshold(input.ActionThreshold),
      roleArn: await checkedRole(context, input.ExecutionRoleArn),
      approval: input.ApprovalModel,
      status: 'STANDBY',
      subscribers: checkedSubscribers(input.Subscribers),
      tags: checkedTags(input.ResourceTags, {}),
      nextEntry: 0,
    };
    await enter(context, record, 'STANDBY', 'CREATE_ACTION', 'The action was created.');
    await evaluate(context, budget);
    return { AccountId: account, BudgetName: budget.name, ActionId: record.actionId };
  },
});

type Defined = Pick<CreateBudgetActionRequest, 'ActionType' | 'Definition'>;

/** @throws Fault InvalidParameterException */
async function checkedDefinition(
  context: Context,
  { ActionType, Definition: definition }: Defined,
): Promise<Pick<ActionRecord, 'actionType' | 'definition'>> {
  if (ActionType === 'RUN_SSM_DOCUMENTS')
    throw invalid('Actions of the type RUN_SSM_DOCUMENTS are not supported: no instances run in this installation.');
  const { IamActionDefinition: policy, ScpActionDefinition: guardrail, SsmActionDefinition: documents } = definition;
  const given = [policy, guardrail, documents].filter((each) => each !== undefined);
  if (given.length !== 1 || (ActionType === 'APPLY_IAM_POLICY' ? policy : guardrail) === undefined) {
    throw invalid(`The definition of an action of the type ${ActionType} has one member, for that type.`);
  }
  if (policy !== undefined) {
    const { Roles = [], Groups = [], Users = [], PolicyArn } = policy;
    if (Roles.length + Groups.length + Users.length === 0) throw invalid('An IAM action names at least one role, group or user.');
    const owner = PolicyArn.split(':')[4];
    if (owner !== 'aws' && owner !== context.account) throw invalid('The policy of an action belongs to the account of the budget.');
  }
  if (guardrail !== undefined) await checkManagementAccount(context);
  return { actionType: ActionType, definition };
}

async function checkManagementAccount({ organizations, transaction, account }: Context): Promise<void> {
  const standing = await organizations.standingOf(transaction, account, principal);
  if (standing?.managementAccount !== account)
    throw invalid('Service control policies are applied by the management account of an organization.');
}

/** AWS: of a percentage there is no more than of a notification. */
function checkedThreshold(threshold: ActionThreshold): ActionThreshold {
  if (threshold.ActionThresholdType === 'PERCENTAGE' && threshold.ActionThresholdValue > 1_000_000) {
    throw invalid('The threshold is at most 1000000 percent.');
  }
  return threshold;
}

/** AWS: role and action are in one account, and the role trusts the service. */
async function checkedRole({ principals, transaction, account }: Context, roleArn: string): Promise<string> {
  if (roleArn.split(':')[4] !== account) throw invalid('The execution role and the action must be in the same account.');
  if ((await principals.role(transaction, roleArn)) === undefined) throw invalid(`The execution role ${roleArn} does not exist.`);
  return roleArn;
}

interface Named {
  readonly AccountId: string;
  readonly BudgetName: string;
  readonly ActionId: string;
}

/** @throws Fault NotFoundException */
async function requireAction(scope: Scope, { AccountId, BudgetName, ActionId }: Named): Promise<ActionRecord> {
  requireOwner(scope, AccountId);
  await requireBudget(scope, BudgetName);
  const record = await actions.get(scope.transaction, AccountId, BudgetName, ActionId);
  if (record === undefined) throw fault('NotFoundException', `Unable to get action: ${ActionId} - the action doesn't exist.`);
  return record;
}

export const UpdateBudgetAction = operation('UpdateBudgetAction', {
  access: (input, scope) => withRole(scope, [actionAccess(scope, 'budgets:UpdateBudgetAction', input)], input.ExecutionRoleArn),
  async handle(input, context) {
    const before = await requireAction(context, input);
    if (before.status === 'EXECUTION_SUCCESS' && (input.Definition !== undefined || input.ExecutionRoleArn !== undefined)) {
      throw fault(
        'ResourceLockedException',
        'What an action has applied must be reversed before its definition or its role can be changed.',
      );
    }
    const { NotificationType = before.notificationType, ApprovalModel = before.approval, Definition: given } = input;
    const changed: ActionRecord = {
      ...before,
      notificationType: NotificationType,
      approval: ApprovalModel,
      ...(given === undefined ? {} : await checkedDefinition(context, { ActionType: before.actionType, Definition: given })),
      ...(input.ActionThreshold === undefined ? {} : { threshold: checkedThreshold(input.ActionThreshold) }),
      ...(input.ExecutionRoleArn === undefined ? {} : { roleArn: await checkedRole(context, input.ExecutionRoleArn) }),
      ...(input.Subscribers === undefined ? {} : { subscribers: checkedSubscribers(input.Subscribers) }),
    };
    const after = await enter(context, changed, before.status, 'UPDATE_ACTION', 'The action was updated.');
    await evaluate(context, await requireBudget(context, input.BudgetName));
    return { AccountId: before.account, BudgetName: before.budget, OldAction: shown(before), NewAction: shown(after) };
  },
});

export const DeleteBudgetAction = operation('DeleteBudgetAction', {
  access: (input, scope) => actionAccess(scope, 'budgets:DeleteBudgetAction', input),
  async handle(input, context) {
    const record = await requireAction(context, input);
    actions.remove(context.transaction, record);
    for (const entry of await histories.all(context.transaction, record.account, record.budget, record.actionId)) {
      histories.remove(context.transaction, entry);
    }
    return { AccountId: record.account, BudgetName: record.budget, Action: shown(record) };
  },
});

export const DescribeBudgetAction = operation('DescribeBudgetAction', {
  access: (input, scope) => actionAccess(scope, 'budgets:DescribeBudgetAction', input),
  async handle(input, context) {
    const record = await requireAction(context, input);
    return { AccountId: record.account, BudgetName: record.budget, Action: shown(record) };
  },
});

export const DescribeBudgetActionsForBudget = operation('DescribeBudgetActionsForBudget', {
  access: (input, scope) => budgetAccess(scope, 'budgets:DescribeBudgetActionsForBudget', input.AccountId, input.BudgetName),
  async handle(input, context) {
    requireOwner(context, input.AccountId);
    await requireBudget(context, input.BudgetName);
    return listed(context, [context.account, input.BudgetName], input);
  },
});

export const DescribeBudgetActionsForAccount = operation('DescribeBudgetActionsForAccount', {
  access: (input) => ({ action: 'budgets:DescribeBudgetActionsForAccount', resource: '*', resourceAccount: input.AccountId }),
  async handle(input, context) {
    requireOwner(context, input.AccountId);
    return listed(context, [context.account], input);
  },
});

async function listed(
  context: Context,
  under: readonly string[],
  { MaxResults: limit = 100, NextToken }: { readonly MaxResults?: number | undefined; readonly NextToken?: string | undefined },
) {
  const request = { under, limit, marker: NextToken, onBadMarker: invalidToken };
  const { items, marker } = await pageOf(context.transaction, actions, request);
  return { Actions: items.map(shown), ...(marker === undefined ? {} : { NextToken: marker }) };
}

/** From which statuses an action can be made to do what. */
const startsFrom: Readonly<Record<ExecutionType, readonly ActionStatus[]>> = {
  APPROVE_BUDGET_ACTION: ['PENDING'],
  RETRY_BUDGET_ACTION: ['EXECUTION_FAILURE', 'REVERSE_FAILURE', 'RESET_FAILURE'],
  REVERSE_BUDGET_ACTION: ['EXECUTION_SUCCESS', 'REVERSE_FAILURE'],
  RESET_BUDGET_ACTION: ['REVERSE_SUCCESS', 'EXECUTION_SUCCESS', 'EXECUTION_FAILURE', 'PENDING'],
};

export const ExecuteBudgetAction = operation('ExecuteBudgetAction', {
  access: (input, scope) => actionAccess(scope, 'budgets:ExecuteBudgetAction', input),
  async handle(input, context) {
    const record = await requireAction(context, input);
    const { ExecutionType: type } = input;
    if (!startsFrom[type].includes(record.status)) {
      throw fault('ResourceLockedException', `An action in the status ${record.status} cannot be executed with ${type}.`);
    }
    if (type === 'APPROVE_BUDGET_ACTION') await execute(context, record, 'EXECUTE_ACTION');
    else if (type === 'RETRY_BUDGET_ACTION') {
      await (record.status === 'EXECUTION_FAILURE' ? execute : reverse)(context, record, 'EXECUTE_ACTION');
    } else if (type === 'REVERSE_BUDGET_ACTION') await reverse(context, record, 'EXECUTE_ACTION');
    else await reset(context, record);
    return { AccountId: record.account, BudgetName: record.budget, ActionId: record.actionId, ExecutionType: type };
  },
});

/** Takes back what was applied, so that the action stands by as if nothing had happened. */
async function reset(context: Context, record: ActionRecord): Promise<void> {
  if (record.status !== 'EXECUTION_SUCCESS') {
    await enter(context, record, 'STANDBY', 'EXECUTE_ACTION', 'The action was reset.');
    return;
  }
  const reversed = await reverse(context, record, 'EXECUTE_ACTION');
  if (reversed.status === 'REVERSE_SUCCESS') await enter(context, reversed, 'STANDBY', 'SYSTEM', 'The action was reset.');
  else await enter(context, reversed, 'RESET_FAILURE', 'SYSTEM', 'The action could not be reversed.');
}

export const DescribeBudgetActionHistories = operation('DescribeBudgetActionHistories', {
  access: (input, scope) => actionAccess(scope, 'budgets:DescribeBudgetActionHistories', input),
  async handle(input, context) {
    const { account, budget, actionId } = await requireAction(context, input);
    const { MaxResults: limit = 100, NextToken, TimePeriod } = input;
    const { Start = 0, End = Number.POSITIVE_INFINITY } = TimePeriod ?? {};
    const request = { under: [account, budget, actionId], limit, marker: NextToken, onBadMarker: invalidToken };
    const { items, marker } = await pageOf(context.transaction, histories, request, ({ atMs }) => atMs >= Start && atMs < End);
    return { ActionHistories: items.map(shownEntry), ...(marker === undefined ? {} : { NextToken: marker }) };
  },
});

function shownEntry({ atMs, status, event, message, action }: HistoryRecord) {
  return { Timestamp: atMs, Status: status, EventType: event, ActionHistoryDetails: { Message: message, Action: shown(action) } };
}

function shown(record: ActionRecord): Action {
  const { actionId, budget, notificationType, actionType, threshold, definition, roleArn, approval, status, subscribers } = record;
  return {
    ActionId: actionId,
    BudgetName: budget,
    NotificationType: notificationType,
    ActionType: actionType,
    ActionThreshold: threshold,
    Definition: definition satisfies Definition,
    ExecutionRoleArn: roleArn,
    ApprovalModel: approval,
    Status: status,
    Subscribers: subscribers,
  };
}

export const actionOperations = [
  CreateBudgetAction,
  UpdateBudgetAction,
  DeleteBudgetAction,
  DescribeBudgetAction,
  DescribeBudgetActionsForBudget,
  DescribeBudgetActionsForAccount,
  ExecuteBudgetAction,
  DescribeBudgetActionHistories,
];
