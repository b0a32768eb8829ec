// AWS Key Management Service: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { aliasOperations } from './aliases.ts';
import { customKeyStoreOperations } from './custom-key-stores.ts';
import { dataKeyOperations } from './data-keys.ts';
import { Decrypt, Encrypt, ReEncrypt } from './encryption.ts';
import { grantOperations } from './grants.ts';
import { connectionsToModules } from './hardware-stores.ts';
import { importOperations } from './imports.ts';
import { keyPolicyOperations } from './key-policies.ts';
import { keyOperations } from './keys.ts';
import { macOperations } from './macs.ts';
import { metering } from './metering.ts';
import { multiRegionOperations } from './multi-region.ts';
import { rotationOperations } from './rotation.ts';
import { dueKeys } from './schedule.ts';
import { signingOperations } from './signing.ts';
import { taggableKeys } from './taggables.ts';
import { tagOperations } from './tags.ts';
import { GetKeyLastUsage, keyUsage } from './usage.ts';

export const kms: ServiceDefinition = {
  name: 'kms',
  operations: [
    ...keyOperations,
    ...keyPolicyOperations,
    ...aliasOperations,
    ...tagOperations,
    Encrypt,
    Decrypt,
    ReEncrypt,
    ...dataKeyOperations,
    ...signingOperations,
    ...macOperations,
    ...grantOperations,
    ...rotationOperations,
    ...importOperations,
    ...multiRegionOperations,
    ...customKeyStoreOperations,
    GetKeyLastUsage,
  ],
  jobs: [dueKeys, connectionsToModules],
  readers: [keyUsage],
  metering,
  taggables: [taggableKeys],
};
