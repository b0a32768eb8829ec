// Notifications of budgets and who subscribes to them. They go into alarm and out of it; nothing is sent yet, since neither SNS topics nor e-mail are
// in this build.
import type { Context, Scope } from '../../kit/context.ts';
import { decodeMarker, encodeMarker, pageOf } from '../../kit/paging.ts';
import type { Notification, Subscriber } from './api.gen.ts';
import { evaluate } from './evaluation.ts';
import { requireBudget } from './lookup.ts';
import { type BudgetRecord, budgets, type NotificationRecord, notificationKey, notifications } from './records.ts';
import { budgetAccess, fault, invalid, invalidToken, operation, requireOwner } from './service.ts';

const notificationsMax = 10;
const subscribersMax = { SNS: 1, EMAIL: 10 } as const;
/** AWS: a percentage of the limit may be so much, and an amount more. */
const percentageMax = 1_000_000;

function described(notification: Notification): Pick<NotificationRecord, 'type' | 'operator' | 'threshold' | 'thresholdType'> {
  const { NotificationType, ComparisonOperator, Threshold, ThresholdType = 'PERCENTAGE' } = notification;
  return { type: NotificationType, operator: ComparisonOperator, threshold: Threshold, thresholdType: ThresholdType };
}

function shown({ type, operator, threshold, thresholdType, state }: NotificationRecord): Notification {
  return {
    NotificationType: type,
    ComparisonOperator: operator,
    Threshold: threshold,
    ThresholdType: thresholdType,
    NotificationState: state,
  };
}

/** @throws Fault DuplicateRecordException, CreationLimitExceededException, InvalidParameterException */
export async function addNotification(
  { transaction }: Context,
  { account, name }: BudgetRecord,
  notification: Notification,
  subscribers: readonly Subscriber[],
): Promise<void> {
  const record = { account, budget: name, ...described(notification), state: 'OK' as const, subscribers: checkedSubscribers(subscribers) };
  checkThreshold(record);
  const existing = await notifications.all(transaction, account, name);
  if (existing.some((other) => notificationKey(other) === notificationKey(record))) throw duplicate(name);
  if (existing.length >= notificationsMax) {
    throw fault(
      'CreationLimitExceededException',
      `Unable to create notification - the budget ${name} has ${notificationsMax} notifications already.`,
    );
  }
  notifications.put(transaction, record);
}

function checkThreshold({ threshold, thresholdType }: Pick<NotificationRecord, 'threshold' | 'thresholdType'>): void {
  if (thresholdType === 'PERCENTAGE' && threshold > percentageMax) throw invalid(`The threshold is at most ${percentageMax} percent.`);
}

function duplicate(name: string) {
  return fault('DuplicateRecordException', `Unable to create notification - the budget ${name} has it already.`);
}

/** @throws Fault InvalidParameterException, DuplicateRecordException, CreationLimitExceededException */
export function checkedSubscribers(subscribers: readonly Subscriber[]): readonly Subscriber[] {
  for (const { SubscriptionType: type, Address } of subscribers) {
    if (/[\r\n]/.test(Address)) throw invalid("The address of a subscriber can't contain line breaks.");
    if (type === 'EMAIL' && !/^[^@\s]{1,64}@[^@\s]{1,255}$/.test(Address)) throw invalid(`${Address} is not a valid email address.`);
    if (type === 'SNS' && !/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]{1,256}$/.test(Address))
      throw invalid(`${Address} is not the ARN of an SNS topic.`);
  }
  const ids = subscribers.map(({ SubscriptionType, Address }) => `${SubscriptionType} ${Address}`);
  if (new Set(ids).size < ids.length) throw fault('DuplicateRecordException', 'A subscriber stands more than once in the list.');
  for (const type of ['SNS', 'EMAIL'] as const) {
    if (subscribers.filter(({ SubscriptionType }) => SubscriptionType === type).length > subscribersMax[type]) {
      throw fault('CreationLimitExceededException', `There can be at most ${subscribersMax[type]} subscribers of the type ${type}.`);
    }
  }
  return subscribers;
}

interface Named {
  readonly AccountId: string;
  readonly BudgetName: string;
}

async function requireNotification(
  scope: Scope,
  { AccountId, BudgetName }: Named,
  notification: Notification,
): Promise<NotificationRecord> {
  requireOwner(scope, AccountId);
  await requireBudget(scope, BudgetName);
  const key = notificationKey(described(notification));
  const record = await notifications.get(scope.transaction, AccountId, BudgetName, key);
  if (record === undefined) throw fault('NotFoundException', "Unable to get notification - the notification doesn't exist.");
  return record;
}

const modify = (input: Named, scope: Scope) => budgetAccess(scope, 'budgets:ModifyBudget', input.AccountId, input.BudgetName);
const view = (input: Named, scope: Scope) => budgetAccess(scope, 'budgets:ViewBudget', input.AccountId, input.BudgetName);

export const CreateNotification = operation('CreateNotification', {
  access: modify,
  async handle(input, context) {
    requireOwner(context, input.AccountId);
    const budget = await requireBudget(context, input.BudgetName);
    await addNotification(context, budget, input.Notification, input.Subscribers);
    await evaluate(context, budget);
    return {};
  },
});

