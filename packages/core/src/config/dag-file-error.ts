import { existsSync, readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { coreError, isMillraceError, type MillraceError } from "../errors.ts";
import { missingImport, thrownText } from "./import-file.ts";

/** A place in a file; lines and columns count from 1. */
export interface SourcePlace {
  readonly line: number;
  readonly column?: number;
}

/** What is thrown when the code of a DAG file fails, with what was thrown as its cause. */
export function dagFileError(path: string, error: unknown): MillraceError {
  const missing = missingImport(error);
  return missing
    ? coreError("DAG_FILE_IMPORT_MISSING", { path: missing.importer, specifier: missing.specifier }, { cause: error })
    : coreError("DAG_FILE_FAILED", { path, why: thrownText(error) }, { cause: error });
}

/** Where in a DAG file an error arose, as far as it tells. */
export function placeOf(path: string, error: MillraceError): SourcePlace | undefined {
  const cause = error.cause ?? error;
  const stack = (cause instanceof Error ? cause.stack : undefined) ?? "";
  return placeOfImport(path, error) ?? placeInHeader(path, stack) ?? placeInFrames(path, stack);
}

/** Where a file imports what is missing. */
function placeOfImport(path: string, error: MillraceError): SourcePlace | undefined {
  const { path: importer, specifier } = error.values;
  if (!isMillraceError(error, "DAG_FILE_IMPORT_MISSING") || !isSameFile(String(importer), path)) return undefined;
  const lines = readFileSync(path, "utf8").split("\n");
  const line = lines.findIndex((text) => text.includes(`"${specifier}"`) || text.includes(`'${specifier}'`));
  return line < 0 ? undefined : { line: line + 1, column: lines[line].indexOf(String(specifier)) };
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

function isSameFile(named: string, path: string): boolean {
  const file = named.startsWith("file:") ? fileURLToPath(named) : named;
  return existsSync(file) && realpathSync(file) === realpathSync(path);
}
