// The whole decision, spelled out: every layer in order, every policy and statement in it, every condition with the value that it met, the
// layer that decided, and the smallest change that would allow the request.

import { actionMatches } from './actions.ts';
import { choices } from './choices.ts';
import { type CompiledStatement, documentOf, statementsOf } from './compile.ts';
import { compileCondition, conditionHolds, templatesOf } from './conditions/condition.ts';
import type { ConditionElement, Statement } from './document.ts';
import { allows, evaluate, levelsAllow, resourceGrant, rootUnlocks, sourcesOf } from './evaluate.ts';
import { resourceControlLevels, serviceControlLevels } from './guardrails.ts';
import { refusalMessage } from './message.ts';
import type { AuthorizationRequest, ConditionValue, Decision, Outcome, PolicyLayer, PolicySource } from './policy.ts';
import type { PrincipalMatch } from './principals.ts';
import { type Remedy, remedyFor } from './remedy.ts';
import { principalMatch, resourceMatches, type Subject, statementMatch, subjectOf } from './statement.ts';
import { resolveText } from './template.ts';
import { type UnsuppliedKey, unsuppliedKeys } from './unsupplied-keys.ts';

/** Plain JSON data. */
export interface Explanation {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly outcome: Outcome;
  /** The layer that denied or allowed. */
  readonly decidedBy: PolicyLayer | undefined;
  /** Why a request is allowed that no policy allows: the root user, a KMS grant, or an action that nobody can be denied. */
  readonly allowedAs?: 'root' | 'grant' | 'never-denied' | undefined;
  /** AWS's sentence, for refusals. */
  readonly message: string | undefined;
  readonly layers: readonly LayerTrace[];
  /** Changes that together would allow the request; empty when it is allowed. */
  readonly remedies: readonly Remedy[];
  /** Keys that statements about this action use and that no request can have; absent when there are none. */
  readonly unsuppliedKeys?: readonly UnsuppliedKey[];
}

export interface LayerTrace {
  readonly layer: PolicyLayer;
  readonly result: 'allows' | 'denies' | 'does not allow' | 'not present' | 'not needed';
  /** How the resource's policy names the caller, where it allows. */
  readonly grant?: PrincipalMatch | undefined;
  /** For service and resource control policies: whether each level allows, the root of the organisation first. */
  readonly levels?: readonly boolean[] | undefined;
  readonly policies: readonly PolicyTrace[];
}

export interface PolicyTrace {
  readonly name: string;
  readonly arn?: string | undefined;
  /** For service and resource control policies: the level at which it is attached, 0 for the root of the organisation. */
  readonly level?: number | undefined;
  readonly statements: readonly StatementTrace[];
}

export interface StatementTrace {
  readonly index: number;
  readonly sid?: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly applies: boolean;
  readonly action: boolean;
  readonly resource: boolean;
  readonly principal: boolean;
  readonly conditions: readonly ConditionTrace[];
}

export interface ConditionTrace {
  readonly operator: string;
  readonly key: string;
  /** With variables filled in, where they have values. */
  readonly policyValues: readonly string[];
  /** Undefined: the key is not in the request. */
  readonly requestValue?: ConditionValue | undefined;
  readonly holds: boolean;
}

const layerOrder: readonly PolicyLayer[] = [
  'resource-control',
  'service-control',
  'vpc-endpoint',
  'resource',
  'identity',
  'boundary',
  'session',
];

export function explain(request: AuthorizationRequest): Explanation {
  const decision = evaluate(request);
  const subject = subjectOf(request);
  const allowedAs = reasonOutsidePolicies(subject, decision);
  const unsupplied = unsuppliedKeys(
    layerOrder.flatMap((layer) => [...sourcesOf(layer, subject)]),
    subject,
  );
  return {
    principal: request.principal.arn,
    action: request.action,
    resource: request.resource,
    outcome: decision.outcome,
    decidedBy: decision.layer,
    ...(allowedAs === undefined ? {} : { allowedAs }),
    message: decision.outcome === 'ALLOW' ? undefined : refusalMessage(request, decision),
    layers: layerOrder.map((layer) => traceLayer(layer, subject)),
    remedies: decision.outcome === 'ALLOW' ? [] : remedyFor(request, decision),
    ...(unsupplied.length === 0 ? {} : { unsuppliedKeys: unsupplied }),
  };
}

