// Budgets: made, changed, shown, removed, with their tags.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Budgets.html
import { parseArn } from '../../base/arn.ts';
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { decodeMarker, encodeMarker, pageOf } from '../../kit/paging.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { BudgetedAndActualAmounts, ResourceTag } from './api.gen.ts';
import { newBudget, plannedLimit, shownBudget } from './budget-shape.ts';
import { evaluate } from './evaluation.ts';
import { requireBudget } from './lookup.ts';
import { addNotification } from './notifications.ts';
import { periodAt } from './periods.ts';
import { actions, budgets } from './records.ts';
import { removeBudget } from './removal.ts';
import { budgetAccess, fault, invalid, invalidToken, operation, requireOwner } from './service.ts';
import { printed, spentIn } from './spending.ts';

/** AWS: budgets of an account. */
const budgetsMax = 20_000;
const tagsMax = 50;
const notificationsMax = 10;

function creationAccess(scope: Scope, account: string, name: string, tags: readonly ResourceTag[] = []): readonly Access[] {
  const modify = budgetAccess(scope, 'budgets:ModifyBudget', account, name);
  if (tags.length === 0) return [modify];
  return [modify, { ...modify, action: 'budgets:TagResource', requestTags: tagsOf(tags) }];
}

export const CreateBudget = operation('CreateBudget', {
  access: (input, scope) => creationAccess(scope, input.AccountId, input.Budget.BudgetName, input.ResourceTags),
  async handle(input, context) {
    requireOwner(context, input.AccountId);
    const { transaction, account } = context;
    const { BudgetName: name } = input.Budget;
    if ((await budgets.get(transaction, account, name)) !== undefined) {
      throw fault('DuplicateRecordException', `Error creating budget: ${name} - the budget already exists.`);
    }
    if ((await budgets.list(transaction, [account], { limit: budgetsMax })).length >= budgetsMax) {
      throw fault(
        'CreationLimitExceededException',
        `Error creating budget: ${name} - the number of budgets exceeds the limit of ${budgetsMax}.`,
      );
    }
    const record = { ...(await newBudget(context, input.Budget)), tags: checkedTags(input.ResourceTags, {}) };
    budgets.put(transaction, record);
    const given = input.NotificationsWithSubscribers ?? [];
    if (given.length > notificationsMax)
      throw fault('CreationLimitExceededException', `A budget has at most ${notificationsMax} notifications.`);
    for (const { Notification, Subscribers } of given) await addNotification(context, record, Notification, Subscribers);
    await evaluate(context, record);
    return {};
  },
});

export const UpdateBudget = operation('UpdateBudget', {
  access: (input, scope) => budgetAccess(scope, 'budgets:ModifyBudget', input.AccountId, input.NewBudget.BudgetName),
  async handle(input, context) {
    requireOwner(context, input.AccountId);
    const before = await requireBudget(context, input.NewBudget.BudgetName);
    if (before.type !== input.NewBudget.BudgetType) throw invalid("The type of a budget can't be changed.");
    const record = await newBudget(context, input.NewBudget, before);
    budgets.put(context.transaction, record);
    await evaluate(context, record);
    return {};
  },
});

export const DeleteBudget = operation('DeleteBudget', {
  access: (input, scope) => budgetAccess(scope, 'budgets:ModifyBudget', input.AccountId, input.BudgetName),
  async handle(input, context) {
    requireOwner(context, input.AccountId);
    await removeBudget(context.transaction, await requireBudget(context, input.BudgetName));
    return {};
  },
});

export const DescribeBudget = operation('DescribeBudget', {
  access: (input, scope) => budgetAccess(scope, 'budgets:ViewBudget', input.AccountId, input.BudgetName),
  async handle(input, context) {
    requireOwner(context, input.AccountId);
    const record = await requireBudget(context, input.BudgetName);
    return { Budget: shownBudget(record, context.now, input.ShowFilterExpression === true) };
  },
});

export const DescribeBudgets = operation('DescribeBudgets', {
  access: (input, scope) => budgetAccess(scope, 'budgets:ViewBudget', input.AccountId),
  async handle(input, context) {
    requireOwner(context, input.AccountId);
    const { MaxResults: limit = 100, NextToken, ShowFilterExpression } = input;
    const request = { under: [context.account], limit, marker: NextToken, onBadMarker: invalidToken };
    const { items, marker } = await pageOf(context.transaction, budgets, request);
    return {
      Budgets: items.map((record) => shownBudget(record, context.now, ShowFilterExpression === true)),
      ...(marker === undefined ? {} : { NextToken: marker }),
    };
  },
});

/** AWS: how many former periods have a history. */
const historyMax = { DAILY: 60, MONTHLY: 12, QUARTERLY: 4 } as const;

const historyPageMax = 100;

/** @throws Fault InvalidNextTokenException */
function startIn(token: string): number {
  const start = decodeMarker(token, invalidToken);
  if (!/^\d{1,15}$/.test(start)) throw invalidToken();
  return Number(start);
}

