import { describe, expect, it } from "vitest";
import { bandOf, overallScore, QualityTally } from "./quality-score.ts";
import { scoreRiskParameters, sourceRules } from "./source-rules.ts";

const good = { symbol: "IBM", price: 100, timestamp: "2024-01-01" };

function judge(records: readonly unknown[], expected?: number) {
  const tally = new QualityTally(sourceRules.trading_data);
  for (const record of records) tally.add(record);
  return tally.result(expected);
}

describe("QualityTally", () => {
  it("perfect records score 1, none scores 0", () => {
    expect(judge([good, { ...good, timestamp: "2024-02-01" }])).toEqual({ score: 1, issues: [], record_count: 2 });
    expect(judge([])).toEqual({ score: 0, issues: ["no data available"], record_count: 0 });
  });

  it("takes off what is incomplete, invalid, repeated, unreadable or lacking", () => {
    const other = (month: number) => ({ ...good, timestamp: `2024-0${month}-01` });
    expect(judge([good, other(2), other(3), { symbol: "IBM", price: 1 }])).toEqual({
      score: 0.75,
      issues: ["missing timestamp in 1 of 4 records"],
      record_count: 4,
    });
    expect(judge([good, { ...other(2), price: -1 }])).toMatchObject({
      score: 0.5,
      issues: ["invalid price in 1 of 2 records"],
    });
    expect(judge([good, good])).toMatchObject({ score: 0.5, issues: ["repeated records in 1 of 2 records"] });
    expect(judge([good, { unreadable_line: "{" }, 7, null])).toMatchObject({
      score: 0.25,
      issues: ["data corruption in 3 of 4 records"],
    });
    expect(judge([good], 2)).toMatchObject({ score: 0.5, issues: ["incomplete: 1 of 2 records"] });
    for (const price of [0, Number.NaN, "1", Number.POSITIVE_INFINITY])
      expect(judge([{ ...good, price }]).score).toBe(0);
    for (const timestamp of ["2024-13-01", "yesterday", 5]) expect(judge([{ ...good, timestamp }]).score).toBe(0);
  });

  it("counts null and empty text as missing", () => {
    expect(
      judge([
        { ...good, timestamp: null },
        { ...good, symbol: "" },
      ]).issues,
    ).toEqual(["missing timestamp in 1 of 2 records", "missing symbol in 1 of 2 records"]);
  });
});

describe("bands and the overall score", () => {
  it("change at 0.8 and 0.5", () => {
    expect([1, 0.8, 0.79, 0.5, 0.49, 0].map(bandOf)).toEqual(["high", "high", "medium", "medium", "low", "low"]);
  });

  it("is the mean, to two places", () => {
    expect(overallScore([0.95, 0.75, 1, 0.45])).toBe(0.79);
    expect(overallScore([])).toBe(0);
  });
});

describe("scoreRiskParameters", () => {
  it("is the share of settings that are there and make sense", () => {
    expect(scoreRiskParameters("text")).toMatchObject({ score: 0, record_count: 0 });
    expect(
      scoreRiskParameters({ confidence_levels: [0.95], trading_days_per_year: 252, months_per_year: -1 }),
    ).toMatchObject({
      score: 0.17,
      record_count: 2,
    });
    expect(scoreRiskParameters({ months_per_year: -1 }).issues).toContain("invalid months_per_year");
    expect(scoreRiskParameters({}).issues).toContain("missing limits.beta");
  });
});
