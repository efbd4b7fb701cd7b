import { type ErrorValues, isMillraceError, MillraceError } from "../../errors.ts";

/** An error as plain data, to be carried from one thread to another. */
export interface CarriedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Only for errors of Millrace. */
  readonly coded?: {
    readonly code: string;
    readonly cure: string;
    readonly values: ErrorValues;
    readonly issues: readonly CarriedError[];
  };
  readonly cause?: CarriedError;
}

const mostIssues = 1_000;
const deepestCause = 8;
const longestText = 20_000;

/** Packs what was thrown; a thrower's own texts may be of any length. */
export function packError(thrown: unknown, depth = 0): CarriedError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { cause } = error;
  return {
    name: text(error.name),
    message: text(error.message),
    stack: text(error.stack),
    ...(isMillraceError(error) && {
      coded: {
        code: error.code,
        cure: error.cure,
        values: { ...error.values },
        issues: error.issues.slice(0, mostIssues).map((issue) => packError(issue, depth + 1)),
      },
    }),
    ...(cause !== undefined && depth < deepestCause && { cause: packError(cause, depth + 1) }),
  };
}

/** The error that was packed, with the stack that it had. */
export function unpackError({ name, message, stack, coded, cause }: CarriedError): Error {
  const options = cause === undefined ? {} : { cause: unpackError(cause) };
  const error = coded
    ? new MillraceError(coded.code, { says: message, cure: coded.cure }, coded.values, {
        ...options,
        issues: coded.issues.map(unpackError).filter((issue) => isMillraceError(issue)),
      })
    : Object.assign(new Error(message, options), { name });
  error.stack = stack;
  return error;
}

function text(value: unknown): string {
  const whole = typeof value === "string" ? value : "";
  return whole.length > longestText ? `${whole.slice(0, longestText)} …` : whole;
}
