import { expect, test } from "vitest";
import { dag } from "../../src/index.ts";
import { gate, openEngine } from "../test-engine.ts";

test("a run keeps the version that it began with; the next run has the new one", async () => {
  const held = gate();
  const made: string[] = [];
  const first = dag("sales", {}, (d) => {
    const a = d.task("a", () => held.opened);
    d.chain(
      a,
      d.task("old", () => void made.push("old")),
    );
  });
  const second = dag("sales", {}, (d) => {
    d.task("new", () => void made.push("new"));
  });
  await using opened = await openEngine({ dags: [first] });
  const { engine, clock } = opened;
  const running = engine.run(first, { runId: "r1" });
  await clock.settle();
  const replaced = await clock.drive(engine.replaceDags({ put: [second] }));
  expect(replaced).toEqual({ added: [], changed: ["sales"], unchanged: [], removed: [] });
  expect((await clock.drive(engine.run("sales", { runId: "r2" }))).state).toBe("success");
  held.open();
  expect((await clock.drive(running)).state).toBe("success");
  expect(made).toEqual(["new", "old"]);
  expect((await engine.tasks("sales", "r1")).map(({ taskId }) => taskId)).toEqual(["a", "old"]);
  await expect(clock.drive(engine.run(first))).rejects.toMatchObject({ code: "DAG_NOT_FOUND" });
});

test("a run of an old version that is cleared runs the old version's tasks", async () => {
  const made: string[] = [];
  const version = (id: string) =>
    dag("sales", {}, (d) => {
      d.task(id, () => void made.push(id));
    });
  await using opened = await openEngine({ dags: [version("old")] });
  const { engine, clock } = opened;
  await clock.drive(engine.run("sales", { runId: "r1" }));
  await clock.drive(engine.replaceDags({ put: [version("new")] }));
  await clock.drive(engine.clear("sales", "r1"));
  await clock.advance(1_000);
  expect(made).toEqual(["old", "old"]);
});

test("DAGs come and go; of one that is gone no run is made, and those under way end", async () => {
  const held = gate();
  const slow = dag("slow", {}, (d) => {
    d.task("t", () => held.opened);
  });
  const other = dag("other", {}, (d) => {
    d.task("t", () => 1);
  });
  await using opened = await openEngine({ dags: [slow] });
  const { engine, clock } = opened;
  const running = engine.run(slow);
  await clock.settle();
  const replaced = await clock.drive(engine.replaceDags({ put: [other], remove: ["slow", "unknown"] }));
  expect(replaced).toEqual({ added: ["other"], changed: [], unchanged: [], removed: ["slow"] });
  expect(engine.dagIds()).toEqual(["other"]);
  await expect(clock.drive(engine.run("slow"))).rejects.toMatchObject({ code: "DAG_NOT_FOUND" });
  expect((await clock.drive(engine.run(other))).state).toBe("success");
  held.open();
  expect((await clock.drive(running)).state).toBe("success");
  // It comes back as what it was.
  expect(await clock.drive(engine.replaceDags({ put: [slow, other] }))).toMatchObject({
    added: ["slow"],
    unchanged: ["other"],
  });
  expect((await clock.drive(engine.run(slow))).state).toBe("success");
});

test("limits of the new version hold for runs of both, and let those go on that waited", async () => {
  const held = gate();
  const version = (maxActiveRuns: number, maxActiveTasks: number) =>
    dag("busy", { maxActiveRuns, maxActiveTasks }, (d) => {
      d.task("a", () => held.opened);
      d.task("b", () => held.opened);
      if (maxActiveRuns > 1) d.task("c", () => held.opened);
    });
  await using opened = await openEngine({ dags: [version(1, 1)] });
  const { engine, clock } = opened;
  for (const runId of ["r1", "r2"]) await clock.drive(engine.trigger("busy", { runId }));
  await clock.settle();
  const running = async (runId: string) =>
    (await engine.tasks("busy", runId)).filter(({ state }) => state === "running").length;
  expect([await running("r1"), await running("r2")]).toEqual([1, 0]);
  await clock.drive(engine.replaceDags({ put: [version(2, 3)] }));
  await clock.settle();
  expect([await running("r1"), await running("r2")]).toEqual([2, 1]);
  held.open();
  await clock.advance(1_000);
  expect((await engine.runs()).map(({ state }) => state)).toEqual(["success", "success"]);
});

test("tasks that waited for a limit go on when the new version raises it", async () => {
  const held = gate();
  const version = (maxActiveTasks: number, maxActivePerDag: number) =>
    dag("busy", { maxActiveTasks, description: `${maxActiveTasks}` }, (d) => {
      for (const id of ["a", "b", "c"]) d.task(id, () => held.opened);
      d.map("m", { over: [1, 2, 3], maxActivePerDag, priority: 2 }, () => held.opened);
    });
  await using opened = await openEngine({ dags: [version(2, 1)] });
  const { engine, clock } = opened;
  await clock.drive(engine.trigger("busy", { runId: "r" }));
  await clock.settle();
  const running = async () => {
    const rows = (await engine.tasks("busy", "r")).filter(({ state }) => state === "running");
    return rows.map(({ taskId }) => taskId);
  };
  expect(await running()).toEqual(["a", "b"]);
  await clock.drive(engine.replaceDags({ put: [version(4, 2)] }));
  await clock.settle();
  expect(await running()).toEqual(["a", "b", "m", "m"]);
});

test("a set with a mistake replaces nothing", async () => {
  const good = (more: boolean) =>
    dag("good", {}, (d) => {
      d.task("t", () => more);
      if (more) d.task("u", () => 1);
    });
  const pooled = dag("pooled", {}, (d) => {
    d.task("t", { pool: "nowhere" }, () => 1);
  });
  await using opened = await openEngine({ dags: [good(false)] });
  const { engine, clock } = opened;
  for (const [put, code] of [
    [[good(true), pooled], "POOL_UNKNOWN"],
    [[good(true), good(false)], "DAG_DUPLICATE"],
    [[{ id: "x" } as never], "DAG_OPTION_INVALID"],
  ] as const)
    await expect(clock.drive(engine.replaceDags({ put }))).rejects.toMatchObject({ code });
  const { tasks } = await clock.drive(engine.run("good"));
  expect(Object.keys(tasks)).toEqual(["t"]);
});
