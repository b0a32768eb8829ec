// AWS Resource Access Manager: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { departures } from './departures.ts';
import { dueJob } from './due-work.ts';
import { invitationOperations } from './invitations.ts';
import { mirrorOperations } from './mirrors.ts';
import { permissionOperations } from './permissions.ts';
import { replacementOperations, replacementWork } from './replacements.ts';
import { resourcePolicyOperations } from './resource-policies.ts';
import { validationFault } from './service.ts';
import { shareAssociationOperations } from './share-associations.ts';
import { sharePermissionOperations } from './share-permissions.ts';
import { sharedThingOperations } from './shared-things.ts';
import { shareOperations } from './shares.ts';
import { sharingOperations } from './sharing.ts';
import { taggablePermissions, taggableShares } from './taggables.ts';
import { tagOperations } from './tags.ts';

export const ram: ServiceDefinition = {
  name: 'ram',
  quirks: { validationCode: 'InvalidParameterException', validationFault },
  operations: [
    ...shareOperations,
    ...shareAssociationOperations,
    ...sharedThingOperations,
    ...invitationOperations,
    ...permissionOperations,
    ...sharePermissionOperations,
    ...replacementOperations,
    ...mirrorOperations,
    ...resourcePolicyOperations,
    ...sharingOperations,
    ...tagOperations,
  ],
  jobs: [dueJob, replacementWork],
  readers: [departures],
  taggables: [taggableShares, taggablePermissions],
};
