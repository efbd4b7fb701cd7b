import type { MillraceError } from "@millrace/core/plugin";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { withoutSecrets } from "./terminal/mask.ts";
import { safeText } from "./terminal/safe-text.ts";
import type { Style } from "./terminal/style.ts";

/** An error as `-o json` prints it, under the key `error`. */
export interface ErrorPayload {
  readonly code: string;
  readonly message: string;
  readonly cure: string | null;
  readonly issues?: readonly ErrorPayload[];
}

/** Known without loading core, so that `--help` stays quick. */
function isCoded(error: unknown): error is MillraceError {
  return typeof error === "object" && error !== null && Symbol.for("millrace.error") in error;
}

export function exitCodeOfError(error: unknown): number {
  return isCoded(error) ? exitCodeOf(error.code) : exitCodes.failed;
}

export function errorPayload(error: unknown): ErrorPayload {
  if (!isCoded(error)) return { code: "INTERNAL", message: withoutSecrets(textOf(error)), cure: null };
  const { code, message, cure, issues } = error;
  return {
    code,
    message: withoutSecrets(message),
    cure: withoutSecrets(cure),
    ...(issues.length > 0 && { issues: issues.map(errorPayload) }),
  };
}

/** Lines that tell people what is wrong and what to do; with `debug` also where it happened. */
export function errorLines(
  error: unknown,
  style: Style,
  options: { readonly debug: boolean; readonly hint?: string },
): string[] {
  const { code, message, cure } = errorPayload(error);
  const [first, ...rest] = safeText(message).split("\n");
  const lines = [
    `${style.bad("✗")} ${style.bold(first)} ${style.dim(`(${code})`)}`,
    ...rest.map((line) => `  ${line}`),
  ];
  if (cure !== null) lines.push(...arrow(cure, style));
  else if (!options.debug)
    lines.push(
      ...arrow("This is a fault of Millrace or of your code: run it again with --debug for the stack.", style),
    );
  if (options.hint !== undefined) lines.push(...arrow(options.hint, style));
  if (options.debug) lines.push("", ...stacksOf(error).map((line) => style.dim(line)));
  return lines;
}

/** The lines of a cure, behind an arrow. */
export function arrow(text: string, style: Style, indent = "  "): string[] {
  const [first, ...rest] = safeText(text).split("\n");
  return [`${indent}${style.accent("→")} ${first}`, ...rest.map((line) => `${indent}  ${line}`)];
}

function stacksOf(error: unknown): string[] {
  const lines: string[] = [];
  const seen = new Set<unknown>();
  for (let at: unknown = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    if (lines.length > 0) lines.push("caused by:");
    lines.push(...safeText(withoutSecrets(at.stack ?? String(at))).split("\n"));
  }
  return lines;
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
