import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { coreError, isMillraceError, type MillraceError, messageOf, shown } from "../errors.ts";
import { withinLoadTime } from "./load-time.ts";

/** Files of these kinds can be loaded. */
export const loadableExtensions: readonly string[] = [".ts", ".mts", ".js", ".mjs"];

/** A place in a file; lines and columns count from 1. */
export interface SourcePlace {
  readonly line: number;
  readonly column?: number;
}

/** The exports of a file, after its code has run. */
export type ModuleExports = Readonly<Record<string, unknown>>;

/**
 * Loads a TypeScript or JavaScript file with Node's own type stripping.
 * This is the one door through which files of users come in.
 *
 * @throws `DAG_FILE_FAILED`, `DAG_FILE_NOT_ERASABLE`, `DAG_FILE_NOT_MODULE`, `DAG_FILE_IMPORT_MISSING`: what was thrown is in `cause`
 */
export async function importFile(path: string): Promise<ModuleExports> {
  try {
    return (await withinLoadTime(import(pathToFileURL(path).href))) as ModuleExports;
  } catch (error) {
    throw loadErrorOf(path, error);
  }
}

/** Where in a file of the user an error arose, as far as Node tells. */
export function placeOf(path: string, error: unknown): SourcePlace | undefined {
  const cause = isMillraceError(error) && error.cause !== undefined ? error.cause : error;
  if (!(cause instanceof Error)) return undefined;
  const stack = cause.stack ?? "";
  return (
    placeInHeader(path, stack) ??
    placeInFrames(path, stack) ??
    (cause instanceof SyntaxError ? placeBySyntaxCheck(path) : undefined)
  );
}

/** Where a file imports what is missing. */
export function placeOfImport(path: string, error: MillraceError): SourcePlace | undefined {
  const { path: importer, specifier } = error.values;
  if (error.code !== "DAG_FILE_IMPORT_MISSING" || importer === undefined || !isSameFile(String(importer), path))
    return undefined;
  const lines = readFileSync(path, "utf8").split("\n");
  const line = lines.findIndex((text) => text.includes(`"${specifier}"`) || text.includes(`'${specifier}'`));
  return line < 0 ? undefined : { line: line + 1, column: lines[line].indexOf(String(specifier)) };
}

/** What is thrown when the code of a file fails: the error of its own kind, with what was thrown as its cause. */
export function loadErrorOf(path: string, error: unknown): MillraceError {
  const code = (error as { readonly code?: unknown } | null)?.code;
  const options = { cause: error };
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX")
    return coreError("DAG_FILE_NOT_ERASABLE", { path, why: messageOf(error) }, options);
  if (code === "ERR_MODULE_NOT_FOUND" || code === "ERR_UNSUPPORTED_DIR_IMPORT") {
    const missing = /^Cannot find (?:module|package) '([^']+)' imported from (.+)$/.exec(messageOf(error));
    if (missing)
      return coreError(
        "DAG_FILE_IMPORT_MISSING",
        { path: missing[2], specifier: specifierOf(missing[1], missing[2]) },
        options,
      );
  }
  if (isModuleReadAsCommonJs(error)) return coreError("DAG_FILE_NOT_MODULE", { path }, options);
  return coreError("DAG_FILE_FAILED", { path, why: thrownText(error) }, options);
}

/** Node names a missing local file by its absolute path: turned back into what the import says. */
function specifierOf(missing: string, importer: string): string {
  if (!missing.startsWith("/") || !importer.startsWith("/")) return missing;
  return dirname(missing) === dirname(importer) ? `./${basename(missing)}` : missing;
}

function isModuleReadAsCommonJs(error: unknown): boolean {
  if (!(error instanceof SyntaxError) || !error.stack?.includes("modules/cjs/loader")) return false;
  return /^Cannot use import statement|^Unexpected token 'export'|^Cannot use 'import\.meta'/.test(error.message);
}

function thrownText(error: unknown): string {
  if (error instanceof Error) return error.message;
  return `it threw ${shown(error)}, which is no Error`;
}

/** Node puts `file:line`, the line and a row of carets before the stack of some errors. */
function placeInHeader(path: string, stack: string): SourcePlace | undefined {
  const header = /^(\S.*):(\d+)\n([\s\S]*?)\n\n?\S*Error/.exec(stack);
  if (!header || !isSameFile(header[1], path)) return undefined;
  const carets = /^( *)\^/m.exec(header[3]);
  return { line: Number(header[2]), ...(carets && { column: carets[1].length + 1 }) };
}

function placeInFrames(path: string, stack: string): SourcePlace | undefined {
  for (const frame of stack.matchAll(/^ +at .*?\(?((?:file:\/\/)?\/[^()\n]+?):(\d+):(\d+)\)?$/gm)) {
    if (isSameFile(frame[1], path)) return { line: Number(frame[2]), column: Number(frame[3]) };
  }
  return undefined;
}

/** V8 does not say where a plain JavaScript module is broken, but `node --check` does. */
function placeBySyntaxCheck(path: string): SourcePlace | undefined {
  if (extname(path) !== ".js" && extname(path) !== ".mjs") return undefined;
  const { stderr } = spawnSync(process.execPath, ["--check", path], { encoding: "utf8", timeout: 5_000, env: {} });
  return placeInHeader(path, String(stderr ?? ""));
}

function isSameFile(named: string, path: string): boolean {
  const file = named.startsWith("file:") ? fileURLToPath(named) : named;
  return existsSync(file) && realpathSync(file) === realpathSync(path);
}
