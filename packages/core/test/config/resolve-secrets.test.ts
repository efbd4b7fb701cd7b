import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { explainConfig } from "../../src/config/explain-config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { resolveSecrets } from "../../src/config/resolve-secrets.ts";
import { listConnections } from "../../src/secrets/inspect-connections.ts";
import type { SecretProvider } from "../../src/secrets/provider.ts";
import { projectWith } from "./in-node.ts";

const plugin = new URL("../../src/plugin.ts", import.meta.url).href;

/** A provider in a package, with one option that is a secret itself. */
const vault = `import { definePlugin } from ${JSON.stringify(plugin)};
export const manifest = definePlugin({
  kind: "secrets", name: "acme-vault", contractVersion: 1,
  options: { "~standard": { version: 1, vendor: "test", validate: (value) =>
    typeof value.prefix === "string" ? { value } : { issues: [{ message: "a prefix is expected", path: ["prefix"] }] } } },
  env: [{ key: "ACME_VAULT_TOKEN", option: "token", says: "what it is opened with", secret: true }],
  create: ({ prefix, token }) => ({
    name: "the vault",
    get: async (kind, name) => (kind === "secret" && token ? prefix + name : undefined),
  }),
});`;

const settings = `export default {
  store: "memory",
  secrets: { file: "./secrets.yaml", providers: [["acme-vault", { prefix: "vault-" }]], ttl: "1m" },
  connections: { api: "http://config/", shop: "http://config/", "with-token": "http://h/?token=hunter22" },
};`;

function project(config = settings) {
  const folder = projectWith({
    "millrace.config.mjs": config,
    "node_modules/acme-vault/package.json": `{ "name": "acme-vault", "version": "1.0.0", "type": "module", "exports": "./index.js" }`,
    "node_modules/acme-vault/index.js": vault,
  });
  writeFileSync(
    join(folder, "secrets.yaml"),
    "secrets: {a: from-file, b: from-file}\nconnections: {shop: 'http://file/'}",
  );
  chmodSync(join(folder, "secrets.yaml"), 0o600);
  return folder;
}

const { signal } = new AbortController();
async function asked(
  providers: readonly SecretProvider[],
  kind: "secret" | "connection",
  name: string,
): Promise<unknown> {
  for (const provider of providers) {
    const given = await provider.get(kind, name, { signal });
    if (given !== undefined) return given;
  }
  return undefined;
}

describe("secrets of a configuration", () => {
  it("come from the environment, the file, the config and the packages named, in that order", async () => {
    const env = { MILLRACE_SECRET_A: "from-env", ACME_VAULT_TOKEN: "t0ken-of-vault" };
    const config = await loadConfig({ cwd: project(), env });
    const { providers, plugins } = await resolveSecrets(config);
    expect(providers.map(({ name }) => name)).toEqual([
      "the environment",
      `the file ${join(config.baseDir, "secrets.yaml")}`,
      "the config",
      "the vault",
    ]);
    expect(plugins).toHaveLength(1);
    expect(await asked(providers, "secret", "a")).toBe("from-env");
    expect(await asked(providers, "secret", "b")).toBe("from-file");
    expect(await asked(providers, "secret", "c")).toBe("vault-c");
    expect(await asked(providers, "connection", "shop")).toBe("http://file/");
    expect(await asked(providers, "connection", "api")).toBe("http://config/");
    expect(config.secrets.ttl).toBe("1m");
    expect((await listConnections({ providers })).connections.map(({ name }) => name)).toEqual([
      "api",
      "shop",
      "with-token",
    ]);
  });

  it("may have their file named by the environment, from the current folder", async () => {
    const cwd = project();
    const config = await loadConfig({ cwd, config: cwd, env: { MILLRACE_SECRETS_FILE: "other.yaml" } });
    expect(config.secrets.file).toBe(join(cwd, "other.yaml"));
    expect(config.origins.get("secrets.file")).toEqual({ source: "env", name: "MILLRACE_SECRETS_FILE" });
  });

  it("are not shown when the configuration is explained", async () => {
    const env = {
      MILLRACE_SECRET_A: "hunter22",
      MILLRACE_CONNECTION_SHOP: "http://u:hunter22@h/",
      MILLRACE_SECRET_a: "hunter22",
      ACME_VAULT_TOKEN: "hunter22",
    };
    const explained = await explainConfig(await loadConfig({ cwd: project(), env }));
    expect(explained.problems).toEqual([]);
    expect(JSON.stringify(explained)).not.toContain("hunter22");
    const known = Object.fromEntries(explained.environment.map(({ key, setting, value }) => [key, [setting, value]]));
    expect(known).toMatchObject({
      MILLRACE_SECRET_A: ["secrets", "***"],
      MILLRACE_CONNECTION_SHOP: ["connections", "***"],
      ACME_VAULT_TOKEN: ["secrets.acme-vault.token", "***"],
    });
    // It names no secret: nobody would read it.
    expect(explained.unknownKeys).toEqual(["MILLRACE_SECRET_a"]);
    const values = Object.fromEntries(explained.settings.map(({ setting, value }) => [setting, value]));
    expect(values).toMatchObject({
      connections: ["api", "shop", "with-token"],
      "secrets.providers": ["acme-vault"],
      "secrets.ttl": "1m",
      "secrets.timeout": "10s",
    });
  });

  it.each([
    ["connections: { shop: 'http://u:hunt#er22@h/' }", "connections.shop is ***, but a URL"],
    ["connections: { Shop: 'http://hunter22/' }", "connections.Shop is ***, but a URL"],
    ["secrets: { ttl: 'soon' }", 'secrets.ttl is "soon", but a duration'],
    ["secrets: { file: 5 }", "secrets.file is 5, but the path"],
    ["secrets: { providers: [{}] }", "secrets.providers.0 is an object of type Object, but a package name"],
    ["secrets: { vault: 1 }", "secrets.vault is no setting"],
  ])("that are wrong are refused without a value: %s", async (text, message) => {
    const error: unknown = await loadConfig({ cwd: project(`export default { ${text} };`), env: {} }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining(message) as unknown });
    expect((error as Error).message).not.toMatch(/hunter22|hunt#/);
  });

  it("need what a package says of its options, and a package that gives a provider", async () => {
    const wrong = await loadConfig({
      cwd: project(`export default { secrets: { providers: ["acme-vault"] } };`),
      env: {},
    });
    await expect(resolveSecrets(wrong)).rejects.toMatchObject({ code: "PLUGIN_OPTIONS_INVALID" });
    const other = project(`export default { secrets: { providers: ["./other.mjs"] } };`);
    const stage = vault.replace('kind: "secrets"', 'kind: "service"');
    writeFileSync(join(other, "other.mjs"), stage);
    await expect(resolveSecrets(await loadConfig({ cwd: other, env: {} }))).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
      message: expect.stringContaining("a provider of secrets") as unknown,
    });
    const none = project(`export default { secrets: { providers: [["./none.mjs", { prefix: "" }]] } };`);
    writeFileSync(join(none, "none.mjs"), `${vault.replace("get: async", "give: async")}`);
    await expect(resolveSecrets(await loadConfig({ cwd: none, env: {} }))).rejects.toMatchObject({
      code: "PLUGIN_INVALID",
    });
  });
});
