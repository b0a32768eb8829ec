// How the use of Secrets Manager stands in bills: its requests, and secrets and their replicas by the hour.
import { type Metering, storedMeter } from '../../kit/metering.ts';
import { replicas, secrets } from './records.ts';

const kind = { usageType: 'AWSSecretsManager-Secrets', unit: 'Secrets', divisor: '1' };

export const metering: Metering = {
  requests: () => 'AWSSecretsManagerAPIRequest',
  stored: [
    storedMeter(secrets, {
      ...kind,
      operation: 'CreateSecret',
      // AWS: a secret that is marked for deletion costs nothing.
      itemOf: ({ account, region, deletion, createdAtMs, tags }) =>
        deletion === undefined ? { account, region, count: 1, sinceMs: createdAtMs, tags } : undefined,
    }),
    // A replica does not know when it came; it counts from the next measurement on.
    storedMeter(replicas, {
      ...kind,
      operation: 'ReplicateSecretToRegions',
      itemOf: ({ account, region }) => ({ account, region, count: 1, sinceMs: 0, tags: {} }),
    }),
  ],
};
