// Monitors of unusual costs: made, changed, shown, removed; and the anomalies that they have found. See anomaly-detection.ts for how.
// https://docs.aws.amazon.com/cost-management/latest/userguide/manage-ad.html
import type { Scope } from '../../kit/context.ts';
import type { Access } from '../../kit/operation.ts';
import { pageOf } from '../../kit/paging.ts';
import { resourceNamed } from '../../kit/resource-arns.ts';
import { type AnomalyRecord, anomalies, type MonitorRecord, monitors } from './anomaly-records.ts';
import type { Anomaly, AnomalyMonitor, TotalImpactFilter } from './api.gen.ts';
import { compileExpression } from './expression.ts';
import { pageOfAll } from './pages.ts';
import { dayOf } from './periods.ts';
import { fault, invalid, operation } from './service.ts';
import { checkedTags, tagsOf } from './tags.ts';

const monitorsMax = 500;
/** AWS: of a custom monitor. */
const customValuesMax = 10;

type MonitorAction = Extract<Access['action'], `ce:${'Get' | 'Update' | 'Delete'}Anomal${string}`>;

async function monitorAccess(scope: Scope, action: MonitorAction, arn: string | undefined): Promise<Access> {
  const resource = resourceNamed<'ce:anomalymonitor'>(arn ?? `arn:${scope.partition}:ce::${scope.account}:anomalymonitor/*`);
  const owner = resource.split(':')[4];
  const record = arn === undefined ? undefined : await findMonitor(scope, arn);
  return { action, resource, ...(owner ? { resourceAccount: owner } : {}), resourceTags: record?.tags ?? {} };
}

export async function findMonitor({ transaction, account, partition }: Scope, arn: string): Promise<MonitorRecord | undefined> {
  const prefix = `arn:${partition}:ce::${account}:anomalymonitor/`;
  return arn.startsWith(prefix) ? monitors.get(transaction, account, arn.slice(prefix.length)) : undefined;
}

/** @throws Fault UnknownMonitorException */
async function requireMonitor(scope: Scope, arn: string): Promise<MonitorRecord> {
  const record = await findMonitor(scope, arn);
  if (record === undefined) throw fault('UnknownMonitorException', `No anomaly monitor found with ARN ${arn}`);
  return record;
}

export const CreateAnomalyMonitor = operation('CreateAnomalyMonitor', {
  access: (input) => ({ action: 'ce:CreateAnomalyMonitor', resource: '*', requestTags: tagsOf(input.ResourceTags) }),
  async handle(input, context) {
    const { transaction, account, partition, ids, now } = context;
    const { MonitorName: name, MonitorType: type, MonitorDimension: dimension, MonitorSpecification: specification } = input.AnomalyMonitor;
    checkMonitor(input.AnomalyMonitor);
    const existing = await monitors.all(transaction, account);
    const isTaken = type === 'DIMENSIONAL' && existing.some((other) => other.dimension === dimension);
    if (isTaken || existing.length >= monitorsMax) {
      throw fault(
        'LimitExceededException',
        isTaken ? 'Limit exceeded on dimensional spend monitor creation' : `You have reached the limit of ${monitorsMax} monitors.`,
      );
    }
    const id = ids.uuid();
    const arn = `arn:${partition}:ce::${account}:anomalymonitor/${id}`;
    const tags = checkedTags(input.ResourceTags, {});
    const times = { createdAtMs: now, updatedAtMs: now };
    monitors.put(transaction, { account, id, arn, name, type, dimension, specification, ...times, valueCount: 0, tags });
    return { MonitorArn: arn };
  },
});

