import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { sqlite } from "@millrace/store-sqlite";
import { expect, it } from "vitest";
import { financialAnalyticsPipeline } from "../src/financial-analytics-pipeline.ts";
import type { PipelineRequest } from "../src/pipeline-params.ts";
import type { IngestionMetadata } from "../src/xcom/pipeline-records.ts";

it("the circuit breaker is remembered in SQLite from one process to the next, and closes when its time has come", async () => {
  const folder = await mkdtemp(join(tmpdir(), "financial-pipeline-"));
  let passedMs = 0;
  const clock = { now: () => systemClock.now() + passedMs, sleep: async () => {} };
  /** A new engine on the same file each time, as after a restart. */
  async function breakerAfter(external_feeds: PipelineRequest["external_feeds"]): Promise<IngestionMetadata> {
    const pipeline = financialAnalyticsPipeline({ clock });
    await using engine = await createEngine({ dags: [pipeline], store: sqlite({ path: join(folder, "millrace.db") }) });
    const folders = { data_dir: join(folder, "data"), reports_dir: join(folder, "reports") };
    const result = await engine.run(pipeline, { params: { market_data: "missing", external_feeds, ...folders } });
    expect(result.state).toBe("success");
    return (await result.xcom("ingest_data", { key: "ingestion_metadata" })) as IngestionMetadata;
  }

  expect((await breakerAfter("down")).circuit_breaker).toEqual({ state: "OPEN", failure_count: 3, attempts: 3 });
  const whileOpen = await breakerAfter("good");
  expect(whileOpen.circuit_breaker).toEqual({ state: "OPEN", failure_count: 3, attempts: 0 });
  expect(whileOpen.failed_sources).toContainEqual(
    expect.objectContaining({ source: "external_feeds", code: "BREAKER_OPEN" }),
  );
  passedMs = 301_000;
  expect((await breakerAfter("down")).circuit_breaker).toEqual({ state: "OPEN", failure_count: 4, attempts: 1 });
  passedMs = 602_000;
  const mended = await breakerAfter("good");
  expect(mended.circuit_breaker).toEqual({ state: "CLOSED", failure_count: 0, attempts: 1 });
  expect(mended.sources.external_feeds?.record_count).toBeGreaterThan(0);
  await rm(folder, { recursive: true });
});
