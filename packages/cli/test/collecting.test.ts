import { beforeAll, describe, expect, it, vi } from "vitest";
import { age, keepingConfig, keptKeys, leaveBehind } from "./kept-files.ts";
import { helloDag, type Project, project } from "./project.ts";

interface Told {
  readonly dryRun: boolean;
  readonly places: readonly Record<string, { readonly count: number } | string | null>[];
}

describe("millrace xcom gc", () => {
  const at = { dagId: "hello", runId: "gone", taskId: "name", mapIndex: -1 };
  const gcIn = (made: Project) => (args: readonly string[], answer?: string) =>
    made.here(["xcom", "gc", ...args], answer);
  const fill = async (): Promise<Project> => {
    const made = project({ "dags/hello.ts": helloDag, "millrace.config.ts": keepingConfig });
    await made.millrace(["run", "hello", "--run-id", "first", "--quiet"]);
    leaveBehind(made.folder, { ...at, key: "orphan" });
    leaveBehind(made.folder, { ...at, key: "unfinished" }, "tmp");
    leaveBehind(made.folder, { ...at, dagId: "of_another", key: "foreign" });
    age(made.folder);
    return made;
  };

  it("works beside an engine, which does the same by itself when it starts", async () => {
    const made = await fill();
    const needed = ["foreign", "return_value", "return_value", "return_value"];
    const start = made.spawn(["start", "--no-watch"]);
    await start.until("ready");
    await vi.waitFor(() => expect(keptKeys(made.folder)).toEqual(needed), { timeout: 60_000 });
    leaveBehind(made.folder, { ...at, key: "another" });
    age(made.folder);
    const done = (await gcIn(made)(["--yes", "-o", "json"])).json<Told>();
    expect(done.places[0]).toMatchObject({ removed: { count: 1 } });
    expect(keptKeys(made.folder)).toEqual(needed);
    start.kill("SIGTERM");
    expect((await start.ended).code).toBe(0);
  });

  it("shows what nobody needs, asks, and removes that and nothing else", async () => {
    const made = await fill();
    const gc = gcIn(made);
    const all = keptKeys(made.folder);
    expect(all).toEqual(["foreign", "orphan", "return_value", "return_value", "return_value", "unfinished"]);
    const looked = await gc(["--dry-run", "-o", "json"]);
    expect(looked.json<Told>()).toMatchObject({
      dryRun: true,
      olderThan: "24h",
      places: [
        {
          place: "kept",
          listed: true,
          found: { count: 6 },
          orphans: { count: 1, sizeBytes: 5 },
          partials: { count: 1, sizeBytes: 5 },
          foreign: { count: 1 },
          removed: { count: 0 },
          error: null,
        },
        { place: "store", found: { count: 0 } },
      ],
    });
    const refused = await gc([], "n");
    expect([refused.code, refused.err]).toEqual([
      130,
      expect.stringMatching(
        /kept +6 \(.*\) +1 \(5 B\) +1 \(5 B\)[\s\S]*Remove 2 values \(10 B\)\? \[y\/N\] [\s\S]*Nothing/,
      ),
    ]);
    expect((await gc([])).code).toBe(2);
    expect(keptKeys(made.folder)).toEqual(all);
    const done = await gc([], "y");
    expect([done.code, done.out]).toEqual([0, expect.stringContaining("2 values (10 B) removed.")]);
    expect(done.err).toContain("1 value (5 B) of DAGs that this store has never known");
    expect(keptKeys(made.folder)).toEqual(["foreign", "return_value", "return_value", "return_value"]);
    expect((await made.here(["xcom", "get", "hello", "first", "shout"])).out).toBe("HELLO ADA\n");
    const again = await gc([]);
    expect(again.code).toBe(2);
    expect((await gc(["--yes"])).out).toContain("There is nothing to remove.");
  });

  describe("where nothing is removed", () => {
    let made: Project;
    let gc: ReturnType<typeof gcIn>;

    beforeAll(async () => {
      made = await fill();
      gc = gcIn(made);
    });

    it("leaves alone what is younger, and what it is not asked for", async () => {
      const counts = async (args: readonly string[]): Promise<unknown> => {
        const [place] = (await gc([...args, "--dry-run", "-o", "json"])).json<Told>().places;
        return [place?.["found"], place?.["orphans"]].map((amount) => (amount as { readonly count: number }).count);
      };
      expect(await counts(["--older-than", "3d"])).toEqual([6, 0]);
      expect(await counts(["--dag", "of_another"])).toEqual([1, 1]);
      expect(await counts(["--dag", "hello", "--run", "gone", "--task", "name"])).toEqual([2, 1]);
      expect(await counts(["--dag", "hello", "--run", "first"])).toEqual([3, 0]);
    });

    it.each([
      [["--run", "first"], "USAGE_INVALID"],
      [["--dag", "hello", "--task", "name"], "USAGE_INVALID"],
      [["--dag", "../x"], "DAG_ID_INVALID"],
      [["--older-than", "soon"], "DURATION_INVALID"],
    ])("refuses %j", async (args, code) => {
      const refused = await gc([...args, "--yes", "-o", "json"]);
      expect([refused.code, refused.json()]).toEqual([
        2,
        expect.objectContaining({ error: expect.objectContaining({ code }) }),
      ]);
      expect(keptKeys(made.folder)).toHaveLength(6);
    });

    it("says which place it could not clear, and exits with 5", async () => {
      const failed = await made.millrace(["xcom", "gc", "--yes"], { env: { BREAK: "remove" } });
      expect([failed.code, failed.err]).toEqual([5, expect.stringContaining("the disk is read-only")]);
      expect(failed.out).toContain("0 values (0 B) removed.");
    });
  });
});
