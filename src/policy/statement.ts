// Whether a statement applies to a request, element by element. Evaluation and explanation both walk these functions.
import { arnMatches, coversEverything, isArn } from './arn-pattern.ts';
import type { ActionTest, Candidate, Candidates, CompiledPolicy, CompiledResources, CompiledStatement } from './compile.ts';
import { conditionHolds } from './conditions/condition.ts';
import { globMatches } from './glob.ts';
import type { AuthorizationRequest, ConditionContext } from './policy.ts';
import { matchPrincipal, type PrincipalMatch } from './principals.ts';

/** What is computed once per request and used by every statement. */
export interface Subject {
  readonly request: AuthorizationRequest;
  readonly lowerCaseAction: string;
  /** The action's prefix, in lower case. */
  readonly service: string;
  /** False for actions without resource-level permissions. */
  readonly hasArn: boolean;
}

export function subjectOf(request: AuthorizationRequest): Subject {
  const lowerCaseAction = request.action.toLowerCase();
  const service = lowerCaseAction.slice(0, lowerCaseAction.indexOf(':'));
  return { request, lowerCaseAction, service, hasArn: isArn(request.resource) };
}

/** The statements of a policy that may apply to the request's action. */
export function candidatesOf(policy: CompiledPolicy, subject: Subject): Candidates {
  return policy.byService.get(subject.service) ?? policy.others;
}

export function actionMatches(actions: ActionTest, lowerCaseAction: string): boolean {
  return actions.isAll || isNamed(actions, lowerCaseAction) !== actions.isNegated;
}

function isNamed({ names, globs }: ActionTest, lowerCaseAction: string): boolean {
  if ('has' in names ? names.has(lowerCaseAction) : names.includes(lowerCaseAction)) return true;
  for (const glob of globs) if (globMatches(glob, lowerCaseAction)) return true;
  return false;
}

export function resourceMatches(resources: CompiledResources | undefined, subject: Subject): boolean {
  if (resources === undefined) return true;
  return isListed(resources, subject) !== resources.isNegated;
}

function isListed({ hasAny, patterns }: CompiledResources, { request, hasArn }: Subject): boolean {
  if (hasAny) return true;
  // An action without resource-level permissions is covered only by a pattern that leaves nothing out.
  if (!hasArn) return patterns.some(coversEverything);
  for (const pattern of patterns) if (arnMatches(pattern, request.resource, request.context)) return true;
  return false;
}

export function conditionsHold({ conditions }: CompiledStatement, context: ConditionContext): boolean {
  for (const condition of conditions) if (!conditionHolds(condition, context)) return false;
  return true;
}

/** How the statement's principal names the caller when everything else applies too; undefined when the statement does not apply. */
export function statementMatch({ statement, actions }: Candidate, subject: Subject): PrincipalMatch | undefined {
  const { request } = subject;
  if (!actionMatches(actions, subject.lowerCaseAction)) return undefined;
  if (!resourceMatches(statement.resources, subject)) return undefined;
  const match = principalMatch(statement, request);
  return match === undefined || !conditionsHold(statement, request.context) ? undefined : match;
}

export function principalMatch({ principals, effect }: CompiledStatement, { boundary, principal }: AuthorizationRequest) {
  return matchPrincipal(principals, principal, boundary !== undefined && effect === 'Deny');
}
