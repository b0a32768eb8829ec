// What an operation returns when its effect must not happen inside its unit of work, which may run again: the unit commits what the operation
// has written, and then this runs, once, and answers the request. It is lost if the node dies in between, as a request in flight is.
import type { Structure } from '../protocol/protocol.ts';
import type { Outside } from './jobs.ts';

// A type and not an interface, so that it can stand where any structure can.
export type AfterCommit<Output> = { readonly afterCommit: (outside: Outside) => Promise<Output> };

export function isAfterCommit(value: Structure): value is AfterCommit<Structure> {
  return typeof value['afterCommit'] === 'function';
}
