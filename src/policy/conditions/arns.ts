// ARN operators: a value that is no ARN, on either side, matches nothing. ArnEquals takes wildcards as ArnLike does.
import { type ArnPattern, arnMatches, compileArnPattern, isArn } from '../arn-pattern.ts';
import { type Pattern, patternMatches } from '../glob.ts';
import type { ConditionContext } from '../policy.ts';
import { resolvePattern, type Template } from '../template.ts';
import type { ValuesTest } from './operators.ts';

export function arnLike(templates: readonly Template[]): ValuesTest {
  const patterns: ArnPattern[] = [];
  const withVariables: Template[] = [];
  for (const template of templates) {
    const pattern = template.parts === undefined ? compileArnPattern(template.text, false, false) : undefined;
    if (pattern !== undefined) patterns.push(pattern);
    else if (template.parts !== undefined) withVariables.push(template);
  }
  return (value, context) => {
    if (!isArn(value)) return false;
    for (const pattern of patterns) if (arnMatches(pattern, value, context)) return true;
    return withVariables.some((template) => filledInMatches(template, value, context));
  };
}

const colon = 0x3a;

function filledInMatches(template: Template, value: string, context: ConditionContext): boolean {
  const pattern = resolvePattern(template, context);
  if (pattern === undefined) return false;
  let patternAt = 0;
  let valueAt = 0;
  for (let part = 0; part < 5; part += 1) {
    const patternEnd = pattern.indexOf(colon, patternAt);
    const valueEnd = value.indexOf(':', valueAt);
    if (patternEnd < 0 || valueEnd < 0) return false;
    if (!partMatches(pattern, patternAt, patternEnd, value.slice(valueAt, valueEnd))) return false;
    patternAt = patternEnd + 1;
    valueAt = valueEnd + 1;
  }
  return partMatches(pattern, patternAt, pattern.length, value.slice(valueAt));
}

function partMatches(pattern: Pattern, start: number, end: number, text: string): boolean {
  return patternMatches(pattern.slice(start, end), text);
}
