// One statement against one request, written to be read and checked by eye: the other half of reference.ts, and as independent of the fast
// evaluator. Shares no code with it.
import type { ConditionValue, Principal } from './policy.ts';

/** A statement as JSON says it. */
export type RawStatement = Readonly<Record<string, unknown>>;

export interface Facts {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
  /** By key in lower case. */
  readonly context: ReadonlyMap<string, ConditionValue>;
  readonly hasBoundary: boolean;
  /** The document's version is 2012-10-17. */
  readonly hasVariables: boolean;
}

export type Naming = 'direct' | 'role' | 'issuer' | 'account';

/** How the statement names the caller if it applies; undefined if it does not apply. */
export function applies(statement: RawStatement, facts: Facts): Naming | undefined {
  if (!actionApplies(statement, facts)) return undefined;
  if (!resourceApplies(statement, facts)) return undefined;
  if (!conditionsApply(statement['Condition'], facts)) return undefined;
  return principalNames(statement, facts);
}

function listOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).map((item) => String(item));
}

// --- Patterns. A pattern is a list of characters and wildcards; matching tries everything. ---

type Sign = '*one*' | '*many*';
type Token = { readonly literal: string } | { readonly sign: Sign };

function tokens(text: string): readonly Token[] {
  return [...text].map((character) =>
    character === '*' ? { sign: '*many*' } : character === '?' ? { sign: '*one*' } : { literal: character },
  );
}

function literal(text: string): readonly Token[] {
  return [...text].map((character) => ({ literal: character }));
}

function matches(pattern: readonly Token[], text: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text.length === 0;
  if ('literal' in first) return text[0] === first.literal && matches(rest, text.slice(1));
  if (first.sign === '*one*') return text.length > 0 && matches(rest, text.slice(1));
  return matches(rest, text) || (text.length > 0 && matches(pattern, text.slice(1)));
}

function textMatches(pattern: readonly Token[], text: string): boolean {
  return matches(pattern, [...text]);
}

/** Each variable replaced by its value, character by character literal; undefined when one has none. */
function filledIn(text: string, facts: Facts): readonly Token[] | undefined {
  if (!facts.hasVariables) return tokens(text);
  const match = /^([\s\S]*?)\$\{([^}']*,\s*'[^']*'\s*|[^}]*)\}([\s\S]*)$/.exec(text);
  if (match === null) return tokens(text);
  const [, before = '', inside = '', after = ''] = match;
  const value = variableValue(inside, facts);
  const rest = filledIn(after, facts);
  return value === undefined || rest === undefined ? undefined : [...tokens(before), ...literal(value), ...rest];
}

function variableValue(inside: string, { context }: Facts): string | undefined {
  if (inside === '*' || inside === '?' || inside === '$') return inside;
  const withDefault = /^([^,]+),\s*'([^']*)'\s*$/.exec(inside);
  const value = context.get((withDefault?.[1] ?? inside).trim().toLowerCase());
  return typeof value === 'string' ? value : withDefault?.[2];
}

/** The text without wildcards, for operators that have none. */
function filledInText(text: string, facts: Facts): string | undefined {
  return filledIn(text, facts)
    ?.map((token) => ('literal' in token ? token.literal : token.sign === '*one*' ? '?' : '*'))
    .join('');
}

// --- Action and Resource. ---

function actionApplies(statement: RawStatement, { action }: Facts): boolean {
  const covers = (pattern: string): boolean => {
    const isWellFormed = pattern.includes(':') || /^\*+$/.test(pattern);
    return isWellFormed && textMatches(tokens(pattern.toLowerCase()), action.toLowerCase());
  };
  if ('NotAction' in statement) return !listOf(statement['NotAction']).some(covers);
  return 'Action' in statement && listOf(statement['Action']).some(covers);
}

function resourceApplies(statement: RawStatement, facts: Facts): boolean {
  if ('NotResource' in statement) return !listOf(statement['NotResource']).some((pattern) => resourceCovers(pattern, facts));
  return !('Resource' in statement) || listOf(statement['Resource']).some((pattern) => resourceCovers(pattern, facts));
}

function resourceCovers(pattern: string, facts: Facts): boolean {
  if (pattern === '*') return true;
  const given = pattern.split(':');
  const wanted = [0, 1, 2, 3, 4].map((index) => given[index] ?? '*');
  const last = given.length > 5 ? given.slice(5).join(':') : '*';
  const parts = arnParts(facts.resource);
  if (parts === undefined) {
    const [scheme = '', ...others] = wanted;
    return textMatches(tokens(scheme), 'arn') && [...others, last].every((part) => /^\*+$/.test(part));
  }
  const lastTokens = filledIn(last, facts);
  if (lastTokens === undefined) return false;
  return wanted.every((part, index) => textMatches(tokens(part), parts[index] ?? '')) && textMatches(lastTokens, parts[5] ?? '');
}

