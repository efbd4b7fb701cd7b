import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { PipelineRequest, SourceName } from "../src/pipeline-params.ts";
import type { ReportResult } from "../src/tasks/generate-reports.ts";
import type { CleanupSummary } from "../src/xcom/pipeline-records.ts";
import { allSucceeded, type FinishedRun, runPipeline, statesOf } from "./run-pipeline.ts";

async function bandsOf(run: FinishedRun): Promise<Record<string, string>> {
  const bands: Record<string, string> = {};
  for (const band of ["high", "medium", "low"] as const) {
    for (const source of Object.keys((await run.xcom("assess_quality", `${band}_quality_data`)) ?? {}))
      bands[source] = band;
  }
  return bands;
}

async function reportOf(run: FinishedRun): Promise<ReportResult & { readonly html: string }> {
  const report = (await run.result.xcom("generate_reports")) as ReportResult;
  return { ...report, html: await readFile(report.report_files[0].path, "utf8") };
}

describe("the external feed", () => {
  const cases: [PipelineRequest["external_feeds"], string, string[]][] = [
    ["good", "high", []],
    ["medium", "medium", ["missing timestamp"]],
    ["bad", "low", ["missing timestamp", "invalid implied_volatility"]],
    ["corrupt", "low", ["data corruption"]],
    ["missing", "low", ["no data available"]],
    ["down", "low", ["no data available"]],
  ];
  it.each(cases)("%s is of %s quality", async (external_feeds, band, issues) => {
    await using run = await runPipeline({ external_feeds });
    expect(statesOf(run)).toEqual(allSucceeded);
    expect((await bandsOf(run)).external_feeds).toBe(band);
    const assessment = await run.xcom("assess_quality", "quality_assessment");
    for (const issue of issues) expect(assessment?.external_feeds.issues.join()).toContain(issue);
    const lowIssues = await run.xcom("assess_quality", "quality_issues");
    expect(lowIssues?.external_feeds === undefined).toBe(band !== "low");
    const metadata = await run.xcom("analyze_risk", "analysis_metadata");
    expect(metadata?.strategies.external_feeds).toBe({ high: "full", medium: "basic", low: "skipped" }[band]);
    expect((await reportOf(run)).report_type).toBe("full");
  });

  it("that is missing is no failure for the circuit breaker; one that is down opens it, with three attempts", async () => {
    await using missing = await runPipeline({ external_feeds: "missing" });
    expect(await missing.xcom("ingest_data", "ingestion_metadata")).toMatchObject({
      failed_sources: [{ source: "external_feeds", code: "NO_DATA" }],
      circuit_breaker: { state: "CLOSED", attempts: 1 },
    });
    await using down = await runPipeline({ external_feeds: "down" });
    expect(await down.xcom("ingest_data", "ingestion_metadata")).toMatchObject({
      total_items: 3,
      failed_sources: [{ source: "external_feeds", code: "BREAKER_OPEN" }],
      circuit_breaker: { state: "OPEN", failure_count: 3, attempts: 3 },
    });
    expect((await reportOf(down)).html).toContain("circuit breaker is OPEN after 3 failures in a row");
  });

  it("of any seed leads to a report", async () => {
    for (const seed of [1, 2, 3, 4]) {
      await using run = await runPipeline({ external_feeds: "random", seed });
      expect(statesOf(run)).toEqual(allSucceeded);
    }
  });
});

describe("the other sources", () => {
  const cases: [PipelineRequest, SourceName, string, string][] = [
    [{ market_data: "medium" }, "market_data", "medium", "missing timestamp"],
    [{ market_data: "bad" }, "market_data", "low", "invalid price"],
    [{ market_data: "corrupt" }, "market_data", "low", "data corruption"],
    [{ market_data: "vanished" }, "market_data", "low", "referenced file is gone"],
    [{ market_data: "missing" }, "market_data", "low", "no data available"],
    [{ trading_data: "medium" }, "trading_data", "medium", "missing timestamp"],
    [{ trading_data: "bad" }, "trading_data", "low", "invalid price"],
    [{ trading_data: "corrupt" }, "trading_data", "low", "data corruption"],
    [{ trading_data: "missing" }, "trading_data", "low", "no data available"],
    [{ risk_parameters: "medium" }, "risk_parameters", "medium", "missing limits"],
    [{ risk_parameters: "bad" }, "risk_parameters", "low", "invalid trading_days_per_year"],
    [{ risk_parameters: "corrupt" }, "risk_parameters", "low", "missing confidence_levels"],
    [{ risk_parameters: "missing" }, "risk_parameters", "low", "no data available"],
  ];
  it.each(cases)("%o", async (params, source, band, issue) => {
    await using run = await runPipeline(params);
    expect(statesOf(run)).toEqual(allSucceeded);
    expect(await bandsOf(run)).toMatchObject({ [source]: band });
    const assessment = await run.xcom("assess_quality", "quality_assessment");
    expect(assessment?.[source].issues.join()).toContain(issue);
    const results = await run.xcom("analyze_risk", "risk_analysis_results");
    expect(results?.[source] === undefined).toBe(band === "low");
    const warnings = await run.xcom("analyze_risk", "risk_warnings");
    expect(warnings?.some((warning) => warning.source === source && warning.warning.includes(`${band} quality`))).toBe(
      true,
    );
    expect((await reportOf(run)).html).toContain(issue);
  });

  it("without market data stocks stand on their own, and the report says so", async () => {
    await using run = await runPipeline({ market_data: "missing" });
    const results = await run.xcom("analyze_risk", "risk_analysis_results");
    expect(results?.trading_data).toMatchObject({ strategy: "full", benchmark: null });
    const { report_type, headline, html } = await reportOf(run);
    expect([report_type, headline]).toEqual([
      "full",
      expect.stringContaining("Without market data the risk of the index is unknown"),
    ]);
    expect(html).not.toContain('id="price-title"');
    expect(html).toContain("Obtain market data again");
  });
});

