// The BinaryEquals operator: both sides are base64, and are compared by the bytes that they stand for.
import type { Template } from '../template.ts';
import type { ValuesTest } from './operators.ts';

export function binaryEquals(templates: readonly Template[]): ValuesTest {
  const wanted = templates.map(({ text }) => decode(text));
  return (value) => {
    const bytes = decode(value);
    return bytes !== undefined && wanted.includes(bytes);
  };
}

/** The bytes as a text of one character each; undefined when the text is no base64. */
function decode(text: string): string | undefined {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? atob(text) : undefined;
}
