// EC2: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { regionOperations } from './regions.ts';

export const ec2: ServiceDefinition = {
  name: 'ec2',
  quirks: { encodedRefusals: true },
  operations: [...regionOperations],
};
