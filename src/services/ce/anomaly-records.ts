// Monitors of unusual costs, and what they have found.
import { type Collection, collection } from '../../kit/collection.ts';
import type { AnomalyFeedbackType, Expression, MonitorDimension, MonitorType, RootCause } from './api.gen.ts';

export interface MonitorRecord {
  readonly account: string;
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly type: MonitorType;
  readonly dimension?: MonitorDimension | undefined;
  readonly specification?: Expression | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** The last day that was judged. */
  readonly evaluatedDay?: string | undefined;
  readonly valueCount: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface AnomalyRecord {
  readonly account: string;
  readonly monitorId: string;
  readonly anomalyId: string;
  readonly value: string;
  readonly startDay: string;
  readonly endDay: string;
  readonly maxScore: number;
  readonly score: number;
  readonly maxImpact: number;
  readonly actual: number;
  readonly expected: number;
  readonly rootCauses: readonly RootCause[];
  readonly feedback?: AnomalyFeedbackType | undefined;
}

export const monitors: Collection<MonitorRecord> = collection('ce.anomaly-monitor', ({ account, id }) => [account, id]);
export const anomalies: Collection<AnomalyRecord> = collection('ce.anomaly', ({ account, monitorId, anomalyId }) => [
  account,
  monitorId,
  anomalyId,
]);
