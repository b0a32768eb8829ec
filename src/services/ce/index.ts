// AWS Cost Explorer, and the keeper of usage and prices: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { allocationTagOperations } from './allocation-tags.ts';
import { GetCostAndUsage, GetCostAndUsageWithResources } from './cost-and-usage.ts';
import { requestUsage } from './request-usage.ts';
import { gatheredUsage, storedUsage } from './stored-usage.ts';

export const ce: ServiceDefinition = {
  name: 'ce',
  metering: { product: 'AWS Cost Explorer' },
  operations: [GetCostAndUsage, GetCostAndUsageWithResources, ...allocationTagOperations],
  readers: [requestUsage],
  jobs: [gatheredUsage, storedUsage],
};
