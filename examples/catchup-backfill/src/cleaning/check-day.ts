/** What the tills counted at the end of the day. */
export interface DayTotals {
  readonly orders: number;
  readonly revenueCents: number;
}

/** So many of the orders that the tills counted must have come through. */
const leastCoverage = 0.95;
/** By so much may the revenue differ: late and corrected orders change it. */
const mostDeviation = 0.1;

/**
 * What is wrong with a loaded day, measured against the close of its books. Nothing: it may stay. The load asks this of the
 * rows that it has just written, before it commits.
 */
export function checkDay(loaded: DayTotals, close: DayTotals): string[] {
  const findings: string[] = [];
  if (loaded.orders > close.orders)
    findings.push(`${loaded.orders} orders were loaded and the tills counted ${close.orders}`);
  if (loaded.orders < close.orders * leastCoverage)
    findings.push(
      `only ${loaded.orders} of ${close.orders} orders came through (${percent(loaded.orders / close.orders)}, at least ${percent(leastCoverage)} are needed)`,
    );
  const deviation = Math.abs(loaded.revenueCents - close.revenueCents) / Math.max(1, close.revenueCents);
  if (deviation > mostDeviation)
    findings.push(
      `the revenue differs from that of the tills by ${percent(deviation)} (at most ${percent(mostDeviation)} may be)`,
    );
  return findings;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
