// AWS Resource Groups Tagging API: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { GetTagKeys, GetTagValues } from './keys-and-values.ts';
import { GetResources } from './resources.ts';
import { TagResources, UntagResources } from './tagging.ts';

export const resourceGroupsTaggingApi: ServiceDefinition = {
  name: 'resourcegroupstaggingapi',
  quirks: { validationCode: 'InvalidParameterException' },
  operations: [GetResources, TagResources, UntagResources, GetTagKeys, GetTagValues],
};
