// GetComplianceSummary: how many resources of the organisation break their tag policies, by account, region and type. Counted when it is asked for,
// after the request's own unit of work, in many small ones: each account is as it was when its turn came.
import { isoSeconds } from '../../base/clock.ts';
import type { Outside } from '../../kit/jobs.ts';
import type { GetComplianceSummaryInput, Summary } from './api.gen.ts';
import { type InPart, type Judged, judgedParts, type Part } from './evaluation.ts';
import { type Organization, requireManagement, requireTagPolicy, requireTargets } from './organization.ts';
import { requireTypeFilters } from './resources.ts';
import { globalRegion, operation } from './service.ts';
import { decodeToken, encodeToken, invalidToken } from './tokens.ts';
import { matchesType } from './walk.ts';

const perPage = 100;

export const GetComplianceSummary = operation('GetComplianceSummary', {
  access: () => ({ action: 'tag:GetComplianceSummary', resource: '*' }),
  async handle(input, context) {
    const organization = await requireManagement(context);
    const { MaxResults = perPage, PaginationToken, ...filters } = input;
    requireTypeFilters(input.ResourceTypeFilters);
    await requireTargets(context, organization, input.TargetIdFilters ?? []);
    await requireTagPolicy(context, organization);
    const { account, region, now } = context;
    const query = { operation: 'GetComplianceSummary', filters };
    const after = rowAfter(decodeToken(PaginationToken, context, query));
    return {
      async afterCommit(outside) {
        const { rows, more } = await rowsOf(outside, { input, organization, now, after, limit: MaxResults });
        const position = more ? { row: rows.at(-1)?.[0] } : undefined;
        return { SummaryList: rows.map(([, row]) => row), PaginationToken: encodeToken({ account, region, now }, query, position) };
      },
    };
  },
});

interface Wanted {
  readonly input: GetComplianceSummaryInput;
  readonly organization: Organization;
  readonly now: number;
  readonly after: string | undefined;
  readonly limit: number;
}

interface Rows {
  readonly rows: readonly (readonly [string, Summary])[];
  readonly more: boolean;
}

const separator = '\u0001';

async function rowsOf(outside: Outside, { input, organization, now, after, limit }: Wanted): Promise<Rows> {
  const isByAccount = input.GroupBy?.includes('TARGET_ID') === true;
  const groupOf = grouping(input, organization, isoSeconds(now));
  const counted = new Map<string, Summary>();
  const count = (group: Omit<Summary, 'NonCompliantResources'>, more: number): void => {
    const key = [group.TargetId, group.Region, group.ResourceType].map((part) => part ?? '').join(separator);
    if (after !== undefined && key <= after) return;
    counted.set(key, { ...group, NonCompliantResources: (counted.get(key)?.NonCompliantResources ?? 0) + more });
  };
  // What is not grouped is one sum, which may be zero.
  if ((input.GroupBy ?? []).length === 0) count(groupOf(undefined), 0);
  const inPart: InPart = (read) =>
    outside.transact((job) => read(job.contextFor({ account: organization.managementAccount, region: globalRegion })));
  const targets = input.TargetIdFilters === undefined ? undefined : new Set(input.TargetIdFilters);
  // Rows by account are in the order of the accounts, so that a page begins at the account at which the one before it ended.
  const from = isByAccount ? (after?.split(separator)[0] ?? '') : '';
  for await (const part of judgedParts(inPart, { organization, targets, from })) {
    for (const judged of part.judged) if (!judged.compliance.ComplianceStatus && isAskedFor(judged, input)) count(groupOf(judged), 1);
    if (isByAccount && completeRows(counted, part) > limit) break;
  }
  const rows = [...counted].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return { rows: rows.slice(0, limit), more: rows.length > limit };
}

/** Rows of accounts that are done. */
function completeRows(counted: ReadonlyMap<string, Summary>, { next }: Part): number {
  if (next === undefined) return counted.size;
  return [...counted.values()].filter(({ TargetId = '' }) => TargetId < next.account).length;
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
