import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { helloDag, type Project, project } from "./project.ts";

const packages = fileURLToPath(new URL("../..", import.meta.url));

const sealedConfig = `import { defineConfig } from "@millrace/core";
export default defineConfig({
  xcom: {
    backend: ["@millrace/xcom-aes-gcm"],
    parts: { "@millrace/xcom-aes-gcm": { keys: { file: "xcom.keys" } } },
  },
});
`;

/** The text of a key, of no use to anybody. */
function keyOf(id: string): string {
  return `${id}:${Buffer.alloc(32, id).toString("base64")}`;
}

function setKeys({ folder }: Project, ...ids: readonly string[]): void {
  writeFileSync(join(folder, "xcom.keys"), ids.map(keyOf).join("\n"));
  chmodSync(join(folder, "xcom.keys"), 0o600);
}

/** A project with a run whose values are encrypted with the key `k1`, and another key in front of it by now. */
async function sealedProject(): Promise<Project> {
  const made = project({ "dags/hello.ts": helloDag, "millrace.config.ts": sealedConfig });
  const link = join(made.folder, "node_modules/@millrace/xcom-aes-gcm");
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(packages, "xcom-aes-gcm"), link);
  setKeys(made, "k1");
  expect((await made.millrace(["run", "hello", "--run-id", "first", "--quiet"])).code).toBe(0);
  setKeys(made, "k2", "k1");
  return made;
}

/** A part whose key is named by the environment, and that hangs in an engine that is to be killed. */
const hangingConfig = `import { defineConfig } from "@millrace/core";
const { KEY: key = "k1", HANGS: hangs } = process.env;
const stage = {
  kind: "stage" as const,
  name: "slow",
  marker: "_xcom_slow",
  bytesField: "data",
  effect: "encrypt" as const,
  write: async (bytes: Uint8Array) => ({ envelope: { _xcom_slow: true, key_id: key }, bytes }),
  read: (bytes: Uint8Array) => {
    if (!hangs) return Promise.resolve(bytes);
    process.stderr.write("the part hangs\\n");
    return new Promise<Uint8Array>(() => undefined);
  },
  isStale: (envelope: { readonly key_id?: unknown }) => envelope.key_id !== key,
};
export default defineConfig({ xcom: { backend: [stage] } });
`;

const use = (key: string, values: number, stale: number) => ({ part: "aes-gcm", key, values, stale, unclear: 0 });

