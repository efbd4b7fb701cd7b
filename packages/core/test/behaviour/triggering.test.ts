import { describe, expect, test } from "vitest";
import { dag } from "../../src/index.ts";
import { gate, openEngine, statesOf } from "../test-engine.ts";

describe("trigger of another DAG", () => {
  const child = (run: () => unknown = () => 1) =>
    dag("child", {}, (d) => {
      d.task("work", ({ params, conf }) => ({ params, conf, result: run() }));
    });

  test("without waiting: a run is made, with params and conf, and the task is done", async () => {
    const held = gate();
    const kid = dag("child", {}, (d) => {
      d.task("work", async ({ params, conf, run }) => {
        await held.opened;
        return { params, conf, type: run.type };
      });
    });
    const parent = dag("parent", {}, (d) => {
      d.trigger("start", { dagId: "child", params: { region: "eu" }, conf: { why: "test" } });
    });
    await using opened = await openEngine({ dags: [kid, parent] });
    const result = await opened.run(parent);
    expect(result.state).toBe("success");
    const runId = (await result.xcom("start")) as string;
    expect((await opened.engine.runs({ dagId: "child" }))[0]).toMatchObject({
      runId,
      state: "running",
      type: "triggered",
    });
    held.open();
    await opened.clock.settle();
    expect(await opened.engine.xcom("child", runId, "work")).toEqual({
      params: { region: "eu" },
      conf: { why: "test" },
      type: "triggered",
    });
  });

  test("with waiting: holds no slot meanwhile, and succeeds with the run", async () => {
    const parent = dag("parent", {}, (d) => {
      const start = d.trigger("start", { dagId: "child", wait: true, runId: "kid-1" });
      d.task("after", { input: start }, ({ input }) => input);
    });
    const kid = child();
    await using opened = await openEngine({ dags: [kid, parent], concurrency: 1 });
    const result = await opened.run(parent);
    expect(statesOf(result)).toEqual({ start: "success", after: "success" });
    expect(await result.xcom("after")).toBe("kid-1");
    expect(result.tasks["start"].attempts).toBe(1);
    expect(await opened.engine.runs({ dagId: "child" })).toHaveLength(1);
  });

  test("with waiting: fails with the run, and a retry does not make another", async () => {
    const parent = dag("parent", {}, (d) => {
      d.trigger("start", { dagId: "child", wait: true, retries: { max: 2, delay: "1s" } });
    });
    const kid = child(() => {
      throw new Error("child");
    });
    await using opened = await openEngine({ dags: [kid, parent] });
    const result = await opened.run(parent);
    expect(result.tasks["start"]).toMatchObject({
      state: "failed",
      attempts: 3,
      error: { code: "TRIGGERED_RUN_FAILED" },
    });
    expect(await opened.engine.runs({ dagId: "child" })).toHaveLength(1);
  });

  test("with waiting: a cancelled run fails the task", async () => {
    const parent = dag("parent", {}, (d) => {
      d.trigger("start", { dagId: "child", wait: true, runId: "kid" });
    });
    const kid = dag("child", {}, (d) => {
      d.task("never", () => new Promise(() => undefined));
    });
    await using opened = await openEngine({ dags: [kid, parent] });
    const { engine, clock } = opened;
    const ended = engine.run(parent);
    await clock.settle();
    await clock.drive(engine.cancel("child", "kid"));
    expect((await clock.drive(ended)).tasks["start"].error?.message).toMatch(/ended as 'cancelled'/);
  });

  test("the first attempt fails after it made the run: the retry finds that run", async () => {
    let opens = 0;
    const kid = child(() => ++opens);
    const parent = dag("parent", {}, (d) => {
      d.trigger("start", { dagId: "child", executionTimeout: "1s", wait: true, retries: { max: 1, delay: "5s" } });
    });
    await using opened = await openEngine({ dags: [kid, parent] });
    expect((await opened.run(parent)).state).toBe("success");
    expect(opens).toBe(1);
  });

  test("each element of a mapped upstream is another task instance, and so another run", async () => {
    const kid = child();
    const parent = dag("parent", {}, (d) => {
      d.trigger("first", { dagId: "child", wait: true });
      d.trigger("second", { dagId: "child", wait: true });
    });
    await using opened = await openEngine({ dags: [kid, parent] });
    expect((await opened.run(parent)).state).toBe("success");
    expect(await opened.engine.runs({ dagId: "child" })).toHaveLength(2);
  });

  test("an unknown DAG fails the task", async () => {
    const parent = dag("parent", {}, (d) => {
      d.trigger("start", { dagId: "nobody" });
    });
    await using opened = await openEngine({ dags: [parent] });
    expect((await opened.run(parent)).tasks["start"]).toMatchObject({
      state: "failed",
      error: { code: "DAG_NOT_FOUND" },
    });
  });

  test("a run id that is taken by somebody else fails the task", async () => {
    const kid = child();
    const parent = dag("parent", {}, (d) => {
      d.trigger("start", { dagId: "child", runId: "taken", wait: true });
    });
    await using opened = await openEngine({ dags: [kid, parent] });
    await opened.run(kid, { runId: "taken" });
    expect((await opened.run(parent)).tasks["start"]).toMatchObject({ state: "failed", error: { code: "RUN_EXISTS" } });
  });

  test("ids of the greatest length make no difference", async () => {
    const kid = dag("k".repeat(200), {}, (d) => {
      d.task("t", () => undefined);
    });
    const parent = dag("p".repeat(200), {}, (d) => {
      d.group("g".repeat(200), (g) => g.trigger("t".repeat(200), { dagId: kid.id, wait: true }));
    });
    await using opened = await openEngine({ dags: [kid, parent] });
    expect((await opened.run(parent, { runId: "r".repeat(250) })).state).toBe("success");
  });

  test("a DAG that waits for a run of itself finds that run under its own limits", async () => {
    const self = dag("self", { maxActiveRuns: 2 }, (d) => {
      const deep = d.shortCircuit("deep", ({ conf }) => conf["depth"] !== 1);
      d.trigger("again", { dagId: "self", conf: { depth: 1 }, wait: true }).after(deep);
    });
    await using opened = await openEngine({ dags: [self] });
    expect((await opened.run(self)).state).toBe("success");
    expect(await opened.engine.runs({ dagId: "self" })).toHaveLength(2);
  });
});
