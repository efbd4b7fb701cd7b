import { describe, expect, test } from "vitest";
import { dag } from "../../src/index.ts";
import { gate, openEngine, startOrder, statesOf } from "../test-engine.ts";

/** Runs of three days; each task of each does as it is told by a gate. */
function days(options: { readonly waitForDownstream?: boolean; readonly maxActiveRuns?: number } = {}) {
  const gates = new Map<string, ReturnType<typeof gate<string>>>();
  const gateOf = (runId: string, task: string) => {
    const key = `${runId}/${task}`;
    const known = gates.get(key) ?? gate<string>();
    gates.set(key, known);
    return known;
  };
  const daily = dag("daily", { maxActiveRuns: options.maxActiveRuns ?? 16 }, (d) => {
    const load = d.task(
      "load",
      options.waitForDownstream ? { waitForDownstream: true } : { dependsOnPast: true },
      ({ run }) => gateOf(run.id, "load").opened,
    );
    d.task("report", { input: load }, ({ run }) => gateOf(run.id, "report").opened);
  });
  return { daily, gateOf };
}

const date = (day: number) => `2026-01-0${day}`;

describe("depends on past", () => {
  test("the first run looks at nobody; a later one begins when the task of the one before has succeeded", async () => {
    const { daily, gateOf } = days();
    await using opened = await openEngine({ dags: [daily] });
    const { engine, clock, events } = opened;
    const first = engine.run(daily, { runId: "d1", logicalDate: date(1) });
    const second = engine.run(daily, { runId: "d2", logicalDate: date(2) });
    await clock.settle();
    expect(startOrder(events)).toEqual(["load"]);
    gateOf("d1", "load").open("1");
    await clock.settle();
    expect(startOrder(events)).toEqual(["load", "load", "report"]);
    expect(events.filter(({ kind }) => kind === "task.running")[1]).toMatchObject({ runId: "d2", taskId: "load" });
    for (const runId of ["d1", "d2"]) for (const task of ["load", "report"]) gateOf(runId, task).open("x");
    expect((await clock.drive(first)).state).toBe("success");
    expect((await clock.drive(second)).state).toBe("success");
  });

  test("an earlier run that has ended well is enough", async () => {
    const { daily, gateOf } = days();
    await using opened = await openEngine({ dags: [daily] });
    for (const runId of ["d1", "d2"]) for (const task of ["load", "report"]) gateOf(runId, task).open("x");
    expect((await opened.run(daily, { runId: "d1", logicalDate: date(1) })).state).toBe("success");
    expect((await opened.run(daily, { runId: "d2", logicalDate: date(2) })).state).toBe("success");
  });

  test("an earlier run that has failed blocks, and so it is told", async () => {
    const { daily, gateOf } = days();
    await using opened = await openEngine({ dags: [daily] });
    const { engine, clock } = opened;
    gateOf("d1", "load").fail(new Error("bad"));
    expect((await opened.run(daily, { runId: "d1", logicalDate: date(1) })).state).toBe("failed");
    const blocked = engine.run(daily, { runId: "d2", logicalDate: date(2) });
    await expect(clock.drive(blocked)).rejects.toMatchObject({
      code: "RUN_BLOCKED",
      message: /task 'load': it depends on its past, which is 'failed' in the previous run/,
    });
    expect((await engine.runs())[0]).toMatchObject({ runId: "d2", state: "running" });
    // Whoever asks later is told too, and the run can be cancelled.
    const asked = engine.run(daily, { runId: "d2b", logicalDate: date(2), idempotencyKey: "k" });
    await expect(clock.drive(asked)).rejects.toMatchObject({ code: "RUN_BLOCKED" });
    expect(await clock.drive(engine.cancel("daily", "d2"))).toBe(true);
  });

  test("an earlier run that fails while the later one waits blocks it, and all behind it", async () => {
    const { daily, gateOf } = days();
    await using opened = await openEngine({ dags: [daily] });
    const { engine, clock } = opened;
    const first = engine.run(daily, { runId: "d1", logicalDate: date(1) });
    const later = [2, 3, 4].map((day) => engine.run(daily, { runId: `d${day}`, logicalDate: date(day) }));
    const told = Promise.all(later.map((run) => expect(run).rejects.toMatchObject({ code: "RUN_BLOCKED" })));
    await clock.settle();
    gateOf("d1", "load").fail(new Error("bad"));
    expect((await clock.drive(first)).state).toBe("failed");
    await clock.drive(told);
  });

  test("an earlier run that is cancelled blocks", async () => {
    const { daily } = days();
    await using opened = await openEngine({ dags: [daily] });
    const { engine, clock } = opened;
    const first = engine.run(daily, { runId: "d1", logicalDate: date(1) });
    const second = engine.run(daily, { runId: "d2", logicalDate: date(2) });
    const told = expect(second).rejects.toMatchObject({ code: "RUN_BLOCKED" });
    await clock.settle();
    await clock.drive(engine.cancel("daily", "d1"));
    await clock.drive(first);
    await clock.drive(told);
  });

  test("waits for downstream too: the tasks behind must have ended well", async () => {
    const { daily, gateOf } = days({ waitForDownstream: true });
    await using opened = await openEngine({ dags: [daily] });
    const { engine, clock, events } = opened;
    const first = engine.run(daily, { runId: "d1", logicalDate: date(1) });
    const second = engine.run(daily, { runId: "d2", logicalDate: date(2) });
    await clock.settle();
    gateOf("d1", "load").open("1");
    await clock.settle();
    expect(startOrder(events)).toEqual(["load", "report"]);
    gateOf("d1", "report").open("1");
    await clock.settle();
    expect(startOrder(events)).toEqual(["load", "report", "load"]);
    for (const task of ["load", "report"]) gateOf("d2", task).open("x");
    await clock.drive(Promise.all([first, second]));
  });

  test("in another order of requests: the run before is the one of the earlier date", async () => {
    const { daily, gateOf } = days();
    await using opened = await openEngine({ dags: [daily] });
    const { engine, clock, events } = opened;
    for (const task of ["load", "report"]) gateOf("d3", task).open("x");
    expect((await opened.run(daily, { runId: "d3", logicalDate: date(3) })).state).toBe("success");
    const first = engine.run(daily, { runId: "d1", logicalDate: date(1) });
    await clock.settle();
    expect(events.at(-1)).toMatchObject({ runId: "d1", kind: "task.running" });
    for (const task of ["load", "report"]) gateOf("d1", task).open("x");
    await clock.drive(first);
  });

  test("of one task holds back no other task of the run", async () => {
    const { gateOf } = days();
    const mixed = dag("mixed", {}, (d) => {
      d.task("held", { dependsOnPast: true }, ({ run }) => gateOf(run.id, "held").opened);
      d.task("free", () => undefined);
    });
    await using opened = await openEngine({ dags: [mixed] });
    const { engine, clock } = opened;
    const first = engine.run(mixed, { runId: "d1", logicalDate: date(1) });
    const second = engine.run(mixed, { runId: "d2", logicalDate: date(2) });
    await clock.settle();
    expect((await engine.tasks("mixed", "d2")).map(({ state }) => state)).toEqual(["scheduled", "success"]);
    gateOf("d1", "held").open("x");
    gateOf("d2", "held").open("x");
    await clock.drive(Promise.all([first, second]));
  });

  test("a skipped task counts as well ended; a mapped one by the worst of its instances", async () => {
    let fails = true;
    const mapped = dag("mapped", {}, (d) => {
      const skips = d.shortCircuit("skips", () => false);
      d.task("skipped", { dependsOnPast: true }, () => undefined).after(skips);
      d.map("each", { over: [1, 2], dependsOnPast: true }, ({ element }) => {
        if (element === 2 && fails) throw new Error("two");
      });
    });
    await using opened = await openEngine({ dags: [mapped] });
    const { engine, clock } = opened;
    expect(statesOf(await opened.run(mapped, { logicalDate: date(1) }))).toMatchObject({
      skipped: "skipped",
      each: "failed",
    });
    fails = false;
    await expect(clock.drive(engine.run(mapped, { logicalDate: date(2) }))).rejects.toMatchObject({
      code: "RUN_BLOCKED",
      message: /'each'/,
    });
  });

  test("many days in a row run one after the other", async () => {
    const row = dag("row", { dependsOnPast: true, maxActiveRuns: 100 }, (d) => {
      const a = d.task("a", () => undefined);
      d.task("b", () => undefined).after(a);
    });
    await using opened = await openEngine({ dags: [row] });
    const { engine, clock, events } = opened;
    const runs = Array.from({ length: 60 }, (_, day) =>
      engine.run(row, { runId: `d${day}`, logicalDate: new Date(Date.UTC(2026, 0, 1 + day)).toISOString() }),
    );
    const results = await clock.drive(Promise.all(runs));
    expect(new Set(results.map(({ state }) => state))).toEqual(new Set(["success"]));
    const starts = events
      .filter(({ kind, taskId }) => kind === "task.running" && taskId === "a")
      .map(({ runId }) => runId);
    expect(starts).toEqual(Array.from({ length: 60 }, (_, day) => `d${day}`));
  });
});
