import { sampleCorrelation, sampleCovariance, sampleVariance } from "simple-statistics";
import { datedReturns, isNextMonth, type PricePoint } from "./price-series.ts";

/** How a stock moves with the index. */
export interface Comparison {
  /** Months that both have, as returns. */
  readonly months: number;
  readonly correlation: number;
  /** `cov(stock, index) / var(index)`: 1.5 means that it moves half as much again as the index. */
  readonly beta: number;
}

/** Compares monthly log returns over the months that both series have. @throws with fewer than 12 of them */
export function compareWithIndex(stock: readonly PricePoint[], index: readonly PricePoint[]): Comparison {
  const [own, common] = alignedReturns(stock, index);
  if (own.length < 12) throw new Error(`only ${own.length} months in common with the index; 12 are needed`);
  return {
    months: own.length,
    correlation: sampleCorrelation(own, common),
    beta: sampleCovariance(own, common) / sampleVariance(common),
  };
}

/** Monthly returns of both over the months that both have, each from one month to the next. */
export function alignedReturns(a: readonly PricePoint[], b: readonly PricePoint[]): readonly [number[], number[]] {
  const other = new Map(datedReturns(b, isNextMonth).map(({ date, value }) => [date, value]));
  const shared = datedReturns(a, isNextMonth).filter(({ date }) => other.has(date));
  return [shared.map(({ value }) => value), shared.map(({ date }) => other.get(date) ?? Number.NaN)];
}

/** Correlation of every pair, by name; pairs with fewer than 12 common returns are left out. */
export function correlationMatrix(
  series: Readonly<Record<string, readonly PricePoint[]>>,
): Record<string, Record<string, number>> {
  const names = Object.keys(series);
  const matrix: Record<string, Record<string, number>> = {};
  for (const a of names) {
    matrix[a] = {};
    for (const b of names) {
      const [left, right] = alignedReturns(series[a], series[b]);
      if (left.length >= 12) matrix[a][b] = a === b ? 1 : sampleCorrelation(left, right);
    }
  }
  return matrix;
}
