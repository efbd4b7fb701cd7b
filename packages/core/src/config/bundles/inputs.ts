import { lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import type { Metafile } from "esbuild";
import { mostInputBytes } from "./bundle-plugin.ts";
import { hashOf } from "./bundle-text.ts";

/**
 * What a bundle follows from: hashes of files by absolute path, and of the names in folders by their path with a slash
 * behind it; `null` for what was not there. As long as all of it is the same, bundling again gives the same bundle.
 */
export interface Inputs {
  readonly hashes: ReadonlyMap<string, string | null>;
  /** Something is imported by pattern: any new file may belong to it, so the hashes do not tell all. */
  readonly areOpen: boolean;
}

/** Reads each file and folder at most once: many DAG files share their helpers. */
export type LookAt = (path: string) => string | null;

/** A look at files and folders as they are now, or were when this look first came upon them. */
export function freshLook(): LookAt {
  const seen = new Map<string, string | null>();
  return (path) => {
    const known = seen.get(path);
    if (known !== undefined) return known;
    const found = path.endsWith("/") ? namesHash(path) : fileHash(path);
    seen.set(path, found);
    return found;
  };
}

/** True if it is certain that bundling would come upon nothing new. */
export function areUnchanged(inputs: Inputs, look: LookAt): boolean {
  if (inputs.areOpen) return false;
  for (const [path, hash] of inputs.hashes) if (look(path) !== hash) return false;
  return true;
}

/**
 * Everything that decided what a bundle became, besides the files in it: settings of TypeScript and of packages, and the
 * folders in which an import without its ending was looked for.
 *
 * @param entry the DAG file
 * @param files hashes of the files in the bundle
 */
export function inputsOf(entry: string, files: ReadonlyMap<string, string>, metafile: Metafile, look: LookAt): Inputs {
  const hashes = new Map<string, string | null>(files);
  let areOpen = false;
  const note = (path: string): boolean => {
    const hash = look(path);
    hashes.set(path, hash);
    return hash !== null;
  };
  for (const path of files.keys()) {
    const config = firstAbove(path, "tsconfig.json", note);
    if (config !== undefined) for (const base of basesOf(config)) note(base);
    firstAbove(path, "package.json", note);
  }
  for (const [name, { imports }] of Object.entries(metafile.inputs)) {
    for (const { path, original, external } of imports) {
      areOpen ||= path.includes("*");
      if (external || original === undefined || basename(original) === basename(path)) continue;
      note(`${dirname(resolve(dirname(entry), path))}/`);
      if (original.startsWith(".")) note(`${dirname(resolve(dirname(entry), dirname(name), original))}/`);
    }
  }
  return { hashes, areOpen };
}

/** Looks for a file in the folder of another and above, and notes every look. */
function firstAbove(path: string, name: string, note: (path: string) => boolean): string | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const at = join(folder, name);
    if (note(at)) return at;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Files that a tsconfig.json extends, as far as they lie beside it and not in a package. */
function basesOf(config: string): string[] {
  const found: string[] = [];
  for (const open = [config]; open.length > 0 && found.length < 20; ) {
    const at = open.pop() ?? "";
    if (fileHash(at) === null) continue;
    const named = /"extends"\s*:\s*(\[[^\]]*\]|"[^"]*")/.exec(readFileSync(at, "utf8"))?.[1] ?? "";
    for (const [, base] of named.matchAll(/"(\.[^"]*)"/g)) {
      const path = resolve(dirname(at), extname(base) === ".json" ? base : `${base}.json`);
      if (found.includes(path)) continue;
      found.push(path);
      open.push(path);
    }
  }
  return found;
}

function fileHash(path: string): string | null {
  try {
    const found = lstatSync(realpathSync(path));
    return found.isFile() && found.size <= mostInputBytes ? hashOf(readFileSync(path)) : null;
  } catch {
    return null;
  }
}

function namesHash(folder: string): string | null {
  try {
    return hashOf(readdirSync(folder).sort().join("\0"));
  } catch {
    return null;
  }
}
