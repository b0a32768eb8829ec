// Our own mistakes: conditions that only a bug can break. Never used for input.

export function assert(condition: unknown, claim: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${claim}`);
}

/** Makes a `switch` over a union exhaustive. */
export function assertNever(value: never): never {
  throw new Error(`assertion failed: unexpected ${JSON.stringify(value)}`);
}
