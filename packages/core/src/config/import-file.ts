import { pathToFileURL } from "node:url";
import { messageOf, shown } from "../errors.ts";
import { withinLoadTime } from "./load-time.ts";

/** The exports of a file, after its code has run. */
export type ModuleExports = Readonly<Record<string, unknown>>;

/**
 * Loads a configuration file or a plug-in with Node's own type stripping: it runs once, in this thread, and no other
 * process ever has to find it again as it was. (DAG files are loaded from bundles.) Throws what Node or the file throws.
 */
export async function importFile(path: string): Promise<ModuleExports> {
  return (await withinLoadTime(import(pathToFileURL(path).href))) as ModuleExports;
}

/** Why a file could not be loaded, in words that follow its name. */
export function whyNotLoaded(error: unknown): string {
  if ((error as { readonly code?: unknown } | null)?.code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX")
    return `it uses TypeScript that Node cannot run (${messageOf(error)}); \`erasableSyntaxOnly\` in tsconfig.json finds it all`;
  const missing = missingImport(error);
  if (missing) return `${missing.importer} imports '${missing.specifier}', which is not there`;
  if (isModuleReadAsCommonJs(error))
    return 'it is loaded as CommonJS, because the nearest package.json says so, but it uses import or export; set "type": "module" there, or give the file the ending .mts or .mjs';
  return thrownText(error);
}

/** What Node says when an import leads nowhere. */
export function missingImport(error: unknown): { readonly importer: string; readonly specifier: string } | undefined {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "ERR_UNSUPPORTED_DIR_IMPORT") return undefined;
  const found = /^Cannot find (?:module|package) '([^']+)' imported from (.+)$/.exec(messageOf(error));
  return found ? { importer: found[2], specifier: found[1] } : undefined;
}

/** The message of what was thrown, or what it is instead of an Error. */
export function thrownText(error: unknown): string {
  return error instanceof Error ? error.message : `it threw ${shown(error)}, which is no Error`;
}

function isModuleReadAsCommonJs(error: unknown): boolean {
  if (!(error instanceof SyntaxError) || !error.stack?.includes("modules/cjs/loader")) return false;
  return /^Cannot use import statement|^Unexpected token 'export'|^Cannot use 'import\.meta'/.test(error.message);
}
