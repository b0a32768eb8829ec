// The words of a plan: what the file wants, what is there, and the difference between the two.

export type Property = string | readonly string[] | PolicyText;
export type Properties = Readonly<Record<string, Property>>;

/** A policy, which is compared by its meaning as JSON and not by its text. */
export interface PolicyText {
  readonly policy: unknown;
}

export interface Wanted {
  /** Unique in the zone: `account/logging`. */
  readonly address: string;
  /** Where a reader looks for it: the steps from the root of the tree, its own the last. */
  readonly place: readonly string[];
  readonly properties: Properties;
}

export interface Found extends Wanted {
  /** What its kind needs to find it again. */
  readonly id: string;
  /** Why the zone must not touch it: it made it not. */
  readonly foreign?: string;
}

export type Action = 'create' | 'change' | 'remove' | 'same' | 'blocked';

export interface Change {
  readonly action: Action;
  readonly kind: string;
  readonly address: string;
  readonly place: readonly string[];
  /** Of properties that differ, or of all when it is new. */
  readonly differences: readonly Difference[];
  /** Why it is blocked, or what its removal cannot take back. */
  readonly note?: string | undefined;
  readonly wanted: Wanted | undefined;
  readonly found: Found | undefined;
}

export interface Difference {
  readonly property: string;
  readonly before: Property | undefined;
  readonly after: Property | undefined;
}

export function differencesOf(before: Properties | undefined, after: Properties | undefined): readonly Difference[] {
  const names = new Set([...Object.keys(after ?? {}), ...(after === undefined ? Object.keys(before ?? {}) : [])]);
  return [...names]
    .map((property) => ({ property, before: before?.[property], after: after?.[property] }))
    .filter((each) => canonical(each.before) !== canonical(each.after));
}

/** Members in order, so that equal values are equal texts; lists of names are sets. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_name, each: unknown) => {
      if (each === null || typeof each !== 'object' || Array.isArray(each)) return each;
      return Object.fromEntries(Object.entries(each).toSorted(([one], [other]) => (one < other ? -1 : 1)));
    }) ?? ''
  );
}
