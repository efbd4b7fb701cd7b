import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { failingDag, helloDag, type Project, project } from "./project.ts";

const kinds = `import { dag } from "@millrace/core";
export default dag("kinds", {}, (d) => {
  const list = d.task("list", () => [1, 2, 3]);
  d.map("square", { over: list }, ({ element }) => element * element);
  d.task("rich", () => new Map<string, unknown>([["when", new Date(0)], ["big", 10n]]));
  d.task("evil", async ({ xcom, log }) => {
    await xcom.push("text", "a\\u001b]0;owned\\u0007b\\u001b[2Jc");
    log.info("log\\u001b[2J line");
  });
  const slow = d.task("slow", async () => { await new Promise((resolve) => setTimeout(resolve, 20)); return list.id; });
  d.task("both", { input: { list, slow } }, ({ input }) => input.list.length);
  d.task("stream", async ({ xcom }) => {
    await xcom.pushStream("bytes", (async function* () { yield "first "; yield "second"; })());
  });
});`;

let shared: Project;
beforeAll(async () => {
  shared = project({ "dags/hello.ts": helloDag, "dags/failing.ts": failingDag, "dags/kinds.ts": kinds });
  for (const dag of ["hello", "failing", "kinds"]) await shared.millrace(["run", dag, "--quiet"]);
});

