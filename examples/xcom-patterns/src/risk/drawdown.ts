import type { PricePoint } from "./price-series.ts";

/** The deepest fall from a peak. `depth` is positive: 0.5678 means that 56.78 % were lost. */
export interface Drawdown {
  readonly depth: number;
  readonly peak_date: string;
  readonly trough_date: string;
  /** First day at or above the peak again; `null` if that never came. */
  readonly recovery_date: string | null;
}

/** How far each price lies below the highest one so far: 0 at a peak, -0.2 twenty percent below it. */
export function drawdownSeries(points: readonly PricePoint[]): number[] {
  let peak = Number.NEGATIVE_INFINITY;
  return points.map(({ price }) => {
    peak = Math.max(peak, price);
    return price / peak - 1;
  });
}

export function maxDrawdown(points: readonly PricePoint[]): Drawdown {
  const below = drawdownSeries(points);
  let trough = 0;
  for (let i = 1; i < below.length; i++) if (below[i] < below[trough]) trough = i;
  let peak = trough;
  while (peak > 0 && below[peak] < 0) peak--;
  const recovered = points.findIndex(({ price }, i) => i > trough && price >= points[peak].price);
  return {
    depth: -below[trough] + 0,
    peak_date: points[peak].date,
    trough_date: points[trough].date,
    recovery_date: recovered === -1 || trough === peak ? null : points[recovered].date,
  };
}
