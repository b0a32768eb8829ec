// AWS Cost Explorer, and the keeper of usage and prices: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { allocationTagOperations } from './allocation-tags.ts';
import { GetCostAndUsage, GetCostAndUsageWithResources } from './cost-and-usage.ts';
import { costCategoryOperations } from './cost-categories.ts';
import { GetCostForecast, GetUsageForecast } from './forecasts.ts';
import { requestUsage } from './request-usage.ts';
import { gatheredUsage, hourlyTrimming, storedUsage } from './stored-usage.ts';
import { taggableCategories } from './taggables.ts';
import { GetCostCategories, GetDimensionValues, GetTags } from './values.ts';

export const ce: ServiceDefinition = {
  name: 'ce',
  metering: { product: 'AWS Cost Explorer' },
  operations: [
    GetCostAndUsage,
    GetCostAndUsageWithResources,
    GetDimensionValues,
    GetTags,
    GetCostCategories,
    GetCostForecast,
    GetUsageForecast,
    ...costCategoryOperations,
    ...allocationTagOperations,
  ],
  readers: [requestUsage],
  taggables: [taggableCategories],
  jobs: [gatheredUsage, storedUsage, hourlyTrimming],
};
