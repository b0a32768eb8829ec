// The Bool operator: `true` or `false` without regard to case.
import { resolveText, type Template } from '../template.ts';
import type { ValuesTest } from './operators.ts';

export function boolEquals(templates: readonly Template[]): ValuesTest {
  const texts = templates.map(({ text }) => text.toLowerCase());
  if (templates.every(({ parts }) => parts === undefined)) return oneOf(texts.includes('true'), texts.includes('false'));
  return (value, context) => {
    const lower = value.toLowerCase();
    if (lower !== 'true' && lower !== 'false') return false;
    return templates.some((template) => resolveText(template, context)?.toLowerCase() === lower);
  };
}

function oneOf(isTrueWanted: boolean, isFalseWanted: boolean): ValuesTest {
  return (value) => {
    if (value === 'true') return isTrueWanted;
    if (value === 'false') return isFalseWanted;
    const lower = value.toLowerCase();
    return (lower === 'true' && isTrueWanted) || (lower === 'false' && isFalseWanted);
  };
}
