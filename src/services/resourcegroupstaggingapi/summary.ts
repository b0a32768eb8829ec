// GetComplianceSummary: how many resources of the organisation break their tag policies, by account, region and type. Counted when it is asked for.
import { isoSeconds } from '../../base/clock.ts';
import type { Scope } from '../../kit/context.ts';
import type { GetComplianceSummaryInput, Summary } from './api.gen.ts';
import { type Judged, judgedResources, rulesOf } from './evaluation.ts';
import { accountsOf, type Organization, requireManagement } from './organization.ts';
import { requireTypeFilters } from './resources.ts';
import { operation } from './service.ts';
import { decodeToken, encodeToken, invalidToken } from './tokens.ts';
import { matchesType } from './walk.ts';

const perPage = 100;

export const GetComplianceSummary = operation('GetComplianceSummary', {
  access: () => ({ action: 'tag:GetComplianceSummary', resource: '*' }),
  async handle(input, context) {
    const organization = await requireManagement(context);
    requireTypeFilters(input.ResourceTypeFilters);
    const accounts = await accountsOf(context, organization, input.TargetIdFilters);
    const rows = await countedRows(context, input, organization, await rulesOf(context, accounts));
    const { MaxResults, PaginationToken, ...filters } = input;
    const query = { operation: 'GetComplianceSummary', filters };
    const after = rowAfter(decodeToken(PaginationToken, context, query));
    const left = [...rows].filter(([key]) => after === undefined || key > after).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const page = left.slice(0, MaxResults ?? perPage);
    const last = left.length > page.length ? page.at(-1)?.[0] : undefined;
    return {
      SummaryList: page.map(([, row]) => row),
      PaginationToken: encodeToken(context, query, last === undefined ? undefined : { row: last }),
    };
  },
});

async function countedRows(
  scope: Scope,
  input: GetComplianceSummaryInput,
  organization: Organization,
  rules: Parameters<typeof judgedResources>[1],
): Promise<ReadonlyMap<string, Summary>> {
  const rows = new Map<string, Summary>();
  const count = (group: Omit<Summary, 'NonCompliantResources'>, more: number): void => {
    const key = [group.TargetId, group.Region, group.ResourceType].map((part) => part ?? '').join('\u0001');
    rows.set(key, { ...group, NonCompliantResources: (rows.get(key)?.NonCompliantResources ?? 0) + more });
  };
  const groupOf = grouping(input, organization, isoSeconds(scope.now));
  // What is not grouped is one sum, which may be zero.
  if ((input.GroupBy ?? []).length === 0) count(groupOf(undefined), 0);
  for await (const judged of judgedResources(scope, rules)) {
    if (!judged.compliance.ComplianceStatus && isAskedFor(judged, input)) count(groupOf(judged), 1);
  }
  return rows;
}

function grouping({ GroupBy = [] }: GetComplianceSummaryInput, { rootId }: Organization, now: string) {
  return (judged: Judged | undefined): Omit<Summary, 'NonCompliantResources'> => ({
    LastUpdated: now,
    TargetId: judged !== undefined && GroupBy.includes('TARGET_ID') ? judged.account : rootId,
    TargetIdType: judged !== undefined && GroupBy.includes('TARGET_ID') ? 'ACCOUNT' : 'ROOT',
    Region: GroupBy.includes('REGION') ? judged?.region : undefined,
    ResourceType: GroupBy.includes('RESOURCE_TYPE') ? judged?.type : undefined,
  });
}

function isAskedFor({ region, type, tags }: Judged, input: GetComplianceSummaryInput): boolean {
  const { RegionFilters: regions, ResourceTypeFilters: types, TagKeyFilters: keys } = input;
  if (regions !== undefined && !regions.includes(region)) return false;
  return matchesType(type, types) && (keys === undefined || keys.some((key) => Object.hasOwn(tags, key)));
}

function rowAfter(position: ReturnType<typeof decodeToken>): string | undefined {
  const row = position?.['row'];
  if (row === undefined || typeof row === 'string') return row;
  throw invalidToken();
}
