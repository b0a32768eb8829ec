// Executes tag-sync tasks: as the role that the task was given, so that what it may tag is for the role's policies to say.
import { Fault } from '../../base/fault.ts';
import { callsTo, type SessionCredentials } from '../../kit/calls.ts';
import type { Context } from '../../kit/context.ts';
import { dueWork, type JobContext } from '../../kit/jobs.ts';
import type { TagFilter, Operations as TaggingOperations } from '../resourcegroupstaggingapi/api.gen.ts';
import type { Operations as StsOperations } from '../sts/api.gen.ts';
import { applicationKey, change } from './applications.ts';
import { groupArn } from './names.ts';
import { parseQuery } from './queries.ts';
import { dueTasks, type GroupRecord, groupings, groups, type TaskRecord, tasks } from './records.ts';
import { typeFilters } from './types.ts';

const sts = callsTo<StsOperations>('sts');
const tagging = callsTo<TaggingOperations>('resourcegroupstaggingapi');
/** Between two passes over the resources of one task. */
const passMs = 15_000;
/** What one call of TagResources takes, and so one step of a task. */
const stepMax = 20;

export const tagSync = dueWork({
  name: 'tag-sync',
  everyMs: 10_000,
  records: dueTasks,
  dueAtMs: (task) => task.dueAtMs,
  batch: 1,
  async perform(job, { account, region, group: name, taskId }) {
    const task = await tasks.get(job.transaction, account, region, name, taskId);
    const group = await groups.get(job.transaction, account, region, name);
    if (task !== undefined && group !== undefined) await step(job, group, task);
  },
});

/** A bounded part of a pass: first resources are put into the application, then those that no longer match are taken out. */
async function step(job: JobContext, group: GroupRecord, task: TaskRecord): Promise<void> {
  const context = job.contextFor({ account: task.account, region: task.region });
  const { phase, token } = task.progress ?? { phase: 'group' as const, token: '' };
  let after: TaskRecord;
  try {
    const as = await sessionOf(context, task);
    const next = await (phase === 'group' ? putIn : takeOut)(context, group, task, as, token);
    const isDone = next === '' && phase === 'ungroup';
    const progress = isDone ? undefined : next === '' ? { phase: 'ungroup' as const, token: '' } : { phase, token: next };
    after = { ...task, error: undefined, progress, dueAtMs: isDone ? job.now + passMs : job.now };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    after = { ...task, error: error.message, progress: undefined, dueAtMs: job.now + passMs };
  }
  tasks.put(job.transaction, after);
  dueTasks.put(job.transaction, after);
}

async function sessionOf(context: Context, { roleArn, taskId }: TaskRecord): Promise<SessionCredentials> {
  const request = { RoleArn: roleArn, RoleSessionName: `tag-sync-${taskId}` };
  const { Credentials } = await sts(context, 'AssumeRole', request, { as: 'service' });
  if (Credentials === undefined) throw new Error('AssumeRole gave no credentials');
  return { accessKeyId: Credentials.AccessKeyId, sessionToken: Credentials.SessionToken };
}

/** Returns the token of the next step, empty at the end. */
async function putIn(context: Context, group: GroupRecord, task: TaskRecord, as: SessionCredentials, token: string): Promise<string> {
  const page = await pageOf(context, as, filtersOf(context, task), token);
  const application = groupArn(context, group);
  const wanted: string[] = [];
  for (const { arn, tags } of page.resources) {
    const inIt = tags.find(({ Key }) => Key === applicationKey)?.Value;
    if (inIt === undefined) wanted.push(arn);
    // AWS: a resource is in one application; a task does not take it out of another.
    else if (inIt !== application) noteSkipped(context, group, task, arn, inIt);
  }
  await change(context, group, 'GROUP', wanted, { as, taskId: task.taskId });
  return page.next;
}

/** Those that this task has put into the application and that it would not any more. */
async function takeOut(context: Context, group: GroupRecord, task: TaskRecord, as: SessionCredentials, token: string): Promise<string> {
  const members = [{ Key: applicationKey, Values: [groupArn(context, group)] }];
  const page = await pageOf(context, as, { filters: members, types: undefined }, token);
  const { filters } = filtersOf(context, task);
  const lost: string[] = [];
  for (const { arn, tags } of page.resources) {
    const by = await groupings.get(context.transaction, group.account, group.region, group.name, arn);
    if (by?.taskId !== task.taskId) continue;
    const has = ({ Key = '', Values = [] }: TagFilter) =>
      tags.some((tag) => tag.Key === Key && (Values.length === 0 || Values.includes(tag.Value)));
    if (!filters.every(has)) lost.push(arn);
  }
  await change(context, group, 'UNGROUP', lost, { as, taskId: task.taskId });
  return page.next;
}

interface Asked {
  readonly filters: readonly TagFilter[];
  /** As queries name them; undefined: all. */
  readonly types: readonly string[] | undefined;
}

function filtersOf(context: Context, { tag, query }: TaskRecord): Asked {
  const parsed = query && parseQuery(context, query);
  if (parsed?.kind === 'tags') return { filters: parsed.filters, types: parsed.types === 'all' ? undefined : parsed.types };
  return { filters: tag === undefined ? [] : [{ Key: tag.key, Values: [tag.value] }], types: undefined };
}

async function pageOf(context: Context, as: SessionCredentials, { filters, types }: Asked, token: string) {
  const ResourceTypeFilters = await typeFilters(context, types ?? 'all');
  if (ResourceTypeFilters?.length === 0) return { resources: [], next: '' };
  const request = { TagFilters: filters, ResourceTypeFilters, ResourcesPerPage: stepMax, PaginationToken: token };
  const { ResourceTagMappingList = [], PaginationToken: next = '' } = await tagging(context, 'GetResources', request, { as });
  return { resources: ResourceTagMappingList.map(({ ResourceARN: arn = '', Tags: tags = [] }) => ({ arn, tags })), next };
}

function noteSkipped(context: Context, group: GroupRecord, { taskId }: TaskRecord, arn: string, application: string): void {
  groupings.put(context.transaction, {
    account: group.account,
    region: group.region,
    group: group.name,
    arn,
    action: 'GROUP',
    status: 'SKIPPED',
    error: { code: 'RESOURCE_IN_OTHER_APPLICATION', message: `The resource is in the application ${application}.` },
    updatedAtMs: context.now,
    taskId,
  });
}
