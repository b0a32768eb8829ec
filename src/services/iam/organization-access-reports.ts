// Last accessed reports for organizations: which services the service control policies of a branch leave, and when its accounts attempted them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed-view-data-orgs.html
import { wholeSeconds } from '../../base/clock.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import type { Context, Scope } from '../../kit/context.ts';
import { commonFault } from '../../kit/operation.ts';
import type { OrganizationBranch, OrganizationStanding } from '../../kit/ports.ts';
import type { CompiledPolicy } from '../../policy/compile.ts';
import type { AccessDetail, GetOrganizationsAccessReportRequest } from './api.gen.ts';
import { type GrantableService, grantableServices, grantedActions } from './grantable-services.ts';
import { type LastAccessRecord, lastAccesses, trackedMs } from './last-accessed.ts';
import { pageOfItems } from './listing.ts';
import { fault, operation } from './service.ts';

interface OrganizationReportRecord {
  readonly account: string;
  readonly jobId: string;
  readonly createdAtMs: number;
  readonly details: readonly AccessDetail[];
}

const reports: Collection<OrganizationReportRecord> = collection('iam.organization-access-report', ({ account, jobId }) => [
  account,
  jobId,
]);
const keptMs = 7 * 24 * 3_600_000;

export const GenerateOrganizationsAccessReport = operation('GenerateOrganizationsAccessReport', {
  access: (input, scope) => ({
    action: 'iam:GenerateOrganizationsAccessReport',
    resource: `arn:${scope.partition}:iam::${scope.account}:access-report/${input.EntityPath}`,
    context: { 'iam:OrganizationsPolicyId': input.OrganizationsPolicyId },
  }),
  readOnly: true,
  async handle(input, context) {
    const { transaction, account, now, ids } = context;
    const { organizationId } = await requireManagement(context);
    const branch = await context.organizations.branchOf(transaction, organizationId, input.EntityPath, input.OrganizationsPolicyId);
    if (branch === undefined) {
      const policy = input.OrganizationsPolicyId === undefined ? '' : ` and policy ${input.OrganizationsPolicyId}`;
      throw commonFault('InvalidInput', `Entity path ${input.EntityPath}${policy} cannot be found in the organization.`);
    }
    for (const old of await reports.all(transaction, account)) if (old.createdAtMs < now - keptMs) reports.remove(transaction, old);
    const jobId = ids.uuid();
    reports.put(transaction, { account, jobId, createdAtMs: wholeSeconds(now), details: await detailsOf(context, branch) });
    return { JobId: jobId };
  },
});

/** Reports about an organisation are for its management account, while it has service control policies. */
async function requireManagement({ organizations, transaction, account }: Scope): Promise<OrganizationStanding> {
  const standing = await organizations.standingOf(transaction, account, 'iam.amazonaws.com');
  if (standing?.managementAccount !== account)
    throw commonFault('AccessDenied', 'You must be signed in with the management account of an organization to perform this operation.');
  if (!standing.hasServiceControl) throw commonFault('InvalidInput', 'Service control policies are not enabled for the organization root.');
  return standing;
}

async function detailsOf(context: Context, { accounts, levels }: OrganizationBranch): Promise<readonly AccessDetail[]> {
  const compiled = levels?.map((level) => level.map((document) => context.compile(document)));
  const used = await accessesOf(context, accounts);
  const services = [...(await grantableServices()).byNamespace.values()];
  return services.flatMap((service) => (isLeft(compiled, service) ? [detailOf(service, used.get(service.namespace) ?? [])] : []));
}

/** Whether some action of the service is allowed at every level. */
function isLeft(levels: readonly (readonly CompiledPolicy[])[] | undefined, service: GrantableService): boolean {
  if (levels === undefined) return true;
  let left: GrantableService = service;
  for (const level of levels) left = { ...service, actions: new Set(grantedActions(level, left)) };
  return left.actions.size > 0;
}

type PlacedAccess = LastAccessRecord & { readonly path: string };

function detailOf({ namespace, name }: GrantableService, accesses: readonly PlacedAccess[]): AccessDetail {
  const last = accesses.toSorted((a, b) => b.atMs - a.atMs)[0];
  return {
    ServiceName: name,
    ServiceNamespace: namespace,
    TotalAuthenticatedEntities: accesses.length,
    ...(last === undefined ? {} : { Region: last.region, EntityPath: last.path, LastAuthenticatedTime: last.atMs }),
  };
}

async function accessesOf(
  { transaction, now }: Context,
  accounts: OrganizationBranch['accounts'],
): Promise<ReadonlyMap<string, readonly PlacedAccess[]>> {
  const found = new Map<string, PlacedAccess[]>();
  for (const { account, path } of accounts) {
    for (const record of await lastAccesses.all(transaction, account, '')) {
      if (record.atMs < now - trackedMs) continue;
      found.set(record.namespace, [...(found.get(record.namespace) ?? []), { ...record, path }]);
    }
  }
  return found;
}

export const GetOrganizationsAccessReport = operation('GetOrganizationsAccessReport', {
  access: () => ({ action: 'iam:GetOrganizationsAccessReport', resource: '*' }),
  async handle(input, context) {
    const { transaction, account, now } = context;
    const report = await reports.get(transaction, account, input.JobId);
    if (report === undefined || report.createdAtMs < now - keptMs) throw fault('NoSuchEntity', `Job with id ${input.JobId} was not found.`);
    const { details, createdAtMs } = report;
    const ordered = details.toSorted(orders[input.SortKey ?? 'SERVICE_NAMESPACE_ASCENDING']);
    const numbered = ordered.map((detail, index) => ({ detail, key: String(index).padStart(6, '0') }));
    const page = pageOfItems(numbered, input, ({ key }) => key);
    return {
      JobStatus: 'COMPLETED',
      JobCreationDate: createdAtMs,
      JobCompletionDate: createdAtMs,
      NumberOfServicesAccessible: details.length,
      NumberOfServicesNotAccessed: details.filter(({ LastAuthenticatedTime }) => LastAuthenticatedTime === undefined).length,
      AccessDetails: page.items.map(({ detail }) => detail),
      ...page.state,
    };
  },
});

type SortKey = NonNullable<GetOrganizationsAccessReportRequest['SortKey']>;
type Order = (a: AccessDetail, b: AccessDetail) => number;
const byNamespace: Order = (a, b) => (a.ServiceNamespace < b.ServiceNamespace ? -1 : 1);
const byTime: Order = (a, b) => (a.LastAuthenticatedTime ?? 0) - (b.LastAuthenticatedTime ?? 0) || byNamespace(a, b);
const orders: Readonly<Record<SortKey, Order>> = {
  SERVICE_NAMESPACE_ASCENDING: byNamespace,
  SERVICE_NAMESPACE_DESCENDING: (a, b) => byNamespace(b, a),
  LAST_AUTHENTICATED_TIME_ASCENDING: byTime,
  LAST_AUTHENTICATED_TIME_DESCENDING: (a, b) => byTime(b, a),
};

export const organizationAccessReportOperations = [GenerateOrganizationsAccessReport, GetOrganizationsAccessReport];
