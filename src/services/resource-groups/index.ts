// AWS Resource Groups: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { applicationOperations } from './applications.ts';
import { groupOperations } from './groups.ts';
import { ListGroupResources, SearchResources } from './members.ts';
import { settingOperations } from './settings.ts';
import { shareableGroups } from './shareables.ts';
import { tagSync } from './tag-sync-job.ts';
import { tagSyncOperations } from './tag-sync-tasks.ts';
import { taggableGroups } from './taggables.ts';
import { tagOperations } from './tags.ts';

export const resourceGroups: ServiceDefinition = {
  name: 'resource-groups',
  operations: [
    ...groupOperations,
    ListGroupResources,
    SearchResources,
    ...applicationOperations,
    ...tagSyncOperations,
    ...tagOperations,
    ...settingOperations,
  ],
  jobs: [tagSync],
  shareables: [shareableGroups],
  taggables: [taggableGroups],
};
