// Exact arithmetic for money and usage: whole numbers of 10^-10, rounded once where a bill must be rounded, and shares that add up to the whole.
import { amountScale } from '../../kit/billing.ts';

const decimals = 10;
const decimalForm = /^\d{1,20}(?:\.(\d{1,10}))?$/;

/** A decimal of at most ten places; undefined when the text is none. */
export function parseAmount(text: string): bigint | undefined {
  const match = decimalForm.exec(text);
  if (match === null) return undefined;
  const [whole = '0'] = text.split('.');
  return BigInt(whole) * amountScale + BigInt((match[1] ?? '').padEnd(decimals, '0'));
}

/** `1.5`, without zeros at the end. */
export function printAmount(amount: bigint): string {
  const sign = amount < 0n ? '-' : '';
  const absolute = amount < 0n ? -amount : amount;
  const fraction = (absolute % amountScale).toString().padStart(decimals, '0').replace(/0+$/, '');
  return `${sign}${absolute / amountScale}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Half a unit is rounded up; both numbers are not negative. */
export function dividedRounded(numerator: bigint, denominator: bigint): bigint {
  return (2n * numerator + denominator) / (2n * denominator);
}

/**
 * Whole shares of a whole by weight, which add up to it exactly: each gets its part rounded down, and what is left goes by one to the largest
 * remainders, the earlier one first among equals.
 */
export function shares(whole: bigint, weights: readonly bigint[]): readonly bigint[] {
  const sum = weights.reduce((total, weight) => total + weight, 0n);
  if (sum === 0n) return weights.map(() => 0n);
  const parts = weights.map((weight, index) => ({ index, share: (whole * weight) / sum, rest: (whole * weight) % sum }));
  let left = whole - parts.reduce((total, { share }) => total + share, 0n);
  const result = parts.map(({ share }) => share);
  for (const { index, share } of parts.toSorted((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest < b.rest ? 1 : -1))) {
    if (left === 0n) break;
    result[index] = share + 1n;
    left -= 1n;
  }
  return result;
}
