// AWS Organizations: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { accountCreationOperations } from './account-creation.ts';
import { accountOperations } from './accounts.ts';
import { attachmentOperations } from './attachments.ts';
import { delegationOperations } from './delegation.ts';
import { dueJob } from './due-work.ts';
import { effectiveOperations } from './effective.ts';
import { handshakeOperations } from './handshakes.ts';
import { organizationOperations } from './organization.ts';
import { policyOperations } from './policies.ts';
import { resourcePolicyOperations } from './resource-policy.ts';
import { constraint, validationFault } from './service.ts';
import { serviceAccessOperations } from './service-access.ts';
import { organizationTaggables } from './taggables.ts';
import { tagOperations } from './tags.ts';
import { transferOperations } from './transfers.ts';
import { unitOperations } from './units.ts';

export const organizations: ServiceDefinition = {
  name: 'organizations',
  quirks: { isGlobal: true, validationFault, tagPolicyFault: (message) => constraint('TAG_POLICY_VIOLATION', message) },
  operations: [
    ...organizationOperations,
    ...unitOperations,
    ...accountOperations,
    ...accountCreationOperations,
    ...policyOperations,
    ...attachmentOperations,
    ...effectiveOperations,
    ...handshakeOperations,
    ...transferOperations,
    ...tagOperations,
    ...delegationOperations,
    ...serviceAccessOperations,
    ...resourcePolicyOperations,
  ],
  taggables: organizationTaggables,
  jobs: [dueJob],
};
