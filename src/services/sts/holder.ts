// The user or root behind long-term keys: the only ones who may ask for sessions of their own or for federated users.
import type { Caller } from '../../kit/context.ts';

export type LongTermHolder = {
  /** AWS: 12 hours by default; root gets at most one hour, and a longer wish is granted as one hour. */
  readonly durationSeconds: (asked: number | undefined) => number;
} & ({ readonly isRoot: true } | { readonly isRoot: false; readonly userName: string; readonly userId: string });

const defaultSeconds = 43_200;
const rootSecondsMax = 3_600;

/** Undefined for callers with temporary credentials and for those who are neither user nor root. */
export function longTermHolder(caller: Caller): LongTermHolder | undefined {
  if (caller.session !== undefined) return undefined;
  if (caller.principal.kind === 'root') {
    return { isRoot: true, durationSeconds: (asked = defaultSeconds) => Math.min(asked, rootSecondsMax) };
  }
  if (caller.principal.kind !== 'user' || caller.userName === undefined) return undefined;
  return { isRoot: false, userName: caller.userName, userId: caller.userId, durationSeconds: (asked = defaultSeconds) => asked };
}
