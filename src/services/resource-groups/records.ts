// What resource groups keep: groups, what became of each resource that was put into an application or taken out, and tag-sync tasks.
import { type Collection, collection } from '../../kit/collection.ts';
import type { GroupConfigurationItem, GroupingStatus, GroupingType, GroupLifecycleEventsDesiredStatus, QueryType } from './api.gen.ts';

export interface QueryRecord {
  readonly Type: QueryType;
  /** As it was given. */
  readonly Query: string;
}

export interface GroupRecord {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly query?: QueryRecord | undefined;
  readonly configuration?: readonly GroupConfigurationItem[] | undefined;
  /** Of application groups: the last part of their ARN. */
  readonly applicationId?: string | undefined;
  readonly criticality?: number | undefined;
  readonly owner?: string | undefined;
  readonly displayName?: string | undefined;
}

/** The last grouping or ungrouping of a resource in an application. */
export interface GroupingRecord {
  readonly account: string;
  readonly region: string;
  readonly group: string;
  readonly arn: string;
  readonly action: GroupingType;
  readonly status: GroupingStatus;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  readonly updatedAtMs: number;
  /** The tag-sync task that did it; undefined: somebody by hand. */
  readonly taskId?: string | undefined;
}

export interface TaskRecord {
  readonly account: string;
  readonly region: string;
  readonly group: string;
  readonly taskId: string;
  readonly roleArn: string;
  readonly tag?: { readonly key: string; readonly value: string } | undefined;
  readonly query?: QueryRecord | undefined;
  readonly createdAtMs: number;
  /** Why it does not work at present. */
  readonly error?: string | undefined;
  /** When it runs next; INVARIANT: the due index has the same time. */
  readonly dueAtMs: number;
  /** How far a pass over the resources has come. */
  readonly progress?: { readonly phase: 'group' | 'ungroup'; readonly token: string } | undefined;
}

export interface SettingsRecord {
  readonly account: string;
  readonly region: string;
  readonly desired: GroupLifecycleEventsDesiredStatus;
}

export type DueTask = Pick<TaskRecord, 'account' | 'region' | 'group' | 'taskId' | 'dueAtMs'>;

export const groups: Collection<GroupRecord> = collection('resource-groups.group', ({ account, region, name }) => [account, region, name]);
export const groupings: Collection<GroupingRecord> = collection('resource-groups.grouping', ({ account, region, group, arn }) => [
  account,
  region,
  group,
  arn,
]);
export const tasks: Collection<TaskRecord> = collection('resource-groups.task', ({ account, region, group, taskId }) => [
  account,
  region,
  group,
  taskId,
]);
/** By time, so that the next one is first. */
export const dueTasks: Collection<DueTask> = collection('resource-groups.due-task', ({ dueAtMs, account, region, group, taskId }) => [
  String(dueAtMs).padStart(15, '0'),
  account,
  region,
  group,
  taskId,
]);
export const settings: Collection<SettingsRecord> = collection('resource-groups.settings', ({ account, region }) => [account, region]);
