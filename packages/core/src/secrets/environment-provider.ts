import type { SecretProvider } from "./provider.ts";
import { nameOfVariable, secretVariable } from "./secret-name.ts";

/**
 * Secrets and connections from variables of the environment: `api_token` from `MILLRACE_SECRET_API_TOKEN`, the connection
 * `shop-db` from `MILLRACE_CONNECTION_SHOP__DB`. The name stands there in capitals; `_` stays, `-` becomes two underscores, `.`
 * three and `/` four, so that no two names share a variable. A connection is a URL or the JSON of an object. An empty variable
 * counts as absent. Tasks in threads and shell commands do not inherit these variables.
 *
 * @param options - `env`: default the environment of the process, as it is whenever it is asked
 * @example
 * ```ts
 * import { environmentSecrets } from "@millrace/core/engine";
 *
 * const provider = environmentSecrets({ env: { MILLRACE_CONNECTION_SHOP__DB: "postgres://etl@db.local/shop" } });
 * const { signal } = new AbortController();
 * console.log(await provider.get("connection", "shop-db", { signal })); // postgres://etl@db.local/shop
 * ```
 */
export function environmentSecrets(
  options: { readonly env?: Readonly<Record<string, string | undefined>> } = {},
): SecretProvider {
  const env = options.env ?? process.env;
  return {
    name: "the environment",
    get: (kind, name) => env[secretVariable(kind, name)] || undefined,
    list: () =>
      Object.entries(env).flatMap(([variable, value]) => {
        const named = value ? nameOfVariable(variable) : undefined;
        return named ? [named] : [];
      }),
  };
}
