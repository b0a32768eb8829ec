// ARN operators: six parts, each matched by itself, so that a wildcard cannot reach over a colon except in the last part.
import { type Pattern, patternMatches } from '../glob.ts';
import type { ConditionContext } from '../policy.ts';
import { resolvePattern, type Template } from '../template.ts';

const colon = 0x3a;

export function arnLike(policyValue: Template, requestValue: string, context: ConditionContext): boolean {
  const pattern = resolvePattern(policyValue, context);
  if (pattern === undefined) return false;
  const wanted = splitPattern(pattern);
  const parts = splitArn(requestValue);
  if (wanted === undefined || parts === undefined) return false;
  return wanted.every((part, index) => patternMatches(part, parts[index] ?? ''));
}

/** The six parts of an ARN; undefined when the text has fewer. */
export function splitArn(text: string): readonly string[] | undefined {
  const parts: string[] = [];
  let at = 0;
  for (let count = 0; count < 5; count += 1) {
    const end = text.indexOf(':', at);
    if (end < 0) return undefined;
    parts.push(text.slice(at, end));
    at = end + 1;
  }
  parts.push(text.slice(at));
  return parts[0] === 'arn' ? parts : undefined;
}

function splitPattern(pattern: Pattern): readonly Pattern[] | undefined {
  const parts: Pattern[] = [];
  let at = 0;
  for (let count = 0; count < 5; count += 1) {
    const end = pattern.indexOf(colon, at);
    if (end < 0) return undefined;
    parts.push(pattern.slice(at, end));
    at = end + 1;
  }
  parts.push(pattern.slice(at));
  return parts;
}
