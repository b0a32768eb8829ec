// When a day's cost is unusual: more than three deviations above the days before it. Estimates, in floating point; no bill comes from here.

export interface Judgement {
  readonly actual: number;
  readonly expected: number;
  /** Between 0 and 1: how far out of the ordinary. */
  readonly score: number;
}

/** AWS: days of history before anything is called unusual. */
const historyMin = 10;
/** Days that are looked back upon. */
export const historyMax = 60;

const deviationsMin = 3;
/** What varies less than this share of itself is taken to vary so much. */
const steadiness = 0.05;
/** Of the currency: less is nobody's concern. */
const impactMin = 0.01;

/** Undefined: nothing unusual, or too few days to say. */
export function judge(history: readonly number[], actual: number): Judgement | undefined {
  if (history.length < historyMin) return undefined;
  const expected = history.reduce((sum, value) => sum + value, 0) / history.length;
  const variance = history.reduce((sum, value) => sum + (value - expected) ** 2, 0) / (history.length - 1);
  const deviation = Math.max(Math.sqrt(variance), steadiness * expected);
  const impact = actual - expected;
  if (impact < impactMin || impact <= deviationsMin * deviation) return undefined;
  const distance = deviation === 0 ? Number.POSITIVE_INFINITY : impact / deviation;
  return { actual, expected, score: distance === Number.POSITIVE_INFINITY ? 1 : distance / (distance + deviationsMin) };
}
