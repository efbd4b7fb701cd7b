import { type Dag, dag, systemClock } from "@millrace/core";
import { type PipelineRequest, pipelineParams } from "./pipeline-params.ts";
import { analyzeRisk } from "./tasks/analyze-risk.ts";
import { assessQuality } from "./tasks/assess-quality.ts";
import { cleanupResources } from "./tasks/cleanup-resources.ts";
import { generateReports } from "./tasks/generate-reports.ts";
import { ingestData } from "./tasks/ingest-data.ts";
import { monitored } from "./tasks/monitor-performance.ts";
import type { PipelineServices } from "./tasks/pipeline-services.ts";

/**
 * `ingest_data → assess_quality → analyze_risk → generate_reports → cleanup_resources`: each task takes what it needs
 * from the XComs of those before it, copes with what is not there, and succeeds.
 */
export function financialAnalyticsPipeline(services: PipelineServices = { clock: systemClock }): Dag<PipelineRequest> {
  const { clock } = services;
  return dag(
    "financial_analytics_pipeline",
    {
      description: "Takes in market data of any size and quality, measures its risk, and reports what the data allows",
      params: pipelineParams,
      defaults: { retries: 1, retryDelay: "1s", executionTimeout: "5m" },
      tags: ["finance", "xcom"],
    },
    (d) => {
      d.chain(
        d.task("ingest_data", monitored(clock, ingestData(services))),
        d.task("assess_quality", monitored(clock, assessQuality(services))),
        d.task("analyze_risk", monitored(clock, analyzeRisk(services))),
        d.task("generate_reports", monitored(clock, generateReports(services))),
        d.task("cleanup_resources", monitored(clock, cleanupResources(services))),
      );
    },
  );
}
