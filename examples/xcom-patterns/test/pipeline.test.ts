import { readdir, readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ReportResult } from "../src/tasks/generate-reports.ts";
import type { IngestionSummary } from "../src/tasks/ingest-data.ts";
import type { CleanupSummary, QualityAssessment } from "../src/xcom/pipeline-records.ts";
import { allSucceeded, runPipeline, statesOf } from "./run-pipeline.ts";

describe("the pipeline with everything in order", () => {
  it("passes data by file, packed and directly, under dynamic keys", async () => {
    await using run = await runPipeline({ feed_size: "large" });
    expect(statesOf(run)).toEqual(allSucceeded);
    const summary = (await run.result.xcom("ingest_data")) as IngestionSummary;
    expect(summary).toEqual({
      keys_pushed: [
        "data_source_market_data",
        "data_source_trading_data",
        "data_source_risk_parameters",
        "data_source_external_feeds",
      ],
      total_items: 4,
      push_timestamp: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/),
      sources_ingested: ["market_data", "trading_data", "risk_parameters", "external_feeds"],
      sources_failed: [],
      total_records: 25_525 + 560 + 1 + 12_000,
    });
    const metadata = await run.xcom("ingest_data", "ingestion_metadata");
    expect(metadata).toMatchObject({
      keys_pushed: summary.keys_pushed,
      sources: {
        market_data: { key: "data_source_market_data", format: "csv", storage: "file_reference", record_count: 25_525 },
        trading_data: { format: "csv", storage: "compressed", record_count: 560 },
        risk_parameters: { format: "json", storage: "direct" },
        external_feeds: { format: "ndjson", storage: "file_reference", record_count: 12_000 },
      },
      failed_sources: [],
      circuit_breaker: { state: "CLOSED", failure_count: 0, attempts: 1 },
    });
    expect(metadata?.sources.market_data?.size_bytes).toBeGreaterThan(1024 * 1024);
    expect(metadata?.temporary_keys.benchmark_month_ends).toMatch(/^benchmark_month_ends_[0-9a-f]{8}$/);
  });

  it("assesses every source and pushes only the keys that apply", async () => {
    await using run = await runPipeline();
    const result = (await run.result.xcom("assess_quality")) as QualityAssessment;
    expect(result).toEqual({
      quality_assessment: {
        market_data: { score: 1, issues: [], record_count: 25_525 },
        trading_data: { score: 1, issues: [], record_count: 560 },
        risk_parameters: { score: 1, issues: [], record_count: 12 },
        external_feeds: { score: 1, issues: [], record_count: 240 },
      },
      overall_quality_score: 1,
      assessment_completed_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/),
    });
    expect(await run.xcom("assess_quality", "overall_quality_score")).toBe(1);
    expect(Object.keys((await run.xcom("assess_quality", "high_quality_data")) ?? {})).toHaveLength(4);
    for (const key of ["medium_quality_data", "low_quality_data", "quality_issues"] as const) {
      expect(await run.xcom("assess_quality", key)).toBeUndefined();
    }
  });

  it("analyses fully, with limits and warnings", async () => {
    await using run = await runPipeline();
    const results = await run.xcom("analyze_risk", "risk_analysis_results");
    expect(results?.market_data).toMatchObject({ strategy: "full", worst_day: { date: "2020-03-16" } });
    expect(results?.trading_data).toMatchObject({ strategy: "full", benchmark: "^GSPC" });
    expect(results?.trading_data?.stocks).toHaveLength(5);
    expect(results?.external_feeds).toMatchObject({ strategy: "full", record_count: 240 });
    expect(results?.risk_parameters).toMatchObject({ breaches: 3 });
    expect(await run.xcom("analyze_risk", "failed_analyses")).toEqual([]);
    expect((await run.xcom("analyze_risk", "risk_warnings"))?.map(({ source }) => source)).toEqual(
      Array(3).fill("risk_parameters"),
    );
    expect(await run.xcom("analyze_risk", "analysis_metadata")).toMatchObject({
      analyses_attempted: 4,
      analyses_succeeded: 4,
      analyses_failed: 0,
      analyses_skipped: 0,
      records_processed: 25_525 + 560 + 240,
    });
  });

  it("reports in full, as XComs and as files at absolute paths", async () => {
    await using run = await runPipeline();
    const report = (await run.result.xcom("generate_reports")) as ReportResult;
    expect(report.report_type).toBe("full");
    expect(report.outputs).toEqual([
      "executive_summary",
      "quality_report",
      "recommendations",
      "report_files",
      "detailed_analysis",
    ]);
    expect(await run.xcom("generate_reports", "executive_summary")).toMatchObject({
      report_type: "full",
      sources_missing: [],
    });
    expect(await run.xcom("generate_reports", "detailed_analysis")).toMatchObject({ failed_analyses: [] });
    expect((await run.xcom("generate_reports", "recommendations"))?.[0].priority).toBe("high");
    const [page, markdown] = report.report_files;
    expect([page.format, markdown.format]).toEqual(["html", "markdown"]);
    for (const { path, size_bytes } of report.report_files) {
      expect(isAbsolute(path)).toBe(true);
      expect((await readFile(path)).length).toBe(size_bytes);
    }
    const html = await readFile(page.path, "utf8");
    expect(html.match(/<svg/g)).toHaveLength(4);
    for (const text of ["56.8%", "−11.98%", "Volatility", "AAPL"]) expect(html).toContain(text);
    expect(await readFile(markdown.path, "utf8")).toContain("| IBM | 122 |");
  });

  it("cleans up files and working keys, keeps results, and tells what it did", async () => {
    await using run = await runPipeline({ feed_size: "large" });
    const summary = (await run.result.xcom("cleanup_resources")) as CleanupSummary;
    expect(summary.files.cleaned).toHaveLength(2);
    expect(summary.files).toMatchObject({ failed: [], already_gone: [] });
    expect(await readdir(join(run.folder, "data"))).toEqual([]);
    expect(summary.storage_saved.file_bytes).toBeGreaterThan(5_000_000);
    expect(summary.storage_saved.xcom_bytes).toBeGreaterThan(100_000);
    expect(summary.xcoms.cleared).toHaveLength(6);
    expect(summary.audit_trail).toHaveLength(8);
    expect(await run.xcom("cleanup_resources", "audit_trail")).toEqual(summary.audit_trail);
    expect(summary.report_files).toHaveLength(2);
    const metadata = await run.xcom("ingest_data", "ingestion_metadata");
    for (const key of [...(metadata?.keys_pushed ?? []), metadata?.temporary_keys.benchmark_month_ends ?? ""]) {
      expect(await run.result.xcom("ingest_data", { key })).toBeUndefined();
    }
    expect(await run.xcom("generate_reports", "executive_summary")).toBeDefined();
  });

  it("keeps lineage and performance of every task", async () => {
    await using run = await runPipeline();
    for (const task of Object.keys(allSucceeded)) {
      const lineage = (await run.result.xcom(task, { key: "data_lineage" })) as Record<string, unknown>[];
      expect(lineage.length).toBeGreaterThan(0);
      for (const record of lineage) {
        expect(record).toEqual({
          source_task: task,
          data_source: expect.any(String),
          transformation: expect.any(String),
          timestamp: expect.stringMatching(/Z$/),
          dag_run_id: run.result.runId,
        });
      }
      const stats = (await run.result.xcom(task, { key: "performance_stats" })) as Record<string, number>;
      expect(Object.keys(stats)).toEqual([
        "execution_time_seconds",
        "memory_before_mb",
        "memory_after_mb",
        "memory_usage_mb",
        "peak_memory_mb",
      ]);
      expect(stats.peak_memory_mb).toBeGreaterThanOrEqual(Math.max(stats.memory_before_mb, stats.memory_after_mb));
    }
    const ingested = (await run.result.xcom("ingest_data", { key: "data_lineage" })) as {
      data_source: string;
      transformation: string;
    }[];
    expect(ingested.map(({ data_source, transformation }) => `${data_source}: ${transformation}`)).toEqual([
      "market_data: ingested from csv, kept as file_reference",
      "trading_data: ingested from csv, kept as compressed",
      "risk_parameters: ingested from json, kept as direct",
      "external_feeds: ingested from ndjson, kept as direct",
      "market_data: reduced to month-ends of the index",
    ]);
  });
});
