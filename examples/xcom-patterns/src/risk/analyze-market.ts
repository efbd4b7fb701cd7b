import { mean, sampleKurtosis, sampleSkewness } from "simple-statistics";
import { drawdownSeries, maxDrawdown } from "./drawdown.ts";
import { type HistogramBin, histogram } from "./histogram.ts";
import {
  annualGrowth,
  type DatedReturn,
  datedReturns,
  isNextWeekday,
  type PricePoint,
  simpleReturn,
  yearsBetween,
} from "./price-series.ts";
import type { RiskParameters } from "./risk-parameters.ts";
import { type TailRisk, tailRisk } from "./value-at-risk.ts";
import { annualisedVolatility, rollingVolatility } from "./volatility.ts";

/** `full` with high-quality data, `basic` with medium. */
export type Strategy = "full" | "basic";

export interface BasicMarketRisk {
  readonly strategy: Strategy;
  readonly period: { readonly from: string; readonly to: string; readonly trading_days: number };
  readonly last_close: number;
  readonly annualised_volatility: number;
  readonly max_drawdown: {
    readonly depth: number;
    readonly peak_date: string;
    readonly trough_date: string;
    readonly recovery_date: string | null;
  };
  /** By confidence, for one day: `0.95`, `0.99`. */
  readonly value_at_risk: Readonly<Record<string, TailRisk>>;
}

export interface FullMarketRisk extends BasicMarketRisk {
  readonly annualised_return: number;
  readonly current_drawdown: number;
  readonly worst_day: { readonly date: string; readonly return: number };
  readonly best_day: { readonly date: string; readonly return: number };
  readonly mean_daily_return: number;
  readonly skewness: number;
  readonly excess_kurtosis: number;
}

/** What charts are drawn from; thinned out, since a screen has no 5,000 columns. */
export interface ChartSeries {
  readonly price: readonly { readonly date: string; readonly price: number; readonly drawdown: number }[];
  readonly rolling_volatility: readonly { readonly date: string; readonly volatility: number }[];
  readonly daily_returns: readonly HistogramBin[];
}

const everyNth = 5;

/** Risk of holding the index, from its daily closes. @throws with fewer than 100 of them */
export function analyzeMarket(
  points: readonly PricePoint[],
  parameters: RiskParameters,
  strategy: Strategy,
): BasicMarketRisk | FullMarketRisk {
  if (points.length < 100) throw new Error(`only ${points.length} daily closes; 100 are needed`);
  const dated = returnsOf(points, strategy);
  const returns = dated.map(({ value }) => value);
  const [first, last] = [points[0], points[points.length - 1]];
  const basic: BasicMarketRisk = {
    strategy,
    period: { from: first.date, to: last.date, trading_days: points.length },
    last_close: last.price,
    annualised_volatility: annualisedVolatility(returns, parameters.trading_days_per_year),
    max_drawdown: maxDrawdown(points),
    value_at_risk: Object.fromEntries(
      parameters.confidence_levels.map((level) => [String(level), tailRisk(returns, level)]),
    ),
  };
  if (strategy === "basic") return basic;
  const worst = returns.reduce((at, value, i) => (value < returns[at] ? i : at), 0);
  const best = returns.reduce((at, value, i) => (value > returns[at] ? i : at), 0);
  return {
    ...basic,
    annualised_return: annualGrowth(first.price, last.price, yearsBetween(first.date, last.date)),
    current_drawdown: -(drawdownSeries(points).at(-1) ?? 0) + 0,
    worst_day: { date: dated[worst].date, return: simpleReturn(returns[worst]) },
    best_day: { date: dated[best].date, return: simpleReturn(returns[best]) },
    mean_daily_return: mean(returns),
    skewness: sampleSkewness(returns),
    excess_kurtosis: sampleKurtosis(returns),
  };
}

export function chartSeries(
  points: readonly PricePoint[],
  parameters: RiskParameters,
  strategy: Strategy,
): ChartSeries {
  const dated = returnsOf(points, strategy);
  const returns = dated.map(({ value }) => value);
  const below = drawdownSeries(points);
  const window = parameters.rolling_window_days;
  const volatility = rollingVolatility(returns, window, parameters.trading_days_per_year);
  // The deepest point and the last one must not fall between two of those that are kept.
  const deepest = below.indexOf(Math.min(...below));
  const isKept = (i: number): boolean => i % everyNth === 0 || i === deepest || i === points.length - 1;
  return {
    price: points.flatMap(({ date, price }, i) => (isKept(i) ? [{ date, price, drawdown: round(below[i]) }] : [])),
    rolling_volatility: volatility.flatMap((value, i) =>
      i % everyNth === 0 ? [{ date: dated[i + window - 1].date, volatility: round(value) }] : [],
    ),
    daily_returns: histogram(returns, 0.06, 60),
  };
}

/** With gaps in the data (medium quality), only returns from one weekday to the next are daily returns. */
function returnsOf(points: readonly PricePoint[], strategy: Strategy): DatedReturn[] {
  return strategy === "full" ? datedReturns(points) : datedReturns(points, isNextWeekday);
}

function round(value: number): number {
  return Math.round(value * 100_000) / 100_000;
}