function reasonOutsidePolicies({ request, lowerCaseAction }: Subject, decision: Decision): Explanation['allowedAs'] {
  if (decision.outcome !== 'ALLOW' || decision.layer !== undefined) return undefined;
  if (choices.neverDenied.has(lowerCaseAction)) return 'never-denied';
  return request.granted === undefined ? 'root' : 'grant';
}

function traceLayer(layer: PolicyLayer, subject: Subject): LayerTrace {
  const levels = levelsOf(layer, subject);
  const sources = sourcesOf(layer, subject);
  const policies =
    levels === undefined
      ? sources.map((source) => tracePolicy(source, subject, undefined))
      : levels.flatMap((level, index) => level.map((source) => tracePolicy(source, subject, index)));
  const grant = layer === 'resource' ? resourceGrant(subject) : undefined;
  return {
    layer,
    result: layerResult(layer, sources, subject),
    ...(grant === undefined ? {} : { grant }),
    ...(levels === undefined ? {} : { levels: levels.map((level) => allows(level, subject)) }),
    policies,
  };
}

function levelsOf(layer: PolicyLayer, subject: Subject): readonly (readonly PolicySource[])[] | undefined {
  if (layer === 'service-control') return serviceControlLevels(subject);
  return layer === 'resource-control' ? resourceControlLevels(subject) : undefined;
}

function layerResult(layer: PolicyLayer, sources: readonly PolicySource[], subject: Subject): LayerTrace['result'] {
  const { request } = subject;
  if (hasDeny(sources, subject) && !(layer === 'resource' && rootUnlocks(subject))) return 'denies';
  if (layer === 'identity' && request.principal.kind === 'root' && sources.length === 0) return 'not needed';
  const levels = levelsOf(layer, subject);
  if (levels !== undefined && levels.length > 0) return levelsAllow(levels, subject) ? 'allows' : 'does not allow';
  if (sources.length === 0) return isExpected(layer, request) ? 'does not allow' : 'not present';
  return allows(sources, subject) ? 'allows' : 'does not allow';
}

function hasDeny(sources: readonly PolicySource[], subject: Subject): boolean {
  return sources.some(({ policy }) => policy.denies.some((each) => statementMatch(each, subject) !== undefined));
}

function isExpected(layer: PolicyLayer, request: AuthorizationRequest): boolean {
  if (layer === 'identity') return request.principal.kind !== 'service' && request.principal.kind !== 'anonymous';
  if (layer === 'session') return request.session !== undefined || request.principal.kind === 'federated-user';
  return layer === 'resource' && request.resourcePolicy !== undefined && request.resourcePolicy.mode !== 'optional';
}

function tracePolicy(source: PolicySource, subject: Subject, level: number | undefined): PolicyTrace {
  return {
    name: source.name,
    ...(source.arn === undefined ? {} : { arn: source.arn }),
    ...(level === undefined ? {} : { level }),
    statements: traceStatements(source, subject),
  };
}

function traceStatements({ policy }: PolicySource, subject: Subject): readonly StatementTrace[] {
  const document = documentOf(policy);
  const hasVariables = document.version === '2012-10-17';
  return statementsOf(policy).flatMap((statement) => {
    const element = document.statements[statement.index];
    return element === undefined ? [] : [traceStatement(statement, element, hasVariables, subject)];
  });
}

function traceStatement(statement: CompiledStatement, element: Statement, hasVariables: boolean, subject: Subject): StatementTrace {
  const { request, lowerCaseAction } = subject;
  return {
    index: statement.index,
    ...(element.sid === undefined ? {} : { sid: element.sid }),
    effect: statement.effect,
    applies: statementMatch(statement, subject) !== undefined,
    action: actionMatches(statement.actions, lowerCaseAction),
    resource: resourceMatches(statement.resources, subject),
    principal: principalMatch(statement, request) !== undefined,
    conditions: element.conditions.map((each) => traceCondition(each, hasVariables, request)),
  };
}

function traceCondition(element: ConditionElement, hasVariables: boolean, { context }: AuthorizationRequest): ConditionTrace {
  const requestValue = context.get(element.key.toLowerCase());
  return {
    operator: element.operator,
    key: element.key,
    policyValues: templatesOf(element, hasVariables).map((template) => resolveText(template, context) ?? template.text),
    ...(requestValue === undefined ? {} : { requestValue }),
    holds: conditionHolds(compileCondition(element, hasVariables), context),
  };
}
