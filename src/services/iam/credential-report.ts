// The credential report: one line of CSV for root and each user, made in the background from what is really there.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
import { wholeSeconds } from '../../base/clock.ts';
import type { Job } from '../../kit/jobs.ts';
import { reportLines } from './credential-report-lines.ts';
import { credentialReports, credentialReportsDue } from './records.ts';
import { fault, operation } from './service.ts';

/** AWS: a report is made at most every four hours, and is gone after them. */
const validMs = 4 * 3_600_000;

export const GenerateCredentialReport = operation('GenerateCredentialReport', {
  access: () => ({ action: 'iam:GenerateCredentialReport', resource: '*' }),
  async handle(_input, { transaction, account, now }) {
    const report = await credentialReports.get(transaction, account);
    if (report?.content === undefined && report !== undefined) {
      return { State: 'INPROGRESS', Description: 'A report generation task is in progress' };
    }
    if (report?.generatedAtMs !== undefined && report.generatedAtMs + validMs > now) return { State: 'COMPLETE' };
    credentialReports.put(transaction, { account });
    credentialReportsDue.put(transaction, { account });
    return { State: 'STARTED', Description: 'No report exists. Starting a new report generation task' };
  },
});

export const GetCredentialReport = operation('GetCredentialReport', {
  access: () => ({ action: 'iam:GetCredentialReport', resource: '*' }),
  async handle(_input, { transaction, account, now }) {
    const report = await credentialReports.get(transaction, account);
    if (report === undefined)
      throw fault('ReportNotPresent', 'No report exists for this account. Use GenerateCredentialReport to create one.');
    if (report.content === undefined || report.generatedAtMs === undefined)
      throw fault('ReportInProgress', 'Report generation is still in progress.');
    if (report.generatedAtMs + validMs <= now)
      throw fault('ReportExpired', 'The most recent report has expired. Use GenerateCredentialReport to create a new one.');
    return { Content: Buffer.from(report.content, 'utf8'), ReportFormat: 'text/csv', GeneratedTime: report.generatedAtMs };
  },
});

export const credentialReportJob: Job = {
  name: 'credential-report',
  everyMs: 1_000,
  async run({ transaction, partition, now }) {
    const [due] = await credentialReportsDue.list(transaction, [], { limit: 1 });
    if (due === undefined) return undefined;
    const { account } = due.value;
    const lines = await reportLines(transaction, { account, partition });
    credentialReportsDue.remove(transaction, { account });
    credentialReports.put(transaction, { account, content: `${lines.join('\n')}\n`, generatedAtMs: wholeSeconds(now) });
    return 'more';
  },
};

export const credentialReportOperations = [GenerateCredentialReport, GetCredentialReport];
