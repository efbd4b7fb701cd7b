import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { marketRecords } from "../sources/market-data.ts";
import { vegaDataFile } from "../sources/project-files.ts";
import { tradingRecords } from "../sources/trading-data.ts";
import { analyzeMarket, chartSeries, type FullMarketRisk } from "./analyze-market.ts";
import { analyzeTrading } from "./analyze-trading.ts";
import { compareWithIndex } from "./comparison.ts";
import { drawdownSeries, maxDrawdown } from "./drawdown.ts";
import { histogram } from "./histogram.ts";
import { annualGrowth, datedReturns, isNextMonth, isNextWeekday, monthEnds, type PricePoint } from "./price-series.ts";
import { parseRiskParameters } from "./risk-parameters.ts";
import { normalQuantile, tailRisk } from "./value-at-risk.ts";
import { annualisedVolatility, rollingVolatility } from "./volatility.ts";

const parameters = parseRiskParameters(undefined);
const closes: PricePoint[] = [...marketRecords(readFileSync(vegaDataFile("sp500-2000.csv"), "utf8"))]
  .filter(({ field }) => field === "close")
  .map(({ timestamp, price }) => ({ date: timestamp, price }));
const stocks = tradingRecords(readFileSync(vegaDataFile("stocks.csv"), "utf8"));

function days(...prices: number[]): PricePoint[] {
  return prices.map((price, i) => ({ date: new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10), price }));
}

describe("figures worked out by hand", () => {
  it("log returns, and none across a gap", () => {
    expect(datedReturns(days(100, 110, 99)).map(({ value }) => value)).toEqual([Math.log(1.1), Math.log(0.9)]);
    const gap = [...days(100, 110), { date: "2024-01-05", price: 99 }];
    expect(datedReturns(gap, isNextWeekday)).toEqual([{ date: "2024-01-02", value: Math.log(1.1) }]);
  });

  it("neighbours: Monday follows Friday, January follows December", () => {
    expect(isNextWeekday("2024-01-05", "2024-01-08")).toBe(true);
    expect(isNextWeekday("2024-01-04", "2024-01-05")).toBe(true);
    expect(isNextWeekday("2024-01-03", "2024-01-05")).toBe(false);
    expect(isNextWeekday("2024-01-04", "2024-01-08")).toBe(false);
    expect(isNextMonth("2023-12-01", "2024-01-01")).toBe(true);
    expect(isNextMonth("2023-12-01", "2024-02-01")).toBe(false);
  });

  it("volatility: returns of ±1 % have a deviation of 0.01 × √(4/3), times √252 a year", () => {
    const expected = 0.01 * Math.sqrt(4 / 3) * Math.sqrt(252);
    expect(annualisedVolatility([0.01, -0.01, 0.01, -0.01], 252)).toBeCloseTo(expected, 12);
    expect(rollingVolatility([0.5, 0.01, -0.01, 0.01, -0.01], 4, 252).at(-1)).toBeCloseTo(expected, 12);
    expect(rollingVolatility([0.1, 0.2], 3, 252)).toEqual([]);
  });

  it("rolling volatility is the volatility of each window", () => {
    const returns = datedReturns(closes.slice(0, 200)).map(({ value }) => value);
    const rolling = rollingVolatility(returns, 63, 252);
    expect(rolling).toHaveLength(returns.length - 62);
    for (const i of [0, 50, rolling.length - 1]) {
      expect(rolling[i]).toBeCloseTo(annualisedVolatility(returns.slice(i, i + 63), 252), 10);
    }
  });

  it("value at risk of -50 … 49: the 95 % one lies between the fifth and the sixth worst", () => {
    const returns = Array.from({ length: 100 }, (_, i) => (i - 50) / 1_000);
    const tail = tailRisk(returns, 0.95);
    // 0.05 × 99 = 4.95, so between -0.046 and -0.045.
    expect(tail.historical).toBeCloseTo(0.04505, 10);
    expect(tail.expected_shortfall).toBeCloseTo((50 + 49 + 48 + 47 + 46) / 5 / 1_000, 10);
    const deviation = Math.sqrt(returns.reduce((sum, value) => sum + (value + 0.0005) ** 2, 0) / 99);
    expect(tail.parametric).toBeCloseTo(0.0005 + 1.6448536 * deviation, 6);
  });

  it("normal quantiles as in every table", () => {
    expect(normalQuantile(0.05)).toBeCloseTo(-1.6448536, 5);
    expect(normalQuantile(0.01)).toBeCloseTo(-2.3263479, 5);
    expect(normalQuantile(0.025)).toBeCloseTo(-1.959964, 5);
    expect(normalQuantile(0.5)).toBeCloseTo(0, 6);
  });

  it("drawdown: from 120 to 60 is half, recovered when 120 comes back", () => {
    expect(drawdownSeries(days(100, 120, 60, 90))).toEqual([0, 0, -0.5, -0.25]);
    expect(maxDrawdown(days(100, 120, 90, 60, 120, 110))).toEqual({
      depth: 0.5,
      peak_date: "2024-01-02",
      trough_date: "2024-01-04",
      recovery_date: "2024-01-05",
    });
    expect(maxDrawdown(days(120, 60, 119))).toMatchObject({ recovery_date: null });
    expect(maxDrawdown(days(1, 2, 3))).toMatchObject({ depth: 0, recovery_date: null });
  });

  it("beta and correlation: a stock that moves twice as much as the index has beta 2 and correlation 1", () => {
    const months = Array.from({ length: 14 }, (_, i) => new Date(Date.UTC(2024, i, 1)).toISOString().slice(0, 10));
    const index = months.map((date, i) => ({ date, price: 100 * Math.exp(Math.sin(i) / 10) }));
    const stock = months.map((date, i) => ({ date, price: 50 * Math.exp((2 * Math.sin(i)) / 10) }));
    const { beta, correlation, months: count } = compareWithIndex(stock, index);
    expect([beta, correlation]).toEqual([expect.closeTo(2, 10), expect.closeTo(1, 10)]);
    expect(count).toBe(13);
    expect(() => compareWithIndex(stock.slice(0, 5), index)).toThrow("only 4 months");
  });

  it("growth, month-ends and bins", () => {
    expect(annualGrowth(100, 121, 2)).toBeCloseTo(0.1, 12);
    expect(
      monthEnds([
        { date: "2024-01-30", price: 1 },
        { date: "2024-01-31", price: 2 },
        { date: "2024-02-01", price: 3 },
      ]),
    ).toEqual([
      { date: "2024-01-01", price: 2 },
      { date: "2024-02-01", price: 3 },
    ]);
    expect(histogram([-9, -0.5, 0, 0.5, 9], 1, 4).map(({ count }) => count)).toEqual([1, 1, 1, 2]);
  });
});

