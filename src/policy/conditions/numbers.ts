// Numeric operators: integers and decimals. A side that is no number matches nothing.
import type { Prepare } from './operators.ts';

export function numericTest(compare: (value: number, limit: number) => boolean): Prepare {
  return (templates) => {
    const limits = templates.map(({ text }) => parseNumber(text)).filter((limit) => limit !== undefined);
    return (value) => {
      const number = parseNumber(value);
      return number !== undefined && limits.some((limit) => compare(number, limit));
    };
  };
}

export function parseNumber(text: string): number | undefined {
  return /^[+-]?(?:\d{1,32}(?:\.\d{0,32})?|\.\d{1,32})(?:[eE][+-]?\d{1,3})?$/.test(text) ? Number(text) : undefined;
}
