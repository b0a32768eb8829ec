// Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, and the escapes `${*}`, `${?}`, `${$}`.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
import { compileGlob, type Glob, globMatches, literalPattern, type Pattern, patternMatches, patternOf } from './glob.ts';
import type { ConditionContext } from './policy.ts';

/** A text of a policy, with or without variables. */
export interface Template {
  readonly text: string;
  /** Undefined when the text has no variables: then the text itself is all there is. */
  readonly parts: readonly TemplatePart[] | undefined;
}

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'escaped'; readonly text: string }
  | { readonly kind: 'variable'; readonly key: string; readonly fallback: string | undefined };

/** Variables are read only in documents of version 2012-10-17; elsewhere `${…}` is plain text. */
export function compileTemplate(text: string, hasVariables: boolean): Template {
  const parts = hasVariables && text.includes('${') ? parse(text) : undefined;
  const isPlain = parts === undefined || parts.every((part) => part.kind === 'text');
  return { text, parts: isPlain ? undefined : parts };
}

function parse(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf('${', at);
    const end = start < 0 ? -1 : closingBrace(text, start);
    if (end < 0) break;
    if (start > at) parts.push({ kind: 'text', text: text.slice(at, start) });
    parts.push(variable(text.slice(start + 2, end)));
    at = end + 1;
  }
  if (at < text.length) parts.push({ kind: 'text', text: text.slice(at) });
  return parts;
}

/** The first closing brace that does not stand inside a quoted default; -1 when there is none. */
function closingBrace(text: string, start: number): number {
  const end = text.indexOf('}', start);
  const inside = text.slice(start, Math.max(start, end));
  const quote = inside.indexOf("'");
  if (quote < 0 || !inside.slice(0, quote).trimEnd().endsWith(',')) return end;
  const closing = text.indexOf("'", start + quote + 1);
  return closing < 0 ? end : text.indexOf('}', closing);
}

function variable(inside: string): TemplatePart {
  if (inside === '*' || inside === '?' || inside === '$') return { kind: 'escaped', text: inside };
  const comma = inside.indexOf(',');
  const fallback = comma < 0 ? undefined : quotedText(inside.slice(comma + 1).trim());
  const key = fallback === undefined ? inside : inside.slice(0, comma);
  return { kind: 'variable', key: key.trim().toLowerCase(), fallback };
}

function quotedText(text: string): string | undefined {
  const isQuoted = text.length >= 2 && text.startsWith("'") && text.indexOf("'", 1) === text.length - 1;
  return isQuoted ? text.slice(1, -1) : undefined;
}

/** The value of a variable: only single-valued keys have one. */
function partValue(part: TemplatePart, context: ConditionContext): string | undefined {
  if (part.kind !== 'variable') return part.text;
  const value = context.get(part.key);
  return typeof value === 'string' ? value : part.fallback;
}

/** The text with its variables filled in, for operators without wildcards; undefined when one has no value. */
export function resolveText(template: Template, context: ConditionContext): string | undefined {
  if (template.parts === undefined) return template.text;
  let text = '';
  for (const part of template.parts) {
    const resolved = partValue(part, context);
    if (resolved === undefined) return undefined;
    text += resolved;
  }
  return text;
}

/** The pattern with its variables filled in; what they bring is literal. */
export function resolvePattern(template: Template, context: ConditionContext): Pattern | undefined {
  if (template.parts === undefined) return patternOf(template.text);
  const codes: number[] = [];
  for (const part of template.parts) {
    const resolved = partValue(part, context);
    if (resolved === undefined) return undefined;
    codes.push(...(part.kind === 'text' ? patternOf(resolved) : literalPattern(resolved)));
  }
  return codes;
}

/** A text of a policy as a pattern: compiled once, or filled in for each request when it has variables. */
export type TextPattern = Glob | TemplatePattern;

interface TemplatePattern {
  readonly kind: 'template';
  /** What every text that matches begins with. */
  readonly text: string;
  readonly template: Template;
}

export function compileTextPattern(text: string, hasVariables: boolean): TextPattern {
  const template = compileTemplate(text, hasVariables);
  if (template.parts === undefined) return compileGlob(text);
  const [first] = template.parts;
  return { kind: 'template', text: first?.kind === 'text' ? (first.text.split(wildcard)[0] ?? '') : '', template };
}

/** Whether the text matches; a variable without a value matches nothing. */
export function textMatches(pattern: TextPattern, text: string, context: ConditionContext): boolean {
  if (pattern.kind !== 'template') return globMatches(pattern, text);
  // Most patterns fail at their first words, long before a variable is looked up.
  return text.startsWith(pattern.text) && filledInMatches(pattern.template, text, context);
}

const wildcard = /[*?]/;

function filledInMatches(template: Template, text: string, context: ConditionContext): boolean {
  let filledIn = '';
  for (const part of template.parts ?? []) {
    const resolved = partValue(part, context);
    if (resolved === undefined) return false;
    if (part.kind !== 'text' && wildcard.test(resolved)) {
      // A wildcard that is no wildcard: the slower form can tell them apart.
      const pattern = resolvePattern(template, context);
      return pattern !== undefined && patternMatches(pattern, text);
    }
    filledIn += resolved;
  }
  return globMatches(compileGlob(filledIn), text);
}
