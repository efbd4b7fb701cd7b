import { describe, expect, test } from "vitest";
import { coreError } from "../../src/errors.ts";
import { dag } from "../../src/index.ts";
import { type MemoryDatabase, memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { faultyStore } from "../faulty-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { gate, openEngine, statesOf } from "../test-engine.ts";
import { type Calls, richDags, richEnd } from "./rich-dag.ts";

/** What the store has of the only run of the rich DAG. */
async function stored(database: MemoryDatabase) {
  const reader = memoryStore({ database });
  await reader.open("reader");
  const run = await reader.runs.find("parent", "r1");
  const tasks = await reader.tasks.ofRun(run?.runNo ?? 0);
  return { run, tasks, events: await reader.events.list({ limit: 10_000 }) };
}

describe("a store that fails for ever", () => {
  test("stops the engine after its patience, with the cause; those who wait are told, and the store is whole", async () => {
    const calls: Calls = new Map();
    const clock = new ManualClock();
    const { parent, child } = richDags(calls, () => clock.now());
    const database = memoryDatabase();
    const faulty = faultyStore(memoryStore({ database }));
    await using opened = await openEngine({ dags: [parent, child], store: faulty.store, clock, storePatience: "20s" });
    const { engine } = opened;
    const ended = engine.run(parent, { runId: "r1" });
    const told = expect(ended).rejects.toMatchObject({
      code: "ENGINE_STOPPED",
      cause: { message: "the disk is full" },
    });
    for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    const failingSince = clock.now();
    faulty.plan = { commit: () => "refused" };
    await clock.drive(told);
    expect(clock.now() - failingSince).toBeGreaterThanOrEqual(20_000);
    expect(clock.now() - failingSince).toBeLessThan(40_000);
    await expect(clock.drive(engine.run(child))).rejects.toMatchObject({ code: "ENGINE_STOPPED" });
    faulty.plan = {};
    await clock.drive(engine.close());
    const { run, events } = await stored(database);
    expect(run?.state).toBe("running");
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, place) => place + 1));
    // A second engine brings the run to the same end.
    await using second = await openEngine({ dags: [parent, child], store: memoryStore({ database }), clock });
    await clock.drive(second.engine.start());
    await second.clock.advance(3_600_000);
    const after = await stored(database);
    expect(Object.fromEntries(after.tasks.map(({ taskId, state }) => [taskId, state]))).toEqual(richEnd);
  });
});

describe("a store whose disk does not keep what is written", () => {
  test("stops the engine at once: the group is not tried again", async () => {
    const hello = dag("hello", {}, (d) => {
      d.task("t", () => "done");
    });
    const faulty = faultyStore(memoryStore());
    await using opened = await openEngine({ dags: [hello], store: faulty.store });
    const before = faulty.commits;
    const error = coreError("STORE_DEVICE_FAILED", { path: "millrace.db", why: "disk I/O error" });
    faulty.plan = {
      commit: () => {
        throw error;
      },
    };
    await expect(opened.run(hello)).rejects.toMatchObject({ code: "ENGINE_STOPPED", cause: error });
    expect(faulty.commits - before).toBe(1);
    faulty.plan = {};
  });
});

describe("a second engine on the same rows", () => {
  test("goes on from wherever the first one died: what was recorded is not made again, what was lost is", async () => {
    for (let turns = 1; turns < 60; turns += 4) {
      const calls: Calls = new Map();
      const clock = new ManualClock();
      const { parent, child } = richDags(calls, () => clock.now());
      const database = memoryDatabase();
      const first = await openEngine({ dags: [parent, child], store: memoryStore({ database }), clock });
      first.engine.run(parent, { runId: "r1" }).catch(() => undefined);
      for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
      database.crash();
      const { tasks } = await stored(database);
      const done = new Map(
        tasks
          .filter(({ state, mapIndex }) => state === "success" && mapIndex < 0)
          .map(({ taskId }) => [taskId, calls.get(taskId)]),
      );
      await clock.drive(first.engine.close());
      await using second = await openEngine({ dags: [parent, child], store: memoryStore({ database }), clock });
      await clock.drive(second.engine.start());
      await clock.advance(3_600_000);
      const after = await stored(database);
      if (!after.run) continue;
      expect(after.run.state).toBe("success");
      for (const { taskId, state } of after.tasks)
        expect(`${taskId} ${state}`).toBe(`${taskId} ${richEnd[taskId as "end"]}`);
      for (const [taskId, count] of done) expect(`${taskId} ${calls.get(taskId)}`).toBe(`${taskId} ${count}`);
    }
  });

  test("the result of the first engine's attempt changes nothing any more", async () => {
    const late = gate<string>();
    let attempts = 0;
    const slow = dag("slow", {}, (d) => {
      d.task("t", () => (++attempts === 1 ? late.opened : "second"));
    });
    const database = memoryDatabase();
    const first = await openEngine({ dags: [slow], store: memoryStore({ database }) });
    first.engine.run(slow, { runId: "r" }).catch(() => undefined);
    await first.clock.settle();
    database.crash();
    await using second = await openEngine({ dags: [slow], store: memoryStore({ database }) });
    const { engine, clock, store } = second;
    await clock.drive(engine.start());
    await clock.settle();
    late.open("first");
    await first.clock.settle();
    await clock.settle();
    expect(await engine.xcom("slow", "r", "t")).toBe("second");
    const [task] = await engine.tasks("slow", "r");
    expect(task).toMatchObject({ state: "success", attempt: 2 });
    const token = { taskInstanceNo: task?.taskInstanceNo ?? 0, runNo: 1, token: 2 ** 32 + 1, attempt: 1 };
    const nothing = {
      error: null,
      wakeAt: null,
      awaits: null,
      replacesXComs: true,
      xcoms: [],
      deletes: [],
      reads: [],
      performance: null,
      at: 0,
    };
    const [outcome] = await store.commit([{ kind: "finishTask", ...token, state: "failed", ...nothing }]);
    expect(outcome.status).toBe("refused");
  });

  test("a run whose DAG has changed is left alone and can be cancelled; the others go on", async () => {
    const held = (id: string, more: boolean) =>
      dag(id, {}, (d) => {
        d.task("t", () => (more ? "done" : new Promise(() => undefined)));
        if (more && id === "changed") d.task("new", () => undefined);
      });
    const database = memoryDatabase();
    const first = await openEngine({
      dags: [held("changed", false), held("same", false)],
      store: memoryStore({ database }),
    });
    for (const id of ["changed", "same"]) first.engine.run(id, { runId: "r" }).catch(() => undefined);
    await first.clock.settle();
    database.crash();
    await using second = await openEngine({
      dags: [held("changed", true), held("same", true)],
      store: memoryStore({ database }),
    });
    const { engine, clock } = second;
    await clock.drive(engine.start());
    await clock.settle();
    expect((await engine.runs()).map(({ dagId, state }) => `${dagId} ${state}`)).toEqual([
      "same success",
      "changed running",
    ]);
    expect(await clock.drive(engine.cancel("changed", "r"))).toBe(true);
    expect((await engine.tasks("changed", "r")).map(({ state }) => state)).toEqual(["cancelled"]);
  });

  test("slow commits and reads change nothing but the time", async () => {
    const calls: Calls = new Map();
    const clock = new ManualClock();
    const { parent, child } = richDags(calls, () => clock.now());
    const faulty = faultyStore(memoryStore());
    await using opened = await openEngine({ dags: [parent, child], store: faulty.store, clock });
    faulty.plan = { slow: { clock, ms: 3_000 } };
    expect(statesOf(await opened.run(parent))).toEqual(richEnd);
  });
});
