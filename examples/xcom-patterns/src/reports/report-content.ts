import type { LineageRecord } from "@millrace/core";
import type { ChartSeries } from "../risk/analyze-market.ts";
import type {
  DetailedAnalysis,
  ExecutiveSummary,
  IngestionMetadata,
  PerformanceStats,
  QualityReport,
  Recommendation,
} from "../xcom/pipeline-records.ts";

/** Everything that a report shows, whatever its format. What the data did not support is not there. */
export interface ReportContent {
  readonly run: { readonly id: string; readonly dag: string };
  readonly summary: ExecutiveSummary;
  readonly details: DetailedAnalysis | undefined;
  readonly quality: QualityReport;
  readonly recommendations: readonly Recommendation[];
  readonly ingestion: IngestionMetadata | undefined;
  readonly charts: ChartSeries | undefined;
  readonly lineage: readonly LineageRecord[];
  readonly performance: readonly ({ readonly task: string } & PerformanceStats)[];
}

export const titles = {
  full: "Risk report",
  summary: "Risk summary",
  error: "Data error report",
} as const;
