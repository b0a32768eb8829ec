// AWS Budgets: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { actionOperations } from './actions.ts';
import { budgetOperations } from './budgets.ts';
import { evaluation } from './evaluation.ts';
import { notificationOperations } from './notifications.ts';
import { taggableBudgets } from './taggables.ts';

export const budgets: ServiceDefinition = {
  name: 'budgets',
  quirks: { isGlobal: true },
  operations: [...budgetOperations, ...notificationOperations, ...actionOperations],
  jobs: [evaluation],
  taggables: taggableBudgets,
};