/** The six parts of an ARN; undefined when the text is none. */
function arnParts(text: string): readonly string[] | undefined {
  const parts = text.split(':');
  return parts[0] === 'arn' && parts.length >= 6 ? [...parts.slice(0, 5), parts.slice(5).join(':')] : undefined;
}

// --- Principal. ---

function principalNames(statement: RawStatement, facts: Facts): Naming | undefined {
  if ('NotPrincipal' in statement) {
    const isListed = namings(statement['NotPrincipal'], facts).length > 0;
    return !isListed || (facts.hasBoundary && statement['Effect'] === 'Deny') ? 'direct' : undefined;
  }
  if (!('Principal' in statement)) return 'direct';
  const found = namings(statement['Principal'], facts);
  return (['direct', 'role', 'issuer', 'account'] as const).find((naming) => found.includes(naming));
}

function namings(element: unknown, facts: Facts): readonly Naming[] {
  if (element === '*') return ['direct'];
  return Object.entries(element ?? {})
    .flatMap(([kind, values]) => listOf(values).map((value) => naming(kind, value, facts)))
    .filter((each) => each !== undefined);
}

function naming(kind: string, value: string, { principal }: Facts): Naming | undefined {
  const { arn, account, roleArn, uniqueId, issuerArn } = principal;
  const isInAccount = ['root', 'user', 'role-session', 'federated-user'].includes(principal.kind);
  if (kind === 'Service')
    return principal.kind === 'service' && [arn, ...(principal.serviceNames ?? [])].includes(value) ? 'direct' : undefined;
  if (kind === 'Federated') return ['web-identity', 'saml'].includes(principal.kind) && [arn, '*'].includes(value) ? 'direct' : undefined;
  const ofAccount = principal.kind === 'root' ? 'direct' : 'account';
  if (kind === 'CanonicalUser') return isInAccount && value === principal.canonicalUserId ? ofAccount : undefined;
  if (value === '*') return 'direct';
  if (!isInAccount || account === undefined) return undefined;
  if (value === account || (/^arn:[^:]*:iam::\d{12}:root$/.test(value) && value.split(':')[4] === account)) return ofAccount;
  if (value === arn) return 'direct';
  if (value === uniqueId) {
    if (principal.kind === 'user') return 'direct';
    if (roleArn !== undefined) return 'role';
    return issuerArn === undefined ? undefined : 'issuer';
  }
  if (value === roleArn) return 'role';
  return value === issuerArn ? 'issuer' : undefined;
}

// --- Condition. ---

function conditionsApply(block: unknown, facts: Facts): boolean {
  return Object.entries(block ?? {}).every(([operator, keys]) =>
    Object.entries(keys as Readonly<Record<string, unknown>>).every(([key, values]) =>
      conditionApplies(operator, key, listOf(values), facts),
    ),
  );
}

function conditionApplies(operator: string, key: string, wanted: readonly string[], facts: Facts): boolean {
  const match = /^(?:(forallvalues|foranyvalue):)?(.*?)(ifexists)?$/.exec(operator.toLowerCase());
  const [, quantifier, base = '', ifExists] = match ?? [];
  const present = facts.context.get(key.toLowerCase());
  const values = present === undefined ? [] : typeof present === 'string' ? [present] : present;
  if (base === 'null')
    return ifExists === undefined && wanted.some((value) => value.toLowerCase() === (values.length === 0 ? 'true' : 'false'));
  const test = comparisons[base.replace('not', '')];
  const isNegated = base.includes('not');
  if (test === undefined || (isNegated && !negatable.has(base))) return false;
  const holds = (value: string): boolean => wanted.some((each) => test(each, value, facts)) !== isNegated;
  if (values.length === 0) return quantifier === 'forallvalues' || ifExists !== undefined || (quantifier === undefined && isNegated);
  if (quantifier === 'forallvalues') return (values.length === 1 && values[0] === '') || values.every(holds);
  if (quantifier === 'foranyvalue') return values.some(holds);
  return values.length === 1 && holds(values[0] ?? '');
}

type Comparison = (wanted: string, value: string, facts: Facts) => boolean;

const negatable = new Set(
  'stringnotequals stringnotequalsignorecase stringnotlike numericnotequals datenotequals notipaddress arnnotequals arnnotlike'.split(' '),
);

const like: Comparison = (wanted, value, facts) => {
  const pattern = filledIn(wanted, facts);
  return pattern !== undefined && textMatches(pattern, value);
};

const numeric = (compare: (value: number, limit: number) => boolean): Comparison => compared(numberOf, compare);
const date = (compare: (value: number, limit: number) => boolean): Comparison => compared(instantOf, compare);

