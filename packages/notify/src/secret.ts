import { shown } from "@millrace/core/plugin";
import { notifyError } from "./errors.ts";

/** A secret: as it is, or the name of the environment variable that has it. */
export type SecretInput = string | { readonly env: string };

/** Reads a secret when it is needed. */
export type Secret = () => string;

const variable = /^[A-Za-z_][A-Za-z0-9_]{0,199}$/;

/**
 * @param where - names the channel, for messages
 * @param what - for example `password`
 * @throws `NOTIFY_OPTION_INVALID`, without the value; the secret itself may throw `NOTIFY_SECRET_MISSING`
 */
export function secretOf(
  given: SecretInput,
  { where, what, env }: { readonly where: string; readonly what: string; readonly env: Environment },
): Secret {
  if (typeof given === "string" && given !== "") return () => given;
  const name = typeof given === "object" && given !== null ? given.env : undefined;
  if (typeof name !== "string" || !variable.test(name))
    throw notifyError("NOTIFY_OPTION_INVALID", {
      option: what,
      where,
      why: `text or { env: "NAME" } is needed, and this is ${typeof given === "string" ? "empty" : shown(given)}`,
    });
  return () => {
    const value = env[name];
    if (value === undefined || value === "") throw notifyError("NOTIFY_SECRET_MISSING", { where, what, name });
    return value;
  };
}

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;
