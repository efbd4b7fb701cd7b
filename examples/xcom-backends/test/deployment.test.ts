import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { environmentKeys, loadConfig, resolveXComBackend } from "@millrace/core/engine";
import { manifest as aesManifest } from "@millrace/xcom-aes-gcm";
import { manifest as fileManifest } from "@millrace/xcom-file";
import { manifest as gzipManifest } from "@millrace/xcom-gzip";
import { manifest as s3Manifest } from "@millrace/xcom-s3";
import { expect, test } from "vitest";
import { composeFaults, dockerfileFaults } from "./container-files.ts";

const folder = fileURLToPath(new URL("../deploy/", import.meta.url));
const textOf = (name: string): string => readFileSync(join(folder, name), "utf8");
const address = { dagId: "d", runId: "r", taskId: "t", mapIndex: -1, key: "return_value" };

test("the Dockerfile has no fault", () => {
  expect(dockerfileFaults(textOf("Dockerfile"))).toEqual([]);
});

test.each<[string, string | RegExp, string, string]>([
  ["an instruction that there is not", "USER node", "USR node", "Unknown instruction"],
  ["root", "USER node", "USER root", "runs as root"],
  ["no user", "USER node\n", "", "runs as root"],
  ["an image without a version", /node:24-bookworm-slim/g, "node", "another image tomorrow"],
  ["a key in the image", "ENV NODE_ENV", "ENV XCOM_KEY=abc NODE_ENV", "part of the image"],
  ["everything copied", "COPY dags ./dags", "COPY . ./", "may copy secrets"],
  ["scripts of packages", " --ignore-scripts", "", "run scripts"],
  ["no volume", 'VOLUME ["/data"]\n', "", "goes with the container"],
  ["another health check", '"doctor"', '"--version"', "not that of Millrace"],
])("a Dockerfile with %s is found", (_, from, to, fault) => {
  expect(dockerfileFaults(textOf("Dockerfile").replace(from, to)).join("\n")).toContain(fault);
});

test("the Compose file has no fault and two services at most", () => {
  expect(composeFaults(textOf("compose.yaml"))).toEqual([]);
  expect(textOf("compose.yaml").match(/^ {2}(millrace|s3):$/gm)).toHaveLength(2);
});

test.each<[string, string | RegExp, string, string]>([
  ["a setting that there is not", "init: true", "initt: true", "additional properties"],
  ["a port", "init: true", 'init: true\n    ports: ["8080:8080"]', "open to other machines"],
  ["all privileges", "init: true", "init: true\n    privileged: true", "is privileged"],
  [
    "a password in the clear",
    "MINIO_ROOT_PASSWORD_FILE: /run/secrets/s3_root_password",
    "MINIO_ROOT_PASSWORD: abc",
    "in the clear",
  ],
  ["a secret from nowhere", "    file: ./secrets/xcom_keys", "    external: true", "is no file"],
  ["an image that changes", /RELEASE\S+/, "latest", "another image tomorrow"],
  ["capabilities", / {4}cap_drop:\n {6}- ALL\n/, "", "capabilities"],
  ["an image that is written to", "read_only: true", "read_only: false", "may write into its image"],
])("a Compose file with %s is found", (_, from, to, fault) => {
  expect(composeFaults(textOf("compose.yaml").replace(from, to)).join("\n")).toContain(fault);
});

test("nothing goes into the image but what is named: no keys, no .env, no data", () => {
  const lines = textOf(".dockerignore")
    .split("\n")
    .filter((line) => line && !line.startsWith("#"));
  expect(lines).toEqual(["*", "!package.json", "!package-lock.json", "!millrace.config.ts", "!dags"]);
});

test("every variable of .env.example is one that is read, and none is a secret", () => {
  const variables = textOf(".env.example").matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm);
  const manifests = [gzipManifest, aesManifest, fileManifest, s3Manifest];
  const known = [...environmentKeys, ...manifests.flatMap(({ env = [] }) => env)].map(({ key }) => key);
  const secret = manifests
    .flatMap(({ env = [] }) => env)
    .filter((one) => one.secret)
    .map(({ key }) => key);
  const named = [...variables].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(8);
  for (const name of named) expect(known).toContain(name);
  for (const name of secret) expect(named).not.toContain(name);
});

test("with a key the configuration compresses, encrypts and keeps files; with every line of .env.example S3 takes their place", async () => {
  const home = mkdtempSync(join(tmpdir(), "deployed-"));
  try {
    const keys = { MILLRACE_HOME: home, MILLRACE_XCOM_ENCRYPTION_KEYS: `k1:${randomBytes(32).toString("base64")}` };
    const config = await loadConfig({ config: folder, env: { ...parseEnv(textOf(".env.example")), ...keys } });
    const { backend } = await resolveXComBackend(config);
    const value = Array.from({ length: 50_000 }, (_, id) => ({ id, password: `p${id}` }));
    const stored = await backend.serialize(value, address);
    expect(stored).toMatchObject({
      _xcom_file_backend: true,
      inner: { _xcom_encrypted: true, inner: { _xcom_compressed: true, algorithm: "zstd" } },
    });
    expect(String((stored as { readonly filepath: string }).filepath)).toContain(join(home, "xcom"));
    expect(await backend.deserialize(stored, address)).toEqual(value);
    await expect(backend.deserialize('"forged"', address)).rejects.toThrow(/without encryption/);

    const everyLine = parseEnv(textOf(".env.example").replaceAll(/^#(?=[A-Z])/gm, ""));
    const other = await resolveXComBackend(await loadConfig({ config: folder, env: { ...everyLine, ...keys } }));
    expect(other.parts.map(({ name }) => name)).toEqual(["gzip", "aes-gcm", "s3"]);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test("without its key file nothing is stored: it fails, and does not fall back to plain values", async () => {
  const { backend } = await resolveXComBackend(await loadConfig({ config: folder, env: {} }));
  await expect(backend.serialize({ a: 1 }, address)).rejects.toMatchObject({ code: "XCOM_KEYS_ABSENT" });
});
