import { realpathSync } from "node:fs";
import { isMillraceError, type MillraceError } from "../../errors.ts";
import { buildBundle } from "./build-bundle.ts";
import { type Bundle, keepBundle, readBundle } from "./bundle-folder.ts";
import { type FileRecord, keepRecord, readRecord } from "./file-record.ts";
import { areUnchanged, inputsOf, type LookAt } from "./inputs.ts";

/** The bundle of a DAG file as the file is now. */
export interface BundledFile {
  readonly bundle: Bundle;
  readonly record: FileRecord;
  /** Why the bundle is in memory only. */
  readonly notKept: MillraceError | undefined;
}

/**
 * The bundle of a DAG file and what it imports, made anew only if one of them has changed.
 *
 * @throws `DAG_FILE_FAILED`, `DAG_FILE_IMPORT_MISSING`, `DAG_FILE_TOO_LARGE`, `BUNDLER_FAILED`
 */
export async function bundleFile(home: string, file: string, look: LookAt): Promise<BundledFile> {
  const path = realpathSync(file);
  const known = readRecord(home, path);
  if (known !== undefined && areUnchanged(known.inputs, look)) {
    const bundle = readWhole(home, known.hash);
    if (bundle !== undefined) return { bundle, record: known, notKept: undefined };
  }
  const { bundle, files, metafile } = await buildBundle(home, path);
  const record = { path, hash: bundle.hash, inputs: inputsOf(path, files, metafile, look), good: known?.good };
  try {
    await keepBundle(home, bundle);
    await keepRecord(home, record);
    return { bundle, record, notKept: undefined };
  } catch (error) {
    if (!isMillraceError(error, "BUNDLE_NOT_KEPT")) throw error;
    return { bundle, record, notKept: error };
  }
}

/** What is missing or altered is made again. */
function readWhole(home: string, hash: string): Bundle | undefined {
  try {
    return readBundle(home, hash);
  } catch {
    return undefined;
  }
}
