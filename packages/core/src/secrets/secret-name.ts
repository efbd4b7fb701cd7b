import { coreError, shown } from "../errors.ts";

/** What can be asked for by a name. */
export type SecretKind = "secret" | "connection";

const longestName = 100;
const nameRule = /^[a-z0-9]+(?:[_./-][a-z0-9]+)*$/;

/** In the name of a variable so many underscores stand for each of these. */
const underscores = { _: 1, "-": 2, ".": 3, "/": 4 } as const;

/** True for text that may name a secret or a connection. */
export function isSecretKey(value: unknown): value is string {
  return typeof value === "string" && value.length <= longestName && nameRule.test(value);
}

/**
 * Checks the name of a secret or a connection: groups of small letters and digits with one `_`, `-`, `.` or `/` between them.
 *
 * @throws `SECRET_NAME_INVALID`
 */
export function checkSecretName(kind: SecretKind, name: string): string {
  if (!isSecretKey(name)) throw coreError("SECRET_NAME_INVALID", { kind, name: shown(name) });
  return name;
}

/**
 * The variable of the environment that a secret or a connection is read from: `MILLRACE_SECRET_` or `MILLRACE_CONNECTION_` and
 * the name in capitals, where `_` stays, `-` becomes two underscores, `.` three and `/` four. No two names have the same one.
 */
export function secretVariable(kind: SecretKind, name: string): string {
  const rest = name.replace(/[-_./]/g, (sign) => "_".repeat(underscores[sign as keyof typeof underscores]));
  return `${prefixes[kind]}${rest.toUpperCase()}`;
}

/** What a variable names, or `undefined` for one that no name stands behind. */
export function nameOfVariable(variable: string): { readonly kind: SecretKind; readonly name: string } | undefined {
  for (const kind of ["secret", "connection"] as const) {
    if (!variable.startsWith(prefixes[kind])) continue;
    const name = variable
      .slice(prefixes[kind].length)
      .toLowerCase()
      .replace(/_{1,4}/g, (run) => signs[run.length - 1]);
    return isSecretKey(name) && secretVariable(kind, name) === variable ? { kind, name } : undefined;
  }
  return undefined;
}

const signs = Object.keys(underscores);
const prefixes = { secret: "MILLRACE_SECRET_", connection: "MILLRACE_CONNECTION_" } as const;
