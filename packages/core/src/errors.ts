import { authoringErrors } from "./errors/authoring-errors.ts";
import { configErrors } from "./errors/config-errors.ts";
import { runningErrors } from "./errors/running-errors.ts";
import { secretErrors } from "./errors/secret-errors.ts";
import { storeErrors } from "./errors/store-errors.ts";
import { threadsErrors } from "./errors/threads-errors.ts";
import { xcomErrors } from "./errors/xcom-errors.ts";

/**
 * Every error that Millrace throws on purpose: a stable code, what happened, and the cure.
 * `{name}` in a text is filled from the values given when the error is made.
 */
const table = {
  ...authoringErrors,
  ...runningErrors,
  ...threadsErrors,
  ...xcomErrors,
  ...storeErrors,
  ...configErrors,
  ...secretErrors,
} as const satisfies Record<string, ErrorEntry>;

/** What a code says and how the trouble is cured; `{name}` is filled from the error's values. */
export interface ErrorEntry {
  readonly says: string;
  readonly cure: string;
}

/** Codes of errors thrown by `@millrace/core`. Packages add their own with {@link defineErrors}. */
export type CoreErrorCode = keyof typeof table;

/** Values that fill an error's text. Secrets and user data have no place here: give path, type and size. */
export type ErrorValues = Readonly<Record<string, string | number | undefined>>;

export interface MillraceErrorOptions {
  readonly cause?: unknown;
  readonly issues?: readonly MillraceError[];
}

const brand = Symbol.for("millrace.error");

/**
 * The one error class of Millrace. Tell errors apart by `code`, across packages and copies of a package:
 * `isMillraceError(error) && error.code === "DAG_NOT_FOUND"`.
 */
export class MillraceError extends Error {
  override readonly name = "MillraceError";
  readonly code: string;
  /** What to do about it, in one sentence. */
  readonly cure: string;
  readonly values: ErrorValues;
  /** The single mistakes, where one error reports several. */
  readonly issues: readonly MillraceError[];

  constructor(code: string, entry: ErrorEntry, values: ErrorValues = {}, options?: MillraceErrorOptions) {
    super(fill(entry.says, values), options);
    this.issues = options?.issues ?? [];
    this.code = code;
    this.cure = fill(entry.cure, values);
    this.values = values;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a {@link MillraceError} of any copy of Millrace, of this code if one is given. */
export function isMillraceError(error: unknown, code?: string): error is MillraceError {
  return (
    typeof error === "object" &&
    error !== null &&
    brand in error &&
    (code === undefined || (error as unknown as MillraceError).code === code)
  );
}

/**
 * Makes the error function of a package from its own table, so that its codes and cures stand in one place.
 *
 * @example
 * ```ts
 * import { defineErrors } from "@millrace/core/plugin";
 * const failure = defineErrors({ KEY_MISSING: { says: "Key '{id}' is missing", cure: "Add it to the keyring." } });
 * console.log(failure("KEY_MISSING", { id: "k1" }).message); // Key 'k1' is missing
 * ```
 */
export function defineErrors<T extends Readonly<Record<string, ErrorEntry>>>(entries: T) {
  return (code: keyof T & string, values?: ErrorValues, options?: MillraceErrorOptions): MillraceError =>
    new MillraceError(code, entries[code], values, options);
}

/** The error of a code of core. */
export const coreError = defineErrors(table);

/** Core's codes with their texts, for documentation. */
export const coreErrorTable: Readonly<Record<CoreErrorCode, ErrorEntry>> = table;

function fill(text: string, values: ErrorValues): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : String(value);
  });
}

/** A value as it may be shown in a message: quoted, without control characters, so many characters at most. Never throws. */
export function shown(value: unknown, longest = 80): string {
  let text: string;
  try {
    text = textOf(value, longest);
  } catch {
    text = "something that throws when it is read";
  }
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g, "?");
  return plain.length > longest ? `${plain.slice(0, longest - 3).toWellFormed()}...` : plain.toWellFormed();
}

function textOf(value: unknown, longest: number): string {
  // A long text is not quoted as a whole only to be cut.
  if (typeof value === "string") return JSON.stringify(value.slice(0, longest + 1));
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const type: unknown = value.constructor?.name;
  return `an object of type ${typeof type === "string" && type !== "" ? type : "unknown"}`;
}

/** What `message` of anything thrown would be. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : String(thrown);
  } catch {
    return "something that throws when it is read";
  }
}
