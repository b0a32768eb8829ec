// AWS Cost Explorer, and the keeper of usage and prices: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { allocationTagOperations } from './allocation-tags.ts';
import { anomalyOperations } from './anomalies.ts';
import { anomalyDetection } from './anomaly-detection.ts';
import { GetCostAndUsageComparisons } from './comparisons.ts';
import { GetCostAndUsage, GetCostAndUsageWithResources } from './cost-and-usage.ts';
import { costCategoryOperations } from './cost-categories.ts';
import { GetCostForecast, GetUsageForecast } from './forecasts.ts';
import { requestUsage } from './request-usage.ts';
import { resourceTagOperations } from './resource-tags.ts';
import { gatheredUsage, hourlyTrimming, storedUsage } from './stored-usage.ts';
import { costTaggables } from './taggables.ts';
import { GetCostCategories, GetDimensionValues, GetTags } from './values.ts';

export const ce: ServiceDefinition = {
  name: 'ce',
  quirks: { isGlobal: true },
  metering: { product: 'AWS Cost Explorer' },
  operations: [
    GetCostAndUsage,
    GetCostAndUsageWithResources,
    GetCostAndUsageComparisons,
    GetDimensionValues,
    GetTags,
    GetCostCategories,
    GetCostForecast,
    GetUsageForecast,
    ...costCategoryOperations,
    ...anomalyOperations,
    ...resourceTagOperations,
    ...allocationTagOperations,
  ],
  readers: [requestUsage],
  taggables: costTaggables,
  jobs: [gatheredUsage, storedUsage, hourlyTrimming, anomalyDetection],
};
