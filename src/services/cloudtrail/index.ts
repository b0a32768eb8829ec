// AWS CloudTrail: table of contents.
import type { ServiceDefinition } from '../../kit/service.ts';
import { LookupEvents } from './lookup-events.ts';

export const cloudtrail: ServiceDefinition = { name: 'cloudtrail', operations: [LookupEvents] };
