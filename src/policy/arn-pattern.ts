// Patterns of ARNs: six parts, each matched by itself, so that a wildcard cannot reach over a colon except in the last part.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
import { compileGlob, type Glob, globMatches } from './glob.ts';
import type { ConditionContext } from './policy.ts';
import { compileTextPattern, type TextPattern, textMatches } from './template.ts';

export interface ArnPattern {
  /** The first five parts; undefined when they have no wildcards, since then one comparison of the whole ARN does for all six. */
  readonly heads: readonly Glob[] | undefined;
  /** The sixth part, or the whole. */
  readonly rest: TextPattern;
}

/** Undefined when the text has fewer than six parts; with `fill`, missing parts count as `*`. */
export function compileArnPattern(text: string, hasVariables: boolean, fill: boolean): ArnPattern | undefined {
  const parts = text.split(':');
  if (parts.length < 6 && !fill) return undefined;
  const heads = [0, 1, 2, 3, 4].map((index) => compileGlob(parts[index] ?? '*'));
  const isLiteral =
    parts.length >= 6 && heads.every(({ kind }) => kind === 'exact') && !text.slice(0, endOfHeads(heads, text)).includes('${');
  if (isLiteral) return { heads: undefined, rest: compileTextPattern(text, hasVariables) };
  return { heads, rest: compileTextPattern(parts.length < 6 ? '*' : parts.slice(5).join(':'), hasVariables) };
}

export function arnMatches({ heads, rest }: ArnPattern, arn: string, context: ConditionContext): boolean {
  if (heads === undefined) return textMatches(rest, arn, context);
  const at = endOfHeads(heads, arn);
  if (at < 0) return false;
  return rest.kind === 'any' || textMatches(rest, arn.slice(at), context);
}

/** Where the sixth part begins; -1 when one of the first five does not match. */
function endOfHeads(heads: readonly Glob[], arn: string): number {
  let at = 0;
  for (const head of heads) {
    const end = arn.indexOf(':', at);
    if (end < 0) return -1;
    if (head.kind !== 'any' && !partMatches(head, arn, at, end)) return -1;
    at = end + 1;
  }
  return at;
}

function partMatches(head: Glob, arn: string, start: number, end: number): boolean {
  if (head.kind === 'exact') return end - start === head.text.length && arn.startsWith(head.text, start);
  return globMatches(head, arn.slice(start, end));
}

/** Whether the text has the form of an ARN: `arn` and five colons. */
export function isArn(text: string): boolean {
  if (!text.startsWith('arn:')) return false;
  let at = 3;
  for (let count = 0; count < 4; count += 1) {
    at = text.indexOf(':', at + 1);
    if (at < 0) return false;
  }
  return true;
}

/** Whether the pattern leaves out nothing at all. */
export function coversEverything({ heads, rest }: ArnPattern): boolean {
  const [scheme, ...others] = heads ?? [];
  if (scheme === undefined || !globMatches(scheme, 'arn')) return false;
  return rest.kind === 'any' && others.every(({ kind }) => kind === 'any');
}
