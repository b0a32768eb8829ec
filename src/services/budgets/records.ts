// What Budgets keeps: budgets with what they were last found to have spent, their notifications, their actions and what became of these.
import { type Collection, collection } from '../../kit/collection.ts';
import type {
  ActionStatus,
  ActionThreshold,
  ApprovalModel,
  AutoAdjustData,
  Budget,
  ComparisonOperator,
  CostTypes,
  Definition,
  EventType,
  NotificationType,
  Spend,
  Subscriber,
  ThresholdType,
  TimeUnit,
} from './api.gen.ts';

export interface BudgetRecord {
  readonly account: string;
  readonly name: string;
  readonly type: 'COST' | 'USAGE';
  readonly timeUnit: TimeUnit;
  readonly limit: Spend;
  /** By the start of the period, in seconds. */
  readonly planned?: Readonly<Record<string, Spend>> | undefined;
  readonly costFilters?: Budget['CostFilters'];
  readonly costTypes?: CostTypes | undefined;
  readonly filterExpression?: Budget['FilterExpression'];
  readonly metrics?: Budget['Metrics'];
  readonly autoAdjust?: AutoAdjustData | undefined;
  readonly startMs: number;
  readonly endMs: number;
  readonly updatedAtMs: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Decimals; of the period that was current when the budget was last looked at. */
  readonly actual: string;
  readonly forecasted?: string | undefined;
  /** What is expected from tomorrow to the end of the period, as it was found on a day; undefined: not to be said. */
  readonly ahead?: { readonly day: string; readonly amount?: string | undefined } | undefined;
  readonly periodStartMs: number;
}

export interface NotificationRecord {
  readonly account: string;
  readonly budget: string;
  readonly type: NotificationType;
  readonly operator: ComparisonOperator;
  readonly threshold: number;
  readonly thresholdType: ThresholdType;
  readonly state: 'OK' | 'ALARM';
  readonly subscribers: readonly Subscriber[];
}

export interface ActionRecord {
  readonly account: string;
  readonly budget: string;
  readonly actionId: string;
  readonly notificationType: NotificationType;
  readonly actionType: 'APPLY_IAM_POLICY' | 'APPLY_SCP_POLICY';
  readonly threshold: ActionThreshold;
  readonly definition: Definition;
  readonly roleArn: string;
  readonly approval: ApprovalModel;
  readonly status: ActionStatus;
  readonly subscribers: readonly Subscriber[];
  readonly tags: Readonly<Record<string, string>>;
  /** Of the next entry of its history. */
  readonly nextEntry: number;
}

export interface HistoryRecord {
  readonly account: string;
  readonly budget: string;
  readonly actionId: string;
  readonly entry: number;
  readonly atMs: number;
  readonly status: ActionStatus;
  readonly event: EventType;
  readonly message: string;
  readonly action: ActionRecord;
}

export const budgets: Collection<BudgetRecord> = collection('budgets.budget', ({ account, name }) => [account, name]);
export const notifications: Collection<NotificationRecord> = collection('budgets.notification', (record) => [
  record.account,
  record.budget,
  notificationKey(record),
]);
export const actions: Collection<ActionRecord> = collection('budgets.action', ({ account, budget, actionId }) => [
  account,
  budget,
  actionId,
]);
export const histories: Collection<HistoryRecord> = collection('budgets.action-history', ({ account, budget, actionId, entry }) => [
  account,
  budget,
  actionId,
  String(entry).padStart(9, '0'),
]);

/** What tells a budget's notifications apart. */
export function notificationKey({
  type,
  operator,
  threshold,
  thresholdType,
}: Pick<NotificationRecord, 'type' | 'operator' | 'threshold' | 'thresholdType'>): string {
  return `${type} ${operator} ${threshold} ${thresholdType}`;
}
