import { cpus } from "node:os";
import { join } from "node:path";
import type { Clock, TaskContext } from "@millrace/core";
import type { ComparisonParams } from "../comparison-params.ts";
import type { FaultOutcome } from "../faults/fault.ts";
import type { Measurement } from "../measure/measurement.ts";
import { projectFile } from "../project-files.ts";
import type { Comparison } from "../report/comparison.ts";
import { type ReportFiles, writeReports } from "../report/write-reports.ts";

type Inputs = {
  readonly measured: readonly (readonly Measurement[])[];
  readonly tried: readonly FaultOutcome[];
};

/** Puts everything that was found into one report, as HTML and as Markdown. Its result names the files. */
export function compareBackends(clock: Clock) {
  return async ({ input, params, run, dag, log }: TaskContext<ComparisonParams, Inputs>): Promise<ReportFiles> => {
    const processors = cpus();
    const comparison: Comparison = {
      run: { dag: dag.id, id: run.id },
      made_at: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
      machine: `${processors[0]?.model.trim() ?? "unknown processor"}, ${processors.length} cores, Node ${process.versions.node}`,
      measurements: input.measured.flat(),
      faults: input.tried,
    };
    const files = await writeReports(
      join(params.reports_dir ?? projectFile("reports"), folderName(run.id)),
      comparison,
    );
    log.info("reports are written", { ...files });
    return files;
  };
}

/** A run's id may hold signs that some file systems refuse. */
function folderName(runId: string): string {
  return runId.replace(/[^A-Za-z0-9_.-]/g, "_");
}
