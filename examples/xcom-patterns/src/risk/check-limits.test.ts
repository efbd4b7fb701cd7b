import { describe, expect, it } from "vitest";
import { analyzeFeed } from "./analyze-feed.ts";
import type { BasicMarketRisk } from "./analyze-market.ts";
import { checkLimits } from "./check-limits.ts";
import { parseRiskParameters } from "./risk-parameters.ts";

const market: BasicMarketRisk = {
  strategy: "basic",
  period: { from: "2024-01-01", to: "2024-12-31", trading_days: 250 },
  last_close: 100,
  annualised_volatility: 0.2,
  max_drawdown: { depth: 0.3, peak_date: "2024-01-01", trough_date: "2024-02-01", recovery_date: null },
  value_at_risk: { "0.99": { historical: 0.05, parametric: 0.04, expected_shortfall: 0.07 } },
};

describe("checkLimits", () => {
  it("a limit is exceeded only above it; what is missing is not checked", () => {
    const parameters = parseRiskParameters({ limits: { annualised_volatility: 0.2, max_drawdown: 0.29, beta: 1 } });
    const report = checkLimits(parameters, { market });
    expect(report.checks.map(({ limit, is_breached }) => [limit, is_breached])).toEqual([
      ["annualised_volatility", false],
      ["max_drawdown", true],
    ]);
    expect(report.breaches).toBe(1);
    expect(checkLimits(parameters, {})).toEqual({
      checks: [],
      breaches: 0,
      portfolio_value_at_risk_99: null,
      currency: "USD",
    });
  });

  it("turns the log return of a bad day into money: 1,000,000 × (1 − e^−0.05)", () => {
    expect(checkLimits(parseRiskParameters({}), { market }).portfolio_value_at_risk_99).toBe(48_771);
  });

  it("settings that make no sense are as good as absent", () => {
    expect(parseRiskParameters("<<<")).toEqual(parseRiskParameters(undefined));
    expect(parseRiskParameters({ confidence_levels: [7] })).toEqual(parseRiskParameters(undefined));
  });
});

describe("analyzeFeed", () => {
  const record = {
    symbol: "A",
    timestamp: "2024-01-01T00:00:00Z",
    sentiment: 0.5,
    implied_volatility: 0.2,
    provider: "x",
  };
  it("takes only records that can be used, by symbol when the analysis is full", () => {
    const records = [
      record,
      { ...record, symbol: "B", implied_volatility: 0.4 },
      { ...record, implied_volatility: -1 },
      { symbol: "C" },
    ];
    expect(analyzeFeed(records, "full")).toMatchObject({
      record_count: 2,
      mean_sentiment: 0.5,
      median_implied_volatility: expect.closeTo(0.3, 12),
      signals: [
        { symbol: "A", record_count: 1 },
        { symbol: "B", record_count: 1 },
      ],
    });
    expect(analyzeFeed(records, "basic")).not.toHaveProperty("signals");
    expect(() => analyzeFeed([{}], "full")).toThrow("no record");
  });
});
