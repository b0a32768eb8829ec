// How the use of KMS stands in bills: its requests, and customer managed keys by the hour.
import { type Metering, storedMeter } from '../../kit/metering.ts';
import { keys } from './records.ts';

export const metering: Metering = {
  productCode: 'awskms',
  regionPrefix: 'name',
  requests: () => 'KMS-Requests',
  stored: [
    storedMeter(keys, {
      usageType: 'KMS-Keys',
      unit: 'Keys',
      divisor: '1',
      operation: 'CreateKey',
      // AWS: its own keys cost nothing, and neither do keys that wait for their deletion.
      itemOf: ({ account, region, manager, state, createdAtMs, tags }) =>
        manager === 'AWS' || state === 'PendingDeletion' ? undefined : { account, region, count: 1, sinceMs: createdAtMs, tags },
    }),
  ],
};
