// Service last accessed reports: which services and actions an entity's permissions policies grant, and when they were last attempted.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed-view-data.html

import { wholeSeconds } from '../../base/clock.ts';
import { type Collection, collection } from '../../kit/collection.ts';
import type { Context, Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import type { CompiledPolicy } from '../../policy/compile.ts';
import type { AccessAdvisorUsageGranularityType, ServiceLastAccessed, TrackedActionLastAccessed } from './api.gen.ts';
import { type GrantableService, grantableServices, grantedActions } from './grantable-services.ts';
import { type LastAccessRecord, lastAccesses, trackedMs } from './last-accessed.ts';
import { listPage, pageOfItems } from './listing.ts';
import { type ReportedEntity, type ReportedPrincipal, reportedEntity } from './permissions-policies.ts';
import { fault, operation } from './service.ts';

interface ReportRecord {
  readonly account: string;
  readonly jobId: string;
  /** Who asked for it; nobody else may have it. */
  readonly ownerId: string;
  readonly entityKind: ReportedEntity['kind'];
  readonly granularity: AccessAdvisorUsageGranularityType;
  readonly createdAtMs: number;
  readonly principals: readonly ReportedPrincipal[];
}

/** One service of a report, as it is answered. */
interface ReportServiceRecord {
  readonly account: string;
  readonly jobId: string;
  readonly namespace: string;
  readonly shown: ServiceLastAccessed;
}

const reports: Collection<ReportRecord> = collection('iam.access-report', ({ account, jobId }) => [account, jobId]);
const reportServices: Collection<ReportServiceRecord> = collection('iam.access-report-service', ({ account, jobId, namespace }) => [
  account,
  jobId,
  namespace,
]);

/** AWS keeps a report for seven days. */
const keptMs = 7 * 24 * 3_600_000;
const forgottenAtOnce = 20;

export const GenerateServiceLastAccessedDetails = operation('GenerateServiceLastAccessedDetails', {
  access: (input) => ({
    action: 'iam:GenerateServiceLastAccessedDetails',
    resource: resourceNamed<'iam:user' | 'iam:group' | 'iam:role' | 'iam:policy'>(input.Arn),
  }),
  readOnly: true,
  async handle(input, context) {
    const { transaction, account, now, ids } = context;
    const entity = await requireReported(context, input.Arn);
    await forgetOld(context);
    const jobId = ids.uuid();
    const granularity = input.Granularity ?? 'SERVICE_LEVEL';
    reports.put(transaction, {
      account,
      jobId,
      ownerId: context.caller.userId,
      entityKind: entity.kind,
      granularity,
      createdAtMs: wholeSeconds(now),
      principals: entity.principals,
    });
    for (const shown of await shownServices(context, entity, granularity)) {
      reportServices.put(transaction, { account, jobId, namespace: shown.ServiceNamespace, shown });
    }
    return { JobId: jobId };
  },
});

async function shownServices(
  context: Context,
  { policies, principals }: ReportedEntity,
  granularity: AccessAdvisorUsageGranularityType,
): Promise<readonly ServiceLastAccessed[]> {
  const compiled = policies.map(({ document }) => context.compile(document));
  const accesses = await accessesOf(context, principals);
  const services = [...(await grantableServices()).byNamespace.values()];
  return services.flatMap((service) => shownService(service, compiled, accesses, granularity) ?? []);
}

/** Undefined: the policies do not grant the service. */
function shownService(
  service: GrantableService,
  policies: readonly CompiledPolicy[],
  accesses: ReadonlyMap<string, readonly LastAccessRecord[]>,
  granularity: AccessAdvisorUsageGranularityType,
): ServiceLastAccessed | undefined {
  const { namespace, name } = service;
  const hasActions = granularity === 'ACTION_LEVEL' && service.isTracked;
  const granted = grantedActions(policies, service, !hasActions);
  if (granted.length === 0) return undefined;
  const all = accesses.get(`${namespace} `) ?? [];
  const last = newest(all);
  return {
    ServiceName: name,
    ServiceNamespace: namespace,
    ...(last === undefined
      ? {}
      : { LastAuthenticated: last.atMs, LastAuthenticatedEntity: last.arn, LastAuthenticatedRegion: last.region }),
    TotalAuthenticatedEntities: all.length,
    ...(hasActions
      ? { TrackedActionsLastAccessed: granted.map((action) => shownAction(action, accesses.get(`${namespace} ${action}`))) }
      : {}),
  };
}

function shownAction(ActionName: string, accesses: readonly LastAccessRecord[] = []): TrackedActionLastAccessed {
  const last = newest(accesses);
  return last === undefined
    ? { ActionName }
    : { ActionName, LastAccessedEntity: last.arn, LastAccessedTime: last.atMs, LastAccessedRegion: last.region };
}

function newest(accesses: readonly LastAccessRecord[]): LastAccessRecord | undefined {
  return accesses.reduce<LastAccessRecord | undefined>(
    (best, each) => (best === undefined || each.atMs > best.atMs ? each : best),
    undefined,
  );
}

/** Within the tracking period, by namespace and action. */
async function accessesOf(
  { transaction, account, now }: Context,
  principals: readonly ReportedPrincipal[],
): Promise<ReadonlyMap<string, readonly LastAccessRecord[]>> {
  const found = new Map<string, LastAccessRecord[]>();
  for (const { id } of principals) {
    for (const record of await lastAccesses.all(transaction, account, id)) {
      if (record.atMs < now - trackedMs) continue;
      const key = `${record.namespace} ${record.action}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, [record]);
      else known.push(record);
    }
  }
  return found;
}

async function requireReported(scope: Scope, arn: string): Promise<ReportedEntity> {
  if (!/^arn:[a-z-]+:iam::(\d{12}|aws):(user|group|role|policy)\/./.test(arn)) throw fault('InvalidInput', `Invalid ARN: ${arn}`);
  const entity = await reportedEntity(scope, arn);
  if (entity === undefined) throw fault('NoSuchEntity', `ARN ${arn} was not found.`);
  return entity;
}

async function forgetOld({ transaction, account, now }: Context): Promise<void> {
  const old = (await reports.all(transaction, account)).filter(({ createdAtMs }) => createdAtMs < now - keptMs);
  for (const report of old.slice(0, forgottenAtOnce)) {
    for (const service of await reportServices.all(transaction, account, report.jobId)) reportServices.remove(transaction, service);
    reports.remove(transaction, report);
  }
}

/** AWS: a report is for the user, or the role session, that asked for it. @throws Fault NoSuchEntity */
async function requireReport({ transaction, account, now, caller }: Context, jobId: string): Promise<ReportRecord> {
  const report = await reports.get(transaction, account, jobId);
  if (report === undefined || report.ownerId !== caller.userId || report.createdAtMs < now - keptMs)
    throw fault('NoSuchEntity', `Job with id ${jobId} was not found.`);
  return report;
}

function statusOf({ createdAtMs }: ReportRecord) {
  return { JobStatus: 'COMPLETED', JobCreationDate: createdAtMs, JobCompletionDate: createdAtMs } as const;
}

export const GetServiceLastAccessedDetails = operation('GetServiceLastAccessedDetails', {
  access: () => ({ action: 'iam:GetServiceLastAccessedDetails', resource: '*' }),
  async handle(input, context) {
    const report = await requireReport(context, input.JobId);
    const page = await listPage(context, reportServices, [context.account, input.JobId], input);
    return { ...statusOf(report), JobType: report.granularity, ServicesLastAccessed: page.items.map(({ shown }) => shown), ...page.state };
  },
});

export const GetServiceLastAccessedDetailsWithEntities = operation('GetServiceLastAccessedDetailsWithEntities', {
  access: () => ({ action: 'iam:GetServiceLastAccessedDetailsWithEntities', resource: '*' }),
  async handle(input, context) {
    const { transaction, account, now } = context;
    const report = await requireReport(context, input.JobId);
    if (!(await grantableServices()).byNamespace.has(input.ServiceNamespace))
      throw fault('InvalidInput', `Service namespace ${input.ServiceNamespace} is not valid.`);
    const isGranted = (await reportServices.get(transaction, account, input.JobId, input.ServiceNamespace)) !== undefined;
    const entities = await Promise.all(
      (isGranted ? report.principals : []).map(async (principal) => {
        const last = await lastAccesses.get(transaction, account, principal.id, input.ServiceNamespace, '');
        return { principal, atMs: last === undefined || last.atMs < now - trackedMs ? undefined : last.atMs };
      }),
    );
    // The most recent access first.
    const keyOf = ({ principal, atMs = 0 }: (typeof entities)[number]) => `${String(1e15 - atMs).padStart(16, '0')} ${principal.id}`;
    const page = pageOfItems(
      entities.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
      input,
      keyOf,
    );
    return { ...statusOf(report), EntityDetailsList: page.items.map(shownEntity), ...page.state };
  },
});

function shownEntity({ principal, atMs }: { readonly principal: ReportedPrincipal; readonly atMs: number | undefined }) {
  const { arn, name, kind, id, path } = principal;
  return {
    EntityInfo: { Arn: arn, Name: name, Type: kind === 'user' ? ('USER' as const) : ('ROLE' as const), Id: id, Path: path },
    ...(atMs === undefined ? {} : { LastAuthenticated: atMs }),
  };
}

export const ListPoliciesGrantingServiceAccess = operation('ListPoliciesGrantingServiceAccess', {
  access: (input): Access => ({
    action: 'iam:ListPoliciesGrantingServiceAccess',
    resource: resourceNamed<'iam:user' | 'iam:group' | 'iam:role' | 'iam:policy'>(input.Arn),
  }),
  async handle(input, context) {
    if (/:policy\//.test(input.Arn)) throw fault('InvalidInput', `Invalid ARN: ${input.Arn}`);
    const { policies } = await requireReported(context, input.Arn);
    const { byNamespace } = await grantableServices();
    const namespaces = [...new Set(input.ServiceNamespaces)].toSorted();
    const unknown = namespaces.find((namespace) => !byNamespace.has(namespace));
    if (unknown !== undefined) throw fault('InvalidInput', `Service namespace ${unknown} is not valid.`);
    const page = pageOfItems(namespaces, { Marker: input.Marker }, (namespace) => namespace);
    const compiled = policies.map((policy) => ({ policy, compiled: context.compile(policy.document) }));
    const entries = page.items.map((namespace) => {
      const service = byNamespace.get(namespace);
      const granting = compiled.filter((each) => service !== undefined && grantedActions([each.compiled], service, true).length > 0);
      return { ServiceNamespace: namespace, Policies: granting.map(({ policy }) => shownPolicy(policy)) };
    });
    return { PoliciesGrantingServiceAccess: entries, ...page.state };
  },
});

const entityTypes = { user: 'USER', group: 'GROUP', role: 'ROLE' } as const;

function shownPolicy({ policyName, policyArn, holder }: ReportedEntity['policies'][number]) {
  return policyArn === undefined
    ? { PolicyName: policyName, PolicyType: 'INLINE' as const, EntityType: entityTypes[holder.kind], EntityName: holder.name }
    : { PolicyName: policyName, PolicyType: 'MANAGED' as const, PolicyArn: policyArn };
}

export const lastAccessedOperations = [
  GenerateServiceLastAccessedDetails,
  GetServiceLastAccessedDetails,
  GetServiceLastAccessedDetailsWithEntities,
  ListPoliciesGrantingServiceAccess,
];
