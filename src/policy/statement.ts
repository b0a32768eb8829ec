// Whether a statement applies to a request, element by element. Evaluation and explanation both walk these functions.
import { actionMatches, actionReach } from './actions.ts';
import { arnMatches, coversEverything, isArn } from './arn-pattern.ts';
import type { CompiledPolicy, CompiledResources, CompiledStatement } from './compile.ts';
import { conditionHolds } from './conditions/condition.ts';
import { globMatches } from './glob.ts';
import type { AuthorizationRequest, ConditionContext } from './policy.ts';
import type { ServiceIndex } from './policy-index.ts';
import { matchPrincipal, type PrincipalMatch, stronger } from './principals.ts';

/** What is computed once per request and used by every statement. */
export interface Subject {
  readonly request: AuthorizationRequest;
  readonly lowerCaseAction: string;
  /** The action's prefix, in lower case. */
  readonly service: string;
  /** The action's bits of `Reach`. */
  readonly verb: number;
  readonly serviceBit: number;
  /** False for actions without resource-level permissions. */
  readonly hasArn: boolean;
}

export function subjectOf(request: AuthorizationRequest): Subject {
  const lowerCaseAction = request.action.toLowerCase();
  const service = lowerCaseAction.slice(0, lowerCaseAction.indexOf(':'));
  const { verbs, services } = actionReach(lowerCaseAction, service);
  return { request, lowerCaseAction, service, verb: verbs, serviceBit: services, hasArn: isArn(request.resource) };
}

/** The strongest way in which statements of the effect that apply name the caller; undefined when none applies. */
export function policyMatch(policy: CompiledPolicy, effect: 'Allow' | 'Deny', subject: Subject): PrincipalMatch | undefined {
  const isDeny = effect === 'Deny';
  if (!reaches(isDeny ? policy.denyVerbs : policy.allowVerbs, isDeny ? policy.denyServices : policy.allowServices, subject))
    return undefined;
  const { index } = policy;
  if (index === undefined) return strongestOf(isDeny ? policy.denies : policy.allows, effect, subject);
  const general = strongestOf(index.general, effect, subject);
  const service = general === 'direct' ? undefined : index.byService.get(subject.service);
  return service === undefined ? general : stronger(general, serviceMatch(service, effect, subject));
}

function strongestOf(statements: readonly CompiledStatement[], effect: 'Allow' | 'Deny', subject: Subject): PrincipalMatch | undefined {
  let best: PrincipalMatch | undefined;
  for (const statement of statements) {
    if (statement.effect !== effect) continue;
    best = stronger(best, statementMatch(statement, subject));
    if (best === 'direct') return best;
  }
  return best;
}

function serviceMatch(index: ServiceIndex, effect: 'Allow' | 'Deny', subject: Subject): PrincipalMatch | undefined {
  if (!reaches(index.verbs, index.services, subject)) return undefined;
  const { byName, globs, ofGlobs } = index;
  let best: PrincipalMatch | undefined;
  for (const statement of byName.get(subject.lowerCaseAction) ?? nothing) {
    if (statement.effect === effect) best = stronger(best, matchBesidesAction(statement, subject));
  }
  for (let at = 0; at < globs.length && best !== 'direct'; at += 1) {
    const glob = globs[at];
    const statement = glob !== undefined && globMatches(glob, subject.lowerCaseAction) ? ofGlobs[at] : undefined;
    if (statement?.effect === effect) best = stronger(best, matchBesidesAction(statement, subject));
  }
  return best;
}

const nothing: readonly never[] = [];

/** How the statement's principal names the caller when everything else applies too; undefined when the statement does not apply. */
export function statementMatch(statement: CompiledStatement, subject: Subject): PrincipalMatch | undefined {
  if (!reaches(statement.verbs, statement.services, subject)) return undefined;
  return actionMatches(statement.actions, subject.lowerCaseAction) ? matchBesidesAction(statement, subject) : undefined;
}

function matchBesidesAction(statement: CompiledStatement, subject: Subject): PrincipalMatch | undefined {
  const { resources, principals, conditions } = statement;
  if (resources !== undefined && !resourceMatches(resources, subject)) return undefined;
  const { request } = subject;
  const match = principals === undefined ? 'direct' : principalMatch(statement, request);
  return match === undefined || (conditions.length > 0 && !conditionsHold(statement, request.context)) ? undefined : match;
}

/** Whether what has these bits may be about the action. */
export function reaches(verbs: number, services: number, subject: Subject): boolean {
  return ((verbs & subject.verb) | (services & subject.serviceBit)) !== 0;
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

export function principalMatch({ principals, effect }: CompiledStatement, { boundary, principal }: AuthorizationRequest) {
  return matchPrincipal(principals, principal, boundary !== undefined && effect === 'Deny');
}

function conditionsHold({ conditions }: CompiledStatement, context: ConditionContext): boolean {
  for (const condition of conditions) if (!conditionHolds(condition, context)) return false;
  return true;
}