describe("millrace keys", () => {
  it("rotate writes anew what an old key encrypted, and says when that is needed no more", async () => {
    const made = await sealedProject();
    const listed = await made.here(["keys", "list", "-o", "json"]);
    expect(listed.json()).toEqual({ keys: [use("k1", 3, 3)] });
    expect((await made.here(["keys", "list"])).err).toContain("3 values of an old key: `millrace keys rotate`");

    const looked = await made.here(["keys", "rotate", "--dry-run", "-o", "json"]);
    const nothing = { complete: true, overtaken: 0, failed: [] };
    expect([looked.code, looked.json()]).toEqual([
      0,
      { dryRun: true, ...nothing, seen: 3, renewed: 3, keys: [use("k1", 3, 3)] },
    ]);
    expect((await made.here(["keys", "rotate"])).code).toBe(2);
    const refused = await made.here(["keys", "rotate"], "n");
    expect([refused.code, refused.err]).toEqual([
      130,
      expect.stringMatching(
        /k1 +aes-gcm +3 +3[\s\S]*Write 3 values anew with the newest key\? \[y\/N\] [\s\S]*Nothing/,
      ),
    ]);
    expect((await made.here(["keys", "list", "-o", "json"])).json()).toEqual({ keys: [use("k1", 3, 3)] });

    const done = await made.here(["keys", "rotate"], "y");
    expect([done.code, done.out, done.err]).toEqual([
      0,
      expect.stringMatching(/k2 +aes-gcm +3\n\n3 values written anew\./),
      expect.stringContaining("No value needs this key any more: k1"),
    ]);
    const again = await made.here(["keys", "rotate", "--yes", "-o", "json"]);
    expect(again.json()).toEqual({ dryRun: false, ...nothing, seen: 3, renewed: 0, keys: [use("k2", 3, 0)] });

    setKeys(made, "k2");
    expect((await made.here(["xcom", "get", "hello", "first", "shout"])).out).toBe("HELLO ADA\n");
    expect(JSON.stringify([listed.out, looked.out, done.out, done.err])).not.toContain(keyOf("k1").slice(3));
  });

  it("rotate names what it cannot read and leaves it for whoever finds the key", async () => {
    const made = await sealedProject();
    setKeys(made, "k2");
    const failed = await made.here(["keys", "rotate", "--yes", "-o", "json"]);
    expect(failed.code).toBe(1);
    expect(failed.json()).toMatchObject({
      ...{ seen: 3, renewed: 0, keys: [use("k1", 3, 3)] },
      failed: ["name", "greet", "shout"].map((task) => ({
        ...{ dag: "hello", run: "first", task, mapIndex: -1, key: "return_value" },
        code: "XCOM_KEY_MISSING",
      })),
    });
    expect((await made.here(["keys", "rotate", "--yes"])).err).toMatch(
      /hello first shout return_value stays as it is: XCOM_KEY_MISSING/,
    );
    setKeys(made, "k2", "k1");
    expect((await made.here(["keys", "rotate", "--yes"])).code).toBe(0);
  });

  it("rotate has a running engine do it, and finds out when that has other keys", async () => {
    const made = await sealedProject();
    setKeys(made, "k1");
    const before = made.spawn(["start", "--no-watch"]);
    await before.until("ready");
    // The engine reads its keys when it first needs them.
    expect((await made.here(["keys", "rotate", "--dry-run"])).out).toContain("0 values would be written anew.");
    setKeys(made, "k2", "k1");
    const other = await made.here(["keys", "rotate", "--yes"]);
    expect([other.code, other.err]).toEqual([0, expect.stringContaining("The engine that is running has other keys")]);
    before.kill("SIGTERM");
    await before.ended;

    const start = made.spawn(["start", "--no-watch"]);
    await start.until("ready");
    const done = await made.here(["keys", "rotate", "--yes", "-o", "json"]);
    expect([done.code, done.json()]).toMatchObject([0, { renewed: 3, keys: [use("k2", 3, 0)] }]);
    expect((await made.here(["xcom", "get", "hello", "first", "shout"])).out).toBe("HELLO ADA\n");
    start.kill("SIGTERM");
    expect((await start.ended).code).toBe(0);
  });

  it("rotate goes on by itself when the engine that does it dies", async () => {
    const made = project({ "dags/hello.ts": helloDag, "millrace.config.ts": hangingConfig });
    await made.millrace(["run", "hello", "--run-id", "first", "--quiet"]);
    const start = made.spawn(["start", "--no-watch"], { env: { KEY: "k2", HANGS: "yes" } });
    await start.until("ready");
    const rotating = made.millrace(["keys", "rotate", "--yes", "-o", "json"], { env: { KEY: "k2" } });
    await start.until("the part hangs");
    start.kill("SIGKILL");
    const done = await rotating;
    const keys = [{ part: "slow", key: "k2", values: 3, stale: 0, unclear: 0 }];
    expect([done.code, done.json()]).toMatchObject([0, { complete: true, seen: 3, renewed: 3, keys }]);
  });

  it("say so where nothing is encrypted, or nothing is recorded", async () => {
    const made = project({ "dags/hello.ts": helloDag });
    const empty = await made.here(["keys", "list", "-o", "json"]);
    expect([empty.code, empty.json()]).toMatchObject([3, { error: { code: "STORE_EMPTY" } }]);
    await made.millrace(["run", "hello", "--quiet"]);
    const plain = await made.here(["keys", "list"]);
    expect([plain.code, plain.out, plain.err]).toEqual([0, "", expect.stringContaining("No value is encrypted.")]);
    expect((await made.here(["keys", "rotate", "--yes"])).out).toContain("0 values written anew.");
  });
});
