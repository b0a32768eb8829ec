// Staging labels: which version is current, which was, which is pending. Pure; each label is on one version.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version
import { quotas } from './quotas.ts';
import type { LabelRecord } from './records.ts';
import { fault } from './service.ts';

export const current = 'AWSCURRENT';
export const previous = 'AWSPREVIOUS';
export const pending = 'AWSPENDING';

type Labels = readonly LabelRecord[];

/** The version that carries the label. */
export function holderOf(labels: Labels, label: string): string | undefined {
  return labels.find((each) => each.label === label)?.versionId;
}

export function labelsOf(labels: Labels, versionId: string): readonly string[] {
  return labels.filter((each) => each.versionId === versionId).map(({ label }) => label);
}

/** The labels by version, as DescribeSecret shows them. */
export function labelsByVersion(labels: Labels): Readonly<Record<string, readonly string[]>> | undefined {
  if (labels.length === 0) return undefined;
  return Object.fromEntries(
    [...new Set(labels.map(({ versionId }) => versionId))].map((versionId) => [versionId, labelsOf(labels, versionId)]),
  );
}

export function withoutLabel(labels: Labels, label: string): Labels {
  return labels.filter((each) => each.label !== label);
}

/** Moves labels to a version. When AWSCURRENT moves, AWSPREVIOUS goes to the version that it leaves. @throws Fault LimitExceededException */
export function withLabels(labels: Labels, versionId: string, moved: readonly string[]): Labels {
  let next = labels;
  for (const label of new Set(moved)) {
    const holder = holderOf(next, label);
    if (holder === versionId) continue;
    next = [...withoutLabel(next, label), { label, versionId }];
    if (label === current && holder !== undefined) next = [...withoutLabel(next, previous), { label: previous, versionId: holder }];
  }
  if (next.length > quotas.labelsMax) {
    throw fault('LimitExceededException', `The secret can't have more than ${quotas.labelsMax} staging labels attached to its versions.`);
  }
  return next;
}
