// Whether a statement applies to a request, element by element. Evaluation and explanation both walk these functions.
import type { CompiledActions, CompiledResources, CompiledStatement, ResourcePattern } from './compile.ts';
import { splitArn } from './conditions/arns.ts';
import { conditionHolds } from './conditions/condition.ts';
import { globMatches } from './glob.ts';
import type { AuthorizationRequest, ConditionContext } from './policy.ts';
import { matchPrincipal, type PrincipalMatch } from './principals.ts';
import { templateMatches } from './template.ts';

/** What is computed once per request and used by every statement. */
export interface Subject {
  readonly request: AuthorizationRequest;
  readonly lowerCaseAction: string;
  /** Undefined for actions without resource-level permissions. */
  readonly arn: readonly string[] | undefined;
}

export function subjectOf(request: AuthorizationRequest): Subject {
  return { request, lowerCaseAction: request.action.toLowerCase(), arn: splitArn(request.resource) };
}

export function actionMatches(actions: CompiledActions | undefined, lowerCaseAction: string): boolean {
  if (actions === undefined) return false;
  for (const glob of actions.globs) if (globMatches(glob, lowerCaseAction)) return !actions.isNegated;
  return actions.isNegated;
}

export function resourceMatches(resources: CompiledResources | undefined, subject: Subject): boolean {
  if (resources === undefined) return true;
  for (const pattern of resources.patterns) if (patternCovers(pattern, subject)) return !resources.isNegated;
  return resources.isNegated;
}

function patternCovers(pattern: ResourcePattern, { arn, request }: Subject): boolean {
  if (pattern.isAny) return true;
  if (arn === undefined) return coversEverything(pattern);
  const { heads, resource } = pattern;
  for (let index = 0; index < heads.length; index += 1) {
    const head = heads[index];
    if (head === undefined || !globMatches(head, arn[index + 1] ?? '')) return false;
  }
  const name = arn[5] ?? '';
  return resource.parts === undefined ? globMatches(resource.glob, name) : templateMatches(resource, name, request.context);
}

/** An action without resource-level permissions is covered only by a pattern that leaves nothing out. */
function coversEverything({ heads, resource }: ResourcePattern): boolean {
  return resource.glob.kind === 'any' && heads.every((head) => head.kind === 'any');
}

export function conditionsHold(statement: CompiledStatement, context: ConditionContext): boolean {
  for (const condition of statement.conditions) if (!conditionHolds(condition, context)) return false;
  return true;
}

/** How the statement's principal names the caller when everything else applies too; undefined when the statement does not apply. */
export function statementMatch(statement: CompiledStatement, subject: Subject): PrincipalMatch | undefined {
  const { request } = subject;
  if (!actionMatches(statement.actions, subject.lowerCaseAction)) return undefined;
  if (!resourceMatches(statement.resources, subject)) return undefined;
  const match = matchPrincipal(statement.principals, request.principal, request.boundary !== undefined);
  return match === undefined || !conditionsHold(statement, request.context) ? undefined : match;
}
