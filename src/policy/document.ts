// A policy document as typed data: what the JSON text says, element by element, and what is wrong with it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

export interface PolicyDocument {
  readonly version: '2008-10-17' | '2012-10-17';
  readonly hasVersion: boolean;
  readonly id: string | undefined;
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: ElementList | undefined;
  readonly resources: ElementList | undefined;
  readonly principals: PrincipalElement | undefined;
  readonly conditions: readonly ConditionElement[];
}

export interface ElementList {
  readonly isNegated: boolean;
  readonly values: readonly string[];
}

export interface PrincipalElement {
  readonly isNegated: boolean;
  /** `*` alone stands for everybody: `{ kind: 'AWS', value: '*' }`. */
  readonly entries: readonly { readonly kind: PrincipalType; readonly value: string }[];
  /** The element is the string `"*"` and not an object. */
  readonly isStar: boolean;
}

export type PrincipalType = 'AWS' | 'Service' | 'Federated' | 'CanonicalUser';

export interface ConditionElement {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** Why a text is no policy document. `element` names the member that is wrong. */
export interface DocumentProblem {
  readonly kind: 'json' | 'structure' | 'effect' | 'version' | 'duplicate-member' | 'empty-statement';
  readonly element: string;
  /** The value that stands there, for sentences that repeat it. */
  readonly value?: string | undefined;
}

export type ParsedDocument = { readonly document: PolicyDocument } | { readonly problem: DocumentProblem };

const statementMembers = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

export function parseDocument(text: string): ParsedDocument {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: { kind: 'json', element: 'document' } };
  }
  if (hasDuplicateMembers(text)) return { problem: { kind: 'duplicate-member', element: 'document' } };
  try {
    return { document: readDocument(json) };
  } catch (error) {
    if (error instanceof ProblemError) return { problem: error.problem };
    throw error;
  }
}

class ProblemError extends Error {
  readonly problem: DocumentProblem;
  constructor(kind: DocumentProblem['kind'], element: string, value?: string) {
    super(element);
    this.problem = { kind, element, value };
  }
}

/** Of a wrong value that a sentence repeats. */
const shownCharactersMax = 64;

type JsonObject = Readonly<Record<string, unknown>>;

function asObject(value: unknown, element: string): JsonObject {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new ProblemError('structure', element);
  // Decoding boundary: a JSON object has string keys.
  return value as JsonObject;
}

function readDocument(json: unknown): PolicyDocument {
  const root = asObject(json, 'document');
  for (const name of Object.keys(root)) {
    if (name !== 'Version' && name !== 'Id' && name !== 'Statement') throw new ProblemError('structure', name);
  }
  const { Version: version, Id: id, Statement: statement } = root;
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') throw new ProblemError('version', 'Version');
  if (id !== undefined && typeof id !== 'string') throw new ProblemError('structure', 'Id');
  if (statement === undefined) throw new ProblemError('structure', 'Statement');
  const list: readonly unknown[] = Array.isArray(statement) ? statement : [statement];
  if (list.length === 0) throw new ProblemError('empty-statement', 'Statement');
  return { version: version ?? '2008-10-17', hasVersion: version !== undefined, id, statements: list.map((item) => readStatement(item)) };
}

function readStatement(json: unknown): Statement {
  const raw = asObject(json, 'Statement');
  for (const name of Object.keys(raw)) if (!statementMembers.has(name)) throw new ProblemError('structure', name);
  const { Sid: sid, Effect: effect } = raw;
  if (sid !== undefined && typeof sid !== 'string') throw new ProblemError('structure', 'Sid');
  if (effect === undefined) throw new ProblemError('structure', 'Effect');
  if (effect !== 'Allow' && effect !== 'Deny') {
    throw typeof effect === 'string'
      ? new ProblemError('effect', 'Effect', effect.slice(0, shownCharactersMax))
      : new ProblemError('structure', 'Effect');
  }
  return {
    sid,
    effect,
    actions: readPair(raw, 'Action', 'NotAction'),
    resources: readPair(raw, 'Resource', 'NotResource'),
    principals: readPrincipals(raw),
    conditions: readConditions(raw['Condition']),
  };
}

