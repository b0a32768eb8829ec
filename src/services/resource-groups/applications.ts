// Putting resources into an application and taking them out: the tag awsApplication, set and removed by the resources' own services.
import { parseArn } from '../../base/arn.ts';
import { callsTo, type SessionCredentials } from '../../kit/calls.ts';
import type { Context } from '../../kit/context.ts';
import { pageOf } from '../../kit/paging.ts';
import { taggablesOf } from '../../kit/taggables.ts';
import type { Operations as TaggingOperations } from '../resourcegroupstaggingapi/api.gen.ts';
import type { FailedResource, GroupingType } from './api.gen.ts';
import { applicationType, groupArn, onGroup, requireApplication, requireGroup } from './names.ts';
import { type GroupRecord, groupings } from './records.ts';
import { badRequest, nextToken, operation, positionOf } from './service.ts';

const tagging = callsTo<TaggingOperations>('resourcegroupstaggingapi');
export const applicationKey = 'awsApplication';
const statusesMax = 50;

export const GroupResources = operation('GroupResources', {
  access: onGroup('resource-groups:GroupResources'),
  async handle({ Group, ResourceArns }, context) {
    const group = await requireStatic(context, Group);
    return outcome(ResourceArns, await change(context, group, 'GROUP', ResourceArns));
  },
});

export const UngroupResources = operation('UngroupResources', {
  access: onGroup('resource-groups:UngroupResources'),
  async handle({ Group, ResourceArns }, context) {
    const group = await requireStatic(context, Group);
    const members = new Set<string>();
    for (const arn of ResourceArns) if ((await applicationOf(context, arn)) === groupArn(context, group)) members.add(arn);
    const failed = new Map(await change(context, group, 'UNGROUP', [...members]));
    for (const arn of ResourceArns) {
      if (!members.has(arn)) failed.set(arn, { code: 'RESOURCE_NOT_FOUND', message: `The resource is not a member of ${group.name}.` });
    }
    return outcome(ResourceArns, failed);
  },
});

export const ListGroupingStatuses = operation('ListGroupingStatuses', {
  access: onGroup('resource-groups:ListGroupingStatuses'),
  async handle(input, context) {
    const { account, region, name } = await requireApplication(context, input);
    const filters = input.Filters ?? [];
    const page = await pageOf(
      context.transaction,
      groupings,
      {
        under: [account, region, name],
        limit: input.MaxResults ?? statusesMax,
        marker: positionOf(input.NextToken),
        onBadMarker: () => badRequest('The NextToken is not valid.'),
      },
      ({ arn, status }) => filters.every(({ Name, Values }) => Values.includes(Name === 'status' ? status : arn)),
    );
    return {
      Group: input.Group,
      GroupingStatuses: page.items.map(({ arn, action, status, error, updatedAtMs }) => ({
        ResourceArn: arn,
        Action: action,
        Status: status,
        ErrorMessage: error?.message,
        ErrorCode: error?.code,
        UpdatedAt: updatedAtMs,
      })),
      NextToken: nextToken(page.marker),
    };
  },
});

/** AWS: other groups are populated by their query. Of the two other types that may be grouped by hand EC2 has the members, and there is none yet. */
async function requireStatic(context: Context, named: string): Promise<GroupRecord> {
  const group = await requireGroup(context, { Group: named });
  if (group.applicationId === undefined) {
    throw badRequest(`Resources cannot be added to or removed from ${group.name}: its type is not ${applicationType}.`);
  }
  return group;
}

interface Failure {
  readonly code: string;
  readonly message: string;
}

/** For whom resources are tagged, and by which task. By default the caller, by hand. */
interface OnBehalf {
  readonly as: SessionCredentials;
  readonly taskId: string;
}

/** Tags or untags, and keeps what became of each. Returns those that failed. */
export async function change(
  context: Context,
  group: GroupRecord,
  action: GroupingType,
  arns: readonly string[],
  onBehalf?: OnBehalf,
): Promise<ReadonlyMap<string, Failure>> {
  if (arns.length === 0) return new Map();
  const options = onBehalf === undefined ? {} : { as: onBehalf.as };
  const { FailedResourcesMap = {} } =
    action === 'GROUP'
      ? await tagging(context, 'TagResources', { ResourceARNList: arns, Tags: { [applicationKey]: groupArn(context, group) } }, options)
      : await tagging(context, 'UntagResources', { ResourceARNList: arns, TagKeys: [applicationKey] }, options);
  const failed = new Map<string, Failure>();
  for (const arn of arns) {
    const info = Object.hasOwn(FailedResourcesMap, arn) ? FailedResourcesMap[arn] : undefined;
    const error = info && { code: info.ErrorCode ?? '', message: info.ErrorMessage ?? '' };
    if (error !== undefined) failed.set(arn, error);
    groupings.put(context.transaction, {
      account: group.account,
      region: group.region,
      group: group.name,
      arn,
      action,
      status: error === undefined ? 'SUCCESS' : 'FAILED',
      error,
      updatedAtMs: context.now,
      taskId: onBehalf?.taskId,
    });
  }
  return failed;
}

/** The application that a resource is in. */
async function applicationOf(context: Context, text: string): Promise<string | undefined> {
  const arn = parseArn(text);
  if (arn === undefined || arn.account !== context.account) return undefined;
  for (const taggable of taggablesOf(await context.taggables.all(), arn)) {
    const found = await taggable.find(context, arn);
    if (found?.arn === text) return found.tags[applicationKey];
  }
  return undefined;
}

function outcome(arns: readonly string[], failed: ReadonlyMap<string, Failure>) {
  const Failed: FailedResource[] = [...failed].map(([ResourceArn, { code, message }]) => ({
    ResourceArn,
    ErrorCode: code,
    ErrorMessage: message.slice(0, 1_024),
  }));
  return { Succeeded: arns.filter((arn) => !failed.has(arn)), Failed, Pending: [] };
}

export const applicationOperations = [GroupResources, UngroupResources, ListGroupingStatuses];
