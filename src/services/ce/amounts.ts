// Sharing and rounding of whole numbers: rounded once where a bill must be rounded, and shares that add up to the whole.

/** Half a unit is rounded up; both numbers are not negative. */
export function dividedRounded(numerator: bigint, denominator: bigint): bigint {
  return (2n * numerator + denominator) / (2n * denominator);
}

/**
 * Whole shares of a whole by weight, which add up to it exactly: each is the difference of two running totals rounded down, so that none is further from its
 * exact part than one, and nothing has to be sorted.
 */
export function shares(whole: bigint, weights: readonly bigint[]): readonly bigint[] {
  const sum = weights.reduce((total, weight) => total + weight, 0n);
  if (sum === 0n) return weights.map(() => 0n);
  let weighed = 0n;
  let shared = 0n;
  return weights.map((weight) => {
    weighed += weight;
    const until = (whole * weighed) / sum;
    const share = until - shared;
    shared = until;
    return share;
  });
}
