// Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, and the escapes `${*}`, `${?}`, `${$}`.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
import { compileGlob, type Glob, literalPattern, type Pattern, patternMatches, patternOf } from './glob.ts';
import type { ConditionContext } from './policy.ts';

/** A text of a policy, with or without variables. */
export interface Template {
  readonly text: string;
  /** Undefined when the text has no variables: then `glob` is all there is. */
  readonly parts: readonly TemplatePart[] | undefined;
  readonly glob: Glob;
}

type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'escaped'; readonly text: string }
  | { readonly kind: 'variable'; readonly key: string; readonly fallback: string | undefined };

/** Variables are read only in documents of version 2012-10-17; elsewhere `${…}` is plain text. */
export function compileTemplate(text: string, hasVariables: boolean): Template {
  const parts = hasVariables && text.includes('${') ? parse(text) : undefined;
  const isPlain = parts === undefined || parts.every((part) => part.kind === 'text');
  return { text, parts: isPlain ? undefined : parts, glob: compileGlob(text) };
}

function parse(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf('${', at);
    const end = start < 0 ? -1 : text.indexOf('}', start);
    if (end < 0) break;
    if (start > at) parts.push({ kind: 'text', text: text.slice(at, start) });
    parts.push(variable(text.slice(start + 2, end)));
    at = end + 1;
  }
  if (at < text.length) parts.push({ kind: 'text', text: text.slice(at) });
  return parts;
}

function variable(inside: string): TemplatePart {
  if (inside === '*' || inside === '?' || inside === '$') return { kind: 'escaped', text: inside };
  const match = /^([^,]+?)\s*(?:,\s*'([^']*)'\s*)?$/.exec(inside);
  return { kind: 'variable', key: (match?.[1] ?? inside).trim().toLowerCase(), fallback: match?.[2] };
}

/** The value of a variable: only single-valued keys have one. */
function variableValue(part: TemplatePart & { readonly kind: 'variable' }, context: ConditionContext): string | undefined {
  const value = context.get(part.key);
  if (typeof value === 'string') return value;
  return part.fallback;
}

/** The text with its variables filled in, for operators without wildcards; undefined when one has no value. */
export function resolveText(template: Template, context: ConditionContext): string | undefined {
  if (template.parts === undefined) return template.text;
  let text = '';
  for (const part of template.parts) {
    const resolved = part.kind === 'variable' ? variableValue(part, context) : part.text;
    if (resolved === undefined) return undefined;
    text += resolved;
  }
  return text;
}

/** The pattern with its variables filled in; what they bring is literal. */
export function resolvePattern(template: Template, context: ConditionContext): Pattern | undefined {
  if (template.parts === undefined) return template.glob.pattern;
  const codes: number[] = [];
  for (const part of template.parts) {
    if (part.kind === 'text') codes.push(...patternOf(part.text));
    else {
      const resolved = part.kind === 'variable' ? variableValue(part, context) : part.text;
      if (resolved === undefined) return undefined;
      codes.push(...literalPattern(resolved));
    }
  }
  return codes;
}

/** Whether the text matches; a variable without a value matches nothing. */
export function templateMatches(template: Template, text: string, context: ConditionContext): boolean {
  const pattern = resolvePattern(template, context);
  return pattern !== undefined && patternMatches(pattern, text);
}
