import { type MillraceError, messageOf } from "@millrace/core/plugin";

/** What can be wrong with a kept file. Data sets and XComs have codes of their own for each. */
export interface FileErrors {
  /** A folder that cannot be the root of a tree. */
  dirInvalid(path: string, why: string, cause?: unknown): MillraceError;
  missing(path: string, cause?: unknown): MillraceError;
  truncated(path: string, found: number, expected: number): MillraceError;
  altered(path: string, why: string): MillraceError;
  /** Not a plain file of this tree: a link, a pipe, a folder that was exchanged. */
  outside(path: string, dir: string, why: string): MillraceError;
  /** The operating system refuses. */
  failed(doing: "read" | "write", path: string, cause: unknown): MillraceError;
}

/** The operating system's code of an error, for example `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}

/** What the operating system says, without the path: that may name a descriptor, which tells nobody anything. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === "ENOENT") return "it does not exist";
  if (code === "EEXIST" || code === "ENOTDIR") return "it, or what stands above it, is not a folder";
  return messageOf(error).replace(/, [a-z]+( '.*)?$/s, "");
}
