import { describe, expect, test } from "vitest";
import { dag, skip, type TaskCallbackContext } from "../../src/index.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { openEngine, statesOf } from "../test-engine.ts";

describe("state of a task", () => {
  test("survives retries, and is the instance's own", async () => {
    const seen: unknown[] = [];
    const counting = dag("counting", {}, (d) => {
      const list = d.task("list", () => ["a", "b"]);
      d.map("each", { over: list, retries: { max: 2, delay: "1s" } }, async ({ element, state }) => {
        const soFar = ((await state.get("n")) as number | undefined) ?? 0;
        await state.set("n", soFar + 1);
        seen.push(`${element}${soFar}`);
        if (soFar < (element === "a" ? 1 : 2)) throw new Error("again");
      });
    });
    await using opened = await openEngine({ dags: [counting] });
    expect((await opened.run(counting)).state).toBe("success");
    expect(seen.sort()).toEqual(["a0", "a1", "b0", "b1", "b2"]);
  });

  test("keeps typed values, forgets what is deleted, and starts empty in the next run", async () => {
    const seen: unknown[] = [];
    const keeping = dag("keeping", {}, (d) => {
      d.task("t", async ({ state }) => {
        seen.push(await state.get("when"));
        await state.set("when", new Date(5));
        seen.push(await state.get("when"));
        await state.delete("when");
        seen.push(await state.get("when"));
        await state.set("when", "left behind");
      });
    });
    await using opened = await openEngine({ dags: [keeping] });
    await opened.run(keeping);
    await opened.run(keeping);
    expect(seen).toEqual([undefined, new Date(5), undefined, undefined, new Date(5), undefined]);
  });

  test("of the DAG is shared by tasks and runs", async () => {
    const checkpoints = dag("checkpoints", {}, (d) => {
      const read = d.task("read", async ({ dagState }) => (await dagState.get("last")) ?? 0);
      d.task("write", { input: read }, async ({ input, dagState }) => dagState.set("last", (input as number) + 1));
    });
    await using opened = await openEngine({ dags: [checkpoints] });
    await opened.run(checkpoints);
    await opened.run(checkpoints);
    expect(await (await opened.run(checkpoints)).xcom("read")).toBe(2);
  });

  test("of the DAG holds what was set, whatever became of the attempt, the run, or the engine", async () => {
    const seen: unknown[] = [];
    const marks = dag("marks", {}, (d) => {
      d.task("load", { retries: { max: 1, delay: "1s" } }, async ({ dagState, attempt }) => {
        seen.push(await dagState.get("mark"));
        if (seen.length < 3) throw new Error("before the checkpoint is set");
        await dagState.set("mark", `set by attempt ${attempt}`);
        if (attempt === 3) throw new Error("after it was set");
      });
    });
    const database = memoryDatabase();
    {
      await using opened = await openEngine({ dags: [marks], store: memoryStore({ database }) });
      expect((await opened.run(marks, { runId: "r" })).state).toBe("failed");
      await opened.engine.clear("marks", "r");
      await opened.clock.advance(60_000);
      expect((await opened.engine.runs())[0]?.state).toBe("success");
      expect(seen).toEqual([undefined, undefined, undefined, "set by attempt 3"]);
    }
    await using opened = await openEngine({ dags: [marks], store: memoryStore({ database }) });
    await opened.run(marks);
    expect(seen.at(-1)).toBe("set by attempt 4");
  });

  test("is set by one of many who compare", async () => {
    const racing = dag("racing", {}, (d) => {
      for (let n = 0; n < 10; n++) {
        d.task(`t${n}`, async ({ dagState }) => {
          const first = await dagState.compareAndSet("owner", undefined, n);
          const wrong = await dagState.compareAndSet("owner", "nobody", n);
          return { first, wrong };
        });
      }
    });
    await using opened = await openEngine({ dags: [racing] });
    const result = await opened.run(racing);
    const all = await Promise.all(Array.from({ length: 10 }, (_, n) => result.xcom(`t${n}`)));
    expect(all.filter((one) => (one as { first: boolean }).first)).toHaveLength(1);
    expect(all.some((one) => (one as { wrong: boolean }).wrong)).toBe(false);
  });
});

