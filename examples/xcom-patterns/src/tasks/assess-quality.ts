import { loadDataset } from "@millrace/xcom-file";
import { type SourceName, sourceNames } from "../pipeline-params.ts";
import { bandOf, overallScore, type QualityBand, type QualityResult, QualityTally } from "../quality/quality-score.ts";
import { scoreRiskParameters, sourceRules } from "../quality/source-rules.ts";
import { timestamp } from "../timestamp.ts";
import type { QualityAssessment, QualityBandData } from "../xcom/pipeline-records.ts";
import { claimedCount, recordsOf, type SourcePayload } from "../xcom/source-payload.ts";
import { dataFolder, describeError, type PipelineContext, type PipelineServices } from "./pipeline-services.ts";

/**
 * Judges every source from 0 (failed) to 1 (perfect) and says by conditional keys what is worth analysing:
 * `high_quality_data`, `medium_quality_data`, `low_quality_data` and `quality_issues` exist only if there is any.
 */
export function assessQuality({ clock }: PipelineServices) {
  return async (context: PipelineContext): Promise<QualityAssessment> => {
    const { xcom, log } = context;
    const keys = sourceNames.map((source) => `data_source_${source}`);
    const { available, missing } = await xcom.pullAvailable("ingest_data", keys);
    if (missing.length > 0) log.warn("some sources are missing", { missing });

    const assessed: Partial<Record<SourceName, QualityResult>> = {};
    for (const source of sourceNames) {
      const payload = available[`data_source_${source}`] as SourcePayload | undefined;
      assessed[source] = await assess(source, payload, context);
      await context.lineage(source, `assessed: score ${assessed[source].score}`);
    }
    const assessment = assessed as Record<SourceName, QualityResult>;

    const bands: Record<QualityBand, Record<string, QualityBandData[SourceName]>> = { high: {}, medium: {}, low: {} };
    for (const source of sourceNames) {
      const { score, record_count } = assessment[source];
      bands[bandOf(score)][source] = { key: `data_source_${source}`, score, record_count };
    }
    for (const [band, sources] of Object.entries(bands)) {
      if (Object.keys(sources).length > 0) await xcom.push(`${band}_quality_data`, sources);
    }
    if (Object.keys(bands.low).length > 0) {
      const issues = Object.keys(bands.low).map((source) => [source, assessment[source as SourceName].issues]);
      await xcom.push("quality_issues", Object.fromEntries(issues));
    }
    const result: QualityAssessment = {
      quality_assessment: assessment,
      overall_quality_score: overallScore(sourceNames.map((source) => assessment[source].score)),
      assessment_completed_at: timestamp(clock),
    };
    await xcom.push("quality_assessment", assessment);
    await xcom.push("overall_quality_score", result.overall_quality_score);
    return result;
  };
}

/** A source that is missing, or cannot be read back, has score 0 and says why. */
async function assess(
  source: SourceName,
  payload: SourcePayload | undefined,
  context: PipelineContext,
): Promise<QualityResult> {
  if (payload === undefined) return { score: 0, issues: ["no data available"], record_count: 0 };
  try {
    if (source === "risk_parameters")
      return scoreRiskParameters(await loadDataset(payload as unknown, { dir: dataFolder(context) }));
    const tally = new QualityTally(sourceRules[source]);
    for await (const chunk of recordsOf(payload, dataFolder(context), context.signal))
      for (const record of chunk) tally.add(record);
    return tally.result(claimedCount(payload));
  } catch (error) {
    context.signal.throwIfAborted();
    const { error: message, code } = describeError(error);
    context.log.error(`${source} cannot be read back`, { error: message, code });
    return {
      score: 0,
      issues: [code === "DATASET_MISSING" ? "referenced file is gone" : `data corruption: ${message}`],
      record_count: 0,
    };
  }
}
