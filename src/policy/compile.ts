// A policy document made ready for evaluation: every pattern is compiled once, and each statement knows which services it may be about, so
// that a decision only looks at those that can apply. Small, because very many of them are held at once: the document itself is kept as text.
import { type CompiledActions, compileActions, type Reach, reachOf } from './actions.ts';
import { type ArnPattern, compileArnPattern } from './arn-pattern.ts';
import { type Condition, compileCondition } from './conditions/condition.ts';
import { type ConditionElement, type ElementList, type PolicyDocument, parseDocument, type Statement } from './document.ts';
import { indexOf, type PolicyIndex } from './policy-index.ts';
import { type CompiledPrincipals, compilePrincipals } from './principals.ts';
import { createSharedParts, type SharedParts, shared } from './shared-parts.ts';

export interface CompiledPolicy {
  /** The document, or its text. */
  readonly origin: PolicyDocument | string;
  /** What any of the statements that deny, and of those that allow, may be about: the bits of `Reach`. */
  readonly denyVerbs: number;
  readonly denyServices: number;
  readonly allowVerbs: number;
  readonly allowServices: number;
  readonly denies: readonly CompiledStatement[];
  readonly allows: readonly CompiledStatement[];
  /** The statements of a long document by the actions that they name. */
  readonly index: PolicyIndex | undefined;
}

export interface CompiledStatement {
  /** What the statement may be about: the bits of `Reach`. */
  readonly verbs: number;
  readonly services: number;
  /** Position in the document. */
  readonly index: number;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: CompiledActions;
  /** Undefined: trust policies have none, and match every resource; so does a list with `*` in it. */
  readonly resources: CompiledResources | undefined;
  /** Undefined: identity policies have none, and match every principal. */
  readonly principals: CompiledPrincipals | undefined;
  readonly conditions: readonly Condition[];
}

export interface CompiledResources {
  readonly isNegated: boolean;
  /** One of the patterns is `*`. */
  readonly hasAny: boolean;
  readonly patterns: readonly ArnPattern[];
}

/** @throws Error when the text is no policy document: callers validate what users give before they store it. */
export function compilePolicy(text: string): CompiledPolicy {
  return compiled(parsed(text), text, undefined);
}

/** Compiles very many policies, which share what they have in common. */
export function createPolicyCompiler(): (text: string) => CompiledPolicy {
  const parts = createSharedParts();
  return (text) => compiled(parsed(text), text, parts);
}

export function compileDocument(document: PolicyDocument): CompiledPolicy {
  return compiled(document, document, undefined);
}

/** The document that was compiled, statement by statement. */
export function documentOf({ origin }: CompiledPolicy): PolicyDocument {
  return typeof origin === 'string' ? parsed(origin) : origin;
}

function parsed(text: string): PolicyDocument {
  const result = parseDocument(text);
  if ('problem' in result) throw new Error(`the text is no policy document: ${result.problem.kind} in ${result.problem.element}`);
  return result.document;
}

function compiled(document: PolicyDocument, origin: CompiledPolicy['origin'], parts: SharedParts | undefined): CompiledPolicy {
  const hasVariables = document.version === '2012-10-17';
  const statements = document.statements.map((statement, index) => compileStatement(statement, index, hasVariables, parts));
  return { ...inForce(statements), origin };
}

/** The same document with other statements in force: for what-if questions. */
export function withStatements({ origin }: CompiledPolicy, statements: readonly CompiledStatement[]): CompiledPolicy {
  return { ...inForce(statements), origin };
}

/** In their order in the document. */
export function statementsOf({ denies, allows }: CompiledPolicy): readonly CompiledStatement[] {
  return [...denies, ...allows].sort((left, right) => left.index - right.index);
}

function compileStatement(statement: Statement, index: number, hasVariables: boolean, parts: SharedParts | undefined): CompiledStatement {
  const { actions, conditions, effect, principals, resources } = statement;
  return {
    ...reachOf(actions),
    index,
    effect,
    actions: compileActions(actions, parts),
    resources: resources === undefined ? undefined : sharedResources(resources, hasVariables, parts),
    principals:
      principals === undefined ? undefined : shared(parts?.principals, JSON.stringify(principals), () => compilePrincipals(principals)),
    conditions: conditions.length === 0 ? nothing : conditions.map((each) => sharedCondition(each, hasVariables, parts)),
  };
}

function sharedResources(element: ElementList, hasVariables: boolean, parts: SharedParts | undefined): CompiledResources | undefined {
  // One resource is most often a policy's own; only longer lists are worth the room.
  const table = element.values.length > 1 ? parts?.resources : undefined;
  return shared(table, `${hasVariables} ${element.isNegated} ${element.values.join(' ')}`, () => compileResources(element, hasVariables));
}

function sharedCondition(element: ConditionElement, hasVariables: boolean, parts: SharedParts | undefined): Condition {
  return shared(parts?.conditions, `${hasVariables} ${JSON.stringify(element)}`, () => compileCondition(element, hasVariables));
}

const nothing: readonly never[] = [];

function compileResources({ isNegated, values }: ElementList, hasVariables: boolean): CompiledResources | undefined {
  const hasAny = values.includes('*');
  if (hasAny && !isNegated) return undefined;
  // Missing parts of a short ARN count as `*`.
  const patterns = values.map((value) => compileArnPattern(value, hasVariables, true)).filter((pattern) => pattern !== undefined);
  return { isNegated, hasAny, patterns };
}

function inForce(statements: readonly CompiledStatement[]): Omit<CompiledPolicy, 'origin'> {
  const denies = statements.filter(({ effect }) => effect === 'Deny');
  const allows = statements.filter(({ effect }) => effect === 'Allow');
  return {
    denyVerbs: union(denies, 'verbs'),
    denyServices: union(denies, 'services'),
    allowVerbs: union(allows, 'verbs'),
    allowServices: union(allows, 'services'),
    denies: denies.length === 0 ? nothing : denies,
    allows: allows.length === 0 ? nothing : allows,
    index: indexOf(statements),
  };
}

function union(statements: readonly CompiledStatement[], bits: keyof Reach): number {
  return statements.reduce((sum, statement) => sum | statement[bits], 0);
}
