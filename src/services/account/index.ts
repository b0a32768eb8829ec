// AWS Account Management: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { contactOperations } from './contacts.ts';
import { informationOperations } from './information.ts';
import { regionOperations } from './regions.ts';

export const account: ServiceDefinition = {
  name: 'account',
  quirks: { isGlobal: true },
  operations: [...contactOperations, ...regionOperations, ...informationOperations],
};
