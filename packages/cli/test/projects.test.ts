import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { helloDag, project } from "./project.ts";

describe("DAG files", () => {
  it("are listed, with those that failed beside the good ones", async () => {
    const { millrace } = project({ "dags/hello.ts": helloDag, "dags/broken.ts": `throw new Error("boom");` });
    const ended = await millrace(["dags", "list"]);
    expect([ended.code, ended.out]).toEqual([0, expect.stringMatching(/hello +3 +– +– +demo +hello\.ts +Says hello/)]);
    expect(ended.err).toContain("dags/broken.ts:1:7 gave no DAG: DAG_FILE_FAILED");
    const payload = (await millrace(["dags", "list", "-o", "json"])).json();
    expect(payload).toMatchObject({
      dags: [{ dag: "hello", tasks: 3 }],
      importErrors: [{ line: 1, code: "DAG_FILE_FAILED" }],
    });
  });

  it("are validated with the place of every mistake", async () => {
    const { millrace } = project({
      "dags/hello.ts": helloDag,
      "dags/syntax.ts": "export const x = 1;\nenum Colour { Red\n",
      "dags/cycle.ts": `import { dag } from "@millrace/core";\nexport default dag("..", {}, (d) => {\n  const a = d.empty("a");\n  d.chain(a, a);\n});`,
    });
    const ended = await millrace(["dags", "validate"]);
    expect(ended.code).toBe(2);
    expect(ended.out).toContain("dags/syntax.ts:3:1");
    expect(ended.out).toMatch(/dags\/cycle\.ts:2:\d+/);
    expect(ended.out).toMatch(/2 mistakes; 1 DAG in good order/);
    expect((await millrace(["dags", "validate", "-o", "json"])).json()).toMatchObject({
      valid: false,
      importErrors: [{ issues: [{ code: "DAG_ID_INVALID" }, {}] }, { code: "DAG_FILE_FAILED" }],
    });
    const missed = await millrace(["run", "cycle"]);
    expect(missed.err).toMatch(
      /There is no DAG 'cycle'[\s\S]*dags\/cycle\.ts:2:\d+ {2}- DAG_ID_INVALID: DAG id "\.\."/,
    );
    expect((await millrace(["dags", "validate", "dags/hello.ts"])).code).toBe(0);
    expect((await millrace(["dags", "validate", "dags/nowhere.ts"])).out).toContain("there is no such file");
  });

  it("that were good before are listed and shown as they were, but neither valid nor run", async () => {
    const { millrace, write } = project({ "dags/hello.ts": helloDag });
    expect((await millrace(["dags", "validate"])).code).toBe(0);
    write({ "dags/hello.ts": `${helloDag}\nconst = 1;\n` });
    const listed = await millrace(["dags", "list"]);
    expect([listed.code, listed.out]).toEqual([0, expect.stringContaining("hello.ts (as it was before)")]);
    expect(listed.err).toContain("dags/hello.ts:11:7 is broken, its DAGs are those it gave before: DAG_FILE_FAILED");
    expect((await millrace(["dags", "list", "-o", "json"])).json()).toMatchObject({
      dags: [{ dag: "hello", isStale: true }],
      importErrors: [{ line: 11 }],
    });
    const validated = await millrace(["dags", "validate"]);
    expect([validated.code, validated.out]).toEqual([2, expect.stringContaining("1 mistake; 0 DAGs in good order")]);
    const ran = await millrace(["run", "hello"]);
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining("dags/hello.ts:11:7")]);
    write({ "dags/hello.ts": helloDag });
    expect((await millrace(["run", "hello"])).code).toBe(0);
  });

  it("are loaded where nothing can be written, but nothing is run that would have to be recorded", async () => {
    const { millrace } = project({ "dags/hello.ts": helloDag, file: "" });
    const listed = await millrace(["dags", "list", "--home", "file/home"]);
    expect([listed.code, listed.out]).toEqual([0, expect.stringContaining("hello")]);
    expect((await millrace(["run", "hello", "--in-memory", "--home", "file/home"])).code).toBe(0);
    const ran = await millrace(["run", "hello", "--home", "file/home", "-o", "json"]);
    expect([ran.code, ran.json()]).toMatchObject([5, { error: { code: "BUNDLE_NOT_KEPT" } }]);
  });

  it("that name a pool which is not there are told with their file, and what to write where", async () => {
    const { millrace } = project({
      "dags/pooled.ts": `import { dag } from "@millrace/core";\nexport default dag("pooled", {}, (d) => { d.task("only", { pool: "warehouse" }, () => 1); });`,
    });
    const ended = await millrace(["dags", "validate"]);
    expect([ended.code, ended.out]).toEqual([
      2,
      expect.stringMatching(/dags\/pooled\.ts {2}Task 'only'[\s\S]*pools: \{ "warehouse": 4 \}/),
    ]);
  });

  it("are drawn, as text and as a picture", async () => {
    const { millrace, folder } = project({ "dags/hello.ts": helloDag });
    const { out } = await millrace(["dags", "show", "hello"]);
    expect(out).toContain("│ name │──▶│ greet │──▶│ shout │");
    expect((await millrace(["dags", "show", "hello", "--format", "svg", "--out", "hello.svg"])).code).toBe(0);
    expect(readFileSync(join(folder, "hello.svg"), "utf8")).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect((await millrace(["dags", "show", "hello", "--format", "svg", "--out", "hello.svg"])).code).toBe(4);
    expect((await millrace(["dags", "show", "hello", "--format", "mermaid"])).out).toMatch(/^flowchart LR\n/);
    expect((await millrace(["dags", "show", "hello", "-o", "json"])).json()).toMatchObject({
      id: "hello",
      tasks: [{ id: "name", upstream: [] }, { id: "greet", upstream: ["name"] }, {}],
    });
    expect((await millrace(["tasks", "list", "hello"])).out).toMatch(/greet +task +name/);
  });

  it("that are nowhere have a coded error", async () => {
    const { millrace } = project();
    const ended = await millrace(["dags", "list", "-o", "json"]);
    expect([ended.code, ended.json()]).toMatchObject([3, { error: { code: "DAGS_FOLDER_MISSING" } }]);
  });
});