describe("what ran", () => {
  it("tells what attempts cost, where that was worth measuring", async () => {
    const { tasks } = (await shared.here(["runs", "show", "kinds", "-o", "json"])).json<{
      tasks: { task: string; performance: { attempt: number; durationMs: number; memoryPeakBytes: number }[] }[];
    }>();
    const [attempt] = tasks.find(({ task }) => task === "slow")?.performance ?? [];
    expect(attempt).toMatchObject({ attempt: 1, scope: "process" });
    expect(attempt.durationMs).toBeGreaterThanOrEqual(19);
    expect(attempt.memoryPeakBytes).toBeGreaterThan(1e6);
    expect((await shared.here(["runs", "show", "kinds"])).out).toMatch(/slow #1 +\d+ ms +[\d.]+ (ms|s) +[\d.]+ MB/);
  });

  it("tells who took which value, as a list and as a graph", async () => {
    const { xcoms } = (await shared.here(["xcom", "list", "kinds", "--lineage", "-o", "json"])).json<{
      xcoms: { task: string; readBy: { task: string; mapIndex: number }[] }[];
    }>();
    expect(xcoms.find(({ task }) => task === "list")?.readBy).toContainEqual({ task: "both", mapIndex: -1 });
    expect(xcoms.find(({ task }) => task === "rich")?.readBy).toEqual([]);
    const mermaid = (await shared.here(["runs", "show", "kinds", "--lineage", "mermaid"])).out;
    const [slow, both] = ["slow", "both"].map((task) => new RegExp(`(n\\d+)\\["${task}"\\]`).exec(mermaid)?.[1]);
    expect(mermaid).toContain(`${slow} -->|"return_value, 6 B"| ${both}`);
    expect((await shared.here(["runs", "show", "kinds", "--lineage", "dot", "-o", "json"])).json()).toMatchObject({
      format: "dot",
      graph: expect.stringMatching(/^digraph "kinds manual__/),
    });
  });

  it("lists runs, newest first, filtered", async () => {
    const all = (await shared.millrace(["runs", "list", "-o", "json"])).json<
      { dag: string; state: string; durationMs: number }[]
    >();
    expect(all.map(({ dag, state }) => [dag, state])).toEqual([
      ["kinds", "success"],
      ["failing", "failed"],
      ["hello", "success"],
    ]);
    expect(all[0].durationMs).toBeGreaterThanOrEqual(0);
    const failed = (await shared.millrace(["runs", "list", "--state", "failed", "-o", "json"])).json<
      { dag: string }[]
    >();
    expect(failed.map(({ dag }) => dag)).toEqual(["failing"]);
    const table = (await shared.millrace(["runs", "list", "--dag", "hello"])).out;
    expect(table).toMatch(/^run +state +logical date +started +took$/m);
    expect((await shared.millrace(["runs", "list", "--dag", "nothing", "-o", "json"])).json()).toEqual([]);
  });

  it("shows a run with its tasks and what went wrong", async () => {
    const { out, code } = await shared.millrace(["runs", "show", "failing"]);
    expect(code).toBe(0);
    expect(out).toContain("✗ bad: TypeError: no luck today");
    const run = (await shared.millrace(["runs", "show", "failing", "-o", "json"])).json();
    expect(run).toMatchObject({
      dag: "failing",
      state: "failed",
      tasks: [
        { task: "bad", state: "failed", error: { name: "TypeError" } },
        { task: "never", state: "upstream_failed" },
      ],
    });
  });

  it("shows states of tasks, elements of mapped ones too", async () => {
    const { tasks } = (await shared.millrace(["tasks", "states", "kinds", "-o", "json"])).json<{
      tasks: { task: string; mapIndex: number }[];
    }>();
    expect(tasks.filter(({ task }) => task === "square").map(({ mapIndex }) => mapIndex)).toEqual([0, 1, 2]);
    expect((await shared.millrace(["tasks", "states", "failing", "latest", "--state", "failed"])).out).toMatch(
      /bad +✗ failed/,
    );
  });

  it("prints logs, without the escape codes of data", async () => {
    const { out } = await shared.millrace(["tasks", "logs", "hello", "latest", "greet"]);
    expect(out).toMatch(/info +greeting Ada\n$/);
    const evil = await shared.millrace(["tasks", "logs", "kinds", "latest"]);
    expect(evil.out).toMatch(/evil +log line/);
    expect(evil.out).not.toContain("\u001b");
    expect((await shared.millrace(["tasks", "logs", "kinds", "latest", "evil", "-o", "json"])).json()).toMatchObject([
      { task: "evil", level: "info", attempt: 1 },
    ]);
    expect((await shared.millrace(["tasks", "logs", "hello", "latest", "-f"])).code).toBe(0);
  });

  it("lists and prints values with the type they had", async () => {
    const list = (await shared.millrace(["xcom", "list", "kinds", "-o", "json"])).json<{
      xcoms: { task: string; key: string; parts: string[] }[];
    }>().xcoms;
    expect(list).toContainEqual(expect.objectContaining({ task: "stream", key: "bytes", parts: ["stream", "chunks"] }));
    expect((await shared.millrace(["xcom", "get", "kinds", "latest", "square", "-o", "json"])).json()).toMatchObject({
      value: [1, 4, 9],
    });
    expect((await shared.millrace(["xcom", "get", "kinds", "latest", "square", "--map-index", "2"])).out).toBe("9\n");
    expect((await shared.millrace(["xcom", "get", "kinds", "latest", "rich"])).out).toContain("Map(2)");
    expect((await shared.millrace(["xcom", "get", "kinds", "latest", "evil", "text"])).out).toBe("abc\n");
    expect((await shared.millrace(["xcom", "get", "hello", "latest", "shout"])).out).toBe("HELLO ADA\n");
  });

  it("writes a stream to a new file and never over one", async () => {
    const args = ["xcom", "get", "kinds", "latest", "stream", "bytes"];
    expect((await shared.millrace(args)).out).toBe("first second");
    expect((await shared.millrace([...args, "-o", "json"])).json()).toEqual({ stream: true, sizeBytes: 12 });
    expect((await shared.millrace([...args, "--out", "stream.txt"])).code).toBe(0);
    expect(readFileSync(join(shared.folder, "stream.txt"), "utf8")).toBe("first second");
    const again = await shared.millrace([...args, "--out", "stream.txt", "-o", "json"]);
    expect([again.code, again.json()]).toMatchObject([4, { error: { code: "FILE_EXISTS" } }]);
  });

  it.each([
    [["runs", "show", "hello", "gone"], "RUN_NOT_FOUND"],
    [["runs", "show", "nothing"], "DAG_NOT_FOUND"],
    [["tasks", "logs", "hello", "latest", "gone"], "TASK_INSTANCE_NOT_FOUND"],
    [["xcom", "get", "hello", "latest", "gone"], "TASK_INSTANCE_NOT_FOUND"],
    [["xcom", "get", "hello", "latest", "greet", "gone"], "XCOM_ABSENT"],
  ])("answers %j with 3, not found", async (args, code) => {
    const ended = await shared.millrace([...args, "-o", "json"]);
    expect(ended.json()).toMatchObject({ error: { code, cure: expect.any(String) } });
    expect(ended.code).toBe(3);
  });

  it("tells an empty place from a broken one", async () => {
    const empty = project({ "dags/hello.ts": helloDag });
    const list = await empty.millrace(["runs", "list"]);
    expect([list.code, list.out]).toEqual([0, ""]);
    expect(list.err).toContain("Nothing is recorded");
    expect((await empty.millrace(["runs", "show", "hello", "-o", "json"])).json()).toMatchObject({
      error: { code: "STORE_EMPTY" },
    });
    expect((await empty.millrace(["db", "check"])).out).toContain("is not there yet");
  });
});
