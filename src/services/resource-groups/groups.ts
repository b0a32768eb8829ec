// Groups: made, shown, changed, deleted and listed.
import { base32Id } from '../../base/ids.ts';
import type { Scope } from '../../kit/context.ts';
import { pageOf } from '../../kit/paging.ts';
import type { CreateGroupInput, Group, GroupFilter, GroupIdentifier } from './api.gen.ts';
import { isApplication, requireConfiguration } from './configurations.ts';
import { groupAccess, groupArn, onGroup, requireGroup, requireReadableGroup } from './names.ts';
import { parseQuery } from './queries.ts';
import { dueTasks, type GroupRecord, groupings, groups, tasks } from './records.ts';
import { badRequest, nextToken, operation, positionOf } from './service.ts';
import { requireTags } from './tag-rules.ts';

const listMax = 50;

export const CreateGroup = operation('CreateGroup', {
  access: ({ Tags = {} }) => ({ action: 'resource-groups:CreateGroup', resource: '*', requestTags: Tags }),
  async handle(input, context) {
    const { Name: name, Description, ResourceQuery: query, Configuration: configuration, Tags: tags = {} } = input;
    const { account, region, transaction } = context;
    requireSense(input);
    if (query !== undefined) parseQuery(context, query);
    if (configuration !== undefined) requireConfiguration(configuration);
    requireTags(tags);
    if ((await groups.get(transaction, account, region, name)) !== undefined) throw badRequest('Cannot create group: group already exists');
    const isApp = isApplication(configuration);
    const record: GroupRecord = {
      account,
      region,
      name,
      description: Description,
      tags,
      query,
      configuration,
      applicationId: isApp ? base32Id(context.ids, 26).toLowerCase() : undefined,
      criticality: input.Criticality,
      owner: input.Owner,
      displayName: input.DisplayName,
    };
    groups.put(transaction, record);
    return {
      Group: shapeOf(context, record),
      ResourceQuery: query,
      Tags: tags,
      ...(configuration === undefined ? {} : { GroupConfiguration: { Configuration: configuration, Status: 'UPDATE_COMPLETE' as const } }),
    };
  },
});

/** @throws Fault BadRequestException */
function requireSense({ Name, ResourceQuery, Configuration, Criticality, Owner, DisplayName }: CreateGroupInput): void {
  if (/^aws/i.test(Name)) throw badRequest('The name of a group cannot start with AWS: it is reserved.');
  if (ResourceQuery !== undefined && Configuration !== undefined) {
    throw badRequest('A group can have either a ResourceQuery or a Configuration, but not both.');
  }
  if (isApplication(Configuration)) {
    if (Name.length > 150) throw badRequest('The name of an application group has up to 150 characters.');
    return;
  }
  requireNoApplicationFacts({ Criticality, Owner, DisplayName });
}

/** @throws Fault BadRequestException */
function requireNoApplicationFacts(facts: Readonly<Record<string, unknown>>): void {
  const [given] = Object.entries(facts).find(([, value]) => value !== undefined) ?? [];
  if (given !== undefined) throw badRequest(`${given} is supported for application groups only.`);
}

export const GetGroup = operation('GetGroup', {
  access: onGroup('resource-groups:GetGroup'),
  handle: async (input, context) => ({ Group: shapeOf(context, await requireReadableGroup(context, input)) }),
});

export const UpdateGroup = operation('UpdateGroup', {
  access: onGroup('resource-groups:UpdateGroup'),
  async handle(input, context) {
    const group = await requireGroup(context, input);
    const { Description, Criticality, Owner, DisplayName } = input;
    if (group.applicationId === undefined) requireNoApplicationFacts({ Criticality, Owner, DisplayName });
    const changed: GroupRecord = {
      ...group,
      description: Description ?? group.description,
      criticality: Criticality ?? group.criticality,
      owner: Owner ?? group.owner,
      displayName: DisplayName ?? group.displayName,
    };
    groups.put(context.transaction, changed);
    return { Group: shapeOf(context, changed) };
  },
});

export const DeleteGroup = operation('DeleteGroup', {
  access: onGroup('resource-groups:DeleteGroup'),
  async handle(input, context) {
    const group = await requireGroup(context, input);
    const { account, region, name } = group;
    for (const task of await tasks.all(context.transaction, account, region, name)) {
      tasks.remove(context.transaction, task);
      dueTasks.remove(context.transaction, task);
    }
    for (const grouping of await groupings.all(context.transaction, account, region, name)) groupings.remove(context.transaction, grouping);
    groups.remove(context.transaction, group);
    await context.shares.resourceRemoved(context, groupArn(context, group));
    return { Group: shapeOf(context, group) };
  },
});

