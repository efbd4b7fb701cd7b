import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { migrations } from "@millrace/store-sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import { keepingConfig, keptKeys } from "./kept-files.ts";
import { helloDag, type Project, project } from "./project.ts";

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly says: string;
  readonly cure: string | null;
}

const withRun = async (): Promise<Project> => {
  const made = project({ "dags/hello.ts": helloDag });
  expect((await made.millrace(["run", "hello", "--quiet"])).code).toBe(0);
  return made;
};

/** What doctor finds wrong: each by its check, and every one with a cure. */
async function wrong(made: Project): Promise<Finding[]> {
  const ended = await made.millrace(["doctor", "-o", "json"]);
  const { healthy, findings } = ended.json<{ healthy: boolean; findings: Finding[] }>();
  const bad = findings.filter(({ level }) => level === "bad");
  expect([ended.code, healthy]).toEqual(bad.length === 0 ? [0, true] : [1, false]);
  expect(bad.every(({ cure }) => (cure ?? "") !== "")).toBe(true);
  return bad;
}

describe("doctor", () => {
  let sound: Project;
  beforeAll(async () => {
    sound = await withRun();
  });

  it("finds nothing wrong where nothing is", async () => {
    expect(await wrong(sound)).toEqual([]);
  });

  it("finds catchup settings that cannot be read, and those that are wrong", async () => {
    const dags = `import { catchupFrom, catchupFromFile, dag } from "@millrace/core";
const file = catchupFromFile(new URL("../catchup.yaml", import.meta.url));
const none = catchupFromFile(new URL("../none.yaml", import.meta.url));
const query = catchupFrom(() => "perhaps", { name: "flags" });
export const all = [file, file, none, query].map((catchup, no) => dag("d" + no, { catchup }, (d) => void d.empty("t")));
`;
    const made = project({ "dags/all.ts": dags, "catchup.yaml": "default: true" });
    expect(await wrong(made)).toMatchObject([
      { check: "catchup", says: expect.stringContaining("none.yaml could not be read: it is not there") },
      { check: "catchup", says: expect.stringContaining("'flags' of catchup settings gave none that can hold") },
    ]);
    made.write({ "catchup.yaml": "default: perhaps" });
    expect((await wrong(made))[0]?.says).toContain(
      "catchup.yaml is no file of catchup settings: default: true, false,",
    );
  });

  it("finds a database behind its migrations", async () => {
    const made = project({ "dags/hello.ts": helloDag });
    await made.here(["db", "migrate"]);
    const now = new DatabaseSync(join(made.folder, ".millrace/millrace.db"));
    const { application_id: program } = now.prepare("PRAGMA application_id").get() as { application_id: number };
    now.close();
    rmSync(join(made.folder, ".millrace"), { recursive: true });
    mkdirSync(join(made.folder, ".millrace"), { mode: 0o700 });
    const file = join(made.folder, ".millrace/millrace.db");
    const db = new DatabaseSync(file);
    db.exec(
      `PRAGMA journal_mode = WAL; ${migrations[0].sql}; PRAGMA application_id = ${program}; PRAGMA user_version = 1`,
    );
    db.close();
    chmodSync(file, 0o600);
    expect(await wrong(made)).toContainEqual(
      expect.objectContaining({ check: "store", says: expect.stringContaining("older schema 1") }),
    );
  });

  it("asks the services of the config whether they could work", async () => {
    const made = project({
      "dags/hello.ts": helloDag,
      "millrace.config.ts": `const service = (name: string, check?: () => Promise<string[]>) => ({ name, start() {}, stop() {}, ...(check && { check }) });
export default { services: [
  service("quiet"),
  service("bell", async () => ["It rings twice."]),
  service("mail", async () => { throw new Error("the server refuses us"); }),
] };`,
    });
    const { findings } = (await made.millrace(["doctor", "-o", "json"])).json<{ findings: Finding[] }>();
    expect(findings.filter(({ check }) => check === "services")).toEqual([
      { check: "services", level: "good", says: "Service 'quiet' is ready", cure: null },
      { check: "services", level: "good", says: "Service 'bell' is ready\nIt rings twice.", cure: null },
      {
        check: "services",
        level: "bad",
        says: "Service 'mail' could not work: the server refuses us",
        cure: expect.any(String),
      },
    ]);
  });

  it("asks for every connection, and says which place of secrets cannot be used", async () => {
    const made = project({
      "dags/hello.ts": helloDag,
      "millrace.config.ts": `export default { secrets: { file: "secrets.yaml" }, connections: { api: "http://127.0.0.1:9/" } };`,
      "secrets.yaml": "connections: {shop: 'no url hunter2'}",
    });
    const found = async () =>
      (await made.millrace(["doctor", "-o", "json"]))
        .json<{ findings: Finding[] }>()
        .findings.filter(({ check }) => check === "connections");
    chmodSync(join(made.folder, "secrets.yaml"), 0o644);
    expect(await found()).toEqual([
      {
        check: "connections",
        level: "bad",
        says: expect.stringContaining("may be read or written by others (mode 0644)"),
        cure: expect.stringContaining("chmod 600"),
      },
    ]);
    chmodSync(join(made.folder, "secrets.yaml"), 0o600);
    const broken = await found();
    expect(broken).toMatchObject([{ level: "bad", says: expect.stringContaining("Connection 'shop'") }]);
    expect(JSON.stringify(broken)).not.toContain("hunter2");
    made.write({ "secrets.yaml": "connections: {shop: 'postgres://db.local/shop'}" });
    expect(await found()).toEqual([
      { check: "connections", level: "good", says: "Secrets can be asked for; 2 connections", cure: null },
    ]);
  });

  describe("of the XCom backend", () => {
    let made: Project;
    beforeAll(() => {
      made = project({ "dags/hello.ts": helloDag, "millrace.config.ts": keepingConfig });
    });
    const found = async (how: string): Promise<readonly Record<string, unknown>[]> => {
      const { findings } = (await made.millrace(["doctor", "-o", "json"], { env: { BREAK: how } })).json<{
        findings: Record<string, unknown>[];
      }>();
      return findings.filter(({ check }) => check === "xcom");
    };

    it("tries put, get and delete with a value and a stream, and leaves nothing behind", async () => {
      expect(await found("nothing")).toEqual([
        {
          check: "xcom",
          level: "good",
          says: "XCom backend (kept): put, get and delete work, of values and streams",
          cure: null,
        },
      ]);
      expect(keptKeys(made.folder)).toEqual([]);
    });

    it.each([
      ["open", "bad", "XCom part 'kept' is not ready: .*no such folder"],
      ["put", "bad", "XCom part 'kept' could not put a value: .*the disk is full"],
      ["get", "bad", "XCom part 'kept' could not get a value: .*the disk is away"],
      ["remove", "bad", "XCom part 'kept' could not delete a value: .*the disk is read-only"],
      ["forget", "bad", "'kept' still has a value after it was deleted"],
      ["stream", "warning", "kept"],
      ["warn", "warning", "XCom part 'kept': The disk is nearly full."],
    ])("tells when it fails to %s", async (how, level, says) => {
      expect(await found(how)).toContainEqual(expect.objectContaining({ level, says: expect.stringMatching(says) }));
    });

    it("has its notices told by commands that make runs, and by none that only looks or asks", async () => {
      const env = { BREAK: "warn" };
      const ran = await made.millrace(["run", "hello", "-o", "json"], { env });
      expect([ran.code, ran.err]).toEqual([0, expect.stringContaining("! XCom part 'kept': The disk is nearly full.")]);
      expect((await made.millrace(["dags", "pause", "hello"], { env })).err).toBe("");
      const refused = await made.millrace(["run", "hello", "-o", "json"], { env: { BREAK: "open" } });
      expect([refused.code, refused.json()]).toMatchObject([5, { error: { code: "XCOM_PART_NOT_READY" } }]);
    });
  });

  it("finds a clock that is behind the newest record", async () => {
    const made = await withRun();
    const db = new DatabaseSync(join(made.folder, ".millrace/millrace.db"));
    db.exec("UPDATE events SET at = at + 600000");
    db.close();
    expect(await wrong(made)).toMatchObject([
      { check: "clock", says: expect.stringMatching(/ (59\d|600) s in the future/) },
    ]);
  });

  it("finds key files that are missing, open to others, or too short to hold a key", async () => {
    const part = `import { definePlugin } from "@millrace/core/plugin";
export const manifest = definePlugin({
  kind: "xcom-stage", name: "sealed", contractVersion: 1, marker: "_xcom_sealed",
  options: { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) } },
  create: () => ({ kind: "stage", name: "sealed", marker: "_xcom_sealed", bytesField: "data", effect: "other",
    write: async (bytes) => ({ envelope: { _xcom_sealed: true }, bytes }), read: async (bytes) => bytes }) });`;
    const made = project({
      "dags/hello.ts": helloDag,
      "millrace.config.ts": `export default { xcom: { parts: { sealed: { keys: { file: "secret/keys" } } } } };`,
      "node_modules/sealed/package.json": `{ "name": "sealed", "type": "module", "exports": "./index.js" }`,
      "node_modules/sealed/index.js": part,
    });
    expect(await wrong(made)).toMatchObject([{ check: "keys", says: expect.stringContaining("cannot be read") }]);
    mkdirSync(join(made.folder, "secret"));
    const file = join(made.folder, "secret/keys");
    writeFileSync(file, "x".repeat(44), { mode: 0o644 });
    expect(await wrong(made)).toMatchObject([{ check: "keys", cure: expect.stringContaining("chmod 600") }]);
    chmodSync(file, 0o600);
    expect(await wrong(made)).toEqual([]);
    writeFileSync(file, "too short");
    expect(await wrong(made)).toMatchObject([
      { check: "keys", says: expect.stringContaining("neither a key of 32 bytes nor a passphrase") },
    ]);
  });

  it("finds what an engine that was killed has left, and one that does not answer", async () => {
    const made = await withRun();
    const start = made.spawn(["start", "--no-watch"]);
    await start.until("ready");
    expect(await wrong(made)).toEqual([]);
    // Stopped by the system, it has the store and its socket, and does nothing.
    start.kill("SIGSTOP");
    expect(await wrong(made)).toMatchObject([
      { check: "engine", says: expect.stringContaining(`process id ${start.pid}`) },
    ]);
    start.kill("SIGKILL");
    await start.ended;
    expect(await wrong(made)).toMatchObject([{ check: "socket" }]);
  });

  it("finds a request that nobody answers", async () => {
    const made = await withRun();
    const db = new DatabaseSync(join(made.folder, ".millrace/millrace.db"));
    db.exec(
      "INSERT INTO requests (request_id, operation, payload, filed_at) VALUES ('a', 'pause', '{\"dagId\":\"hello\"}', 1000)",
    );
    db.close();
    expect(await wrong(made)).toMatchObject([{ check: "requests", says: expect.stringContaining("'pause'") }]);
  });

  it("finds a bundle that was altered", async () => {
    const made = await withRun();
    const folder = join(made.folder, ".millrace/bundles");
    const bundle = readdirSync(folder).find((name) => name.endsWith(".mjs")) ?? "";
    writeFileSync(join(folder, bundle), "// altered");
    expect(await wrong(made)).toContainEqual(
      expect.objectContaining({ check: "bundles", says: expect.stringContaining(bundle) }),
    );
  });

  it("sees a socket of somebody who says nothing", async () => {
    const made = await withRun();
    const server = createServer((socket) => void socket.resume());
    await new Promise<void>((resolve) => server.listen(join(made.folder, ".millrace/engine.sock"), resolve));
    expect(await wrong(made)).toMatchObject([{ check: "engine", says: expect.stringContaining("does not answer") }]);
    await new Promise((resolve) => server.close(resolve));
  });
});