function compared(read: (text: string) => number | undefined, compare: (value: number, limit: number) => boolean): Comparison {
  return (wanted, value) => {
    const [limit, number] = [read(wanted), read(value)];
    return limit !== undefined && number !== undefined && compare(number, limit);
  };
}

const comparisons: Readonly<Record<string, Comparison>> = {
  stringequals: (wanted, value, facts) => filledInText(wanted, facts) === value,
  stringequalsignorecase: (wanted, value, facts) => filledInText(wanted, facts)?.toLowerCase() === value.toLowerCase(),
  stringlike: like,
  numericequals: numeric((value, limit) => value === limit),
  numericlessthan: numeric((value, limit) => value < limit),
  numericlessthanequals: numeric((value, limit) => value <= limit),
  numericgreaterthan: numeric((value, limit) => value > limit),
  numericgreaterthanequals: numeric((value, limit) => value >= limit),
  dateequals: date((value, limit) => value === limit),
  datelessthan: date((value, limit) => value < limit),
  datelessthanequals: date((value, limit) => value <= limit),
  dategreaterthan: date((value, limit) => value > limit),
  dategreaterthanequals: date((value, limit) => value >= limit),
  bool: (wanted, value, facts) => /^(true|false)$/i.test(value) && filledInText(wanted, facts)?.toLowerCase() === value.toLowerCase(),
  binaryequals: (wanted, value) => bytesOf(wanted) !== undefined && bytesOf(wanted) === bytesOf(value),
  ipaddress: (wanted, value) => isInBlock(wanted, value),
  arnequals: arnLike,
  arnlike: arnLike,
};

function arnLike(wanted: string, value: string, facts: Facts): boolean {
  const pattern = filledIn(wanted, facts);
  const parts = arnParts(value);
  if (pattern === undefined || parts === undefined) return false;
  const wantedParts: Token[][] = [[]];
  for (const token of pattern) {
    if ('literal' in token && token.literal === ':' && wantedParts.length < 6) wantedParts.push([]);
    else wantedParts.at(-1)?.push(token);
  }
  return wantedParts.length === 6 && wantedParts.every((part, index) => textMatches(part, parts[index] ?? ''));
}

function numberOf(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : undefined;
}

/** Digits alone are epoch seconds; everything else is W3C's profile of ISO 8601, in UTC when it names no zone. */
function instantOf(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!/^\d{4}-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?$/i.test(text)) return undefined;
  const isLocal = /T/i.test(text) && !/(Z|[+-]\d{2}:?\d{2})$/i.test(text);
  if (/T24/i.test(text)) return undefined;
  const instant = Date.parse(isLocal ? `${text}Z` : text);
  return Number.isNaN(instant) ? undefined : instant;
}

function bytesOf(text: string): string | undefined {
  return /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) ? atob(text) : undefined;
}

/** Addresses as strings of bits, so that a block is a common beginning. A request may print its address as a block of one. */
function isInBlock(block: string, value: string): boolean {
  const [base = '', length] = block.split('/');
  const [address = '', valueLength] = value.split('/');
  const [bits, valueBits] = [bitsOf(base), bitsOf(address)];
  if (bits === undefined || valueBits === undefined || bits.length !== valueBits.length) return false;
  if (valueLength !== undefined && Number(valueLength) !== valueBits.length) return false;
  const prefix = length === undefined ? bits.length : Number(length);
  return prefix <= bits.length && bits.slice(0, prefix) === valueBits.slice(0, prefix);
}

function bitsOf(address: string): string | undefined {
  if (!address.includes(':')) return binaryOf(address.split('.'), 4, 10, 8);
  const [head = '', tail] = address.split('::');
  const [before = [], after = []] = [head, tail ?? ''].map((half) =>
    half
      .split(':')
      .filter((group) => group !== '')
      .flatMap(groupsOf),
  );
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  return binaryOf([...before, ...Array.from({ length: missing }, () => '0'), ...after], 8, 16, 16);
}

/** A group of an IPv6 address; an IPv4 address at its end is two. */
function groupsOf(group: string): readonly string[] {
  if (!group.includes('.')) return [group];
  const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
}

function binaryOf(groups: readonly string[], count: number, radix: 10 | 16, bits: number): string | undefined {
  const isRight = groups.length === count && groups.every((group) => (radix === 10 ? /^\d{1,3}$/ : /^[0-9a-f]{1,4}$/i).test(group));
  const numbers = groups.map((group) => Number.parseInt(group, radix));
  if (!isRight || numbers.some((number) => number >= 2 ** bits)) return undefined;
  return numbers.map((number) => number.toString(2).padStart(bits, '0')).join('');
}
