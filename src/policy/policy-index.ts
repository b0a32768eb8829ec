// The statements of a long policy by the actions that they name: from a request's action straight to the few that are about it.
import { reachOf, serviceOf } from './actions.ts';
import type { CompiledStatement } from './compile.ts';
import type { Glob } from './glob.ts';

export interface PolicyIndex {
  /** For the service prefixes that any statement names. */
  readonly byService: ReadonlyMap<string, ServiceIndex>;
  /** Statements that may be about any service: NotAction, `*`, a wildcard in the prefix. */
  readonly general: readonly CompiledStatement[];
}

export interface ServiceIndex {
  /** The bits of `Reach` of everything in it: most requests end here. */
  readonly verbs: number;
  readonly services: number;
  readonly byName: ReadonlyMap<string, readonly CompiledStatement[]>;
  /** Patterns, and at the same place in the other list the statement of each. */
  readonly globs: readonly Glob[];
  readonly ofGlobs: readonly CompiledStatement[];
}

interface Draft {
  verbs: number;
  services: number;
  readonly byName: Map<string, CompiledStatement[]>;
  readonly globs: Glob[];
  readonly ofGlobs: CompiledStatement[];
}

/** From this many names and patterns on, an index is faster than a walk. */
const indexedMin = 16;

/** Undefined for short policies. */
export function indexOf(statements: readonly CompiledStatement[]): PolicyIndex | undefined {
  if (statements.reduce((sum, { actions }) => sum + 1 + actions.names.length + actions.globs.length, 0) < indexedMin) return undefined;
  const byService = new Map<string, Draft>();
  const general = statements.filter(isGeneral);
  for (const statement of statements) if (!isGeneral(statement)) addStatement(byService, statement);
  return { byService, general };
}

function isGeneral({ actions }: CompiledStatement): boolean {
  return actions.isNegated || actions.isAll || actions.globs.some(({ source }) => serviceOf(source) === undefined);
}

function addStatement(byService: Map<string, Draft>, statement: CompiledStatement): void {
  const { names, globs } = statement.actions;
  for (const text of [...names, ...globs.map(({ source }) => source)]) {
    const draft = draftOf(byService, serviceOf(text) ?? '');
    const { verbs, services } = reachOf({ isNegated: false, values: [text] });
    draft.verbs |= verbs;
    draft.services |= services;
  }
  for (const name of names) {
    const { byName } = draftOf(byService, serviceOf(name) ?? '');
    const known = byName.get(name);
    if (known === undefined) byName.set(name, [statement]);
    else if (!known.includes(statement)) known.push(statement);
  }
  for (const glob of globs) {
    const draft = draftOf(byService, serviceOf(glob.source) ?? '');
    draft.globs.push(glob);
    draft.ofGlobs.push(statement);
  }
}

function draftOf(byService: Map<string, Draft>, service: string): Draft {
  const known = byService.get(service);
  if (known !== undefined) return known;
  const draft: Draft = { verbs: 0, services: 0, byName: new Map(), globs: [], ofGlobs: [] };
  byService.set(service, draft);
  return draft;
}
