// The Bool operator: `true` or `false` without regard to case.
import { resolveText, type Template } from '../template.ts';
import type { ValuesTest } from './operators.ts';

export function boolEquals(templates: readonly Template[]): ValuesTest {
  return (value, context) => {
    const lower = value.toLowerCase();
    if (lower !== 'true' && lower !== 'false') return false;
    return templates.some((template) => resolveText(template, context)?.toLowerCase() === lower);
  };
}
