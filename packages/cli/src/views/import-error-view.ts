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

const mostHints = 3;

/** Files that gave no DAG, for somebody who misses one: their places and what is wrong, a line each. */
export function importErrorHint(errors: readonly DagImportError[], cwd: string): string | undefined {
  if (errors.length === 0) return undefined;
  const lines = errors.slice(0, mostHints).map((found) => {
    const [first, second] = whatIsWrong(found);
    // "DAG 'x' has 2 mistake(s):" says less than the first of them.
    return `${importErrorPlace(found, cwd)}  ${first.endsWith(":") && second ? second.trim() : first}`;
  });
  const many = errors.length === 1 ? "A DAG file" : `${errors.length} DAG files`;
  return [`${many} could not be loaded (\`millrace dags validate\` tells all):`, ...lines].join("\n");
}

/** The place stands before the text already. */
function whatIsWrong({ error, path }: DagImportError): string[] {
  return safeText(error.message.replace(`${path} could not be loaded: `, "").replace(`${path} `, "it ")).split("\n");
}

/** Place, what is wrong, and the cure. */
export function importErrorLines(found: DagImportError, style: Style, cwd: string): string[] {
  const { error } = found;
  const [first, ...rest] = whatIsWrong(found);
  return [
    `${style.bad("✗")} ${style.bold(importErrorPlace(found, cwd))}  ${first} ${style.dim(`(${error.code})`)}`,
    ...rest.map((line) => `  ${line}`),
    ...arrow(error.cure, style),
  ];
}
