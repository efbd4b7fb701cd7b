import type { TradingRecord } from "../sources/trading-data.ts";
import type { Strategy } from "./analyze-market.ts";
import { compareWithIndex, correlationMatrix } from "./comparison.ts";
import { maxDrawdown } from "./drawdown.ts";
import { annualGrowth, datedReturns, isNextMonth, type PricePoint, yearsBetween } from "./price-series.ts";
import type { RiskParameters } from "./risk-parameters.ts";
import { annualisedVolatility } from "./volatility.ts";

export interface StockRisk {
  readonly symbol: string;
  readonly from: string;
  readonly to: string;
  readonly months: number;
  readonly annualised_return: number;
  readonly annualised_volatility: number;
  readonly max_drawdown: number;
  /** Against the index, in a full analysis with an index to compare with. */
  readonly beta?: number;
  readonly correlation?: number;
}

export interface TradingRisk {
  readonly strategy: Strategy;
  readonly benchmark: string | null;
  readonly stocks: readonly StockRisk[];
  readonly correlations?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * Risk of single stocks from their monthly prices, and how they move with the month-ends of the index.
 *
 * The last month of a stock is left out: monthly files are usually drawn before their last month is over.
 */
export function analyzeTrading(
  records: readonly Partial<TradingRecord>[],
  index: readonly PricePoint[] | undefined,
  parameters: RiskParameters,
  strategy: Strategy,
): TradingRisk {
  const series = bySymbol(records);
  if (Object.keys(series).length === 0) throw new Error("no stock has 12 months of prices");
  const isCompared = strategy === "full" && index !== undefined;
  const stocks = Object.entries(series).map(([symbol, points]): StockRisk => {
    const [first, last] = [points[0], points[points.length - 1]];
    const risk = {
      symbol,
      from: first.date,
      to: last.date,
      months: points.length,
      annualised_return: annualGrowth(first.price, last.price, yearsBetween(first.date, last.date)),
      annualised_volatility: annualisedVolatility(
        datedReturns(points, isNextMonth).map(({ value }) => value),
        parameters.months_per_year,
      ),
      max_drawdown: maxDrawdown(points).depth,
    };
    if (!isCompared) return risk;
    const { beta, correlation } = compareWithIndex(points, index);
    return { ...risk, beta, correlation };
  });
  const base = { strategy, benchmark: isCompared ? parameters.portfolio.benchmark : null, stocks };
  return isCompared
    ? { ...base, correlations: correlationMatrix({ ...series, [parameters.portfolio.benchmark]: index }) }
    : base;
}

/** Stocks with at least 12 usable months, each in the order of time and without its last month. */
function bySymbol(records: readonly Partial<TradingRecord>[]): Record<string, PricePoint[]> {
  const series: Record<string, PricePoint[]> = {};
  for (const { symbol, price, timestamp } of records) {
    if (symbol === undefined || timestamp === undefined || price === undefined || !(price > 0)) continue;
    series[symbol] ??= [];
    series[symbol].push({ date: timestamp, price });
  }
  const usable = Object.entries(series).map(([symbol, points]): [string, PricePoint[]] => [
    symbol,
    points.toSorted((a, b) => (a.date < b.date ? -1 : 1)).slice(0, -1),
  ]);
  return Object.fromEntries(usable.filter(([, points]) => points.length >= 12));
}
