import type { SourceName } from "../pipeline-params.ts";
import { bandOf, type QualityBand, type QualityResult } from "../quality/quality-score.ts";
import type { QualityReport, ReportType } from "../xcom/pipeline-records.ts";

/** Sources with observations in them; settings alone make no report. */
const observed: readonly SourceName[] = ["market_data", "trading_data", "external_feeds"];

/**
 * Which report the data allows: an error report when most sources are of low quality (or nothing can be observed),
 * a full one when an observed source is of high quality, otherwise a summary.
 */
export function decideReportType(assessment: Readonly<Record<SourceName, QualityResult>> | undefined): ReportType {
  if (!assessment) return "error";
  const bands = Object.values(assessment).map(({ score }) => bandOf(score));
  const isMostlyLow = bands.filter((band) => band === "low").length > bands.length / 2;
  const observedBands = observed.map((source) => bandOf(assessment[source].score));
  if (isMostlyLow) return "error";
  if (observedBands.includes("high")) return "full";
  return observedBands.includes("medium") ? "summary" : "error";
}

/** Every source with its score, worst first. */
export function qualityReport(
  assessment: Readonly<Record<SourceName, QualityResult>> | undefined,
  overall: number | undefined,
): QualityReport {
  const sources = Object.entries(assessment ?? {}).map(([source, result]) => ({
    source: source as SourceName,
    band: bandOf(result.score) as QualityBand,
    ...result,
  }));
  return { overall_quality_score: overall ?? 0, sources: sources.toSorted((a, b) => a.score - b.score) };
}
