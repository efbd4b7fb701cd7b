import { sampleStandardDeviation } from "simple-statistics";

/** Standard deviation of returns (n - 1), scaled to a year by the square root of time. */
export function annualisedVolatility(returns: readonly number[], periodsPerYear: number): number {
  return sampleStandardDeviation([...returns]) * Math.sqrt(periodsPerYear);
}

/**
 * Annualised volatility of each window of returns; the first value belongs to the return at index `window - 1`.
 * Sums are carried along, so the cost does not grow with the window.
 */
export function rollingVolatility(returns: readonly number[], window: number, periodsPerYear: number): number[] {
  if (window < 2 || returns.length < window) return [];
  const volatilities: number[] = [];
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < returns.length; i++) {
    sum += returns[i];
    squares += returns[i] ** 2;
    if (i >= window) {
      sum -= returns[i - window];
      squares -= returns[i - window] ** 2;
    }
    if (i < window - 1) continue;
    const variance = Math.max(0, (squares - sum ** 2 / window) / (window - 1));
    volatilities.push(Math.sqrt(variance * periodsPerYear));
  }
  return volatilities;
}