export const UpdateNotification = operation('UpdateNotification', {
  access: modify,
  async handle(input, context) {
    const { transaction } = context;
    const before = await requireNotification(context, input, input.OldNotification);
    const after: NotificationRecord = { ...before, ...described(input.NewNotification), state: 'OK' };
    checkThreshold(after);
    if (notificationKey(before) !== notificationKey(after)) {
      if ((await notifications.get(transaction, after.account, after.budget, notificationKey(after))) !== undefined)
        throw duplicate(after.budget);
      notifications.remove(transaction, before);
    }
    notifications.put(transaction, after);
    await evaluate(context, await requireBudget(context, input.BudgetName));
    return {};
  },
});

export const DeleteNotification = operation('DeleteNotification', {
  access: modify,
  async handle(input, context) {
    notifications.remove(context.transaction, await requireNotification(context, input, input.Notification));
    return {};
  },
});

export const DescribeNotificationsForBudget = operation('DescribeNotificationsForBudget', {
  access: view,
  async handle(input, context) {
    requireOwner(context, input.AccountId);
    await requireBudget(context, input.BudgetName);
    const { MaxResults: limit = 100, NextToken } = input;
    const request = { under: [context.account, input.BudgetName], limit, marker: NextToken, onBadMarker: invalidToken };
    const { items, marker } = await pageOf(context.transaction, notifications, request);
    return { Notifications: items.map(shown), ...(marker === undefined ? {} : { NextToken: marker }) };
  },
});

export const DescribeBudgetNotificationsForAccount = operation('DescribeBudgetNotificationsForAccount', {
  access: (input, scope) => budgetAccess(scope, 'budgets:ViewBudget', input.AccountId),
  async handle(input, context) {
    requireOwner(context, input.AccountId);
    const { MaxResults: limit = 50, NextToken } = input;
    const request = { under: [context.account], limit, marker: NextToken, onBadMarker: invalidToken };
    const { items, marker } = await pageOf(context.transaction, budgets, request);
    const found = await Promise.all(
      items.map(async ({ account, name }) => ({
        BudgetName: name,
        Notifications: (await notifications.all(context.transaction, account, name)).map(shown),
      })),
    );
    return { BudgetNotificationsForAccount: found, ...(marker === undefined ? {} : { NextToken: marker }) };
  },
});

export const CreateSubscriber = operation('CreateSubscriber', {
  access: modify,
  async handle(input, context) {
    const record = await requireNotification(context, input, input.Notification);
    notifications.put(context.transaction, { ...record, subscribers: checkedSubscribers([...record.subscribers, input.Subscriber]) });
    return {};
  },
});

export const UpdateSubscriber = operation('UpdateSubscriber', {
  access: modify,
  async handle(input, context) {
    const record = await requireNotification(context, input, input.Notification);
    const others = without(record, input.OldSubscriber);
    notifications.put(context.transaction, { ...record, subscribers: checkedSubscribers([...others, input.NewSubscriber]) });
    return {};
  },
});

export const DeleteSubscriber = operation('DeleteSubscriber', {
  access: modify,
  async handle(input, context) {
    const record = await requireNotification(context, input, input.Notification);
    const subscribers = without(record, input.Subscriber);
    // AWS: a notification goes with its last subscriber.
    if (subscribers.length === 0) notifications.remove(context.transaction, record);
    else notifications.put(context.transaction, { ...record, subscribers });
    return {};
  },
});

/** @throws Fault NotFoundException */
function without({ subscribers }: NotificationRecord, { SubscriptionType, Address }: Subscriber): readonly Subscriber[] {
  const left = subscribers.filter((each) => each.SubscriptionType !== SubscriptionType || each.Address !== Address);
  if (left.length === subscribers.length) throw fault('NotFoundException', "Unable to get subscriber - the subscriber doesn't exist.");
  return left;
}

export const DescribeSubscribersForNotification = operation('DescribeSubscribersForNotification', {
  access: view,
  async handle(input, context) {
    const { subscribers } = await requireNotification(context, input, input.Notification);
    const { MaxResults: limit = 100, NextToken } = input;
    const after = NextToken === undefined ? undefined : decodeMarker(NextToken, invalidToken);
    const left = subscribers
      .map((subscriber) => ({ key: `${subscriber.SubscriptionType} ${subscriber.Address}`, subscriber }))
      .toSorted((one, other) => (one.key < other.key ? -1 : 1))
      .filter(({ key }) => after === undefined || key > after);
    const page = left.slice(0, limit);
    const marker = page.length < left.length ? encodeMarker(page.at(-1)?.key) : undefined;
    return { Subscribers: page.map(({ subscriber }) => subscriber), ...(marker === undefined ? {} : { NextToken: marker }) };
  },
});

export const notificationOperations = [
  CreateNotification,
  UpdateNotification,
  DeleteNotification,
  DescribeNotificationsForBudget,
  DescribeBudgetNotificationsForAccount,
  CreateSubscriber,
  UpdateSubscriber,
  DeleteSubscriber,
  DescribeSubscribersForNotification,
];
