// Keys that policies wait for in vain: those that statements about the action use, in conditions or as variables, and that no request has.
import { actionMatches } from './actions.ts';
import { documentOf, statementsOf } from './compile.ts';
import { templatesOf } from './conditions/condition.ts';
import type { Statement } from './document.ts';
import type { PolicySource } from './policy.ts';
import type { Subject } from './statement.ts';
import { compileTemplate, type Template } from './template.ts';

export interface UnsuppliedKey {
  /** As the first policy spells it; variables in lower case. */
  readonly key: string;
  readonly reason: string;
}

export function unsuppliedKeys(sources: readonly PolicySource[], { request, lowerCaseAction }: Subject): readonly UnsuppliedKey[] {
  const { context } = request;
  if (context.whyNeverPresent === undefined) return [];
  const found = new Map<string, UnsuppliedKey>();
  for (const { policy } of sources) {
    const { statements, version } = documentOf(policy);
    for (const { index, actions } of statementsOf(policy)) {
      const statement = statements[index];
      if (statement === undefined || !actionMatches(actions, lowerCaseAction)) continue;
      for (const key of keysOf(statement, version === '2012-10-17')) {
        const lower = key.toLowerCase();
        const reason = found.has(lower) || context.get(lower) !== undefined ? undefined : context.whyNeverPresent(lower);
        if (reason !== undefined) found.set(lower, { key, reason });
      }
    }
  }
  return [...found.values()];
}

function keysOf({ conditions, resources }: Statement, hasVariables: boolean): readonly string[] {
  const templates: readonly Template[] = [
    ...(resources?.values ?? []).map((value) => compileTemplate(value, hasVariables)),
    ...conditions.flatMap((condition) => templatesOf(condition, hasVariables)),
  ];
  const variables = templates.flatMap(({ parts = [] }) => parts.flatMap((part) => (part.kind === 'variable' ? [part.key] : [])));
  return [...conditions.map(({ key }) => key), ...variables];
}
