import { resolve } from "node:path";
import type { Dag } from "../../authoring/definition.ts";
import { coreError } from "../../errors.ts";
import { dagFileError } from "../dag-file-error.ts";
import { exportedDags } from "../exported-dags.ts";
import type { ModuleExports } from "../import-file.ts";
import { withinLoadTime } from "../load-time.ts";
import { type Bundle, readBundle } from "./bundle-folder.ts";
import { importBundle } from "./module-hooks.ts";

/** Names a bundle that is kept in a home. */
export interface BundleAddress {
  readonly home: string;
  readonly hash: string;
}

const bundles = new WeakMap<Dag, BundleAddress>();

/**
 * Loads the code that a hash names, in any thread, and gives what the DAG file exported when the bundle was made. The
 * file itself may have changed or be gone. Loading it again gives the same module.
 *
 * @throws `BUNDLE_MISSING`, `BUNDLE_CORRUPT`, `BUNDLE_HASH_INVALID`, `DAG_FILE_FAILED`, `DAG_FILE_IMPORT_MISSING`
 */
export async function loadBundle({ home, hash }: BundleAddress): Promise<ModuleExports> {
  return runBundle(readBundle(home, hash));
}

/**
 * The DAG of a bundle, as it was when the bundle was made.
 *
 * @throws `BUNDLE_LACKS_DAG`, and what {@link loadBundle} throws
 */
export async function dagOfBundle(address: BundleAddress, dagId: string): Promise<Dag> {
  const bundle = readBundle(address.home, address.hash);
  const dag = exportedDags(await runBundle(bundle)).find(({ id }) => id === dagId);
  if (dag === undefined) throw coreError("BUNDLE_LACKS_DAG", { hash: bundle.hash, path: bundle.path, dagId });
  return dag;
}

/** The hash of the bundle that a DAG was loaded from, or `undefined` for one that a program defined itself. */
export function bundleOfDag(dag: Dag): string | undefined {
  return bundles.get(dag)?.hash;
}

/** As {@link bundleOfDag}, with the home that keeps the bundle: what a thread needs to load the same code. */
export function bundleAddressOf(dag: Dag): BundleAddress | undefined {
  return bundles.get(dag);
}

/** Runs a bundle that has been read, and remembers it as the one that its DAGs come from. */
export async function runBundle(bundle: Bundle): Promise<ModuleExports> {
  try {
    const exports = await withinLoadTime(importBundle(bundle));
    const { home, hash } = bundle;
    for (const dag of exportedDags(exports)) if (!bundles.has(dag)) bundles.set(dag, { home: resolve(home), hash });
    return exports;
  } catch (error) {
    throw dagFileError(bundle.path, error);
  }
}