function readPair(raw: JsonObject, name: string, negatedName: string): ElementList | undefined {
  const plain = raw[name];
  const negated = raw[negatedName];
  if (plain !== undefined && negated !== undefined) throw new ProblemError('structure', negatedName);
  if (plain === undefined && negated === undefined) return undefined;
  return { isNegated: negated !== undefined, values: readStrings(plain ?? negated, plain === undefined ? negatedName : name) };
}

function readStrings(value: unknown, element: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item) => {
    if (typeof item !== 'string') throw new ProblemError('structure', element);
    return item;
  });
}

function readPrincipals(raw: JsonObject): PrincipalElement | undefined {
  const { Principal: plain, NotPrincipal: negated } = raw;
  if (plain !== undefined && negated !== undefined) throw new ProblemError('structure', 'NotPrincipal');
  const value = plain ?? negated;
  if (value === undefined) return undefined;
  const isNegated = negated !== undefined;
  if (value === '*') return { isNegated, entries: [{ kind: 'AWS', value: '*' }], isStar: true };
  const entries: { kind: PrincipalType; value: string }[] = [];
  for (const [kind, values] of Object.entries(asObject(value, 'Principal'))) {
    if (!isPrincipalType(kind)) throw new ProblemError('structure', 'Principal');
    for (const text of readStrings(values, 'Principal')) entries.push({ kind, value: text });
  }
  return { isNegated, entries, isStar: false };
}

function isPrincipalType(kind: string): kind is PrincipalType {
  return kind === 'AWS' || kind === 'Service' || kind === 'Federated' || kind === 'CanonicalUser';
}

function readConditions(value: unknown): readonly ConditionElement[] {
  if (value === undefined) return [];
  const conditions: ConditionElement[] = [];
  for (const [operator, keys] of Object.entries(asObject(value, 'Condition'))) {
    for (const [key, values] of Object.entries(asObject(keys, 'Condition'))) {
      const list: readonly unknown[] = Array.isArray(values) ? values : [values];
      conditions.push({ operator, key, values: list.map((item) => scalarText(item)) });
    }
  }
  return conditions;
}

/** Numbers and booleans may stand unquoted. */
function scalarText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new ProblemError('structure', 'Condition');
}

const code = { quote: 0x22, colon: 0x3a, openList: 0x5b, backslash: 0x5c, closeList: 0x5d, openObject: 0x7b, closeObject: 0x7d };

/**
 * JSON.parse keeps the last of duplicate members; a policy that says two things is refused. One pass with a stack of name sets, over a text
 * that is known to be JSON.
 */
function hasDuplicateMembers(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (character === code.openObject) open.push(new Set());
    else if (character === code.openList) open.push(undefined);
    else if (character === code.closeObject || character === code.closeList) open.pop();
    else if (character === code.quote) {
      const end = endOfString(text, index);
      const names = open.at(-1);
      if (names !== undefined && isMemberName(text, end + 1)) {
        const name = memberName(text.slice(index, end + 1));
        if (names.has(name)) return true;
        names.add(name);
      }
      index = end;
    }
  }
  return false;
}

function memberName(quoted: string): string {
  return quoted.includes('\\') ? JSON.parse(quoted) : quoted.slice(1, -1);
}

/** Only white space and a colon follow a member's name. */
function isMemberName(text: string, after: number): boolean {
  let index = after;
  while (text.charCodeAt(index) <= 0x20) index += 1;
  return text.charCodeAt(index) === code.colon;
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

/** An odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let count = 0;
  while (text.charCodeAt(at - 1 - count) === code.backslash) count += 1;
  return count % 2 === 1;
}
