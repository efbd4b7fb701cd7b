import { lstatSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { coreError, messageOf } from "../../errors.ts";
import { bundleHead, checkHash, hashOf, mostBundleBytes, pathInBundle } from "./bundle-text.ts";
import { writeFileWhole } from "./write-file-whole.ts";

/** A bundle: code, the hash that names it, and the file it was made of. */
export interface Bundle {
  /** The home that keeps it. */
  readonly home: string;
  readonly hash: string;
  /** Absolute path of the DAG file. It need not exist any more. */
  readonly path: string;
  readonly text: string;
}

/** The folder of a home that holds its bundles. */
export function bundleFolder(home: string): string {
  return join(home, "bundles");
}

/** Where a bundle is kept. */
export function bundlePath(home: string, hash: string): string {
  return join(bundleFolder(home), `${checkHash(hash)}.mjs`);
}

/** The head of a bundle of a file. Its path counts from the home, so that both may move together. */
export function headFor(home: string, path: string): string {
  return bundleHead(relative(realHome(home), path).split(sep).join("/"));
}

/** A text as the bundle that it is. */
export function bundleOfText(home: string, text: string): Bundle {
  const path = resolve(realHome(home), pathInBundle(text) ?? "");
  return { home, hash: hashOf(text), path, text };
}

/**
 * Reads a bundle and makes sure that it is the one that was written.
 *
 * @throws `BUNDLE_HASH_INVALID`, `BUNDLE_MISSING`, `BUNDLE_CORRUPT`
 */
export function readBundle(home: string, hash: string): Bundle {
  const at = bundlePath(home, hash);
  const found = lstatSync(at, { throwIfNoEntry: false });
  if (found === undefined) throw coreError("BUNDLE_MISSING", { hash, folder: bundleFolder(home) });
  const corrupt = (why: string): Error => coreError("BUNDLE_CORRUPT", { path: at, sizeBytes: found.size, why });
  if (!found.isFile()) throw corrupt("it is no file");
  if (found.size > mostBundleBytes) throw corrupt(`it has more than ${mostBundleBytes} bytes`);
  const bytes = readFileSync(at);
  if (hashOf(bytes) !== hash) throw corrupt("its content has another hash than its name");
  const text = bytes.toString("utf8");
  const path = pathInBundle(text);
  if (path === undefined) throw corrupt("it is written in another form than this version knows");
  return { home, hash, path: resolve(realHome(home), path), text };
}

/**
 * Keeps a bundle, durable against power loss when it resolves. One that is there already is left alone.
 *
 * @throws `BUNDLE_NOT_KEPT`
 */
export async function keepBundle(home: string, { hash, path, text }: Bundle): Promise<void> {
  if (!hasBundle(home, hash)) await keepFile(home, path, bundlePath(home, hash), text, { durable: true });
}

/**
 * Writes a file in the folder of bundles; `path` is the DAG file that it is about.
 *
 * @throws `BUNDLE_NOT_KEPT`
 */
export async function keepFile(
  home: string,
  path: string,
  at: string,
  text: string,
  options?: { readonly durable: boolean },
): Promise<void> {
  try {
    mkdirSync(dirname(at), { recursive: true, mode: 0o700 });
    await writeFileWhole(at, text, options);
  } catch (error) {
    const folder = bundleFolder(home);
    throw coreError("BUNDLE_NOT_KEPT", { path, folder, why: messageOf(error) }, { cause: error });
  }
}

function hasBundle(home: string, hash: string): boolean {
  try {
    return readBundle(home, hash).hash === hash;
  } catch {
    return false;
  }
}

/** Links are followed, as Node does with the files that are loaded, as far as the folders are there. */
export function realHome(home: string): string {
  const path = resolve(home);
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(realHome(dirname(path)), basename(path));
  }
}
