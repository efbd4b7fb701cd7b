import type { SourceName } from "../pipeline-params.ts";
import type { QualityResult, QualityRules } from "./quality-score.ts";

const isDay = (value: unknown): boolean =>
  typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) && isTime(value);
const isTime = (value: unknown): boolean => typeof value === "string" && !Number.isNaN(Date.parse(value));
const isSymbol = (value: unknown): boolean => typeof value === "string" && /^[\^A-Z.]{1,12}$/.test(value);
const isPositive = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value) && value > 0;
const isWithin = (low: number, high: number) => (value: unknown) =>
  typeof value === "number" && value >= low && value <= high;

/** What each kind of record must be; risk parameters are settings, see {@link scoreRiskParameters}. */
export const sourceRules: Readonly<Record<Exclude<SourceName, "risk_parameters">, QualityRules>> = {
  market_data: {
    required: ["symbol", "price", "volume", "timestamp"],
    valid: {
      symbol: isSymbol,
      price: isPositive,
      volume: (value) => value === 0 || isPositive(value),
      timestamp: isDay,
    },
    identity: ({ symbol, field, timestamp }) => `${symbol} ${field} ${timestamp}`,
  },
  trading_data: {
    required: ["symbol", "price", "timestamp"],
    valid: { symbol: isSymbol, price: isPositive, timestamp: isDay },
    identity: ({ symbol, timestamp }) => `${symbol} ${timestamp}`,
  },
  external_feeds: {
    required: ["symbol", "timestamp", "sentiment", "implied_volatility"],
    valid: {
      symbol: isSymbol,
      timestamp: isTime,
      sentiment: isWithin(-1, 1),
      implied_volatility: isWithin(0.001, 5),
    },
  },
};

const parameterPaths = [
  "confidence_levels",
  "trading_days_per_year",
  "months_per_year",
  "rolling_window_days",
  "portfolio.value",
  "portfolio.currency",
  "limits.daily_value_at_risk_99",
  "limits.daily_expected_shortfall_99",
  "limits.annualised_volatility",
  "limits.max_drawdown",
  "limits.beta",
  "limits.implied_volatility",
];

/** Settings are judged one by one: the score is the share of those that are there and make sense. */
export function scoreRiskParameters(value: unknown): QualityResult {
  const issues: string[] = [];
  for (const path of parameterPaths) {
    const found = path
      .split(".")
      .reduce<unknown>((inner, step) => (inner as Record<string, unknown> | undefined)?.[step], value);
    if (found === undefined) issues.push(`missing ${path}`);
    else if (!isSensible(path, found)) issues.push(`invalid ${path}`);
  }
  const score = Math.round((1 - issues.length / parameterPaths.length) * 100) / 100;
  return { score, issues, record_count: parameterPaths.length - issues.length };
}

function isSensible(path: string, value: unknown): boolean {
  if (path === "portfolio.currency") return typeof value === "string" && /^[A-Z]{3}$/.test(value);
  if (path === "confidence_levels")
    return Array.isArray(value) && value.length > 0 && value.every(isWithin(0.5, 0.9999));
  return isPositive(value);
}
