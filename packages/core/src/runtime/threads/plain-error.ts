import { isMillraceError, MillraceError } from "../../errors.ts";

/** Something thrown, as data that may pass between threads. */
export interface PlainError {
  /** Something else than an error was thrown: as text, number and the like, else what kind of thing it was. */
  readonly isError: boolean;
  readonly value?: unknown;
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Of Millrace's own errors. */
  readonly cure?: string;
  /** Own properties that are plain data, among them `code`. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly cause?: PlainError;
}

const deepestCause = 5;
/** Characters; more than is kept of any error. */
const longestText = 100_000;

/** Never throws: what cannot be looked at is said to be so. */
export function plainError(thrown: unknown, depth = 0): PlainError {
  try {
    if (!(thrown instanceof Error)) return plainValue(thrown);
    const { cause } = thrown;
    return {
      isError: true,
      name: String(thrown.name).slice(0, longestText),
      message: String(thrown.message).slice(0, longestText),
      ...(typeof thrown.stack === "string" ? { stack: thrown.stack.slice(0, longestText) } : {}),
      ...(isMillraceError(thrown) ? { cure: thrown.cure } : {}),
      properties: plainProperties(thrown),
      ...(cause instanceof Error && depth < deepestCause ? { cause: plainError(cause, depth + 1) } : {}),
    };
  } catch {
    return { isError: true, name: "Error", message: "what was thrown cannot be looked at", properties: {} };
  }
}

/** The error again: an `Error` with the same name, message, code and plain properties, or Millrace's own. */
export function errorOf(plain: PlainError): unknown {
  const { isError, name, message, stack, cure, properties } = plain;
  if (!isError) return plain.value;
  const options = plain.cause ? { cause: errorOf(plain.cause) } : {};
  const error =
    cure === undefined
      ? new Error(message, options)
      : new MillraceError(String(properties.code), { says: message, cure }, {}, options);
  const hidden = { enumerable: false, writable: true, configurable: true };
  if (error.name !== name) Object.defineProperty(error, "name", { ...hidden, value: name });
  if (stack !== undefined) Object.defineProperty(error, "stack", { ...hidden, value: stack });
  for (const [key, value] of Object.entries(properties))
    Object.defineProperty(error, key, { ...hidden, enumerable: true, value });
  return error;
}

function plainValue(thrown: unknown): PlainError {
  const kind = thrown === null ? "null" : typeof thrown;
  const value = isPlain(thrown) ? thrown : undefined;
  return { isError: false, value, name: kind, message: `a value of type ${kind}`, properties: {} };
}

function plainProperties(error: Error): Record<string, unknown> {
  const known = ["name", "message", "stack", "cause", "cure", "issues"];
  const found = Object.entries(error).filter(([key, value]) => !known.includes(key) && isPlain(value));
  const { code } = error as { readonly code?: unknown };
  return { ...Object.fromEntries(found), ...(isPlain(code) && code !== undefined ? { code } : {}) };
}

function isPlain(value: unknown): boolean {
  if (typeof value === "function" || typeof value === "symbol") return false;
  if (typeof value !== "object" || value === null) return true;
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
