// The words that every file of this service is written with.
import { serviceKit } from '../../kit/operation.ts';
import type { Operations } from './api.gen.ts';

export const { operation, fault } = serviceKit<Operations>();
