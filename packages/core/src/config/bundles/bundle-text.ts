import { createHash } from "node:crypto";
import { coreError } from "../../errors.ts";

/** The form of bundles that this version writes. Another form has other hashes, so bundles of both may lie side by side. */
export const bundleFormat = 1;

/** Greatest size of a bundle. */
export const mostBundleBytes = 32 * 1024 * 1024;

/** Name, in the code of a bundle, of what stands for `import.meta` of the file that a part came from. */
export const metaName = "__millrace_meta";
/** Name, in the code of a bundle, of the function that gives {@link metaName} for a file. */
export const metaFunction = "__millrace_meta_of";
/** Begins an import of a package that is resolved from another file than the bundle's own. */
export const importFromPrefix = "millrace-from:";

const headStart = "// millrace-bundle ";

/** `import.meta` as the file at `at`, relative to the bundle's own, would see it. One line, and no import that a file's own names could meet. */
const metaSource = [
  `const ${metaFunction} = (at) => {`,
  `const { fileURLToPath } = process.getBuiltinModule("node:url");`,
  `const url = new URL(at, import.meta.url.replace(/\\?.*$/s, "")).href;`,
  `const filename = fileURLToPath(url);`,
  `const dirname = process.getBuiltinModule("node:path").dirname(filename);`,
  `const resolve = (specifier) => import.meta.resolve(/^\\.{0,2}\\//.test(specifier) ? new URL(specifier, url).href : URL.canParse(specifier) ? specifier : "${importFromPrefix}" + encodeURIComponent(at) + "/" + specifier);`,
  `return { dirname, filename, url, main: false, resolve };`,
  `};`,
].join(" ");

/** What stands before the code of every bundle. `path` is that of the file, relative to the home. */
export function bundleHead(path: string): string {
  const facts = JSON.stringify({ v: bundleFormat, path }).replace(/[^\x20-\x7e]/g, escaped);
  return `${headStart}${facts}\n${metaSource}`;
}

/** The file that a bundle was made of, relative to the home, or `undefined` if the text is no bundle. */
export function pathInBundle(text: string): string | undefined {
  const end = text.indexOf("\n");
  if (!text.startsWith(headStart) || end < 0) return undefined;
  try {
    const { v, path } = JSON.parse(text.slice(headStart.length, end)) as {
      readonly v: unknown;
      readonly path: unknown;
    };
    return v === bundleFormat && typeof path === "string" ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The hash that names a text. */
export function hashOf(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * A hash, if it is one: it becomes a file name.
 *
 * @throws `BUNDLE_HASH_INVALID`
 */
export function checkHash(hash: string): string {
  if (!/^[0-9a-f]{64}$/.test(hash)) throw coreError("BUNDLE_HASH_INVALID", { type: typeof hash, length: hash.length });
  return hash;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
