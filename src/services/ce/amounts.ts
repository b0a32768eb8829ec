// Sharing and rounding of whole numbers: rounded once where a bill must be rounded, and shares that add up to the whole.

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
