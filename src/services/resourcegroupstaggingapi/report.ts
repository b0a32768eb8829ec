// The report of all tagged resources of the organisation and whether they comply, which is put into a bucket of the caller's.
// https://docs.aws.amazon.com/tag-editor/latest/userguide/tag-policies-orgs-evaluating-org-wide-compliance.html
import { isoSeconds } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { callsTo } from '../../kit/calls.ts';
import type { Context } from '../../kit/context.ts';
import type { Operations as S3Operations } from '../s3/api.gen.ts';
import { type InPart, type Judged, judgedParts } from './evaluation.ts';
import { requireManagement, requireTagPolicy } from './organization.ts';
import { reports } from './records.ts';
import { invalidParameter, operation } from './service.ts';

/** As the caller, whose permission to write there is asked for. */
const s3 = callsTo<Pick<S3Operations, 'PutObject'>>('s3');
/** AWS: after that no report is known any more. */
const keptMs = 90 * 86_400_000;

export const StartReportCreation = operation('StartReportCreation', {
  access: () => ({ action: 'tag:StartReportCreation', resource: '*' }),
  async handle({ S3Bucket: bucket }, context) {
    const organization = await requireManagement(context);
    await requireTagPolicy(context, organization);
    const rows: Judged[] = [];
    const inPart: InPart = (read) => read(context);
    for await (const { judged } of judgedParts(inPart, { organization, targets: undefined, from: '' })) rows.push(...judged);
    const { organizationId } = organization;
    const key = `AwsTagPolicies/${organizationId}/${isoSeconds(context.now)}/report.csv`;
    await store(context, bucket, key, reportOf(rows));
    reports.put(context.transaction, { organizationId, bucket, key, createdAtMs: context.now });
    return {};
  },
});

export const DescribeReportCreation = operation('DescribeReportCreation', {
  access: () => ({ action: 'tag:DescribeReportCreation', resource: '*' }),
  async handle(_input, context) {
    const { organizationId } = await requireManagement(context);
    const report = await reports.get(context.transaction, organizationId);
    if (report === undefined || context.now - report.createdAtMs > keptMs) return { Status: 'NO REPORT' };
    return { Status: 'SUCCEEDED', S3Location: `s3://${report.bucket}/${report.key}` };
  },
});

/** @throws Fault InvalidParameterException when the bucket does not take it */
async function store(context: Context, bucket: string, key: string, csv: string): Promise<void> {
  try {
    await s3(context, 'PutObject', { Bucket: bucket, Key: key, Body: Buffer.from(csv, 'utf8'), ContentType: 'text/csv' });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw invalidParameter(`You can't access the Amazon S3 bucket ${bucket} for report storage: ${error.message}`);
  }
}

const columns = [
  'AccountId',
  'Region',
  'ResourceType',
  'ResourceARN',
  'ComplianceStatus',
  'NoncompliantKeys',
  'KeysWithNoncompliantValues',
];

/** CSV (RFC 4180), one line for each resource. AWS does not document its columns; these are named as in GetResources. */
export function reportOf(rows: readonly Judged[]): string {
  const lines = rows.map(({ account, region, type, arn, compliance }) => [
    account,
    region,
    type,
    arn,
    String(compliance.ComplianceStatus),
    compliance.NoncompliantKeys.join(';'),
    compliance.KeysWithNoncompliantValues.join(';'),
  ]);
  return [columns, ...lines].map((line) => `${line.map(quoted).join(',')}\r\n`).join('');
}

/** What a spreadsheet would take for a formula is made text. */
function quoted(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