describe("known facts of the S&P 500", () => {
  const risk = analyzeMarket(closes, parameters, "full") as FullMarketRisk;

  it("has 5,105 trading days from 3 January 2000 to 17 April 2020", () => {
    expect(risk.period).toEqual({ from: "2000-01-03", to: "2020-04-17", trading_days: 5_105 });
  });

  it("fell 56.8 % from 9 October 2007 to 9 March 2009 and came back in March 2013", () => {
    expect(risk.max_drawdown).toEqual({
      depth: expect.closeTo(1 - 676.53 / 1_565.15, 5),
      peak_date: "2007-10-09",
      trough_date: "2009-03-09",
      recovery_date: "2013-03-28",
    });
  });

  it("had its worst day on 16 March 2020 (-11.98 %) and its best on 13 October 2008 (+11.58 %)", () => {
    expect(risk.worst_day).toEqual({ date: "2020-03-16", return: expect.closeTo(-0.1198, 4) });
    expect(risk.best_day).toEqual({ date: "2008-10-13", return: expect.closeTo(0.1158, 4) });
  });

  it("has fat tails: the historical value at risk is above the normal one at 99 %, and below at 95 %", () => {
    expect(risk.value_at_risk["0.99"].historical).toBeGreaterThan(risk.value_at_risk["0.99"].parametric);
    expect(risk.value_at_risk["0.95"].historical).toBeLessThan(risk.value_at_risk["0.95"].parametric);
    expect(risk.excess_kurtosis).toBeGreaterThan(8);
  });

  it("its figures agree with the definitions, written out plainly", () => {
    const returns = closes.slice(1).map(({ price }, i) => Math.log(price / closes[i].price));
    const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
    const deviation = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (returns.length - 1));
    expect(risk.annualised_volatility).toBeCloseTo(deviation * Math.sqrt(252), 10);
    const sorted = returns.toSorted((a, b) => a - b);
    const place = 0.01 * (sorted.length - 1);
    const cut = sorted[Math.floor(place)] + (place % 1) * (sorted[Math.ceil(place)] - sorted[Math.floor(place)]);
    expect(risk.value_at_risk["0.99"].historical).toBeCloseTo(-cut, 12);
    const tail = sorted.filter((value) => value <= cut);
    expect(tail).toHaveLength(52);
    expect(risk.value_at_risk["0.99"].expected_shortfall).toBeCloseTo(
      -tail.reduce((sum, value) => sum + value, 0) / 52,
      12,
    );
  });

  it("a basic analysis of days with gaps comes close, since it takes no gap for a day", () => {
    const withGaps = closes.filter((_, i) => (i * 7_919) % 100 >= 28);
    const basic = analyzeMarket(withGaps, parameters, "basic");
    expect(Object.keys(basic)).not.toContain("worst_day");
    expect(basic.annualised_volatility / risk.annualised_volatility).toBeGreaterThan(0.93);
    expect(basic.annualised_volatility / risk.annualised_volatility).toBeLessThan(1.07);
    expect(() => analyzeMarket(closes.slice(0, 99), parameters, "basic")).toThrow("only 99 daily closes");
  });

  it("charts keep the deepest point and the last day, and stay small", () => {
    const series = chartSeries(closes, parameters, "full");
    expect(series.price.find(({ date }) => date === "2009-03-09")?.drawdown).toBeCloseTo(-0.56775, 4);
    expect(series.price.at(-1)?.date).toBe("2020-04-17");
    expect(series.price.length).toBeLessThan(1_100);
    expect(series.daily_returns.reduce((sum, { count }) => sum + count, 0)).toBe(5_104);
    const highest = series.rolling_volatility.reduce((a, b) => (b.volatility > a.volatility ? b : a));
    expect(highest.date.slice(0, 7)).toBe("2008-12");
  });
});

