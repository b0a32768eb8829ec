// The one place that reads time. Everything that needs "now" is given a Clock; tests and `castellan time` move it.

/** Time as epoch milliseconds. */
export interface Clock {
  now(): number;
  /**
   * Where a whole second that a client read from its own clock lies on this one: clients do not travel along when this clock is moved.
   * Two moments when it was moved within that second, the earlier first.
   */
  fromClient(ms: number): readonly number[];
}

export interface MovableClock extends Clock {
  /** Milliseconds that this clock is ahead of the machine's. */
  readonly offsetMs: number;
  advance(ms: number): void;
}

/** The machine's clock plus an offset that can only grow. */
export function systemClock(offsetMs = 0): MovableClock {
  let offset = offsetMs;
  /** When the clock was moved, in machine time, and how far ahead it was until then. */
  const moves: { readonly machineMs: number; readonly before: number }[] = [];
  return {
    now: () => Date.now() + offset,
    fromClient(ms) {
      // Some clients follow the server's Date header, and so already live in its time.
      if (ms > Date.now() + followingMs) return [ms];
      const move = moves.find(({ machineMs }) => ms < machineMs);
      if (move === undefined) return [ms + offset];
      return ms + 1_000 > move.machineMs ? [ms + move.before, ms + offset] : [ms + move.before];
    },
    get offsetMs() {
      return offset;
    },
    advance(ms) {
      if (!(ms >= 0)) throw new RangeError('the clock can only be moved forward');
      moves.push({ machineMs: Date.now(), before: offset });
      offset += ms;
    },
  };
}

/** A client's clock that is further ahead than this follows the server's. */
const followingMs = 15 * 60 * 1000;

/** A clock for tests: stands still until it is advanced. */
export function fixedClock(startMs: number): MovableClock {
  let moved = 0;
  return {
    now: () => startMs + moved,
    fromClient: (ms) => [ms],
    get offsetMs() {
      return moved;
    },
    advance(ms) {
      moved += ms;
    },
  };
}

/** Monotonic milliseconds for measuring durations; not affected by the clock's offset. */
export function elapsedMs(): number {
  return performance.now();
}

/** `2026-11-24T15:33:43Z`: ISO 8601 in UTC without fraction, as AWS prints times. */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** `20261124T153343Z`: the basic ISO 8601 form of signatures. */
export function isoBasic(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '')}Z`;
}

/** `Tue, 24 Nov 2026 15:33:43 GMT`: IMF-fixdate of RFC 9110. */
export function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** Epoch milliseconds of an ISO 8601 or HTTP date, or undefined when the text is neither. */
export function parseDate(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Epoch milliseconds without the fraction of a second: as IAM and STS keep and show times. */
export function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
