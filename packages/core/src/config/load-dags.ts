import { statSync } from "node:fs";
import type { Dag } from "../authoring/definition.ts";
import { coreError, isMillraceError, type MillraceError } from "../errors.ts";
import { exportedDags } from "./exported-dags.ts";
import { findDagFiles, type SkippedFile } from "./find-dag-files.ts";
import { importFile, placeOf } from "./import-file.ts";

/** A DAG and the file that exports it. */
export interface LoadedDag {
  readonly dag: Dag;
  readonly path: string;
}

/** A file that gave no DAG, or a DAG that was not taken. The other files are loaded all the same. */
export interface DagImportError {
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
  readonly error: MillraceError;
}

export interface LoadedDags {
  /** Sorted by id. */
  readonly dags: readonly LoadedDag[];
  readonly errors: readonly DagImportError[];
  readonly skipped: readonly SkippedFile[];
}

/**
 * Loads every DAG below a folder, or of the files given: what a file exports by any name, alone or in an iterable.
 * A file that fails is reported with its place and never hides the others.
 *
 * @throws `DAGS_FOLDER_MISSING`
 */
export async function loadDags(
  source: { readonly folder: string } | { readonly files: readonly string[] },
): Promise<LoadedDags> {
  const { files, skipped } = "folder" in source ? findIn(source.folder) : { files: source.files, skipped: [] };
  const found = new Map<string, LoadedDag>();
  const errors: DagImportError[] = [];
  for (const path of files) {
    try {
      const dags = exportedDags(await importFile(path));
      if (dags.length === 0) errors.push({ path, error: coreError("DAG_FILE_EMPTY", { path }) });
      for (const dag of dags) {
        const first = found.get(dag.id);
        if (first === undefined) found.set(dag.id, { dag, path });
        else if (first.dag !== dag)
          errors.push({ path, error: coreError("DAG_DEFINED_TWICE", { dagId: dag.id, path, first: first.path }) });
      }
    } catch (error) {
      errors.push(importError(path, error));
    }
  }
  const dags = [...found.values()].sort((a, b) => (a.dag.id < b.dag.id ? -1 : 1));
  return { dags, errors, skipped };
}

function findIn(folder: string): ReturnType<typeof findDagFiles> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw coreError("DAGS_FOLDER_MISSING", { path: folder });
  return findDagFiles(folder);
}

function importError(path: string, thrown: unknown): DagImportError {
  const error = isMillraceError(thrown)
    ? thrown
    : coreError("DAG_FILE_FAILED", { path, why: String(thrown) }, { cause: thrown });
  return { path, ...placeOf(path, error), error };
}
