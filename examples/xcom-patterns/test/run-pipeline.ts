import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "@millrace/core";
import { createEngine, type Engine, memoryStore, type RunResult } from "@millrace/core/engine";
import { financialAnalyticsPipeline } from "../src/financial-analytics-pipeline.ts";
import type { PipelineRequest } from "../src/pipeline-params.ts";
import type { PipelineXComs } from "../src/xcom/pipeline-records.ts";

/** A run through the real engine, with folders of its own. */
export interface FinishedRun {
  readonly engine: Engine;
  readonly result: RunResult;
  readonly folder: string;
  /** A key of a task, with the type that the pipeline gives it; `undefined` where it was not pushed. */
  xcom<T extends keyof PipelineXComs, K extends keyof PipelineXComs[T] & string>(
    task: T,
    key: K,
  ): Promise<PipelineXComs[T][K] | undefined>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Waiting between tries takes no time; everything else goes by the machine's clock. */
export const impatientClock: Clock = { now: systemClock.now, sleep: async () => {} };

export async function runPipeline(params: PipelineRequest = {}, clock: Clock = impatientClock): Promise<FinishedRun> {
  const folder = await mkdtemp(join(tmpdir(), "financial-pipeline-"));
  const pipeline = financialAnalyticsPipeline({ clock });
  const engine = await createEngine({ dags: [pipeline], store: memoryStore() });
  const folders = { data_dir: join(folder, "data"), reports_dir: join(folder, "reports") };
  const result = await engine.run(pipeline, { params: { external_feeds: "good", ...folders, ...params } });
  return {
    engine,
    result,
    folder,
    xcom: async (task, key) => (await result.xcom(task, { key })) as never,
    async [Symbol.asyncDispose]() {
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Every task succeeded at its first attempt. */
export function statesOf({ result }: FinishedRun): Record<string, string> {
  return Object.fromEntries(Object.entries(result.tasks).map(([id, task]) => [id, `${task.state} ${task.attempts}`]));
}

export const allSucceeded = {
  ingest_data: "success 1",
  assess_quality: "success 1",
  analyze_risk: "success 1",
  generate_reports: "success 1",
  cleanup_resources: "success 1",
};
