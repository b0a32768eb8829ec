// Numeric operators: integers and decimals. A side that is no number matches nothing.
import type { ValueTest } from './operators.ts';

export function numericTest(compare: (value: number, limit: number) => boolean): ValueTest {
  return (policyValue, requestValue) => {
    const limit = parseNumber(policyValue.text);
    const value = parseNumber(requestValue);
    return limit !== undefined && value !== undefined && compare(value, limit);
  };
}

export function parseNumber(text: string): number | undefined {
  return /^[+-]?(?:\d{1,32}(?:\.\d{0,32})?|\.\d{1,32})(?:[eE][+-]?\d{1,3})?$/.test(text) ? Number(text) : undefined;
}