describe("millrace config explain", () => {
  it("prints where every value came from", async () => {
    const { millrace, folder } = project({ "millrace.config.ts": "export default { concurrency: 3 };" });
    const payload = (
      await millrace(["config", "explain", "--home", "elsewhere", "-o", "json"], {
        env: { MILLRACE_DAGS: "flows", MILLRACE_HOEM: "x" },
      })
    ).json();
    expect(payload).toMatchObject({
      path: join(folder, "millrace.config.ts"),
      settings: expect.arrayContaining([
        { setting: "home", value: join(folder, "elsewhere"), source: "flag", name: "--home" },
        { setting: "dags", value: join(folder, "flows"), source: "env", name: "MILLRACE_DAGS" },
        { setting: "concurrency", value: 3, source: "file", name: null },
        { setting: "store", value: "@millrace/store-sqlite", source: "default", name: null },
      ]),
      unknownKeys: ["MILLRACE_HOEM"],
    });
    const table = await millrace(["config", "explain"], { env: { MILLRACE_HOEM: "x" } });
    expect(table.err).toContain("Did you mean MILLRACE_HOME?");
  });

  it("lists every mistake of a config", async () => {
    const { millrace } = project({ "millrace.config.ts": "export default { concurrency: 0, pool: {} };" });
    const ended = await millrace(["config", "explain"]);
    expect(ended.code).toBe(2);
    expect(ended.err).toMatch(/concurrency is 0[\s\S]*pool is no setting/);
  });
});

describe("millrace db and doctor", () => {
  it("make, check and find in good order a fresh database", async () => {
    const { millrace } = project({ "dags/hello.ts": helloDag });
    expect((await millrace(["db", "migrate"])).out).toMatch(/✓ .*millrace\.db: made, with schema \d+/);
    expect((await millrace(["db", "migrate", "-o", "json"])).json()).toMatchObject({ from: expect.any(Number) });
    expect((await millrace(["db", "check"])).out).toContain("no damage found");
    const doctor = await millrace(["doctor"]);
    expect([doctor.code, doctor.out]).toEqual([0, expect.stringContaining("All is well.")]);
  });

  it("name each seeded fault and its cure", async () => {
    const { millrace, folder } = project({
      "dags/hello.ts": helloDag,
      "dags/again.ts": helloDag,
      "dags/broken.ts": "export const = ;",
      "dags/pooled.ts": `import { dag } from "@millrace/core";\nexport default dag("pooled", {}, (d) => { d.task("only", { pool: "warehouse" }, () => 1); });`,
    });
    await millrace(["db", "migrate"]);
    chmodSync(join(folder, ".millrace/millrace.db"), 0o644);
    const ended = await millrace(["doctor", "-o", "json"], { env: { MILLRACE_TYPO: "1" } });
    expect(ended.code).toBe(1);
    const { healthy, findings } = ended.json<{
      healthy: boolean;
      findings: { check: string; level: string; cure: string | null }[];
    }>();
    expect(healthy).toBe(false);
    const wrong = findings.filter(({ level }) => level === "bad" || level === "warning");
    expect(wrong.map(({ check }) => check).sort()).toEqual(["config", "dag ids", "dags", "permissions", "pools"]);
    expect(wrong.every(({ cure }) => (cure ?? "") !== "")).toBe(true);
  });

  it("find an invalid config, a home that cannot be written and a damaged database", async () => {
    const { millrace, folder, write } = project({ "dags/hello.ts": helloDag });
    writeFileSync(join(folder, "file"), "");
    expect((await millrace(["doctor", "--home", "file/x"])).out).toMatch(/✗ .*file\/x cannot be written/);
    mkdirSync(join(folder, ".millrace"), { mode: 0o700 });
    writeFileSync(join(folder, ".millrace/millrace.db"), "garbage".repeat(1000), { mode: 0o600 });
    expect((await millrace(["doctor"])).out).toContain("is not a readable database");
    write({ "millrace.config.ts": "export default { concurrency: -1 };" });
    const broken = await millrace(["doctor"]);
    expect([broken.code, broken.out]).toEqual([1, expect.stringContaining("concurrency is -1")]);
  });
});
