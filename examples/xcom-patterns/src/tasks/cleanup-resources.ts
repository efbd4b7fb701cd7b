import { isFileReference, removeDatasets } from "@millrace/xcom-file";
import { sourceNames } from "../pipeline-params.ts";
import { blockFile } from "../sources/simulated-faults.ts";
import { timestamp } from "../timestamp.ts";
import type { AuditEntry, CleanupSummary, FileReference } from "../xcom/pipeline-records.ts";
import { pullKnown } from "../xcom/pull-known.ts";
import { dataFolder, type PipelineContext, type PipelineServices } from "./pipeline-services.ts";

/**
 * Removes the files of large data sets and the XComs that nobody needs any more (raw data and working keys), and keeps
 * results, reports and lineage. Whatever cannot be removed is in the audit trail; the task succeeds all the same.
 */
export function cleanupResources({ clock }: PipelineServices) {
  return async (context: PipelineContext): Promise<CleanupSummary> => {
    const { xcom, log } = context;
    const audit: AuditEntry[] = [];
    const note = (entry: Omit<AuditEntry, "at">): void => {
      audit.push({ at: timestamp(clock), ...entry });
      log.info(`cleanup: ${entry.action} ${entry.outcome}`, { target: entry.target, size_bytes: entry.size_bytes });
    };

    const payloadKeys = sourceNames.map((source) => `data_source_${source}`);
    const { available } = await xcom.pullAvailable("ingest_data", payloadKeys);
    const references = Object.values(available).filter(isFileReference);
    if (context.params.file_locked) await Promise.all(references.map(blockFile));
    const files = await removeFiles(context, references, note);

    const working = await workingKeys(context);
    const xcoms: string[] = [];
    let xcomBytes = 0;
    for (const [task, keys] of Object.entries({ ...working, ingest_data: [...payloadKeys, ...working.ingest_data] })) {
      const { removed, sizeBytes } = await xcom.clear({ task, keys });
      xcomBytes += sizeBytes;
      for (const { key, sizeBytes: size_bytes } of removed) {
        xcoms.push(`${task}/${key}`);
        note({ action: "clear_xcom", target: `${task}/${key}`, outcome: "removed", size_bytes });
      }
    }
    await context.lineage("all sources", "raw data removed, results kept");
    await xcom.push("audit_trail", audit);
    const fileBytes = audit
      .filter(({ action, outcome }) => action === "remove_file" && outcome === "removed")
      .reduce((sum, { size_bytes }) => sum + size_bytes, 0);
    return {
      files,
      xcoms: { cleared: xcoms },
      storage_saved: {
        file_bytes: fileBytes,
        xcom_bytes: xcomBytes,
        total_mb: Math.round(((fileBytes + xcomBytes) / 1024 / 1024) * 100) / 100,
      },
      audit_trail: audit,
      report_files: (await pullKnown(context, "generate_reports", "report_files")) ?? [],
      cleanup_completed_at: timestamp(clock),
    };
  };
}

async function removeFiles(
  context: PipelineContext,
  references: readonly FileReference[],
  note: (entry: Omit<AuditEntry, "at">) => void,
): Promise<CleanupSummary["files"]> {
  const { cleaned, failed } = await removeDatasets(references, { dir: dataFolder(context) });
  const alreadyGone: string[] = [];
  for (const { file_path: target, file_size_bytes: size_bytes } of references) {
    const failure = failed.find(({ file }) => file === target);
    if (cleaned.includes(target)) note({ action: "remove_file", target, outcome: "removed", size_bytes });
    else if (failure) note({ action: "remove_file", target, outcome: "failed", size_bytes, detail: failure.error });
    else {
      alreadyGone.push(target);
      note({ action: "remove_file", target, outcome: "already_gone", size_bytes: 0 });
    }
  }
  return { cleaned, failed, already_gone: alreadyGone };
}

/** Keys with names of their own that only this run's tasks needed. */
async function workingKeys(context: PipelineContext): Promise<{ ingest_data: string[]; analyze_risk: string[] }> {
  const ingestion = await pullKnown(context, "ingest_data", "ingestion_metadata");
  const analysis = await pullKnown(context, "analyze_risk", "analysis_metadata");
  return {
    ingest_data: Object.values(ingestion?.temporary_keys ?? {}),
    analyze_risk: Object.values(analysis?.temporary_keys ?? {}),
  };
}
