import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, type Project, project, type Running } from "./project.ts";

const dags = `import { dag } from "@millrace/core";
import { existsSync } from "node:fs";
export const flaky = dag("flaky", {}, (d) => {
  const first = d.task("first", () => "one");
  const second = d.task("second", { input: first }, () => {
    if (!existsSync(process.env.MENDED ?? "")) throw new Error("not yet");
    return "two";
  });
  d.task("third", { input: second }, () => "three");
});
export const held = dag("held", {}, (d) => {
  d.task("wait", ({ signal, log }) => log.info("waiting for the end") ?? new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
});
`;

interface Told {
  readonly state: string;
  readonly tasks: readonly { readonly task: string; readonly from: string; readonly to: string }[];
  readonly xcoms: readonly { readonly task: string; readonly key: string }[];
}

const statesOf = async (made: Project, dag: string, run = "latest"): Promise<Record<string, string>> => {
  const { tasks } = (await made.here(["tasks", "states", dag, run, "-o", "json"])).json<{
    tasks: { task: string; state: string }[];
  }>();
  return Object.fromEntries(tasks.map(({ task, state }) => [task, state]));
};

/** The same commands, whoever has the store. */
describe.each(["beside an engine", "without an engine"])("operations %s", (where) => {
  const hasEngine = where === "beside an engine";
  let made: Project;
  let start: Running | undefined;

  beforeAll(async () => {
    made = project({ "dags/all.ts": dags });
    await made.millrace(["run", "flaky", "--run-id", "first"]);
    if (!hasEngine) return;
    start = made.spawn(["start", "--no-watch"], { env: { MENDED: join(made.folder, "mended") } });
    await start.until("ready");
  });

  afterAll(async () => {
    start?.kill("SIGTERM");
    if (start) expect((await start.ended).code).toBe(0);
  });

  it("pauses and unpauses a DAG", async () => {
    const paused = async (): Promise<unknown> =>
      (await made.millrace(["dags", "list", "-o", "json"])).json<{ dags: { paused: boolean }[] }>().dags[0].paused;
    expect((await made.here(["dags", "pause", "flaky", "-o", "json"])).json()).toEqual({ dag: "flaky", paused: true });
    expect(await paused()).toBe(true);
    expect((await made.here(["dags", "unpause", "flaky"])).out).toBe("flaky is not paused\n");
    expect(await paused()).toBe(false);
    expect((await made.millrace(["dags", "pause", "nothing", "-o", "json"])).json()).toMatchObject({
      error: { code: "DAG_NOT_FOUND" },
    });
  });

  it("sets the catchup of a DAG, tells it, and takes it back", async () => {
    const set = async (...words: string[]): Promise<unknown> =>
      (await made.millrace(["dags", "set", "flaky", ...words, "-o", "json"])).json();
    const bounds = { window: "7d", maxRuns: 3 };
    const told = { dag: "flaky", catchup: { old: false, new: bounds, from: "store", source: null } };
    expect(await set("catchup={window: 7d, maxRuns: 3}")).toEqual(told);
    await start?.until("flaky  catchup is {maxRuns: 3, window: 7d} now, was false (dags set)");
    const shown = await made.millrace(["dags", "show", "flaky", "-o", "json"]);
    expect(shown.json()).toMatchObject({ catchup: bounds, catchupFrom: "store" });
    expect(await set("--reset")).toMatchObject({ catchup: { old: bounds, new: false, from: "code" } });
    const refused = [["catchup=maybe"], ["catchup={maxRuns: 0}"], ["retries=3"], [], ["catchup=", "--reset"]];
    const codes: unknown[] = [];
    for (const words of refused) codes.push((await set(...words)) as object);
    expect(codes).toMatchObject(
      ["CATCHUP_INVALID", "CATCHUP_INVALID", "USAGE_INVALID", "USAGE_INVALID", "USAGE_INVALID"].map((code) => ({
        error: { code },
      })),
    );
  });

  it("shows what clearing concerns, asks, and does nothing on a no", async () => {
    const looked = await made.here(["tasks", "clear", "flaky", "first", "second", "--dry-run", "-o", "json"]);
    expect(looked.json<Told>()).toMatchObject({
      dryRun: true,
      tasks: [{ task: "second", from: "failed", to: "scheduled" }, { task: "third" }],
    });
    const refused = await made.here(["tasks", "clear", "flaky", "first", "second"], "n");
    expect([refused.code, refused.err]).toEqual([
      130,
      expect.stringMatching(
        /second +failed +scheduled[\s\S]*Clear 2 tasks of flaky first\? \[y\/N\] [\s\S]*Nothing was changed/,
      ),
    ]);
    expect(await statesOf(made, "flaky", "first")).toMatchObject({ second: "failed", third: "upstream_failed" });
  });

  it.each([
    ["tasks", "clear", "flaky", "first"],
    ["tasks", "mark", "flaky", "first", "second", "--as", "success"],
    ["runs", "retry", "flaky", "first"],
    ["runs", "cancel", "flaky", "first"],
    ["xcom", "clear", "flaky", "first"],
  ])("refuses %s %s where nobody can be asked", async (...args) => {
    const ended = await made.here([...args, "-o", "json"]);
    expect([ended.code, ended.json()]).toMatchObject([2, { error: { code: "QUESTION_UNANSWERED" } }]);
    expect(await statesOf(made, "flaky", "first")).toMatchObject({ first: "success", second: "failed" });
  });

  it("retries a run: it goes on with what failed, under its id", async () => {
    const told = (await made.here(["runs", "retry", "flaky", "first", "-o", "json"], "y")).json<Told>();
    expect(told).toMatchObject({ tasks: [{ task: "second" }, { task: "third" }] });
    expect(told.state).toMatch(/queued|running/);
    if (!hasEngine) return expect(await statesOf(made, "flaky", "first")).toMatchObject({ second: "scheduled" });
    await start?.until(/✗ failed +flaky {2}first/);
    expect((await made.here(["runs", "watch", "flaky", "first", "-o", "json"])).code).toBe(1);
  });

  it("marks a task, and what comes after it runs", async () => {
    const told = await made.here([
      "tasks",
      "mark",
      "flaky",
      "first",
      "second",
      "--as",
      "success",
      "--yes",
      "-o",
      "json",
    ]);
    expect(told.json<Told>().tasks[0]).toMatchObject({ task: "second", to: "success" });
    if (hasEngine) await start?.until(/✓ success +flaky {2}first/);
    expect(await statesOf(made, "flaky", "first")).toMatchObject({
      second: "success",
      third: hasEngine ? "success" : "scheduled",
    });
  });

  it("removes values, and only those that are meant", async () => {
    const keys = async (): Promise<string[]> =>
      (await made.here(["xcom", "list", "flaky", "first", "-o", "json"]))
        .json<{ xcoms: { task: string }[] }>()
        .xcoms.map(({ task }) => task);
    expect(await keys()).toContain("first");
    const told = await made.here([
      "xcom",
      "clear",
      "flaky",
      "first",
      "first",
      "--key",
      "return_value",
      "--yes",
      "-o",
      "json",
    ]);
    expect(told.json<Told>().xcoms).toMatchObject([{ task: "first", key: "return_value" }]);
    expect(await keys()).not.toContain("first");
  });

  it("sets pools, and asks before it takes slots away", async () => {
    const slots = async (): Promise<unknown> => (await made.here(["pools", "list", "-o", "json"])).json();
    expect((await made.here(["pools", "set", "warehouse", "4"])).out).toBe("warehouse: 4 slots\n");
    expect((await made.here(["pools", "set", "warehouse", "2"], "n")).err).toContain("warehouse: 4 → 2 slots");
    expect(await slots()).toContainEqual({ pool: "warehouse", slots: 4, used: 0, free: 4, users: [] });
    expect((await made.here(["pools", "set", "warehouse", "2"])).code).toBe(2);
    expect((await made.here(["pools", "set", "warehouse", "2", "-y"])).out).toBe("warehouse: 4 → 2 slots\n");
    expect(await slots()).toContainEqual({ pool: "warehouse", slots: 2, used: 0, free: 2, users: [] });
    expect((await made.here(["pools", "set", "../x", "2", "-o", "json"])).json()).toMatchObject({
      error: { code: "POOL_INVALID" },
    });
  });

  it("copies the database", async () => {
    const copy = await made.here(["db", "backup", "copy.db", "-o", "json"]);
    expect(copy.json()).toMatchObject({ location: join(made.folder, "copy.db") });
    expect(existsSync(join(made.folder, "copy.db"))).toBe(true);
    expect((await made.here(["db", "backup", "copy.db"])).code).toBe(4);
    const read = await made.here(["runs", "show", "flaky", "first", "-o", "json", "--home", "."]);
    expect(read.code).toBe(3);
  });

  it.skipIf(!hasEngine)("shows who has the slots of a pool", async () => {
    await made.here(["dags", "trigger", "held", "--run-id", "busy"]);
    await start?.until(/running +held {2}busy/);
    expect((await made.here(["pools", "list"])).out).toMatch(/default_pool +128 +1 +127 +held\.wait/);
    await made.here(["runs", "cancel", "held", "busy", "--yes"]);
    await start?.until(/cancelled +held {2}busy/);
  });

  it.skipIf(!hasEngine)("follows the log of a task under way until it has ended", async () => {
    await made.here(["dags", "trigger", "held", "--run-id", "followed"]);
    await start?.until(/running +held {2}followed/);
    const follow = made.spawn(["tasks", "logs", "held", "followed", "wait", "-f"]);
    await follow.until("waiting for the end");
    await made.here(["runs", "cancel", "held", "followed", "--yes"]);
    expect((await follow.ended).code).toBe(0);
  });

  it.skipIf(!hasEngine)("`run` files its run with the engine, shows it, and Ctrl-C has it cancelled", async () => {
    const ended = await made.millrace(["run", "flaky", "--run-id", "beside", "-o", "json"]);
    expect([ended.code, ended.json()]).toMatchObject([
      1,
      { run: "beside", state: "failed", tasks: { third: { state: "upstream_failed" } } },
    ]);
    expect(ended.err).toMatch(/✓ success +first/);
    const again = await made.millrace(["run", "flaky", "--run-id", "beside", "-o", "json"]);
    expect([again.code, again.json()]).toMatchObject([4, { error: { code: "RUN_EXISTS" } }]);
    const held = made.spawn(["run", "held", "--run-id", "stopped"]);
    await held.until(/running +wait/);
    held.kill("SIGINT");
    const stopped: Ended = await held.ended;
    expect([stopped.code, stopped.out]).toEqual([130, expect.stringContaining("■ cancelled")]);
  });

  it.skipIf(!hasEngine)("one idempotency key makes one run, however many ask at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        made.here(["dags", "trigger", "flaky", "--idempotency-key", "order-42", "-o", "json"]),
      ),
    );
    const told = answers.map((each) => each.json<{ run: string; isNew: boolean }>());
    expect(new Set(told.map(({ run }) => run)).size).toBe(1);
    expect(told.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(answers.every(({ code }) => code === 0)).toBe(true);
    const runs = (await made.here(["runs", "list", "--dag", "flaky", "-o", "json"])).json<{ run: string }[]>();
    expect(runs.filter(({ run }) => run === told[0].run)).toHaveLength(1);
  });
});

describe("`run` alone on its store", () => {
  it("can be cancelled by another command, and makes no run of another", async () => {
    const made = project({ "dags/all.ts": dags });
    const held = made.spawn(["run", "held", "--run-id", "mine"]);
    await held.until(/running +wait/);
    expect(JSON.parse(readFileSync(join(made.folder, ".millrace/engine.json"), "utf8"))).toMatchObject({
      pid: held.pid,
      command: "run",
    });
    const other = await made.here(["dags", "trigger", "held", "-o", "json"]);
    expect([other.code, other.json()]).toMatchObject([
      4,
      { error: { code: "STORE_LOCKED", hint: expect.stringContaining("millrace start") } },
    ]);
    expect((await made.here(["runs", "cancel", "held", "mine", "--yes", "-o", "json"])).json()).toMatchObject({
      cancelled: true,
    });
    expect((await held.ended).code).toBe(1);
  });
});
