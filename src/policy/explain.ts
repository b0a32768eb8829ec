// The whole decision, spelled out: every layer in order, every policy and statement in it, every condition with the value that it met, the
// layer that decided, and the smallest change that would allow the request.
import type { CompiledStatement } from './compile.ts';
import { type Condition, conditionHolds } from './conditions/condition.ts';
import { allows, denyOrder, evaluate, resourceGrant, sourcesOf } from './evaluate.ts';
import { refusalMessage } from './message.ts';
import type { AuthorizationRequest, ConditionValue, Outcome, PolicyLayer, PolicySource } from './policy.ts';
import { matchPrincipal, type PrincipalMatch } from './principals.ts';
import { type Remedy, remedyFor } from './remedy.ts';
import { actionMatches, resourceMatches, type Subject, statementMatch, subjectOf } from './statement.ts';
import { resolveText } from './template.ts';

/** Plain JSON data. */
export interface Explanation {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly outcome: Outcome;
  /** The layer that decided a refusal. */
  readonly decidedBy: PolicyLayer | undefined;
  /** AWS's sentence, for refusals. */
  readonly message: string | undefined;
  readonly layers: readonly LayerTrace[];
  /** Changes that together would allow the request; empty when it is allowed. */
  readonly remedies: readonly Remedy[];
}

export interface LayerTrace {
  readonly layer: PolicyLayer;
  readonly result: 'allows' | 'denies' | 'does not allow' | 'not present' | 'not needed';
  /** How the resource's policy names the caller, where it allows. */
  readonly grant?: PrincipalMatch | undefined;
  readonly policies: readonly PolicyTrace[];
}

export interface PolicyTrace {
  readonly name: string;
  readonly arn?: string | undefined;
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
  return {
    principal: request.principal.arn,
    action: request.action,
    resource: request.resource,
    outcome: decision.outcome,
    decidedBy: decision.layer,
    message: decision.outcome === 'ALLOW' ? undefined : refusalMessage(request, decision),
    layers: layerOrder.map((layer) => traceLayer(layer, subject)),
    remedies: decision.outcome === 'ALLOW' ? [] : remedyFor(request, decision),
  };
}

function traceLayer(layer: PolicyLayer, subject: Subject): LayerTrace {
  const { request } = subject;
  const sources = sourcesOf(request, layer);
  const policies = sources.map((source) => tracePolicy(source, subject));
  const grant = layer === 'resource' ? resourceGrant(request, subject) : undefined;
  return { layer, result: layerResult(layer, sources, subject), ...(grant === undefined ? {} : { grant }), policies };
}

function layerResult(layer: PolicyLayer, sources: readonly PolicySource[], subject: Subject): LayerTrace['result'] {
  const { request } = subject;
  if (denyOrder.includes(layer) && hasDeny(sources, subject)) return 'denies';
  if (layer === 'identity' && request.principal.kind === 'root' && sources.length === 0) return 'not needed';
  if (sources.length === 0) return isExpected(layer, request) ? 'does not allow' : 'not present';
  if (layer === 'service-control' || layer === 'resource-control') {
    const levels = (layer === 'service-control' ? request.serviceControl : request.resourceControl) ?? [];
    return levels.every((level) => allows(level, subject)) ? 'allows' : 'does not allow';
  }
  return allows(sources, subject) ? 'allows' : 'does not allow';
}

function hasDeny(sources: readonly PolicySource[], subject: Subject): boolean {
  return sources.some(({ policy }) =>
    policy.statements.some((each) => each.effect === 'Deny' && statementMatch(each, subject) !== undefined),
  );
}

function isExpected(layer: PolicyLayer, request: AuthorizationRequest): boolean {
  if (layer === 'identity') return request.principal.kind !== 'service' && request.principal.kind !== 'anonymous';
  if (layer === 'session') return request.session !== undefined || request.principal.kind === 'federated-user';
  return layer === 'resource' && request.resourcePolicy !== undefined && request.resourcePolicy.mode !== 'optional';
}

function tracePolicy(source: PolicySource, subject: Subject): PolicyTrace {
  return {
    name: source.name,
    ...(source.arn === undefined ? {} : { arn: source.arn }),
    statements: source.policy.statements.map((statement) => traceStatement(statement, subject)),
  };
}

function traceStatement(statement: CompiledStatement, subject: Subject): StatementTrace {
  const { request } = subject;
  return {
    index: statement.index,
    ...(statement.sid === undefined ? {} : { sid: statement.sid }),
    effect: statement.effect,
    applies: statementMatch(statement, subject) !== undefined,
    action: actionMatches(statement.actions, subject.lowerCaseAction),
    resource: resourceMatches(statement.resources, subject),
    principal: matchPrincipal(statement.principals, request.principal, request.boundary !== undefined) !== undefined,
    conditions: statement.conditions.map((condition) => traceCondition(condition, request)),
  };
}

function traceCondition(condition: Condition, { context }: AuthorizationRequest): ConditionTrace {
  const requestValue = context.get(condition.lowerCaseKey);
  return {
    operator: condition.element.operator,
    key: condition.element.key,
    policyValues: condition.values.map((value) => resolveText(value, context) ?? value.text),
    ...(requestValue === undefined ? {} : { requestValue }),
    holds: conditionHolds(condition, context),
  };
}
