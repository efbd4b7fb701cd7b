import { describe, expect, test } from "vitest";
import { dag } from "../../src/index.ts";
import { openEngine } from "../test-engine.ts";

const simple = dag("simple", {}, (d) => {
  const a = d.task("a", ({ log }) => {
    log.info("first", { n: 1n });
    log.warn("second");
    return 1;
  });
  d.map("each", { over: [1, 2] }, ({ element, log }) => log.debug(`element ${element}`)).after(a);
});

describe("requests", () => {
  test("fifty at once with one idempotency key make one run", async () => {
    await using opened = await openEngine({ dags: [simple] });
    const { engine, clock } = opened;
    const asked = Array.from({ length: 50 }, (_, n) =>
      n % 2 === 0 ? engine.trigger(simple, { idempotencyKey: "k" }) : engine.run(simple, { idempotencyKey: "k" }),
    );
    const answers = await clock.drive(Promise.all(asked));
    expect(new Set(answers.map(({ runId }) => runId)).size).toBe(1);
    expect(answers.filter((answer) => "isNew" in answer && answer.isNew)).toHaveLength(1);
    expect(await engine.runs()).toHaveLength(1);
    // The run has ended; who asks later gets its result.
    expect((await opened.run(simple, { idempotencyKey: "k" })).state).toBe("success");
  });

  test("a thousand in one millisecond make a thousand runs", async () => {
    await using opened = await openEngine({ dags: [simple] });
    const runs = await opened.clock.drive(
      Promise.all(Array.from({ length: 1_000 }, () => opened.engine.run(simple, { logicalDate: "2026-01-01" }))),
    );
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(1_000);
  });

  test("a run id that is taken is refused", async () => {
    await using opened = await openEngine({ dags: [simple] });
    await opened.run(simple, { runId: "r" });
    await expect(opened.clock.drive(opened.engine.run(simple, { runId: "r" }))).rejects.toMatchObject({
      code: "RUN_EXISTS",
    });
  });

  test.for(["", "..", "a/b", "a\0b", "a..b", "-a", "x".repeat(251), "a b", "é"])(
    "the run id %j is refused",
    async (runId) => {
      await using opened = await openEngine({ dags: [simple] });
      const { engine, clock } = opened;
      await expect(clock.drive(engine.run(simple, { runId }))).rejects.toMatchObject({ code: "RUN_ID_INVALID" });
      await expect(clock.drive(engine.tasks("simple", runId))).rejects.toMatchObject({ code: "RUN_ID_INVALID" });
    },
  );

  test.for(["", "x".repeat(501)])("an idempotency key of the wrong length is refused", async (idempotencyKey) => {
    await using opened = await openEngine({ dags: [simple] });
    const asked = opened.engine.run(simple, { idempotencyKey });
    await expect(opened.clock.drive(asked)).rejects.toMatchObject({ code: "DAG_OPTION_INVALID" });
  });

  test("a DAG that the engine does not have is refused, also one of the same id", async () => {
    const other = dag("simple", {}, () => undefined);
    await using opened = await openEngine({ dags: [simple] });
    const { engine, clock } = opened;
    await expect(clock.drive(engine.run("nobody"))).rejects.toMatchObject({ code: "DAG_NOT_FOUND" });
    await expect(clock.drive(engine.run("../x"))).rejects.toMatchObject({ code: "DAG_ID_INVALID" });
    await expect(clock.drive(engine.run(other))).rejects.toMatchObject({ code: "DAG_NOT_FOUND" });
  });
});

describe("what is told", () => {
  test("observers hear the store's events, in its order, by their names; one that throws harms nobody", async () => {
    await using opened = await openEngine({ dags: [simple] });
    opened.engine.observe(() => {
      throw new Error("observer");
    });
    const stopped: string[] = [];
    const stop = opened.engine.observe(({ kind }) => stopped.push(kind));
    await opened.run(simple, { runId: "r" });
    stop();
    await opened.run(simple);
    const stored = (await opened.store.events.list({ limit: 1_000 })).filter(({ runNo }) => runNo !== null);
    expect(opened.events.map(({ seq, kind, at }) => [seq, kind, at])).toEqual(
      stored.map(({ seq, kind, at }) => [seq, kind, at]),
    );
    expect(stopped.length).toBe(opened.events.filter(({ runId }) => runId === "r").length);
    expect(opened.events.filter(({ kind }) => kind === "task.success").slice(0, 3)).toMatchObject([
      { dagId: "simple", runId: "r", taskId: "a", mapIndex: -1, attempt: 1 },
      { taskId: "each", mapIndex: 0 },
      { taskId: "each", mapIndex: 1 },
    ]);
  });

  test("log lines are kept per attempt, with level, time and fields", async () => {
    await using opened = await openEngine({ dags: [simple] });
    const result = await opened.run(simple);
    await opened.clock.advance(1_000);
    const [a, first] = await opened.engine.tasks("simple", result.runId);
    const lines = await opened.store.logs.list({ taskInstanceNo: a?.taskInstanceNo ?? 0, attempt: 1 });
    expect(lines).toMatchObject([
      { level: "info", message: "first", fields: '{"n":"1"}', at: Date.UTC(2026, 9, 22, 12) },
      { level: "warn", message: "second", fields: null },
    ]);
    const mapped = await opened.store.logs.list({ taskInstanceNo: first?.taskInstanceNo ?? 0 });
    expect(mapped.map(({ message }) => message)).toEqual(["element 1"]);
  });
});
