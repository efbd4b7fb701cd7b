import { coreError, isMillraceError, type MillraceError, messageOf } from "../../errors.ts";
import { keepFacts, wasProbed } from "./bundle-facts.ts";
import { type BundledFile, bundleFile } from "./bundle-file.ts";
import { freshLook } from "./inputs.ts";
import { type ProbeLimits, Prober } from "./prober.ts";

/** A DAG file and its bundle, which may be loaded; or why there is none. */
export interface CheckedFile {
  readonly path: string;
  readonly bundled?: BundledFile;
  readonly error?: MillraceError;
}

const filesAtOnce = 8;

/**
 * Bundles files, and probes the bundles that are new. Nothing of it runs in this thread.
 */
export async function checkFiles(home: string, files: readonly string[], limits: ProbeLimits): Promise<CheckedFile[]> {
  const bundled = await bundleAll(home, files);
  await using prober = new Prober(limits);
  const checked: CheckedFile[] = [];
  for (const file of bundled) checked.push(await probed(home, file, prober, limits));
  return checked;
}

async function bundleAll(home: string, files: readonly string[]): Promise<CheckedFile[]> {
  const look = freshLook();
  const found: CheckedFile[] = new Array(files.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < files.length; at = next++) {
      const path = files[at];
      found[at] = await bundleFile(home, path, look).then(
        (bundled) => ({ path, bundled }),
        (error: unknown) => ({ path, error: asCoded(path, error) }),
      );
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, work));
  return found;
}

async function probed(home: string, file: CheckedFile, prober: Prober, { clock }: ProbeLimits): Promise<CheckedFile> {
  const { path, bundled } = file;
  if (bundled === undefined || wasProbed(home, bundled.bundle.hash)) return file;
  const verdict = await prober.probe(bundled.bundle);
  if (verdict === "no probe") return file;
  if ("error" in verdict) return { ...file, error: verdict.error };
  if (bundled.notKept !== undefined) return file;
  const facts = {
    path,
    dagIds: verdict.dagIds,
    inputs: [...bundled.record.inputs.hashes.keys()],
    createdAt: new Date(clock.now()).toISOString(),
  };
  await keepFacts(home, bundled.bundle.hash, facts).catch(() => undefined);
  return file;
}

function asCoded(path: string, error: unknown): MillraceError {
  return isMillraceError(error)
    ? error
    : coreError("DAG_FILE_FAILED", { path, why: messageOf(error) }, { cause: error });
}
