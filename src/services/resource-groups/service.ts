// The words that every file of this service is written with.
import type { Fault } from '../../base/fault.ts';
import { serviceKit } from '../../kit/operation.ts';
import type { Operations } from './api.gen.ts';

export const { operation, fault } = serviceKit<Operations>();

export function badRequest(message: string): Fault {
  return fault('BadRequestException', message);
}

export function notFound(message: string): Fault {
  return fault('NotFoundException', message);
}

const purpose = 'v1:';

/** The model wants base64 with its own alphabet, and no token means the last page. */
export function nextToken(position: string | undefined): string | undefined {
  return position === undefined || position === '' ? undefined : Buffer.from(purpose + position, 'utf8').toString('base64');
}

/** @throws Fault BadRequestException */
export function positionOf(token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64').toString('utf8');
  if (!text.startsWith(purpose)) throw badRequest('The NextToken is not valid.');
  return text.slice(purpose.length);
}
