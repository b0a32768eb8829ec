// A policy document made ready for evaluation: every pattern is compiled once, and the statements are sorted by the service whose actions
// they are about, so that a decision only looks at those that can apply.
import { type ArnPattern, compileArnPattern } from './arn-pattern.ts';
import { type Condition, compileCondition } from './conditions/condition.ts';
import { type ElementList, type PolicyDocument, parseDocument, type Statement } from './document.ts';
import { compileGlob, type Glob } from './glob.ts';
import { type CompiledPrincipals, compilePrincipals } from './principals.ts';

export interface CompiledPolicy {
  readonly document: PolicyDocument;
  readonly statements: readonly CompiledStatement[];
  /** By service prefix in lower case; `others` are for services that no statement names. */
  readonly byService: ReadonlyMap<string, Candidates>;
  readonly others: Candidates;
}

export interface CompiledStatement {
  /** Position in the document. */
  readonly index: number;
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  /** Undefined: trust policies have none, and match every resource; so does a list with `*` in it. */
  readonly resources: CompiledResources | undefined;
  /** Undefined: identity policies have none, and match every principal. */
  readonly principals: CompiledPrincipals | undefined;
  readonly conditions: readonly Condition[];
  readonly source: Statement;
}

/** The statements that may apply to the actions of one service, with what they say about them. */
export interface Candidates {
  readonly denies: readonly Candidate[];
  readonly allows: readonly Candidate[];
}

export interface Candidate {
  readonly statement: CompiledStatement;
  readonly actions: ActionTest;
}

/** In lower case: actions are compared without regard to case. */
export interface ActionTest {
  /** Every action of the service, whatever its name. */
  readonly isAll: boolean;
  /** NotAction: the names and patterns are those that are left out. */
  readonly isNegated: boolean;
  readonly names: readonly string[] | ReadonlySet<string>;
  readonly globs: readonly Glob[];
}

export interface CompiledResources {
  readonly isNegated: boolean;
  /** One of the patterns is `*`. */
  readonly hasAny: boolean;
  readonly patterns: readonly ArnPattern[];
}

/** @throws Error when the text is no policy document: callers validate what users give before they store it. */
export function compilePolicy(text: string): CompiledPolicy {
  const parsed = parseDocument(text);
  if ('problem' in parsed) throw new Error(`the text is no policy document: ${parsed.problem.kind} in ${parsed.problem.element}`);
  return compileDocument(parsed.document);
}

export function compileDocument(document: PolicyDocument): CompiledPolicy {
  const hasVariables = document.version === '2012-10-17';
  return indexed(
    document,
    document.statements.map((statement, index) => compileStatement(statement, index, hasVariables)),
  );
}

/** The same document with other statements in force: for what-if questions. */
export function withStatements({ document }: CompiledPolicy, statements: readonly CompiledStatement[]): CompiledPolicy {
  return indexed(document, statements);
}

function compileStatement(statement: Statement, index: number, hasVariables: boolean): CompiledStatement {
  return {
    index,
    sid: statement.sid,
    effect: statement.effect,
    resources: statement.resources === undefined ? undefined : compileResources(statement.resources, hasVariables),
    principals: statement.principals === undefined ? undefined : compilePrincipals(statement.principals),
    conditions: statement.conditions.map((condition) => compileCondition(condition, hasVariables)),
    source: statement,
  };
}

function compileResources({ isNegated, values }: ElementList, hasVariables: boolean): CompiledResources | undefined {
  const hasAny = values.includes('*');
  if (hasAny && !isNegated) return undefined;
  // Missing parts of a short ARN count as `*`.
  const patterns = values.map((value) => compileArnPattern(value, hasVariables, true)).filter((pattern) => pattern !== undefined);
  return { isNegated, hasAny, patterns };
}

function indexed(document: PolicyDocument, statements: readonly CompiledStatement[]): CompiledPolicy {
  const sorted = statements.map((statement) => sortActions(statement));
  const services = new Set(sorted.flatMap(({ byService }) => [...byService.keys()]));
  const byService = new Map<string, Candidates>();
  for (const service of services) byService.set(service, candidatesFor(service, sorted));
  return { document, statements, byService, others: candidatesFor(undefined, sorted) };
}

/** A statement's action patterns by service, with what it says about services that it does not name. */
interface SortedStatement {
  readonly statement: CompiledStatement;
  readonly isNegated: boolean;
  readonly byService: ReadonlyMap<string, readonly ActionPattern[]>;
  /** Patterns that may be about any service. */
  readonly general: readonly ActionPattern[];
  readonly otherwise: Candidate | undefined;
}

interface ActionPattern {
  readonly isAll: boolean;
  readonly glob: Glob;
}

function sortActions(statement: CompiledStatement): SortedStatement {
  const { actions } = statement.source;
  const byService = new Map<string, ActionPattern[]>();
  const general: ActionPattern[] = [];
  for (const value of actions?.values ?? []) {
    const text = value.toLowerCase();
    const colon = text.indexOf(':');
    const [service, name] = colon < 0 ? [text, text] : [text.slice(0, colon), text.slice(colon + 1)];
    const isAll = /^\*+$/.test(name);
    // Without a colon only stars alone are a pattern of actions.
    if (colon < 0 && !isAll) continue;
    if (/[*?]/.test(service)) general.push({ isAll: isAll && /^\*+$/.test(service), glob: compileGlob(text) });
    else {
      const known = byService.get(service);
      if (known === undefined) byService.set(service, [{ isAll, glob: compileGlob(text) }]);
      else known.push({ isAll, glob: compileGlob(text) });
    }
  }
  const isNegated = actions?.isNegated === true;
  const test = actions === undefined ? undefined : actionTest(isNegated, general);
  return { statement, isNegated, byService, general, otherwise: test === undefined ? undefined : { statement, actions: test } };
}

const noCandidates: readonly Candidate[] = [];

/** What the statements say about a service's actions; `undefined` stands for all services that none of them names. */
function candidatesFor(service: string | undefined, sorted: readonly SortedStatement[]): Candidates {
  const denies: Candidate[] = [];
  const allows: Candidate[] = [];
  for (const each of sorted) {
    const candidate = candidateFor(service, each);
    if (candidate !== undefined) (each.statement.effect === 'Deny' ? denies : allows).push(candidate);
  }
  return { denies: denies.length === 0 ? noCandidates : denies, allows: allows.length === 0 ? noCandidates : allows };
}

function candidateFor(service: string | undefined, { statement, isNegated, byService, general, otherwise }: SortedStatement) {
  const patterns = service === undefined ? undefined : byService.get(service);
  if (patterns === undefined) return otherwise;
  const actions = actionTest(isNegated, [...patterns, ...general]);
  return actions === undefined ? undefined : { statement, actions };
}

/** From this many names on, a set is faster than a walk. */
const setSizeMin = 8;
const everyAction: ActionTest = { isAll: true, isNegated: false, names: [], globs: [] };

/** Undefined when no action of the service can match. */
function actionTest(isNegated: boolean, patterns: readonly ActionPattern[]): ActionTest | undefined {
  if (patterns.length === 0) return isNegated ? everyAction : undefined;
  if (patterns.some(({ isAll }) => isAll)) return isNegated ? undefined : everyAction;
  const names = patterns.filter(({ glob }) => glob.kind === 'exact').map(({ glob }) => glob.text);
  const globs = patterns.filter(({ glob }) => glob.kind !== 'exact').map(({ glob }) => glob);
  return { isAll: false, isNegated, names: names.length >= setSizeMin ? new Set(names) : names, globs };
}
