import { relative } from "node:path";
import type { DagImportError } from "@millrace/core/engine";
import { arrow, errorPayload } from "../report-error.ts";
import { safeText } from "../terminal/safe-text.ts";
import type { Style } from "../terminal/style.ts";

export function importErrorPayload({ path, line, column, error }: DagImportError): Record<string, unknown> {
  const cause = error.cause === undefined ? error : error.cause;
  return {
    path,
    line: line ?? null,
    column: column ?? null,
    ...errorPayload(error),
    issues: errorPayload(cause).issues ?? [],
  };
}

/** `dags/sales.ts:12:5`, as editors and terminals make links of it. */
export function importErrorPlace({ path, line, column }: DagImportError, cwd: string): string {
  const short = relative(cwd, path);
  const place = [line, column].filter((part) => part !== undefined).join(":");
  return `${short.startsWith("..") ? path : short}${place === "" ? "" : `:${place}`}`;
}

/** Place, what is wrong, and the cure. */
export function importErrorLines(found: DagImportError, style: Style, cwd: string): string[] {
  const { error, path } = found;
  // The place stands before the text already.
  const text = safeText(error.message.replace(`${path} could not be loaded: `, "").replace(`${path} `, "it "));
  const [first, ...rest] = text.split("\n");
  return [
    `${style.bad("✗")} ${style.bold(importErrorPlace(found, cwd))}  ${first} ${style.dim(`(${error.code})`)}`,
    ...rest.map((line) => `  ${line}`),
    ...arrow(error.cure, style),
  ];
}