describe("the stocks beside the month-ends of the index", () => {
  it("leaves out March 2010, of which the file has only the first days", () => {
    expect(stocks.filter(({ timestamp }) => timestamp === "2010-03-01")).toHaveLength(5);
    const risk = analyzeTrading(stocks, monthEnds(closes), parameters, "full");
    expect(risk.stocks.map(({ symbol, to, months }) => [symbol, to, months])).toEqual([
      ["MSFT", "2010-02-01", 122],
      ["AMZN", "2010-02-01", 122],
      ["IBM", "2010-02-01", 122],
      ["GOOG", "2010-02-01", 67],
      ["AAPL", "2010-02-01", 122],
    ]);
  });

  it("has betas that agree with the definition", () => {
    const risk = analyzeTrading(stocks, monthEnds(closes), parameters, "full");
    const ibm = risk.stocks.find(({ symbol }) => symbol === "IBM");
    const index = new Map(monthEnds(closes).map(({ date, price }) => [date, price]));
    const own = stocks.filter(({ symbol }) => symbol === "IBM").slice(0, -1);
    const pairs = own
      .slice(1)
      .map(({ timestamp, price }, i) => [
        Math.log(price / own[i].price),
        Math.log((index.get(timestamp) ?? 0) / (index.get(own[i].timestamp) ?? 0)),
      ]);
    const mean = (column: number) => pairs.reduce((sum, pair) => sum + pair[column], 0) / pairs.length;
    const [a, b] = [mean(0), mean(1)];
    const covariance = pairs.reduce((sum, [x, y]) => sum + (x - a) * (y - b), 0);
    const spread = (column: number, center: number) =>
      pairs.reduce((sum, pair) => sum + (pair[column] - center) ** 2, 0);
    expect(ibm?.beta).toBeCloseTo(covariance / spread(1, b), 10);
    expect(ibm?.correlation).toBeCloseTo(covariance / Math.sqrt(spread(0, a) * spread(1, b)), 10);
    expect(risk.correlations?.IBM["^GSPC"]).toBeCloseTo(ibm?.correlation ?? 0, 12);
    expect(risk.correlations?.IBM.IBM).toBe(1);
  });

  it("says nothing of the index when there is none, and fails without usable stocks", () => {
    const alone = analyzeTrading(stocks, undefined, parameters, "full");
    expect(alone.benchmark).toBeNull();
    expect(alone.stocks[0]).not.toHaveProperty("beta");
    expect(() => analyzeTrading([{ symbol: "X", price: 1 }], undefined, parameters, "basic")).toThrow("no stock");
  });
});
