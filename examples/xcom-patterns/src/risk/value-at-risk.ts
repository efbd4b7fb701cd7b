import { errorFunction, mean, probit, quantile, sampleStandardDeviation } from "simple-statistics";

/** Losses are positive numbers: 0.03 means that 3 % are lost (as log return). */
export interface TailRisk {
  /** The loss that the given share of past days stayed below: the quantile of the returns, with interpolation. */
  readonly historical: number;
  /** The same if returns were normally distributed: `-(mean + z × deviation)`. */
  readonly parametric: number;
  /** The mean loss of the days that were at least as bad as the historical value at risk. */
  readonly expected_shortfall: number;
}

/** Value at risk for one period, at a confidence such as 0.99. */
export function tailRisk(returns: readonly number[], confidence: number): TailRisk {
  const values = [...returns];
  const cut = quantile(values, 1 - confidence);
  const tail = values.filter((value) => value <= cut);
  return {
    historical: -cut,
    parametric: -(mean(values) + normalQuantile(1 - confidence) * sampleStandardDeviation(values)),
    expected_shortfall: -mean(tail),
  };
}

/**
 * The standard normal quantile. The library's `probit` is right to about 0.2 %, too coarse for a limit that somebody
 * is held to; two of Newton's steps with its error function make it right to 6 places.
 */
export function normalQuantile(p: number): number {
  let x = probit(p);
  for (let step = 0; step < 2; step++) {
    const reached = (1 + errorFunction(x / Math.SQRT2)) / 2;
    const density = Math.exp(-(x ** 2) / 2) / Math.sqrt(2 * Math.PI);
    x -= (reached - p) / density;
  }
  return x;
}
