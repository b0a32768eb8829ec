// String operators. Wildcards count only in StringLike; what a variable brings is always literal.
import { compileTextPattern, resolveText, type Template, textMatches } from '../template.ts';
import type { ValuesTest } from './operators.ts';

/** From this many values on, a set is faster than a walk. */
const setSizeMin = 8;

export function stringEquals(templates: readonly Template[]): ValuesTest {
  const plain = templates.filter(({ parts }) => parts === undefined).map(({ text }) => text);
  const withVariables = templates.filter(({ parts }) => parts !== undefined);
  const texts = plain.length >= setSizeMin ? new Set(plain) : undefined;
  const [only] = plain;
  if (plain.length === 1 && withVariables.length === 0) return (value) => value === only;
  return (value, context) =>
    (texts === undefined ? plain.includes(value) : texts.has(value)) ||
    withVariables.some((template) => resolveText(template, context) === value);
}

export function stringEqualsIgnoreCase(templates: readonly Template[]): ValuesTest {
  const plain = templates.filter(({ parts }) => parts === undefined).map(({ text }) => text.toLowerCase());
  const withVariables = templates.filter(({ parts }) => parts !== undefined);
  return (value, context) => {
    const lower = value.toLowerCase();
    return plain.includes(lower) || withVariables.some((template) => resolveText(template, context)?.toLowerCase() === lower);
  };
}

export function stringLike(templates: readonly Template[]): ValuesTest {
  const patterns = templates.map(({ text, parts }) => compileTextPattern(text, parts !== undefined));
  return (value, context) => patterns.some((pattern) => textMatches(pattern, value, context));
}
