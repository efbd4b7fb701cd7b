import { expect, test } from "vitest";
import { readRunOutcome } from "../../src/engine/run-result.ts";
import { dag } from "../../src/index.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { faultyStore } from "../faulty-store.ts";
import { gate, openEngine } from "../test-engine.ts";

const line = dag("line", {}, (d) => {
  const first = d.task("first", () => "one");
  const second = d.task("second", { input: first }, () => {
    throw new Error("no");
  });
  d.task("third", { input: second }, () => "three");
});

test("an engine tells when it works no more: without a reason when it was closed", async () => {
  const { engine, clock } = await openEngine({ dags: [line] });
  let told = "nothing";
  const stopped = engine.whenStopped().then((error) => {
    told = error?.code ?? "closed";
  });
  await clock.drive(engine.run(line));
  expect(told).toBe("nothing");
  await clock.drive(engine.close());
  await stopped;
  expect(told).toBe("closed");
});

test("and with the reason when its store could not be written any more", async () => {
  const faulty = faultyStore(memoryStore());
  await using opened = await openEngine({ dags: [line], store: faulty.store, storePatience: "5s" });
  const { engine, clock } = opened;
  faulty.plan = { commit: () => "refused" };
  await expect(clock.drive(engine.trigger(line))).rejects.toMatchObject({ code: "ENGINE_STOPPED" });
  expect(await engine.whenStopped()).toMatchObject({ code: "ENGINE_STOPPED" });
});

test("an engine that adopts nothing leaves the runs of former engines as they are", async () => {
  const database = memoryDatabase();
  const held = gate();
  const waiting = dag("waiting", {}, (d) => {
    d.task("t", () => held.opened);
  });
  const former = await openEngine({ dags: [waiting], store: memoryStore({ database }) });
  const { runNo } = await former.clock.drive(former.engine.trigger(waiting));
  await former.clock.drive(former.engine.close());

  await using opened = await openEngine({ dags: [waiting], store: memoryStore({ database }) });
  const { engine, clock } = opened;
  expect(await clock.drive(engine.start({ adopt: false }))).toEqual({ adopted: 0, refused: [] });
  await clock.advance(60_000);
  expect((await engine.runs()).map((run) => [run.runNo, run.state])).toEqual([[runNo, "running"]]);
  held.open();
  expect((await clock.drive(engine.run(waiting))).state).toBe("success");
  expect((await engine.runs()).map(({ state }) => state)).toEqual(["success", "running"]);
});

test("how a run stands is read from the store as the engine tells it", async () => {
  await using opened = await openEngine({ dags: [line] });
  const { dagId, runId, state, summary, note, startedAt, endedAt, tasks } = await opened.run(line, { runId: "r" });
  const row = await opened.store.runs.find("line", "r");
  const told = { dagId, runId, state, summary, note, startedAt, endedAt, tasks };
  expect(row && (await readRunOutcome(opened.store, row))).toEqual(told);
  expect(summary).toBe("failed, 1 task failed");
});

test("clearing takes in what depends on a task, also for a caller that leaves the option undefined", async () => {
  await using opened = await openEngine({ dags: [line] });
  await opened.run(line, { runId: "r" });
  const clear = async (downstream: boolean | undefined): Promise<readonly string[]> => {
    const { tasks } = await opened.clock.drive(
      opened.engine.clear("line", "r", { tasks: ["second"], downstream, dryRun: true }),
    );
    return tasks.map(({ taskId }) => taskId);
  };
  expect(await clear(undefined)).toEqual(["second", "third"]);
  expect(await clear(false)).toEqual(["second"]);
});
