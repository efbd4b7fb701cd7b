/** The price of one day (or month), in the order of time. */
export interface PricePoint {
  /** `2000-01-03`. */
  readonly date: string;
  readonly price: number;
}

/** A log return, dated by the day on which it was reached. */
export interface DatedReturn {
  readonly date: string;
  readonly value: number;
}

/**
 * Log returns `ln(p[i] / p[i-1])` between neighbours; they add up over time, which simple returns do not. Where `isNext` says that something is missing between two points, there is no return:
 * the return of two days taken for one of a single day would make every risk figure too large.
 */
export function datedReturns(
  points: readonly PricePoint[],
  isNext: (before: string, after: string) => boolean = () => true,
): DatedReturn[] {
  const returns: DatedReturn[] = [];
  for (let i = 1; i < points.length; i++) {
    const [before, after] = [points[i - 1], points[i]];
    if (isNext(before.date, after.date))
      returns.push({ date: after.date, value: Math.log(after.price / before.price) });
  }
  return returns;
}

/** Monday after Friday, otherwise the day after. A holiday between two days counts as something missing. */
export function isNextWeekday(before: string, after: string): boolean {
  const start = new Date(before);
  const days = (Date.parse(after) - start.getTime()) / 86_400_000;
  return days === 1 || (days === 3 && start.getUTCDay() === 5);
}

/** Both are first days of a month. */
export function isNextMonth(before: string, after: string): boolean {
  const [year, month] = before.split("-").map(Number);
  return after === new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);
}

/** A log return as the share won or lost: `-0.1278` becomes `-0.1199`. */
export function simpleReturn(logReturn: number): number {
  return Math.expm1(logReturn);
}

/** Growth a year between two prices, as a share: `(last / first)^(1 / years) - 1`. */
export function annualGrowth(first: number, last: number, years: number): number {
  return (last / first) ** (1 / years) - 1;
}

/** The last price of each month, dated by the first day of that month, as monthly data usually is. */
export function monthEnds(points: readonly PricePoint[]): PricePoint[] {
  const byMonth = new Map<string, number>();
  for (const { date, price } of points) byMonth.set(`${date.slice(0, 7)}-01`, price);
  return [...byMonth].map(([date, price]) => ({ date, price }));
}

/** Years between two days. */
export function yearsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / (365.25 * 86_400_000);
}
