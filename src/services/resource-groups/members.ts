// Members of groups: found by the group's query, or by the tag that marks the resources of an application.
import { parseArn } from '../../base/arn.ts';
import { Fault } from '../../base/fault.ts';
import { callsTo } from '../../kit/calls.ts';
import type { Context } from '../../kit/context.ts';
import { taggablesOf } from '../../kit/taggables.ts';
import type { Operations as TaggingOperations } from '../resourcegroupstaggingapi/api.gen.ts';
import type { QueryError, ResourceFilter, ResourceIdentifier } from './api.gen.ts';
import { membersElsewhere } from './members-elsewhere.ts';
import { groupArn, onGroup, requireReadableGroup } from './names.ts';
import { type ParsedQuery, parseQuery } from './queries.ts';
import { badRequest, fault, nextToken, operation, positionOf } from './service.ts';
import { typeFilters } from './types.ts';

/** As the caller, who must be allowed tag:GetResources too. */
const tagging = callsTo<TaggingOperations>('resourcegroupstaggingapi');
const defaultMax = 50;

export const ListGroupResources = operation('ListGroupResources', {
  access: onGroup('resource-groups:ListGroupResources'),
  async handle(input, context) {
    const group = await requireReadableGroup(context, input);
    const query: ParsedQuery | undefined =
      group.applicationId === undefined
        ? group.query && parseQuery({ ...group, partition: context.partition }, group.query)
        : { kind: 'tags', types: 'all', filters: [{ Key: 'awsApplication', Values: [groupArn(context, group)] }] };
    // Hosts and capacity reservations could be members of other groups, but there is no EC2 yet.
    if (query === undefined) return { Resources: [], ResourceIdentifiers: [], QueryErrors: [] };
    const { found, ...rest } = await membersOf(context, group.account, narrowed(query, input.Filters), input);
    return { Resources: found.map((Identifier) => ({ Identifier })), ResourceIdentifiers: found, ...rest };
  },
});

export const SearchResources = operation('SearchResources', {
  access: () => ({ action: 'resource-groups:SearchResources', resource: '*' }),
  async handle(input, context) {
    const { found, ...rest } = await membersOf(context, context.account, parseQuery(context, input.ResourceQuery), input);
    return { ResourceIdentifiers: found, ...rest };
  },
});

/** AWS: types that the query does not have are refused, unless it has them all. @throws Fault BadRequestException */
function narrowed(query: ParsedQuery, filters: readonly ResourceFilter[] = []): ParsedQuery {
  const wanted = filters.flatMap(({ Values }) => Values);
  if (wanted.length === 0) return query;
  const { types } = query;
  const wrong = types === 'all' ? [] : wanted.filter((type) => !types.includes(type));
  if (wrong.length > 0) throw badRequest(`The resource types specified as filters in the request are not valid: ${wrong.join(', ')}`);
  return { ...query, types: wanted };
}

interface MembersPage {
  readonly found: readonly ResourceIdentifier[];
  readonly NextToken?: string | undefined;
  readonly QueryErrors: readonly QueryError[];
}

interface PageInput {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

async function membersOf(
  context: Context,
  account: string,
  query: ParsedQuery,
  { MaxResults = defaultMax, NextToken }: PageInput,
): Promise<MembersPage> {
  if (query.kind === 'stack') {
    // There is no CloudFormation yet, and so no stack.
    const QueryErrors = [
      { ErrorCode: 'CLOUDFORMATION_STACK_NOT_EXISTING' as const, Message: `The CloudFormation stack ${query.stack} does not exist.` },
    ];
    return { found: [], QueryErrors };
  }
  if (account !== context.account) {
    const { found, position } = await membersElsewhere(context, account, query, { limit: MaxResults, after: positionOf(NextToken) });
    return { found, NextToken: nextToken(position), QueryErrors: [] };
  }
  const { types } = query;
  const isWanted = (type: string | undefined) => type !== undefined && (types === 'all' || types.includes(type));
  const known = await context.taggables.all();
  const filters = await typeFilters(context, types);
  if (filters?.length === 0) return { found: [], QueryErrors: [] };
  const page = await askedAsMember(() =>
    tagging(context, 'GetResources', {
      ResourceTypeFilters: filters,
      TagFilters: query.filters,
      ResourcesPerPage: MaxResults,
      PaginationToken: positionOf(NextToken),
    }),
  );
  const found = (page.ResourceTagMappingList ?? []).flatMap(({ ResourceARN = '', Tags = [] }): ResourceIdentifier[] => {
    const arn = parseArn(ResourceARN);
    const type = arn && taggablesOf(known, arn)[0]?.cloudFormationType;
    return isWanted(type) && Tags.length > 0 ? [{ ResourceArn: ResourceARN, ResourceType: type }] : [];
  });
  return { found, NextToken: nextToken(page.PaginationToken), QueryErrors: [] };
}

/** What the tagging API refuses, in the words of this service's model. @throws Fault UnauthorizedException, BadRequestException */
async function askedAsMember<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'AccessDeniedException') throw fault('UnauthorizedException', error.message, { cause: error });
    if (error.code === 'PaginationTokenExpiredException' || error.code === 'InvalidParameterException') throw badRequest(error.message);
    throw error;
  }
}
