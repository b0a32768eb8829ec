// Parts that many policies have in common, compiled once for all of them: the same actions, conditions and patterns stand in thousands of
// policies, and what is shared is small and stays in the processor's cache.
import type { CompiledActions } from './actions.ts';
import type { CompiledResources } from './compile.ts';
import type { Condition } from './conditions/condition.ts';
import type { Glob } from './glob.ts';
import type { CompiledPrincipals } from './principals.ts';

export interface SharedParts {
  readonly actions: Map<string, CompiledActions>;
  readonly conditions: Map<string, Condition>;
  readonly globs: Map<string, Glob>;
  readonly principals: Map<string, CompiledPrincipals>;
  readonly resources: Map<string, CompiledResources | undefined>;
}

/** Of each kind; what comes later is not shared. */
const entriesMax = 50_000;

export function createSharedParts(): SharedParts {
  return { actions: new Map(), conditions: new Map(), globs: new Map(), principals: new Map(), resources: new Map() };
}

/** The part that was made for this key before, or a new one. */
export function shared<Part>(parts: Map<string, Part> | undefined, key: string, make: () => Part): Part {
  if (parts === undefined) return make();
  const known = parts.get(key);
  if (known !== undefined) return known;
  const part = make();
  if (parts.size < entriesMax) parts.set(key, part);
  return part;
}
