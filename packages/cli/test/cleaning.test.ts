import { describe, expect, it } from "vitest";
import { helloDag, type Project, project } from "./project.ts";

/** A project with three runs of one DAG. */
async function withRuns(files: Readonly<Record<string, string>> = {}): Promise<Project> {
  const made = project({ "dags/hello.ts": helloDag, ...files });
  for (const id of ["a", "b", "c"]) await made.millrace(["run", "hello", "--run-id", id, "--quiet"]);
  return made;
}

async function runIds(made: Project): Promise<string[]> {
  const listed = await made.here(["runs", "list", "-o", "json"]);
  return listed.json<{ run: string }[]>().map(({ run }) => run);
}

const removed = (runs: number) => [{ dagId: "hello", runs, taskInstances: 3 * runs }];

describe("millrace db clean", () => {
  it("shows what is not kept, asks, and removes that and nothing else", async () => {
    const made = await withRuns();
    const clean = (args: readonly string[], answer?: string) => made.here(["db", "clean", ...args], answer);
    expect((await clean(["--dry-run"])).out).toContain("There is nothing to remove.");
    const looked = await clean(["--keep", "1", "--dry-run", "-o", "json"]);
    expect(looked.json()).toMatchObject({ dryRun: true, dags: removed(2), events: 0, hasOldLogs: false });
    expect((await clean(["--keep", "1", "-o", "json"])).json()).toMatchObject({
      error: { code: "QUESTION_UNANSWERED" },
    });
    const refused = await clean(["--keep", "1"], "n");
    expect([refused.code, refused.err]).toEqual([
      130,
      expect.stringMatching(/hello +2 +6 +6 \(\d+ B\)[\s\S]*Remove this\?/),
    ]);
    expect(await runIds(made)).toEqual(["c", "b", "a"]);
    const done = await clean(["--keep", "2"], "y");
    expect([done.code, done.out]).toEqual([0, expect.stringMatching(/hello +1 +3\n\nRemoved\./)]);
    expect(await runIds(made)).toEqual(["c", "b"]);
    expect((await made.here(["runs", "show", "hello", "a", "-o", "json"])).json()).toMatchObject({
      error: { code: "RUN_NOT_FOUND" },
    });
    const smaller = await clean(["--keep", "1", "--vacuum", "--yes", "-o", "json"]);
    const { file } = smaller.json<{ file: { sizeBeforeBytes: number; sizeBytes: number } }>();
    expect(file.sizeBytes).toBeLessThan(file.sizeBeforeBytes);
    expect(await runIds(made)).toEqual(["c"]);
    expect((await made.here(["db", "check"])).code).toBe(0);
    const none = await made.here(["db", "clean", "--dag", "helo", "--yes", "-o", "json"]);
    expect([none.code, none.json()]).toMatchObject([3, { error: { code: "DAG_NOT_FOUND" } }]);
  });

  it("has the engine do it that works on the store, and leaves DAGs alone that the config keeps", async () => {
    const config = `export default { retention: { runs: { keep: 2 }, dags: { hello: false } } };`;
    const made = await withRuns({ "millrace.config.mjs": config });
    const start = made.spawn(["start", "--no-watch"]);
    await start.until("ready");
    const clean = async (...args: string[]) =>
      (await made.here(["db", "clean", "--yes", ...args, "-o", "json"])).json();
    expect(await clean("--keep", "1")).toMatchObject({ dryRun: false, dags: [] });
    expect(await clean("--keep", "1", "--dag", "hello")).toMatchObject({ dags: removed(2), isComplete: true });
    const busy = await made.here(["db", "clean", "--yes", "--vacuum", "-o", "json"]);
    expect([busy.code, busy.json(), busy.err]).toEqual([
      4,
      expect.objectContaining({ file: null }),
      expect.stringContaining("an engine works on it"),
    ]);
    start.kill("SIGTERM");
    expect((await start.ended).code).toBe(0);
    expect(await runIds(made)).toEqual(["c"]);
  });
});
