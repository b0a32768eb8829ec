// Tag-sync tasks: resources with a tag, or that a query finds, become members of an application by themselves. The job is in tag-sync-job.ts.
// https://docs.aws.amazon.com/servicecatalog/latest/arguide/app-tag-sync.html

import { parseArn } from '../../base/arn.ts';
import { base32Id } from '../../base/ids.ts';
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { pageOf } from '../../kit/paging.ts';
import { passRole } from '../../kit/pass-role.ts';
import type { StartTagSyncTaskInput, TagSyncTaskItem } from './api.gen.ts';
import { findGroup, groupAccess, groupArn, onGroup, requireApplication } from './names.ts';
import { parseQuery } from './queries.ts';
import { dueTasks, type GroupRecord, groups, type TaskRecord, tasks } from './records.ts';
import { badRequest, nextToken, notFound, operation, positionOf } from './service.ts';

const listMax = 50;
export const servicePrincipal = 'resource-groups.amazonaws.com';

export const StartTagSyncTask = operation('StartTagSyncTask', {
  access: async (input, scope) => [
    await groupAccess(scope, 'resource-groups:StartTagSyncTask', input),
    { action: 'resource-groups:CreateGroup', resource: '*' },
    await passRole(scope, input.RoleArn, servicePrincipal),
  ],
  async handle(input, context) {
    const group = await requireApplication(context, input);
    requireSense(input);
    if (input.ResourceQuery !== undefined && parseQuery(context, input.ResourceQuery).kind !== 'tags') {
      throw badRequest('The ResourceQuery of a tag-sync task must be of the type TAG_FILTERS_1_0.');
    }
    const { TagKey: key, TagValue: value } = input;
    const { account, region, name } = group;
    const task: TaskRecord = {
      account,
      region,
      group: name,
      taskId: base32Id(context.ids, 26).toLowerCase(),
      roleArn: input.RoleArn,
      tag: key === undefined || value === undefined ? undefined : { key, value },
      query: input.ResourceQuery,
      createdAtMs: context.now,
      dueAtMs: context.now,
    };
    tasks.put(context.transaction, task);
    dueTasks.put(context.transaction, task);
    const { Status: _, CreatedAt: __, ErrorMessage: ___, ...started } = shapeOf(context, group, task);
    return started;
  },
});

/** @throws Fault BadRequestException */
function requireSense({ TagKey, TagValue, ResourceQuery }: StartTagSyncTaskInput): void {
  if ((TagKey === undefined) !== (TagValue === undefined)) throw badRequest('TagKey and TagValue must be specified together.');
  if ((TagKey === undefined) === (ResourceQuery === undefined)) {
    throw badRequest('Either TagKey and TagValue or ResourceQuery must be specified, but not both.');
  }
}

export const CancelTagSyncTask = operation('CancelTagSyncTask', {
  access: async (input, scope) => [
    await taskAccess(scope, 'resource-groups:CancelTagSyncTask', input.TaskArn),
    await taskAccess(scope, 'resource-groups:DeleteGroup', input.TaskArn),
  ],
  async handle({ TaskArn }, context) {
    const { task } = await requireTask(context, TaskArn);
    tasks.remove(context.transaction, task);
    dueTasks.remove(context.transaction, task);
    return {};
  },
});

export const GetTagSyncTask = operation('GetTagSyncTask', {
  access: (input, scope) => taskAccess(scope, 'resource-groups:GetTagSyncTask', input.TaskArn),
  async handle({ TaskArn }, context) {
    const { group, task } = await requireTask(context, TaskArn);
    return shapeOf(context, group, task);
  },
});

export const ListTagSyncTasks = operation('ListTagSyncTasks', {
  access: async ({ Filters = [] }, scope): Promise<readonly Access[]> => {
    if (Filters.length === 0) return [{ action: 'resource-groups:ListTagSyncTasks', resource: '*' }];
    const named = Filters.map(({ GroupArn, GroupName }) => ({ Group: GroupArn ?? GroupName }));
    return Promise.all(named.map((group) => onGroup('resource-groups:ListTagSyncTasks')(group, scope)));
  },
  async handle(input, context) {
    const { account, region, transaction } = context;
    const filters = input.Filters ?? [];
    const chosen = await Promise.all(
      filters.map(({ GroupArn, GroupName }) => requireApplication(context, { Group: GroupArn ?? GroupName })),
    );
    const names = new Set(chosen.map(({ name }) => name));
    const page = await pageOf(
      transaction,
      tasks,
      {
        under: [account, region],
        limit: input.MaxResults ?? listMax,
        marker: positionOf(input.NextToken),
        onBadMarker: () => badRequest('The NextToken is not valid.'),
      },
      ({ group }) => filters.length === 0 || names.has(group),
    );
    const shapes = page.items.map(async (task) => {
      const group = await groups.get(transaction, account, region, task.group);
      return group && shapeOf(context, group, task);
    });
    return { TagSyncTasks: (await Promise.all(shapes)).filter((shape) => shape !== undefined), NextToken: nextToken(page.marker) };
  },
});

function taskAccess(scope: Scope, action: Access['action'], taskArn: string): Promise<Access> {
  return groupAccess(scope, action, { Group: groupOf(taskArn) });
}

/** `arn:…:group/name/id/tag-sync-task/id`, up to the group's id. */
function groupOf(taskArn: string): string {
  return taskArn.split('/').slice(0, 3).join('/');
}

/** @throws Fault NotFoundException */
async function requireTask(scope: Scope, taskArn: string): Promise<{ readonly group: GroupRecord; readonly task: TaskRecord }> {
  const group = await findGroup(scope, groupOf(taskArn));
  const taskId = parseArn(taskArn)?.resource.split('/').at(-1) ?? '';
  const task = group && (await tasks.get(scope.transaction, group.account, group.region, group.name, taskId));
  if (group === undefined || task === undefined) throw notFound(`Cannot find tag-sync task: ${taskArn}`);
  return { group, task };
}

function shapeOf(scope: { readonly partition: string }, group: GroupRecord, task: TaskRecord): TagSyncTaskItem {
  const arn = groupArn(scope, group);
  return {
    GroupArn: arn,
    GroupName: group.name,
    TaskArn: `${arn}/tag-sync-task/${task.taskId}`,
    TagKey: task.tag?.key,
    TagValue: task.tag?.value,
    ResourceQuery: task.query,
    RoleArn: task.roleArn,
    Status: task.error === undefined ? 'ACTIVE' : 'ERROR',
    ErrorMessage: task.error,
    CreatedAt: task.createdAtMs,
  };
}

export const tagSyncOperations = [StartTagSyncTask, CancelTagSyncTask, GetTagSyncTask, ListTagSyncTasks];
