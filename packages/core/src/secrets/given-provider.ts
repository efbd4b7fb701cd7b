import type { ConnectionInput } from "./connection.ts";
import type { SecretProvider } from "./provider.ts";
import { checkSecretName } from "./secret-name.ts";

const kinds = ["secret", "connection"] as const;

/**
 * Secrets and connections that a program gives itself, for tests for example.
 *
 * @throws `SECRET_NAME_INVALID`
 * @example
 * ```ts
 * import { givenSecrets } from "@millrace/core/engine";
 *
 * const provider = givenSecrets({ secrets: { api_token: "k7-Tq92x" }, connections: { shop: "http://127.0.0.1:8080" } });
 * const { signal } = new AbortController();
 * console.log(await provider.get("connection", "shop", { signal })); // http://127.0.0.1:8080
 * ```
 */
export function givenSecrets(given: {
  readonly secrets?: Readonly<Record<string, string>>;
  readonly connections?: Readonly<Record<string, ConnectionInput>>;
  /** What it is called in messages. Default `the given values`. */
  readonly name?: string;
}): SecretProvider {
  const values = { secret: given.secrets ?? {}, connection: given.connections ?? {} };
  for (const kind of kinds) for (const name of Object.keys(values[kind])) checkSecretName(kind, name);
  return {
    name: given.name ?? "the given values",
    get(kind, name) {
      if (!Object.hasOwn(values[kind], name)) return undefined;
      const value = values[kind][name];
      return typeof value === "object" ? { ...value } : value;
    },
    list: () => kinds.flatMap((kind) => Object.keys(values[kind]).map((name) => ({ kind, name }))),
  };
}
