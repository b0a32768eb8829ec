// A policy document made ready for evaluation: every pattern is compiled once, so that a decision only compares.
import { type Condition, compileCondition } from './conditions/condition.ts';
import { type ElementList, type PolicyDocument, type PrincipalElement, parseDocument, type Statement } from './document.ts';
import { compileGlob, type Glob } from './glob.ts';
import { compileTemplate, type Template } from './template.ts';

export interface CompiledPolicy {
  readonly document: PolicyDocument;
  readonly statements: readonly CompiledStatement[];
}

export interface CompiledStatement {
  /** Position in the document. */
  readonly index: number;
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  /** Undefined: the statement has no such element and then matches no action. */
  readonly actions: CompiledActions | undefined;
  /** Undefined: trust policies have none, and match every resource. */
  readonly resources: CompiledResources | undefined;
  /** Undefined: identity policies have none, and match every principal. */
  readonly principals: PrincipalElement | undefined;
  readonly conditions: readonly Condition[];
  readonly source: Statement;
}

export interface CompiledActions {
  readonly isNegated: boolean;
  /** In lower case: actions are compared without regard to case. */
  readonly globs: readonly Glob[];
}

export interface CompiledResources {
  readonly isNegated: boolean;
  readonly patterns: readonly ResourcePattern[];
}

export interface ResourcePattern {
  readonly text: string;
  /** The pattern is `*`. */
  readonly isAny: boolean;
  /** Partition, service, region and account; missing parts of a short ARN count as `*`. */
  readonly heads: readonly Glob[];
  readonly resource: Template;
}

/** @throws Error when the text is no policy document: callers validate what users give before they store it. */
export function compilePolicy(text: string): CompiledPolicy {
  const parsed = parseDocument(text);
  if ('problem' in parsed) throw new Error(`the text is no policy document: ${parsed.problem.kind} in ${parsed.problem.element}`);
  return compileDocument(parsed.document);
}

export function compileDocument(document: PolicyDocument): CompiledPolicy {
  const hasVariables = document.version === '2012-10-17';
  return { document, statements: document.statements.map((statement, index) => compileStatement(statement, index, hasVariables)) };
}

function compileStatement(statement: Statement, index: number, hasVariables: boolean): CompiledStatement {
  return {
    index,
    sid: statement.sid,
    effect: statement.effect,
    actions: statement.actions === undefined ? undefined : compileActions(statement.actions),
    resources: statement.resources === undefined ? undefined : compileResources(statement.resources, hasVariables),
    principals: statement.principals,
    conditions: statement.conditions.map((condition) => compileCondition(condition, hasVariables)),
    source: statement,
  };
}

function compileActions({ isNegated, values }: ElementList): CompiledActions {
  return { isNegated, globs: values.map((value) => compileGlob(value.toLowerCase())) };
}

function compileResources({ isNegated, values }: ElementList, hasVariables: boolean): CompiledResources {
  return { isNegated, patterns: values.map((value) => compileResource(value, hasVariables)) };
}

function compileResource(text: string, hasVariables: boolean): ResourcePattern {
  const parts = splitResource(text);
  const heads = [1, 2, 3, 4].map((index) => compileGlob(parts[index] ?? '*'));
  return { text, isAny: text === '*', heads, resource: compileTemplate(parts[5] ?? '*', hasVariables) };
}

/** At most six parts: the sixth keeps its colons. */
function splitResource(text: string): readonly string[] {
  const parts = text.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}
