import { describe, expect, it } from "vitest";
import type { SourceName } from "../pipeline-params.ts";
import { renderHtmlReport } from "./html-report.ts";
import { renderMarkdownReport } from "./markdown-report.ts";
import { bytes, money, percent, ratio, whole, words } from "./number-format.ts";
import type { ReportContent } from "./report-content.ts";
import { decideReportType, qualityReport } from "./report-decision.ts";

const scores = (market: number, trading: number, parameters: number, feeds: number) => {
  const result = (score: number) => ({ score, issues: [], record_count: 1 });
  return {
    market_data: result(market),
    trading_data: result(trading),
    risk_parameters: result(parameters),
    external_feeds: result(feeds),
  } satisfies Record<SourceName, unknown>;
};

describe("decideReportType", () => {
  it.each([
    ["full", scores(1, 1, 1, 1)],
    ["full", scores(0.6, 0.9, 1, 0.1)],
    ["full", scores(0.8, 0.1, 0.6, 0.3)],
    ["summary", scores(0.6, 0.7, 1, 0.2)],
    ["summary", scores(0.5, 0.4, 1, 0.4)],
    ["error", scores(0, 0, 1, 0)],
    ["error", scores(1, 0.2, 0.2, 0.2)],
    ["error", undefined],
  ] as const)("%s (%#)", (type, assessment) => {
    expect(decideReportType(assessment)).toBe(type);
  });

  it("lists sources worst first", () => {
    expect(qualityReport(scores(1, 0.2, 0.9, 0.6), 0.68).sources.map(({ source, band }) => [source, band])).toEqual([
      ["trading_data", "low"],
      ["external_feeds", "medium"],
      ["risk_parameters", "high"],
      ["market_data", "high"],
    ]);
    expect(qualityReport(undefined, undefined)).toEqual({ overall_quality_score: 0, sources: [] });
  });
});

describe("text from data", () => {
  const hostile = `"><script>alert(1)</script><img src=x onerror='alert(1)'>&lt;| # [x](javascript:alert(1)) \`code\``;
  const content: ReportContent = {
    run: { id: hostile, dag: hostile },
    summary: {
      report_type: "full",
      headline: hostile,
      key_figures: [{ name: hostile, value: hostile, note: hostile }],
      overall_quality_score: 0.5,
      sources_analysed: [],
      sources_missing: [],
      warnings: 1,
      generated_at: "2024-01-15T10:00:00Z",
    },
    details: undefined,
    quality: {
      overall_quality_score: 0,
      sources: [{ source: "market_data", band: "low", score: 0, issues: [hostile], record_count: 0 }],
    },
    recommendations: [{ priority: "high", action: hostile, reason: hostile }],
    ingestion: undefined,
    charts: undefined,
    lineage: [
      { source_task: hostile, data_source: hostile, transformation: hostile, timestamp: hostile, dag_run_id: hostile },
    ],
    performance: [],
  };

  it("cannot become markup in the HTML report, which has no script at all", () => {
    const page = renderHtmlReport(content);
    expect(page).not.toMatch(/<script|<img|javascript:[^a]*"/i);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).toContain("default-src 'none'");
    expect(isWellFormed(page)).toBe(true);
  });

  it("cannot become markup in the Markdown report", () => {
    const text = renderMarkdownReport(content);
    for (const line of text.split("\n")) expect(line.replace(/\\./g, "")).not.toMatch(/<|\[x\]|`|\w\|\w/);
    const row = text.split("\n").find((line) => line.startsWith("| Market data"));
    expect(row?.replace(/\\./g, "").match(/\|/g)).toHaveLength(6);
  });
});

describe("numbers for people", () => {
  it("have one form", () => {
    expect([percent(0.56775), percent(-0.1198, 2), ratio(-0.368), whole(25_525)]).toEqual([
      "56.8%",
      "−11.98%",
      "−0.37",
      "25,525",
    ]);
    expect([money(34_508, "USD"), bytes(4_092_000), bytes(5_049), bytes(12), words("market_data")]).toEqual([
      "$34,508",
      "3.9 MB",
      "5 kB",
      "12 B",
      "Market data",
    ]);
  });
});

/** Every element that opens is closed, in order. */
function isWellFormed(page: string): boolean {
  const open: string[] = [];
  for (const [, close, name, self] of page.matchAll(/<(\/?)([a-zA-Z][\w-]*)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (self === "/" || name === "meta") continue;
    if (close === "") open.push(name);
    else if (open.pop() !== name) return false;
  }
  return open.length === 0;
}
