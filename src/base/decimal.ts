// Decimals as whole numbers of 10^-10: amounts of money and usage, which are never floating point.

/** Parts of one. */
export const decimalScale = 10_000_000_000n;

const places = 10;
const form = /^\d{1,20}(?:\.(\d{1,10}))?$/;

/** A decimal of at most ten places, not negative; undefined when the text is none. */
export function parseDecimal(text: string): bigint | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const [whole = '0'] = text.split('.');
  return BigInt(whole) * decimalScale + BigInt((match[1] ?? '').padEnd(places, '0'));
}

/** `1.5`, without zeros at the end. */
export function printDecimal(amount: bigint): string {
  const sign = amount < 0n ? '-' : '';
  const absolute = amount < 0n ? -amount : amount;
  const fraction = (absolute % decimalScale).toString().padStart(places, '0').replace(/0+$/, '');
  return `${sign}${absolute / decimalScale}${fraction === '' ? '' : `.${fraction}`}`;
}