export const DescribeBudgetPerformanceHistory = operation('DescribeBudgetPerformanceHistory', {
  access: (input, scope) => budgetAccess(scope, 'budgets:ViewBudget', input.AccountId, input.BudgetName),
  async handle(input, context) {
    requireOwner(context, input.AccountId);
    const record = await requireBudget(context, input.BudgetName);
    const { timeUnit, name, type, costFilters, costTypes, filterExpression, metrics } = record;
    if (timeUnit === 'ANNUALLY' || timeUnit === 'CUSTOM') throw invalid(`Budget history isn't available for ${timeUnit} budgets.`);
    const { MaxResults: limitOfPage = historyPageMax } = input;
    // Latest first: the next page has what began before the last one on this page.
    const until = input.NextToken === undefined ? Number.POSITIVE_INFINITY : startIn(input.NextToken);
    const { Start = 0, End = context.now } = input.TimePeriod ?? {};
    const amounts: BudgetedAndActualAmounts[] = [];
    let next: number | undefined;
    for (let before = 0; before <= historyMax[timeUnit]; before += 1) {
      const period = periodAt(timeUnit, context.now, before);
      if (period.endMs <= record.startMs || period.endMs <= Start || period.startMs >= End || period.startMs >= until) continue;
      if (amounts.length === limitOfPage) {
        next = amounts.at(-1)?.TimePeriod?.Start;
        break;
      }
      const limit = record.planned === undefined ? record.limit : plannedLimit(record.planned, period.startMs);
      const actual = printed(await spentIn(context, record, period));
      amounts.push({
        BudgetedAmount: limit,
        ActualAmount: { Amount: actual, Unit: limit.Unit },
        TimePeriod: { Start: period.startMs, End: period.endMs },
      });
    }
    const marker = encodeMarker(next?.toString());
    return {
      ...(marker === undefined ? {} : { NextToken: marker }),
      BudgetPerformanceHistory: {
        BudgetName: name,
        BudgetType: type,
        CostFilters: costFilters ?? {},
        ...(costTypes === undefined ? {} : { CostTypes: costTypes }),
        ...(filterExpression === undefined ? {} : { FilterExpression: filterExpression }),
        ...(metrics === undefined ? {} : { Metrics: metrics }),
        TimeUnit: timeUnit,
        BudgetedAndActualAmountsList: amounts,
      },
    };
  },
});

type TagAction = 'budgets:TagResource' | 'budgets:UntagResource' | 'budgets:ListTagsForResource';

function tagAccess(action: TagAction, arn: string, more: Partial<Access> = {}): Access {
  const account = parseArn(arn)?.account ?? '';
  return {
    action,
    resource: resourceNamed<'budgets:budget' | 'budgets:budgetAction'>(arn),
    ...(account === '' ? {} : { resourceAccount: account }),
    ...more,
  };
}

interface Taggable {
  readonly tags: Readonly<Record<string, string>>;
  readonly save: (tags: Readonly<Record<string, string>>) => void;
}

/** A budget or an action by its ARN. @throws Fault NotFoundException */
async function taggable({ transaction, account, partition }: Scope, arn: string): Promise<Taggable> {
  const prefix = `arn:${partition}:budgets::${account}:budget/`;
  const [name = '', actionId] = arn.startsWith(prefix) ? arn.slice(prefix.length).split('/action/') : [];
  if (actionId !== undefined) {
    const action = await actions.get(transaction, account, name, actionId);
    if (action !== undefined) return { tags: action.tags, save: (tags) => actions.put(transaction, { ...action, tags }) };
  } else {
    const record = await budgets.get(transaction, account, name);
    if (record !== undefined) return { tags: record.tags, save: (tags) => budgets.put(transaction, { ...record, tags }) };
  }
  throw fault('NotFoundException', `The resource ${arn} doesn't exist.`);
}

export const TagResource = operation('TagResource', {
  access: (input) => tagAccess('budgets:TagResource', input.ResourceARN, { requestTags: tagsOf(input.ResourceTags) }),
  async handle(input, context) {
    const { tags, save } = await taggable(context, input.ResourceARN);
    save(checkedTags(input.ResourceTags, tags));
    return {};
  },
});

export const UntagResource = operation('UntagResource', {
  access: (input) => tagAccess('budgets:UntagResource', input.ResourceARN, { context: { 'aws:TagKeys': input.ResourceTagKeys } }),
  async handle(input, context) {
    const { tags, save } = await taggable(context, input.ResourceARN);
    save(Object.fromEntries(Object.entries(tags).filter(([key]) => !input.ResourceTagKeys.includes(key))));
    return {};
  },
});

export const ListTagsForResource = operation('ListTagsForResource', {
  access: (input) => tagAccess('budgets:ListTagsForResource', input.ResourceARN),
  async handle(input, context) {
    const { tags } = await taggable(context, input.ResourceARN);
    return { ResourceTags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
  },
});

export function tagsOf(list: readonly ResourceTag[] | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key, Value]));
}

/** @throws Fault InvalidParameterException, ServiceQuotaExceededException */
export function checkedTags(
  list: readonly ResourceTag[] | undefined,
  before: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const keys = (list ?? []).map(({ Key }) => Key);
  if (new Set(keys).size < keys.length) throw invalid('Each tag key must be unique for the resource.');
  if (keys.some((key) => /^aws:/i.test(key))) throw invalid('Tag keys must not begin with aws:.');
  const tags = { ...before, ...tagsOf(list) };
  if (Object.keys(tags).length > tagsMax) throw fault('ServiceQuotaExceededException', `A resource can have at most ${tagsMax} tags.`);
  return tags;
}

export const budgetOperations = [
  CreateBudget,
  UpdateBudget,
  DeleteBudget,
  DescribeBudget,
  DescribeBudgets,
  DescribeBudgetPerformanceHistory,
  TagResource,
  UntagResource,
  ListTagsForResource,
];