describe("callbacks", () => {
  test("each is called for its state, once for each attempt that ended so, with what there is to know", async () => {
    const calls: [string, TaskCallbackContext][] = [];
    const note = (name: string) => (context: TaskCallbackContext) => void calls.push([name, context]);
    const runs: unknown[] = [];
    const called = dag(
      "called",
      {
        defaults: {
          onSuccess: note("success"),
          onFailure: note("failure"),
          onRetry: note("retry"),
          onSkipped: note("skipped"),
        },
        onFailure: (context) => void runs.push(["failure", context]),
        onSuccess: (context) => void runs.push(["success", context]),
      },
      (d) => {
        const good = d.task("good", () => undefined);
        const bad = d.task("bad", { retries: { max: 1, delay: "1s" } }, ({ attempt }) => {
          throw new Error(`bad ${attempt}`);
        });
        d.task("skips", () => {
          throw skip("by itself");
        });
        d.task("ruled_out", { input: bad }, () => undefined);
        d.shortCircuit("stop", { input: good }, () => false);
        d.task("cut_off", () => undefined).after(good);
      },
    );
    await using opened = await openEngine({ dags: [called] });
    const result = await opened.run(called, { logicalDate: "2026-01-01" });
    expect(result.state).toBe("failed");
    expect(calls.map(([name, { taskId, attempt }]) => `${name} ${taskId} ${attempt}`).sort()).toEqual([
      "failure bad 2",
      "retry bad 1",
      "skipped skips 1",
      "success cut_off 1",
      "success good 1",
      "success stop 1",
    ]);
    const [, failure] = calls.find(([name]) => name === "failure") ?? [];
    expect(failure).toMatchObject({
      dagId: "called",
      runId: result.runId,
      mapIndex: -1,
      error: { name: "Error", message: "bad 2" },
    });
    expect(failure?.logicalDate.toString()).toBe("2026-01-01T00:00:00Z");
    expect(runs).toEqual([["failure", expect.objectContaining({ state: "failed", note: "1 task failed" })]]);
  });

  test("run after what they tell is stored", async () => {
    const seen: unknown[] = [];
    const stored = dag(
      "stored",
      {
        onSuccess: async ({ runId }) => {
          seen.push((await opened.store.runs.find("stored", runId))?.state);
        },
      },
      (d) => {
        d.task(
          "t",
          {
            onSuccess: async ({ runId }) => {
              const run = await opened.store.runs.find("stored", runId);
              seen.push((await opened.store.tasks.ofRun(run?.runNo ?? 0))[0]?.state);
            },
          },
          () => undefined,
        );
      },
    );
    const opened = await openEngine({ dags: [stored] });
    await using _ = opened;
    await opened.run(stored);
    await opened.clock.settle();
    expect(seen).toEqual(["success", "success"]);
  });

  test("that throw or reject change nothing; it is told in the log and among the events", async () => {
    const throwing = dag(
      "throwing",
      {
        onSuccess: () => {
          throw new Error("run callback");
        },
      },
      (d) => {
        d.task(
          "throws",
          {
            onSuccess: () => {
              throw new Error("task callback");
            },
          },
          () => 1,
        );
        d.task("rejects", { onSuccess: async () => Promise.reject("no error at all") }, () => 2);
      },
    );
    await using opened = await openEngine({ dags: [throwing] });
    const result = await opened.run(throwing);
    expect(statesOf(result)).toEqual({ throws: "success", rejects: "success" });
    await opened.clock.advance(1_000);
    const lines = await Promise.all(
      (await opened.engine.tasks("throwing", result.runId)).map(({ taskInstanceNo }) =>
        opened.store.logs.list({ taskInstanceNo }),
      ),
    );
    expect(lines.map(([line]) => [line?.level, line?.message])).toEqual([
      ["error", "the callback for 'success' failed: task callback"],
      ["error", "the callback for 'success' failed: no error at all"],
    ]);
    expect(opened.events.at(-1)).toMatchObject({ kind: "callback.failed", data: { message: "run callback" } });
    expect((await opened.engine.events()).at(-1)?.kind).toBe("callback.failed");
  });
});
