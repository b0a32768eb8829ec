// AWS Lambda, as far as other services need functions: Node.js code from a zip archive, run in a process of its own.
import type { ServiceDefinition } from '../../kit/service.ts';
import { functionOperations } from './functions.ts';
import { Invoke, queuedInvocations } from './invoke.ts';
import { metering } from './metering.ts';
import { neverConfiguredOperations } from './never-configured.ts';
import { permissionOperations } from './permissions.ts';
import { retryOperations } from './retries.ts';
import { settingOperations } from './settings.ts';
import { taggableFunctions } from './taggables.ts';
import { versionOperations } from './versions.ts';

export const lambda: ServiceDefinition = {
  name: 'lambda',
  operations: [
    ...functionOperations,
    ...versionOperations,
    ...permissionOperations,
    ...settingOperations,
    ...retryOperations,
    ...neverConfiguredOperations,
    Invoke,
  ],
  jobs: [queuedInvocations],
  metering,
  taggables: [taggableFunctions],
};
