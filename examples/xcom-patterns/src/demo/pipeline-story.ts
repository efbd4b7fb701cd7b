import { bytes, ratio, whole } from "../reports/number-format.ts";
import type {
  CleanupSummary,
  ExecutiveSummary,
  IngestionMetadata,
  PerformanceStats,
  QualityReport,
  ReportFile,
} from "../xcom/pipeline-records.ts";

/** What the tasks of a run left behind, as far as the story needs it. */
export interface StoryFacts {
  readonly tasks: readonly { readonly task: string; readonly performance: PerformanceStats | undefined }[];
  readonly ingestion: IngestionMetadata | undefined;
  readonly quality: QualityReport | undefined;
  readonly analysed:
    | { readonly analyses_succeeded: number; readonly analyses_failed: number; readonly analyses_skipped: number }
    | undefined;
  readonly warnings: number;
  readonly summary: ExecutiveSummary | undefined;
  readonly cleanup: CleanupSummary | undefined;
}

/** How words are set off; plain text where there is no terminal. */
export interface Emphasis {
  strong(text: string): string;
  soft(text: string): string;
}

export const plain: Emphasis = { strong: (text) => text, soft: (text) => text };

/** A run told to somebody who sees it for the first time: what each task did, the figures, where the reports are. */
export function tellStory(facts: StoryFacts, { strong, soft }: Emphasis): string {
  const figures = facts.summary?.key_figures ?? [];
  const files: readonly ReportFile[] = facts.cleanup?.report_files ?? [];
  const lines = [
    strong("What each task did"),
    ...facts.tasks.flatMap(({ task }) => {
      const [deed = "", ...more] = deedsOf(task, facts);
      return [`  ${task.padEnd(18)} ${deed}`.trimEnd(), ...more.map((line) => soft(`      ${line}`))];
    }),
    soft(
      `  at most ${Math.max(0, ...facts.tasks.map(({ performance }) => performance?.peak_memory_mb ?? 0)).toFixed(0)} MB of memory, for the whole process`,
    ),
    "",
    strong("Key figures"),
    ...figures.map(({ name, value, note }) => `  ${name.padEnd(24)} ${value.padStart(9)}  ${soft(note)}`),
    "",
    facts.summary?.headline ?? "No report was made.",
    "",
    strong("Reports"),
    ...files.map(({ path }) => `  ${path}`),
  ];
  return lines.join("\n");
}

/** What a task did: a line, and further ones that go into detail. */
function deedsOf(task: string, facts: StoryFacts): string[] {
  const { ingestion, quality, analysed, summary, cleanup } = facts;
  if (task === "ingest_data" && ingestion) {
    const sources = Object.entries(ingestion.sources).map(
      ([name, { record_count, storage, size_bytes, format }]) =>
        `${name.padEnd(16)} ${whole(record_count).padStart(7)} records  ${format.padEnd(6)}  as ${storage.replace("_", " ")}, ${bytes(size_bytes)}`,
    );
    const failed = ingestion.failed_sources.map(({ source, code }) => `${source.padEnd(16)} not available (${code})`);
    return [`${sources.length} of ${sources.length + failed.length} sources`, ...sources, ...failed];
  }
  if (task === "assess_quality" && quality) {
    const scores = quality.sources.map(({ source, score }) => `${source} ${ratio(score)}`);
    return [`overall ${ratio(quality.overall_quality_score)}: ${scores.join(", ")}`];
  }
  if (task === "analyze_risk" && analysed) {
    const { analyses_succeeded, analyses_failed, analyses_skipped } = analysed;
    return [
      `${analyses_succeeded} analyses made, ${analyses_failed} failed, ${analyses_skipped} skipped; ${facts.warnings} warnings`,
    ];
  }
  if (task === "generate_reports" && summary) {
    return [`${summary.report_type} report from ${summary.sources_analysed.length} of 4 sources`];
  }
  if (task === "cleanup_resources" && cleanup) {
    const { files, xcoms, storage_saved } = cleanup;
    const failed = files.failed.length === 0 ? "" : `, ${files.failed.length} could not be removed`;
    const freed = bytes(storage_saved.file_bytes + storage_saved.xcom_bytes);
    return [
      `${freed} freed: ${files.cleaned.length} ${files.cleaned.length === 1 ? "file" : "files"} and ${xcoms.cleared.length} XComs${failed}`,
    ];
  }
  return [];
}
