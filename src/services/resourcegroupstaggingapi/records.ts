// What the tagging API itself keeps: which resources have lost their last tag, and the last report. Tags are the owning services'.
import { type Collection, collection } from '../../kit/collection.ts';

/** AWS lists resources without tags that once had some. */
export interface FormerRecord {
  readonly account: string;
  readonly arn: string;
}

export interface ReportRecord {
  readonly organizationId: string;
  readonly bucket: string;
  readonly key: string;
  readonly createdAtMs: number;
}

export const formerlyTagged: Collection<FormerRecord> = collection('tagging.formerly-tagged', ({ account, arn }) => [account, arn]);
export const reports: Collection<ReportRecord> = collection('tagging.report', ({ organizationId }) => [organizationId]);
