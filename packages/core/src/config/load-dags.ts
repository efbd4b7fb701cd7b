import { statSync } from "node:fs";
import type { Dag } from "../authoring/definition.ts";
import { coreError, isMillraceError, type MillraceError } from "../errors.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { type DurationInput, parseDuration } from "../time/duration.ts";
import { placeOfBuildError } from "./bundles/build-bundle.ts";
import { type Bundle, bundlePath } from "./bundles/bundle-folder.ts";
import { type CheckedFile, checkFiles } from "./bundles/check-files.ts";
import type { FileRecord } from "./bundles/file-record.ts";
import { lastGoodBundle, rememberGood } from "./bundles/last-good.ts";
import { runBundle } from "./bundles/load-bundle.ts";
import { placeOf } from "./dag-file-error.ts";
import { exportedDags } from "./exported-dags.ts";
import { findDagFiles, type SkippedFile } from "./find-dag-files.ts";

/** A DAG and the file that exports it. */
export interface LoadedDag {
  readonly dag: Dag;
  readonly path: string;
  /** The code that it was loaded from: its hash, and where it is kept. */
  readonly bundle: { readonly hash: string; readonly path: string };
  /** The file is broken now; this is the DAG as the file last gave it. The file's error is among the errors. */
  readonly isStale: boolean;
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
  /** Why bundles could not be written. The DAGs are there all the same, but no run can be pinned to their code. */
  readonly notKept: MillraceError | undefined;
}

export interface LoadDagsOptions {
  /** Where bundles are kept, in `bundles`: the home of the configuration. */
  readonly home: string;
  /** How long a file may take to load when it is loaded for the first time. Default 10 s. */
  readonly loadTimeLimit?: DurationInput;
  /** How much memory it may take then, in MB. Default 256. */
  readonly loadMemoryMb?: number;
  readonly clock?: Clock;
}

/** All files of a folder, or certain files. */
export type DagSource = { readonly folder: string } | { readonly files: readonly string[] };

/**
 * Loads every DAG below a folder, or of the files given: what a file exports by any name, alone or in an iterable.
 *
 * Each file becomes a bundle, which is kept in the home and loaded from there. A new bundle is first loaded in a thread of
 * its own, so that a file that throws, loops or ends its process harms nobody. A file that fails is reported with its
 * place and never hides the others; if it was good before, its DAGs come from the last good bundle and are marked stale.
 *
 * @throws `DAGS_FOLDER_MISSING`
 * @example
 * ```ts no-run
 * import { createEngine, loadConfig, loadDags } from "@millrace/core/engine";
 * const { dags: folder, home } = await loadConfig();
 * const { dags, errors } = await loadDags({ folder, home });
 * for (const { path, line, error } of errors) console.error(`${path}:${line} ${error.message}`);
 * await using engine = await createEngine({ dags: dags.map(({ dag }) => dag) });
 * ```
 */
export async function loadDags(options: DagSource & LoadDagsOptions): Promise<LoadedDags> {
  const { home, loadTimeLimit = "10s", loadMemoryMb = 256, clock = systemClock } = options;
  const { files, skipped } = "folder" in options ? findIn(options.folder) : { files: options.files, skipped: [] };
  const limits = { timeLimitMs: parseDuration(loadTimeLimit), memoryMb: loadMemoryMb, clock };
  const checked = await checkFiles(home, files, limits);
  const records = new Map(checked.map(({ path, bundled }) => [path, bundled?.record]));
  const found = new Map<string, LoadedDag>();
  const errors: DagImportError[] = [];
  const failed: string[] = [];
  for (const file of checked) {
    try {
      errors.push(...add(found, await loadChecked(home, file), records));
    } catch (error) {
      errors.push(importError(file.path, error));
      // A file that is in order and has no DAG any more is not broken.
      if (!isMillraceError(error, "DAG_FILE_EMPTY")) failed.push(file.path);
    }
  }
  for (const path of failed) {
    for (const stale of await loadLastGood(home, path)) if (!found.has(stale.dag.id)) found.set(stale.dag.id, stale);
  }
  return {
    dags: [...found.values()].sort((a, b) => (a.dag.id < b.dag.id ? -1 : 1)),
    errors,
    skipped,
    notKept: checked.find(({ bundled }) => bundled?.notKept !== undefined)?.bundled?.notKept,
  };
}

function findIn(folder: string): ReturnType<typeof findDagFiles> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw coreError("DAGS_FOLDER_MISSING", { path: folder });
  return findDagFiles(folder);
}

async function loadChecked(home: string, { path, bundled, error }: CheckedFile): Promise<readonly LoadedDag[]> {
  if (bundled === undefined || error !== undefined) throw error;
  const dags = exportedDags(await runBundle(bundled.bundle));
  if (dags.length === 0) throw coreError("DAG_FILE_EMPTY", { path });
  await rememberGood(home, bundled.record);
  return dags.map((dag) => loadedDag(home, dag, path, bundled.bundle, false));
}

/** Takes DAGs in, and gives an error for each whose id is taken. */
function add(
  found: Map<string, LoadedDag>,
  loaded: readonly LoadedDag[],
  records: ReadonlyMap<string, FileRecord | undefined>,
): readonly DagImportError[] {
  const imports = (one: string, other: string): boolean =>
    records.get(one)?.inputs.hashes.has(records.get(other)?.path ?? "") ?? false;
  return loaded.flatMap((one) => {
    const { path, dag } = one;
    const first = found.get(dag.id);
    // A file that only passes on what another defines has a copy of it in its bundle.
    if (first === undefined || (first.path !== path && imports(first.path, path))) found.set(dag.id, one);
    else if (first.dag !== dag && !imports(path, first.path))
      return [{ path, error: coreError("DAG_DEFINED_TWICE", { dagId: dag.id, path, first: first.path }) }];
    return [];
  });
}

async function loadLastGood(home: string, path: string): Promise<readonly LoadedDag[]> {
  const bundle = lastGoodBundle(home, path);
  if (bundle === undefined) return [];
  try {
    return exportedDags(await runBundle(bundle)).map((dag) => loadedDag(home, dag, path, bundle, true));
  } catch {
    // What has become of the file is among the errors.
    return [];
  }
}

function loadedDag(home: string, dag: Dag, path: string, { hash }: Bundle, isStale: boolean): LoadedDag {
  return { dag, path, bundle: { hash, path: bundlePath(home, hash) }, isStale };
}

function importError(path: string, thrown: unknown): DagImportError {
  const error = isMillraceError(thrown)
    ? thrown
    : coreError("DAG_FILE_FAILED", { path, why: String(thrown) }, { cause: thrown });
  return { path, ...(placeOfBuildError(error) ?? placeOf(path, error)), error };
}
