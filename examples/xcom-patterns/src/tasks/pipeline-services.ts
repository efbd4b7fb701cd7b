import type { Clock, TaskContext } from "@millrace/core";
import type { PipelineParams } from "../pipeline-params.ts";
import { projectFile } from "../sources/project-files.ts";

/** What the tasks need of the world. */
export interface PipelineServices {
  readonly clock: Clock;
}

export type PipelineContext = TaskContext<PipelineParams, undefined>;

/** Where large data sets of this run lie. */
export function dataFolder({ params }: PipelineContext): string {
  return params.data_dir ?? projectFile(".millrace", "datasets");
}

/** Where the reports of this run go: a folder of its own, named after the run. */
export function reportFolder({ params, run }: PipelineContext): string {
  const base = params.reports_dir ?? projectFile("reports");
  return `${base}/${run.id.replace(/[^A-Za-z0-9_-]+/g, "-")}`;
}

/** Name and message of an error, as it may stand in a record. */
export function describeError(error: unknown): { readonly error: string; readonly code: string } {
  const code = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? error.message : String(error);
  return { error: message, code: typeof code === "string" ? code : error instanceof Error ? error.name : "ERROR" };
}
