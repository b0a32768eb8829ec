// String operators. Wildcards count only in StringLike; what a variable brings is always literal.
import { compileTextPattern, resolveText, type Template, type TextPattern, textMatches } from '../template.ts';
import type { ValuesTest } from './operators.ts';

/** From this many values on, a set is faster than a walk. */
const setSizeMin = 8;

export function stringEquals(templates: readonly Template[]): ValuesTest {
  const plain = plainTexts(templates);
  if (plain.length < templates.length) return equalsFilledIn(templates);
  const [only] = plain;
  if (plain.length === 1 && only !== undefined) return equalsOne(only);
  return plain.length < setSizeMin ? equalsAnyOf(plain) : equalsAnyIn(new Set(plain));
}

// One function for each kind of test, so that what a test holds on to is only what it compares.
const equalsOne =
  (text: string): ValuesTest =>
  (value) =>
    value === text;
const equalsAnyOf =
  (texts: readonly string[]): ValuesTest =>
  (value) =>
    texts.includes(value);
const equalsAnyIn =
  (texts: ReadonlySet<string>): ValuesTest =>
  (value) =>
    texts.has(value);
const equalsFilledIn =
  (templates: readonly Template[]): ValuesTest =>
  (value, context) =>
    templates.some((template) => resolveText(template, context) === value);

function plainTexts(templates: readonly Template[]): readonly string[] {
  return templates.filter(({ parts }) => parts === undefined).map(({ text }) => text);
}

export function stringEqualsIgnoreCase(templates: readonly Template[]): ValuesTest {
  const lower = plainTexts(templates).map((text) => text.toLowerCase());
  const withVariables = templates.filter(({ parts }) => parts !== undefined);
  return (value, context) => {
    const wanted = value.toLowerCase();
    return lower.includes(wanted) || withVariables.some((template) => resolveText(template, context)?.toLowerCase() === wanted);
  };
}

export function stringLike(templates: readonly Template[]): ValuesTest {
  return likeAny(templates.map(({ text, parts }) => compileTextPattern(text, parts !== undefined)));
}

const likeAny =
  (patterns: readonly TextPattern[]): ValuesTest =>
  (value, context) =>
    patterns.some((pattern) => textMatches(pattern, value, context));
