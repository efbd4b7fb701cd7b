import type { Engine } from "@millrace/core/engine";
import type { CleanupSummary, PerformanceStats, PipelineXComs } from "../xcom/pipeline-records.ts";
import type { StoryFacts } from "./pipeline-story.ts";

/** Reads what a finished run left in the store. */
export async function collectFacts(
  engine: Engine,
  run: { readonly dagId: string; readonly runId: string },
): Promise<StoryFacts> {
  const read = <T extends keyof PipelineXComs, K extends keyof PipelineXComs[T] & string>(task: T, key: K) =>
    engine.xcom(run.dagId, run.runId, task, { key }) as Promise<PipelineXComs[T][K] | undefined>;
  const tasks = await engine.tasks(run.dagId, run.runId);
  return {
    tasks: await Promise.all(
      tasks.map(async ({ taskId }) => ({
        task: taskId,
        performance: (await engine.xcom(run.dagId, run.runId, taskId, { key: "performance_stats" })) as
          | PerformanceStats
          | undefined,
      })),
    ),
    ingestion: await read("ingest_data", "ingestion_metadata"),
    quality: await read("generate_reports", "quality_report"),
    analysed: await read("analyze_risk", "analysis_metadata"),
    warnings: (await read("analyze_risk", "risk_warnings"))?.length ?? 0,
    summary: await read("generate_reports", "executive_summary"),
    cleanup: (await engine.xcom(run.dagId, run.runId, "cleanup_resources")) as CleanupSummary | undefined,
  };
}