describe("reports adapt", () => {
  it("to medium quality: a summary", async () => {
    await using run = await runPipeline({ market_data: "medium", trading_data: "medium", external_feeds: "medium" });
    expect(statesOf(run)).toEqual(allSucceeded);
    const report = await reportOf(run);
    expect(report.report_type).toBe("summary");
    expect(report.html).toContain("<h1>Risk summary");
    const results = await run.xcom("analyze_risk", "risk_analysis_results");
    expect(results?.market_data).toMatchObject({ strategy: "basic" });
    expect(results?.market_data).not.toHaveProperty("worst_day");
    expect(results?.trading_data?.stocks[0]).not.toHaveProperty("beta");
  });

  it("to mostly low quality: an error report without details", async () => {
    await using run = await runPipeline({ market_data: "vanished", trading_data: "corrupt", external_feeds: "down" });
    expect(statesOf(run)).toEqual(allSucceeded);
    const report = await reportOf(run);
    expect(report.report_type).toBe("error");
    expect(report.outputs).not.toContain("detailed_analysis");
    expect(await run.xcom("generate_reports", "detailed_analysis")).toBeUndefined();
    expect(report.headline).toContain("market data, trading data and external feeds");
    expect(await run.xcom("generate_reports", "quality_report")).toMatchObject({ overall_quality_score: 0.25 });
  });

  it("to nothing at all", async () => {
    await using run = await runPipeline({
      market_data: "missing",
      trading_data: "missing",
      risk_parameters: "missing",
      external_feeds: "missing",
    });
    expect(statesOf(run)).toEqual(allSucceeded);
    expect((await run.xcom("ingest_data", "ingestion_metadata"))?.keys_pushed).toEqual([]);
    expect((await reportOf(run)).report_type).toBe("error");
  });
});

describe("partial failure", () => {
  it.each(["market_data", "trading_data", "external_feeds", "risk_parameters"] as const)(
    "of the analysis of %s leaves the others",
    async (source) => {
      await using run = await runPipeline({ failing_analyses: [source] });
      expect(statesOf(run)).toEqual(allSucceeded);
      expect(await run.xcom("analyze_risk", "failed_analyses")).toEqual([
        { analysis: source, error: "simulated failure of this analysis", code: "Error" },
      ]);
      expect(Object.keys((await run.xcom("analyze_risk", "risk_analysis_results")) ?? {})).toHaveLength(3);
      expect(await run.xcom("analyze_risk", "analysis_metadata")).toMatchObject({
        analyses_attempted: 4,
        analyses_succeeded: 3,
        analyses_failed: 1,
      });
      expect((await reportOf(run)).html).toContain("simulated failure of this analysis");
    },
  );

  it("of all analyses still gives a report", async () => {
    await using run = await runPipeline({
      failing_analyses: ["market_data", "trading_data", "external_feeds", "risk_parameters"],
    });
    expect(statesOf(run)).toEqual(allSucceeded);
    expect(await run.xcom("analyze_risk", "failed_analyses")).toHaveLength(4);
    expect((await reportOf(run)).outputs).toContain("detailed_analysis");
  });
});

describe("cleanup", () => {
  it("that cannot remove a file says so and goes on", async () => {
    await using run = await runPipeline({ file_locked: true });
    expect(statesOf(run)).toEqual(allSucceeded);
    const summary = (await run.result.xcom("cleanup_resources")) as CleanupSummary;
    expect(summary.files.cleaned).toEqual([]);
    expect(summary.files.failed).toEqual([
      { file: expect.stringContaining("market_data_"), error: expect.stringContaining("DATASET_OUTSIDE") },
    ]);
    expect(summary.audit_trail).toContainEqual(
      expect.objectContaining({ action: "remove_file", outcome: "failed", detail: expect.any(String) }),
    );
    expect(summary.storage_saved.file_bytes).toBe(0);
    expect(summary.storage_saved.xcom_bytes).toBeGreaterThan(0);
    expect(await readdir(join(run.folder, "data"))).toHaveLength(1);
  });

  it("of a file that is gone already is noted", async () => {
    await using run = await runPipeline({ market_data: "vanished" });
    const summary = (await run.result.xcom("cleanup_resources")) as CleanupSummary;
    expect(summary.files).toEqual({ cleaned: [], failed: [], already_gone: [expect.stringContaining("market_data_")] });
  });
});

describe("an attempt that breaks off", () => {
  it("is made again, and its files do not stay behind", async () => {
    await using run = await runPipeline({ interrupted: true, feed_size: "large" });
    expect(statesOf(run)).toEqual({ ...allSucceeded, ingest_data: "success 2" });
    const summary = (await run.result.xcom("cleanup_resources")) as CleanupSummary;
    expect(summary.files.cleaned).toHaveLength(2);
    expect(await readdir(join(run.folder, "data"))).toEqual([]);
  });
});