export const ListGroups = operation('ListGroups', {
  access: () => ({ action: 'resource-groups:ListGroups', resource: '*' }),
  async handle(input, context) {
    const page = await pageOf(
      context.transaction,
      groups,
      {
        under: [context.account, context.region],
        limit: input.MaxResults ?? listMax,
        marker: positionOf(input.NextToken),
        onBadMarker: () => badRequest('The NextToken is not valid.'),
      },
      (group) => (input.Filters ?? []).every((filter) => matches(context, group, filter)),
    );
    const shapes = page.items.map((group) => shapeOf(context, group));
    return {
      GroupIdentifiers: shapes.map(
        ({ Name, GroupArn, ApplicationTag: _, ...facts }): GroupIdentifier => ({ ...facts, GroupName: Name, GroupArn }),
      ),
      Groups: shapes.map(({ Name, GroupArn, Description }) => ({ Name, GroupArn, Description })),
      NextToken: nextToken(page.marker),
    };
  },
});

function matches(scope: Scope, group: GroupRecord, { Name, Values }: GroupFilter): boolean {
  switch (Name) {
    case 'configuration-type':
      return (group.configuration ?? []).some(({ Type }) => Values.includes(Type));
    case 'resource-type': {
      if (group.query === undefined) return false;
      const { types } = parseQuery(scope, group.query);
      return types === 'all' ? Values.includes('AWS::AllSupported') : types.some((type) => Values.includes(type));
    }
    case 'owner':
      return group.owner !== undefined && Values.includes(group.owner);
    case 'display-name':
      return group.displayName !== undefined && Values.includes(group.displayName);
    case 'criticality':
      return group.criticality !== undefined && Values.includes(String(group.criticality));
  }
}

export const GetGroupQuery = operation('GetGroupQuery', {
  access: onGroup('resource-groups:GetGroupQuery'),
  async handle(input, context) {
    const { name, query } = await requireGroup(context, input);
    if (query === undefined) throw badRequest(`The group ${name} has no resource query.`);
    return { GroupQuery: { GroupName: name, ResourceQuery: query } };
  },
});

export const UpdateGroupQuery = operation('UpdateGroupQuery', {
  access: onGroup('resource-groups:UpdateGroupQuery'),
  async handle(input, context) {
    const group = await requireGroup(context, input);
    if (group.configuration !== undefined) throw badRequest('A group can have either a ResourceQuery or a Configuration, but not both.');
    parseQuery(context, input.ResourceQuery);
    groups.put(context.transaction, { ...group, query: input.ResourceQuery });
    return { GroupQuery: { GroupName: group.name, ResourceQuery: input.ResourceQuery } };
  },
});

export const GetGroupConfiguration = operation('GetGroupConfiguration', {
  access: onGroup('resource-groups:GetGroupConfiguration'),
  async handle(input, context) {
    const { name, configuration } = await requireReadableGroup(context, input);
    if (configuration === undefined) throw badRequest(`The group ${name} has no configuration.`);
    return { GroupConfiguration: { Configuration: configuration, Status: 'UPDATE_COMPLETE' } };
  },
});

export const PutGroupConfiguration = operation('PutGroupConfiguration', {
  access: (input, scope) => groupAccess(scope, 'resource-groups:PutGroupConfiguration', input),
  async handle(input, context) {
    const group = await requireGroup(context, input);
    const configuration = input.Configuration ?? [];
    if (group.query !== undefined) throw badRequest('A group can have either a ResourceQuery or a Configuration, but not both.');
    requireConfiguration(configuration);
    if (isApplication(configuration) !== isApplication(group.configuration)) {
      throw badRequest('A group is made as an application group or as another one, and stays that.');
    }
    groups.put(context.transaction, { ...group, configuration });
    return {};
  },
});

export function shapeOf(scope: { readonly partition: string }, group: GroupRecord): Group {
  const arn = groupArn(scope, group);
  return {
    GroupArn: arn,
    Name: group.name,
    Description: group.description,
    Criticality: group.criticality,
    Owner: group.owner,
    DisplayName: group.displayName,
    ...(group.applicationId === undefined ? {} : { ApplicationTag: { awsApplication: arn } }),
  };
}

export const groupOperations = [
  CreateGroup,
  GetGroup,
  UpdateGroup,
  DeleteGroup,
  ListGroups,
  GetGroupQuery,
  UpdateGroupQuery,
  GetGroupConfiguration,
  PutGroupConfiguration,
];
