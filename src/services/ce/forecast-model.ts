// How the future is guessed: a straight line through the days that were, by least squares, with the prediction intervals of that regression. An
// estimate, in floating point; bills never come from here.

export interface Line {
  readonly days: number;
  readonly slope: number;
  /** At the middle of the days. */
  readonly mean: number;
  readonly middle: number;
  /** Sum of the squared distances of the days from their middle. */
  readonly spread: number;
  /** Standard error of a day about the line. */
  readonly error: number;
}

export interface Forecast {
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
}

/** The fewest whole days from which a line is drawn. */
export const historyDaysMin = 14;
/** More would follow what has long changed. */
export const historyDaysMax = 90;

/** Undefined: too few days. */
export function lineThrough(values: readonly number[]): Line | undefined {
  const days = values.length;
  if (days < historyDaysMin) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / days;
  const middle = (days - 1) / 2;
  let spread = 0;
  let product = 0;
  values.forEach((value, day) => {
    spread += (day - middle) ** 2;
    product += (day - middle) * (value - mean);
  });
  const slope = product / spread;
  const squares = values.reduce((sum, value, day) => sum + (value - mean - slope * (day - middle)) ** 2, 0);
  return { days, slope, mean, middle, spread, error: Math.sqrt(squares / (days - 2)) };
}

/** Days that lie ahead, counted from the first one of the history, which ends yesterday. */
export function daysAhead({ days }: Line, today: string, ahead: readonly string[]): readonly number[] {
  return ahead.map((day) => days + Math.round((Date.parse(day) - Date.parse(today)) / 86_400_000));
}

/**
 * The sum of days that lie ahead, counted from the first day of the history. The errors of the line are common to all of them and those about it
 * are not, so that the interval of a sum is not the sum of intervals.
 */
export function forecast(line: Line, ahead: readonly number[], level: number): Forecast {
  const { mean, slope, middle, spread, error, days } = line;
  const distance = ahead.reduce((sum, day) => sum + day - middle, 0);
  // Nobody spends less than nothing.
  const expected = ahead.reduce((sum, day) => sum + Math.max(0, mean + slope * (day - middle)), 0);
  const deviation = error * Math.sqrt(ahead.length + ahead.length ** 2 / days + distance ** 2 / spread);
  const reach = studentQuantile((1 + level / 100) / 2, days - 2) * deviation;
  return { mean: expected, lower: Math.max(0, expected - reach), upper: expected + reach };
}

/** By the expansion of Cornish and Fisher: exact to four places from ten degrees of freedom on. */
function studentQuantile(probability: number, freedom: number): number {
  const z = normalQuantile(probability);
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1_482 * z ** 5 - 1_920 * z ** 3 - 945 * z) / 92_160,
  ];
  return terms.reduce((sum, term, power) => sum + term / freedom ** power, 0);
}

/** By halving: the probability is between a half and one. */
function normalQuantile(probability: number): number {
  let [low, high] = [0, 10];
  for (let step = 0; step < 60; step += 1) {
    const half = (low + high) / 2;
    if (normalDistribution(half) < probability) low = half;
    else high = half;
  }
  return (low + high) / 2;
}

/** The series of Marsaglia, for what is not far from the middle. */
function normalDistribution(z: number): number {
  let term = z;
  let sum = z;
  for (let n = 3; Math.abs(term) > 1e-16 * Math.abs(sum) && n < 500; n += 2) {
    term *= (z * z) / n;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