/** @throws Fault ValidationException */
function checkMonitor({ MonitorType, MonitorDimension: dimension, MonitorSpecification: given }: AnomalyMonitor): void {
  if (MonitorType === 'CUSTOM') {
    if (dimension !== undefined || given === undefined) throw invalid('A CUSTOM monitor has a specification, and no dimension.');
    const { Dimensions, Tags, CostCategories } = given;
    const values = (Dimensions ?? Tags ?? CostCategories)?.Values ?? [];
    if (Dimensions !== undefined && Dimensions.Key !== 'LINKED_ACCOUNT')
      throw invalid('A CUSTOM monitor of a dimension looks at LINKED_ACCOUNT.');
    if (values.length === 0 || values.length > customValuesMax) throw invalid(`A CUSTOM monitor names 1 to ${customValuesMax} values.`);
    compileExpression(given, 'filter');
    return;
  }
  if (dimension === undefined) throw invalid('A DIMENSIONAL monitor has a dimension.');
  const isKeyed = dimension === 'TAG' || dimension === 'COST_CATEGORY';
  const key = dimension === 'TAG' ? given?.Tags?.Key : given?.CostCategories?.Key;
  if (isKeyed ? !key : given !== undefined) {
    throw invalid(`A monitor of the dimension ${dimension} has ${isKeyed ? 'a specification with its key' : 'no specification'}.`);
  }
}

export const UpdateAnomalyMonitor = operation('UpdateAnomalyMonitor', {
  access: (input, scope) => monitorAccess(scope, 'ce:UpdateAnomalyMonitor', input.MonitorArn),
  async handle({ MonitorArn, MonitorName }, context) {
    const record = await requireMonitor(context, MonitorArn);
    monitors.put(context.transaction, { ...record, name: MonitorName ?? record.name, updatedAtMs: context.now });
    return { MonitorArn };
  },
});

export const DeleteAnomalyMonitor = operation('DeleteAnomalyMonitor', {
  access: (input, scope) => monitorAccess(scope, 'ce:DeleteAnomalyMonitor', input.MonitorArn),
  async handle({ MonitorArn }, context) {
    const record = await requireMonitor(context, MonitorArn);
    monitors.remove(context.transaction, record);
    for (const anomaly of await anomalies.all(context.transaction, record.account, record.id))
      anomalies.remove(context.transaction, anomaly);
    return {};
  },
});

export const GetAnomalyMonitors = operation('GetAnomalyMonitors', {
  async access({ MonitorArnList: arns = [] }, scope) {
    if (arns.length === 0) return monitorAccess(scope, 'ce:GetAnomalyMonitors', undefined);
    return Promise.all(arns.map((arn) => monitorAccess(scope, 'ce:GetAnomalyMonitors', arn)));
  },
  async handle({ MonitorArnList: arns = [], NextPageToken, MaxResults = 100 }, context) {
    for (const arn of arns) await requireMonitor(context, arn);
    const request = {
      under: [context.account],
      limit: pageSize(MaxResults),
      marker: NextPageToken,
      onBadMarker: () => fault('InvalidNextTokenException', 'The pagination token is invalid.'),
    };
    const { items, marker } = await pageOf(context.transaction, monitors, request, ({ arn }) => arns.length === 0 || arns.includes(arn));
    return { AnomalyMonitors: items.map(shownMonitor), ...(marker === undefined ? {} : { NextPageToken: marker }) };
  },
});

function pageSize(given: number): number {
  if (given < 1) throw invalid('MaxResults must be at least 1.');
  return Math.min(given, 100);
}

function shownMonitor(record: MonitorRecord): AnomalyMonitor {
  const { arn, name, createdAtMs, updatedAtMs, evaluatedDay, type, dimension, specification, valueCount } = record;
  return {
    MonitorArn: arn,
    MonitorName: name,
    CreationDate: dayOf(createdAtMs),
    LastUpdatedDate: dayOf(updatedAtMs),
    ...(evaluatedDay === undefined ? {} : { LastEvaluatedDate: evaluatedDay }),
    MonitorType: type,
    ...(dimension === undefined ? {} : { MonitorDimension: dimension }),
    ...(specification === undefined ? {} : { MonitorSpecification: specification }),
    DimensionalValueCount: valueCount,
  };
}

