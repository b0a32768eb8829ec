// A memory that is bounded: what was used since the last turn, and what was used in the turn before. Between two turns nothing is forgotten, so
// that who has made sure that something is known may rely on it until the next one.
export interface Recent<Value> {
  /** Counts as a use. */
  get(key: string): Value | undefined;
  has(key: string): boolean;
  set(key: string, value: Value): void;
  /** Forgets what was not used for two turns, once there is half as much as may be kept. */
  turn(): void;
}

export function createRecent<Value>(entriesMax: number): Recent<Value> {
  let [young, old] = [new Map<string, Value>(), new Map<string, Value>()];
  const get = (key: string): Value | undefined => {
    const known = young.get(key);
    if (known !== undefined) return known;
    const before = old.get(key);
    if (before !== undefined) young.set(key, before);
    return before;
  };
  return {
    get,
    has: (key) => get(key) !== undefined,
    set: (key, value) => void young.set(key, value),
    turn() {
      if (young.size < entriesMax / 2) return;
      old = young;
      young = new Map();
    },
  };
}
