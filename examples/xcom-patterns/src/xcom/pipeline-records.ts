import type { FileReference } from "@millrace/xcom-file";
import type { SourceName } from "../pipeline-params.ts";
import type { QualityBand, QualityResult } from "../quality/quality-score.ts";
import type { FeedRisk } from "../risk/analyze-feed.ts";
import type { BasicMarketRisk, ChartSeries, FullMarketRisk, Strategy } from "../risk/analyze-market.ts";
import type { TradingRisk } from "../risk/analyze-trading.ts";
import type { LimitReport } from "../risk/check-limits.ts";

/** How a source travels: in a file, packed, or as it is. */
export type StorageKind = "file_reference" | "compressed" | "direct";

export interface IngestedSource {
  readonly key: string;
  readonly format: "csv" | "json" | "ndjson";
  readonly storage: StorageKind;
  readonly record_count: number;
  readonly size_bytes: number;
}

export interface FailedSource {
  readonly source: SourceName;
  readonly error: string;
  readonly code: string;
}

/** XCom `ingestion_metadata` of `ingest_data`. */
export interface IngestionMetadata {
  readonly keys_pushed: readonly string[];
  readonly total_items: number;
  readonly push_timestamp: string;
  readonly sources: Readonly<Partial<Record<SourceName, IngestedSource>>>;
  readonly failed_sources: readonly FailedSource[];
  /** Keys that only this run's tasks need; cleared at the end. */
  readonly temporary_keys: { readonly benchmark_month_ends?: string };
  readonly circuit_breaker: { readonly state: string; readonly failure_count: number; readonly attempts: number };
  readonly ingested_at: string;
}

/** XComs `high_quality_data`, `medium_quality_data` and `low_quality_data` of `assess_quality`. */
export type QualityBandData = Readonly<
  Partial<Record<SourceName, { readonly key: string; readonly score: number; readonly record_count: number }>>
>;

/** Result of `assess_quality`. */
export interface QualityAssessment {
  readonly quality_assessment: Readonly<Record<SourceName, QualityResult>>;
  readonly overall_quality_score: number;
  readonly assessment_completed_at: string;
}

/** XCom `risk_analysis_results` of `analyze_risk`: what could be analysed. */
export interface RiskResults {
  readonly market_data?: BasicMarketRisk | FullMarketRisk;
  readonly trading_data?: TradingRisk;
  readonly external_feeds?: FeedRisk;
  readonly risk_parameters?: LimitReport;
}

export interface RiskWarning {
  readonly source: SourceName;
  readonly warning: string;
}

export interface FailedAnalysis {
  readonly analysis: SourceName;
  readonly error: string;
  readonly code: string;
}

/** XCom `analysis_metadata` of `analyze_risk`. */
export interface AnalysisMetadata {
  readonly started_at: string;
  readonly completed_at: string;
  readonly execution_time_seconds: number;
  readonly analyses_attempted: number;
  readonly analyses_succeeded: number;
  readonly analyses_failed: number;
  readonly analyses_skipped: number;
  readonly strategies: Readonly<Record<SourceName, Strategy | "skipped">>;
  readonly records_processed: number;
  readonly temporary_keys: { readonly chart_series?: string };
}

export type ReportType = "full" | "summary" | "error";

export interface KeyFigure {
  readonly name: string;
  readonly value: string;
  readonly note: string;
}

/** XCom `executive_summary` of `generate_reports`. */
export interface ExecutiveSummary {
  readonly report_type: ReportType;
  readonly headline: string;
  readonly key_figures: readonly KeyFigure[];
  readonly overall_quality_score: number;
  readonly sources_analysed: readonly SourceName[];
  readonly sources_missing: readonly SourceName[];
  readonly warnings: number;
  readonly generated_at: string;
}

/** XCom `quality_report` of `generate_reports`. */
export interface QualityReport {
  readonly overall_quality_score: number;
  readonly sources: readonly ({ readonly source: SourceName; readonly band: QualityBand } & QualityResult)[];
}

export interface Recommendation {
  readonly priority: "high" | "medium" | "low";
  readonly action: string;
  readonly reason: string;
}

/** XCom `detailed_analysis` of `generate_reports`; pushed only when there is something to detail. */
export interface DetailedAnalysis {
  readonly results: RiskResults;
  readonly warnings: readonly RiskWarning[];
  readonly failed_analyses: readonly FailedAnalysis[];
  readonly metadata: AnalysisMetadata;
}

export interface ReportFile {
  readonly format: "html" | "markdown";
  readonly path: string;
  readonly size_bytes: number;
}

export interface AuditEntry {
  readonly at: string;
  readonly action: "remove_file" | "clear_xcom";
  readonly target: string;
  readonly outcome: "removed" | "already_gone" | "failed";
  readonly size_bytes: number;
  readonly detail?: string;
}

/** Result of `cleanup_resources`. */
export interface CleanupSummary {
  readonly files: {
    readonly cleaned: readonly string[];
    readonly failed: readonly { readonly file: string; readonly error: string }[];
    readonly already_gone: readonly string[];
  };
  readonly xcoms: { readonly cleared: readonly string[] };
  readonly storage_saved: { readonly file_bytes: number; readonly xcom_bytes: number; readonly total_mb: number };
  readonly audit_trail: readonly AuditEntry[];
  readonly report_files: readonly ReportFile[];
  readonly cleanup_completed_at: string;
}

/** XCom `performance_stats`, pushed by every task. Memory is that of the whole process (resident set). */
export interface PerformanceStats {
  readonly execution_time_seconds: number;
  readonly memory_before_mb: number;
  readonly memory_after_mb: number;
  readonly memory_usage_mb: number;
  readonly peak_memory_mb: number;
}

/** Every key that a task of the pipeline pushes, with the type of its value, by task. */
export interface PipelineXComs {
  readonly ingest_data: { readonly ingestion_metadata: IngestionMetadata };
  readonly assess_quality: {
    readonly quality_assessment: QualityAssessment["quality_assessment"];
    readonly overall_quality_score: number;
    readonly high_quality_data: QualityBandData;
    readonly medium_quality_data: QualityBandData;
    readonly low_quality_data: QualityBandData;
    readonly quality_issues: Readonly<Partial<Record<SourceName, readonly string[]>>>;
  };
  readonly analyze_risk: {
    readonly risk_analysis_results: RiskResults;
    readonly risk_warnings: readonly RiskWarning[];
    readonly analysis_metadata: AnalysisMetadata;
    readonly failed_analyses: readonly FailedAnalysis[];
  };
  readonly generate_reports: {
    readonly executive_summary: ExecutiveSummary;
    readonly detailed_analysis: DetailedAnalysis;
    readonly quality_report: QualityReport;
    readonly recommendations: readonly Recommendation[];
    readonly report_files: readonly ReportFile[];
  };
  readonly cleanup_resources: { readonly audit_trail: readonly AuditEntry[] };
}

export type { ChartSeries, FileReference };