export const GetAnomalies = operation('GetAnomalies', {
  access: (input, scope) => monitorAccess(scope, 'ce:GetAnomalies', input.MonitorArn),
  async handle(input, context) {
    const { MonitorArn, DateInterval, Feedback, TotalImpact, NextPageToken, MaxResults = 100, ...rest } = input;
    const monitor = MonitorArn === undefined ? undefined : await requireMonitor(context, MonitorArn);
    const under = monitor === undefined ? [context.account] : [context.account, monitor.id];
    const { StartDate, EndDate } = DateInterval;
    const isAsked = ({ endDay, feedback, actual, expected }: AnomalyRecord): boolean =>
      endDay >= StartDate &&
      (EndDate === undefined || endDay <= EndDate) &&
      (Feedback === undefined || feedback === Feedback) &&
      (TotalImpact === undefined || isWithin(actual - expected, TotalImpact));
    const all = (await anomalies.all(context.transaction, ...under)).filter(isAsked);
    const request = { MonitorArn, DateInterval, Feedback, TotalImpact, ...rest };
    const { items, token } = pageOfAll(all, request, NextPageToken, pageSize(MaxResults));
    return { Anomalies: items.map((record) => shownAnomaly(context, record)), ...(token === undefined ? {} : { NextPageToken: token }) };
  },
});

function isWithin(impact: number, { NumericOperator, StartValue, EndValue = StartValue }: TotalImpactFilter): boolean {
  switch (NumericOperator) {
    case 'EQUAL':
      return impact === StartValue;
    case 'GREATER_THAN':
      return impact > StartValue;
    case 'GREATER_THAN_OR_EQUAL':
      return impact >= StartValue;
    case 'LESS_THAN':
      return impact < StartValue;
    case 'LESS_THAN_OR_EQUAL':
      return impact <= StartValue;
    case 'BETWEEN':
      return impact >= StartValue && impact <= EndValue;
  }
}

function shownAnomaly({ partition }: Scope, record: AnomalyRecord): Anomaly {
  const { account, monitorId, anomalyId, value, startDay, endDay, score, maxScore, maxImpact, actual, expected, rootCauses, feedback } =
    record;
  return {
    AnomalyId: anomalyId,
    AnomalyStartDate: startDay,
    AnomalyEndDate: endDay,
    DimensionValue: value,
    RootCauses: rootCauses,
    AnomalyScore: { MaxScore: maxScore, CurrentScore: score },
    Impact: {
      MaxImpact: maxImpact,
      TotalImpact: actual - expected,
      TotalActualSpend: actual,
      TotalExpectedSpend: expected,
      ...(expected === 0 ? {} : { TotalImpactPercentage: ((actual - expected) / expected) * 100 }),
    },
    MonitorArn: `arn:${partition}:ce::${account}:anomalymonitor/${monitorId}`,
    ...(feedback === undefined ? {} : { Feedback: feedback }),
  };
}

export const ProvideAnomalyFeedback = operation('ProvideAnomalyFeedback', {
  access: () => ({ action: 'ce:ProvideAnomalyFeedback', resource: '*' }),
  async handle({ AnomalyId, Feedback }, context) {
    const all = await anomalies.all(context.transaction, context.account);
    const record = all.find(({ anomalyId }) => anomalyId === AnomalyId);
    if (record === undefined) throw invalid(`No anomaly found with ID ${AnomalyId}`);
    anomalies.put(context.transaction, { ...record, feedback: Feedback });
    return { AnomalyId };
  },
});

export const anomalyOperations = [
  CreateAnomalyMonitor,
  UpdateAnomalyMonitor,
  DeleteAnomalyMonitor,
  GetAnomalyMonitors,
  GetAnomalies,
  ProvideAnomalyFeedback,
];
