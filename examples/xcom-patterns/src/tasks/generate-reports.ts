import type { LineageRecord } from "@millrace/core";
import { executiveSummary } from "../reports/executive-summary.ts";
import { renderHtmlReport } from "../reports/html-report.ts";
import { renderMarkdownReport } from "../reports/markdown-report.ts";
import { recommend } from "../reports/recommendations.ts";
import type { ReportContent } from "../reports/report-content.ts";
import { decideReportType, qualityReport } from "../reports/report-decision.ts";
import { writeReports } from "../reports/write-reports.ts";
import { timestamp } from "../timestamp.ts";
import type {
  ChartSeries,
  DetailedAnalysis,
  PerformanceStats,
  ReportFile,
  ReportType,
} from "../xcom/pipeline-records.ts";
import { pullKnown } from "../xcom/pull-known.ts";
import { type PipelineContext, type PipelineServices, reportFolder } from "./pipeline-services.ts";

/** What `generate_reports` returns. */
export interface ReportResult {
  readonly report_type: ReportType;
  readonly headline: string;
  readonly outputs: readonly string[];
  readonly report_files: readonly ReportFile[];
}

const earlierTasks = ["ingest_data", "assess_quality", "analyze_risk"] as const;

/**
 * Reports what the data allows: `executive_summary`, `quality_report` and `recommendations` always,
 * `detailed_analysis` only when something was analysed; and the same as files to open.
 */
export function generateReports({ clock }: PipelineServices) {
  return async (context: PipelineContext): Promise<ReportResult> => {
    const { xcom } = context;
    const assessment = await pullKnown(context, "assess_quality", "quality_assessment");
    const quality = qualityReport(assessment, await pullKnown(context, "assess_quality", "overall_quality_score"));
    const type = decideReportType(assessment);
    const details = await detailsOf(context, type);
    const results = details?.results ?? {};
    const ingestion = await pullKnown(context, "ingest_data", "ingestion_metadata");
    const recommendations = recommend({ results, quality, failed: details?.failed_analyses ?? [], ingestion });
    const generatedAt = timestamp(clock);
    const summary = executiveSummary({ type, results, quality, warnings: details?.warnings ?? [], generatedAt });
    await context.lineage("all sources", `reported: ${type}`);

    const content: ReportContent = {
      run: { id: context.run.id, dag: context.dag.id },
      summary,
      details,
      quality,
      recommendations,
      ingestion,
      charts: await chartsOf(context, details),
      lineage: await lineageSoFar(context),
      performance: await performanceSoFar(context),
    };
    const files = await writeReports(reportFolder(context), {
      html: renderHtmlReport(content),
      markdown: renderMarkdownReport(content),
    });
    for (const { path } of files) context.log.info(`report written: ${path}`);

    const outputs = { executive_summary: summary, quality_report: quality, recommendations, report_files: files };
    const pushed = details ? { ...outputs, detailed_analysis: details } : outputs;
    for (const [key, value] of Object.entries(pushed)) await xcom.push(key, value);
    return { report_type: type, headline: summary.headline, outputs: Object.keys(pushed), report_files: files };
  };
}

/** What can be told in detail; nothing when the data was not good enough to analyse anything. */
async function detailsOf(context: PipelineContext, type: ReportType): Promise<DetailedAnalysis | undefined> {
  const results = await pullKnown(context, "analyze_risk", "risk_analysis_results");
  const metadata = await pullKnown(context, "analyze_risk", "analysis_metadata");
  const warnings = (await pullKnown(context, "analyze_risk", "risk_warnings")) ?? [];
  const failed_analyses = (await pullKnown(context, "analyze_risk", "failed_analyses")) ?? [];
  if (!results || !metadata) return undefined;
  const hasFindings = Object.keys(results).some((source) => source !== "risk_parameters");
  if (type === "error" && !hasFindings) return undefined;
  return { results, warnings, failed_analyses, metadata };
}

async function chartsOf(
  context: PipelineContext,
  details: DetailedAnalysis | undefined,
): Promise<ChartSeries | undefined> {
  const key = details?.metadata.temporary_keys.chart_series;
  return key === undefined
    ? undefined
    : ((await context.xcom.pull({ task: "analyze_risk", key })) as ChartSeries | undefined);
}

/** Lineage of the earlier tasks and of this one, in order. */
async function lineageSoFar(context: PipelineContext): Promise<LineageRecord[]> {
  const lists = await context.xcom.pull({ task: [...earlierTasks, context.task.id], key: "data_lineage", default: [] });
  return (lists as LineageRecord[][]).flat();
}

async function performanceSoFar(context: PipelineContext): Promise<({ readonly task: string } & PerformanceStats)[]> {
  const stats = (await context.xcom.pull({ task: earlierTasks, key: "performance_stats" })) as (
    | PerformanceStats
    | undefined
  )[];
  return stats.flatMap((found, i) => (found ? [{ task: earlierTasks[i], ...found }] : []));
}
