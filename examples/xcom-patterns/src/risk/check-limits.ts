import type { FeedRisk } from "./analyze-feed.ts";
import type { BasicMarketRisk } from "./analyze-market.ts";
import type { TradingRisk } from "./analyze-trading.ts";
import type { RiskParameters } from "./risk-parameters.ts";

/** One limit against what was measured. Both are shares (0.2 = 20 %), or a factor for beta. */
export interface LimitCheck {
  readonly limit: string;
  readonly subject: string;
  readonly allowed: number;
  readonly measured: number;
  readonly is_breached: boolean;
}

export interface LimitReport {
  readonly checks: readonly LimitCheck[];
  readonly breaches: number;
  /** Loss of the portfolio, in its currency, on a day as bad as the 99 % value at risk. */
  readonly portfolio_value_at_risk_99: number | null;
  readonly currency: string;
}

/** Holds what could be analysed against the limits; what is missing is not checked. */
export function checkLimits(
  parameters: RiskParameters,
  results: { readonly market?: BasicMarketRisk; readonly trading?: TradingRisk; readonly feed?: FeedRisk },
): LimitReport {
  const { limits, portfolio } = parameters;
  const { market, trading, feed } = results;
  const tail = market?.value_at_risk["0.99"];
  const checks: LimitCheck[] = [];
  const check = (limit: keyof typeof limits, subject: string, measured: number | undefined): void => {
    const allowed = limits[limit];
    if (allowed === undefined || measured === undefined) return;
    checks.push({ limit, subject, allowed, measured, is_breached: measured > allowed });
  };
  check("daily_value_at_risk_99", portfolio.benchmark, tail?.historical);
  check("daily_expected_shortfall_99", portfolio.benchmark, tail?.expected_shortfall);
  check("annualised_volatility", portfolio.benchmark, market?.annualised_volatility);
  check("max_drawdown", portfolio.benchmark, market?.max_drawdown.depth);
  for (const stock of trading?.stocks ?? []) check("beta", stock.symbol, stock.beta);
  check("implied_volatility", "all symbols", feed?.median_implied_volatility);
  return {
    checks,
    breaches: checks.filter(({ is_breached }) => is_breached).length,
    portfolio_value_at_risk_99: tail === undefined ? null : Math.round(portfolio.value * -Math.expm1(-tail.historical)),
    currency: portfolio.currency,
  };
}
