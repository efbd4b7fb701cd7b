/** How many values lie from `from` (included) to `to` (excluded). */
export interface HistogramBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Bins of one width over [-reach, reach]; the first and the last one also take what lies beyond. */
export function histogram(values: readonly number[], reach: number, binCount: number): HistogramBin[] {
  const width = (2 * reach) / binCount;
  const counts = new Array<number>(binCount).fill(0);
  for (const value of values) {
    counts[Math.max(0, Math.min(binCount - 1, Math.floor((value + reach) / width)))]++;
  }
  return counts.map((count, i) => ({ from: -reach + i * width, to: -reach + (i + 1) * width, count }));
}
