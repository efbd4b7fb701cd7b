import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import pipeline from "../dags/financial-analytics-pipeline.ts";
import config from "../millrace.config.ts";
import { collectFacts } from "../src/demo/collect-facts.ts";
import { plain, tellStory } from "../src/demo/pipeline-story.ts";
import { runPipeline } from "./run-pipeline.ts";

it("the story of a run names every task, the figures and the reports", async () => {
  await using run = await runPipeline({ external_feeds: "down", file_locked: true });
  const story = tellStory(await collectFacts(run.engine, run.result), plain);
  for (const text of [
    "ingest_data        3 of 4 sources",
    "market_data       25,525 records  csv     as file reference, 3.9 MB",
    "external_feeds   not available (BREAKER_OPEN)",
    "overall 0.75: external_feeds 0.00",
    "3 analyses made, 0 failed, 1 skipped",
    "full report from 3 of 4 sources",
    "0 files and 5 XComs, 1 could not be removed",
    "Maximum drawdown             56.8%",
    `${run.folder}/reports/`,
    "risk-report.html",
  ]) {
    expect(story).toContain(text);
  }
});

it("the DAG file and the configuration are what the command expects", () => {
  expect(pipeline.id).toBe("financial_analytics_pipeline");
  expect(pipeline.tasks.map(({ id }) => id)).toEqual([
    "ingest_data",
    "assess_quality",
    "analyze_risk",
    "generate_reports",
    "cleanup_resources",
  ]);
  expect(config).toMatchObject({
    dags: "./dags",
    store: ["@millrace/store-sqlite", { path: ".millrace/millrace.db" }],
  });
});

it("the command that the demo starts is installed beside it", () => {
  const manifest = createRequire(import.meta.url).resolve("millrace/package.json");
  expect(existsSync(join(dirname(manifest), "bin", "millrace.mjs"))).toBe(true);
});
