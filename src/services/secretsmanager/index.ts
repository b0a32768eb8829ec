// AWS Secrets Manager: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { batchOperations } from './batches.ts';
import { deletionOperations, secretDeletion } from './deletion.ts';
import { listOperations } from './lists.ts';
import { metering } from './metering.ts';
import { randomPasswordOperations } from './random-passwords.ts';
import { replicationOperations } from './replication.ts';
import { resourcePolicyOperations } from './resource-policies.ts';
import { rotationOperations } from './rotation.ts';
import { secretRotation } from './rotation-job.ts';
import { secretOperations } from './secrets.ts';
import { stageOperations } from './stages.ts';
import { taggableSecrets } from './taggables.ts';
import { tagOperations } from './tags.ts';
import { valueOperations } from './values.ts';

export const secretsmanager: ServiceDefinition = {
  name: 'secretsmanager',
  operations: [
    ...secretOperations,
    ...valueOperations,
    ...batchOperations,
    ...stageOperations,
    ...listOperations,
    ...rotationOperations,
    ...deletionOperations,
    ...replicationOperations,
    ...resourcePolicyOperations,
    ...tagOperations,
    ...randomPasswordOperations,
  ],
  taggables: taggableSecrets,
  jobs: [secretDeletion, secretRotation],
  metering,
};
