// AWS Resource Groups Tagging API: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { GetTagKeys, GetTagValues } from './keys-and-values.ts';
import { DescribeReportCreation, StartReportCreation } from './report.ts';
import { ListRequiredTags } from './required-tags.ts';
import { GetResources } from './resources.ts';
import { GetComplianceSummary } from './summary.ts';
import { TagResources, UntagResources } from './tagging.ts';

export const resourceGroupsTaggingApi: ServiceDefinition = {
  name: 'resourcegroupstaggingapi',
  quirks: { validationCode: 'InvalidParameterException' },
  operations: [
    GetResources,
    TagResources,
    UntagResources,
    GetTagKeys,
    GetTagValues,
    GetComplianceSummary,
    StartReportCreation,
    DescribeReportCreation,
    ListRequiredTags,
  ],
};
