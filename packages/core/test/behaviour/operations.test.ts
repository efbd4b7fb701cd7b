import { describe, expect, test } from "vitest";
import { dag } from "../../src/index.ts";
import type { TaskState } from "../../src/lifecycle/states.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { faultyStore } from "../faulty-store.ts";
import { gate, openEngine, type TestEngine } from "../test-engine.ts";

/** State of every instance, by `task` or `task[index]`. */
async function states({ engine }: TestEngine, dagId: string, runId = "r"): Promise<Record<string, TaskState>> {
  const rows = await engine.tasks(dagId, runId);
  return Object.fromEntries(
    rows.map(({ taskId, mapIndex, state }) => [mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`, state]),
  );
}

/** Lets time pass until the run has ended. */
async function endOf(opened: TestEngine, dagId: string, runId = "r"): Promise<string> {
  await opened.clock.advance(86_400_000);
  const [run] = await opened.engine.runs({ dagId, limit: 1 });
  expect(run?.runId).toBe(runId);
  return run?.state ?? "";
}

/** a → b → c, and d beside them; b fails as long as `isBroken`. */
function line() {
  const made: string[] = [];
  const world = { isBroken: false, made };
  const definition = dag("line", {}, (d) => {
    const a = d.task("a", () => void made.push("a"));
    const b = d.task("b", () => {
      made.push("b");
      if (world.isBroken) throw new Error("broken");
      return "b";
    });
    const c = d.task("c", { input: b }, ({ input }) => {
      made.push("c");
      return input;
    });
    const e = d.task("d", () => void made.push("d"));
    d.chain(a, b, c);
    d.chain(a, e);
  });
  return { world, definition };
}

describe("clearing", () => {
  test("has a task and what depends on it run again; the run that had ended goes on and ends again", async () => {
    const { world, definition } = line();
    await using opened = await openEngine({ dags: [definition] });
    await opened.run(definition, { runId: "r" });
    world.made.length = 0;
    const result = await opened.clock.drive(opened.engine.clear("line", "r", { tasks: ["b"] }));
    expect(result).toMatchObject({ runState: "queued", xcoms: [] });
    expect(result.tasks.map(({ taskId, from, to }) => `${taskId} ${from} ${to}`)).toEqual([
      "b success scheduled",
      "c success scheduled",
    ]);
    expect(await endOf(opened, "line")).toBe("success");
    expect(world.made).toEqual(["b", "c"]);
    const [, b] = await opened.engine.tasks("line", "r");
    expect(b).toMatchObject({ taskId: "b", attempt: 2, uncounted: 1 });
  });

  test("removes what the tasks had pushed, before they run again", async () => {
    const { definition } = line();
    const held = gate();
    const slow = dag("slow", {}, (d) => {
      let count = 0;
      d.task("t", async () => {
        if (count++ > 0) await held.opened;
        return count;
      });
    });
    await using opened = await openEngine({ dags: [definition, slow] });
    await opened.run(slow, { runId: "r" });
    expect(await opened.engine.xcom("slow", "r", "t")).toBe(1);
    await opened.clock.drive(opened.engine.clear("slow", "r"));
    await opened.clock.settle();
    expect(await opened.engine.xcom("slow", "r", "t")).toBeUndefined();
    held.open();
    await opened.clock.settle();
    expect(await opened.engine.xcom("slow", "r", "t")).toBe(2);
  });

  test("gives a task its retries anew", async () => {
    let attempts = 0;
    const flaky = dag("flaky", {}, (d) => {
      d.task("t", { retries: 1 }, () => {
        attempts++;
        throw new Error("no");
      });
    });
    await using opened = await openEngine({ dags: [flaky] });
    await opened.run(flaky, { runId: "r" });
    expect(attempts).toBe(2);
    await opened.clock.drive(opened.engine.clear("flaky", "r"));
    expect(await endOf(opened, "flaky")).toBe("failed");
    expect(attempts).toBe(4);
  });

  test("with dryRun tells what it would do, and does nothing", async () => {
    const { world, definition } = line();
    await using opened = await openEngine({ dags: [definition] });
    await opened.run(definition, { runId: "r" });
    world.made.length = 0;
    const before = opened.events.length;
    const told = await opened.clock.drive(opened.engine.clear("line", "r", { tasks: ["b"], dryRun: true }));
    expect(told.tasks.map(({ taskId }) => taskId)).toEqual(["b", "c"]);
    await opened.clock.advance(1_000);
    expect(world.made).toEqual([]);
    expect(opened.events.length).toBe(before);
    const done = await opened.clock.drive(opened.engine.clear("line", "r", { tasks: ["b"] }));
    expect(done).toEqual(told);
  });

  test("stops a task under way; what it still returns changes nothing", async () => {
    const late = gate<string>();
    let attempts = 0;
    const slow = dag("slow", {}, (d) => {
      d.task("t", ({ signal }) => {
        if (++attempts > 1) return "second";
        signal.addEventListener("abort", () => late.open("first"));
        return late.opened;
      });
    });
    await using opened = await openEngine({ dags: [slow] });
    await opened.clock.drive(opened.engine.trigger(slow, { runId: "r" }));
    await opened.clock.settle();
    const result = await opened.clock.drive(opened.engine.clear("slow", "r"));
    expect(result).toMatchObject({ runState: "running", tasks: [{ taskId: "t", from: "running", to: "scheduled" }] });
    expect(await endOf(opened, "slow")).toBe("success");
    expect(await opened.engine.xcom("slow", "r", "t")).toBe("second");
    expect(attempts).toBe(2);
  });

  test("leaves skipped what a branch that stands did not choose; clearing the branch decides anew", async () => {
    let choice = "left";
    const forked = dag("forked", {}, (d) => {
      const fork = d.branch("fork", { choices: ["left", "right"] }, () => choice as "left");
      const left = d.task("left", () => undefined);
      const right = d.task("right", () => undefined);
      const end = d.task("end", { triggerRule: "none_failed_min_one_success" }, () => undefined);
      d.chain(fork, [left, right], end);
    });
    await using opened = await openEngine({ dags: [forked] });
    await opened.run(forked, { runId: "r" });
    choice = "right";
    const first = await opened.clock.drive(opened.engine.clear("forked", "r", { tasks: ["left", "right"] }));
    expect(first.tasks.map(({ taskId }) => taskId)).toEqual(["left", "end"]);
    await endOf(opened, "forked");
    expect(await states(opened, "forked")).toEqual({
      fork: "success",
      left: "success",
      right: "skipped",
      end: "success",
    });
    await opened.clock.drive(opened.engine.clear("forked", "r", { tasks: ["fork"] }));
    await endOf(opened, "forked");
    expect(await states(opened, "forked")).toEqual({
      fork: "success",
      left: "skipped",
      right: "success",
      end: "success",
    });
  });

  test("leaves skipped what a short circuit that stands did not go on to", async () => {
    const cut = dag("cut", {}, (d) => {
      const stop = d.shortCircuit("stop", () => false);
      const a = d.task("a", () => undefined);
      const b = d.task("b", { triggerRule: "always" }, () => undefined);
      d.chain(stop, a, b);
    });
    await using opened = await openEngine({ dags: [cut] });
    await opened.run(cut, { runId: "r" });
    const result = await opened.clock.drive(opened.engine.clear("cut", "r", { tasks: ["a"] }));
    expect(result).toMatchObject({ runState: "success", tasks: [] });
  });

  test("makes a mapped task anew when what it is mapped over comes out different", async () => {
    let list = [1, 2, 3];
    const mapped = dag("mapped", {}, (d) => {
      const source = d.task("source", () => list);
      const each = d.map("each", { over: source }, ({ element }) => (element as number) * 10);
      d.task("sum", { input: each }, ({ input }) => (input as number[]).reduce((a, b) => a + b, 0));
    });
    for (const next of [[4], [4, 5, 6, 7, 8], []]) {
      list = [1, 2, 3];
      await using opened = await openEngine({ dags: [mapped] });
      await opened.run(mapped, { runId: "r" });
      list = next;
      await opened.clock.drive(opened.engine.clear("mapped", "r", { tasks: ["source"] }));
      expect(await endOf(opened, "mapped")).toBe("success");
      const found = await states(opened, "mapped");
      expect(Object.keys(found).filter((id) => id.startsWith("each"))).toHaveLength(Math.max(next.length, 1));
      if (next.length > 0) expect(await opened.engine.xcom("mapped", "r", "sum")).toBe(next.length === 1 ? 40 : 300);
    }
  });

  test("counts the attempts of a mapped task on when it is made anew, and gives it no retry more", async () => {
    let isBroken = false;
    let elements = [1, 2];
    const attempts: string[] = [];
    const mapped = dag("mapped", {}, (d) => {
      const source = d.task("source", () => elements);
      d.map("each", { over: source, retries: { max: 1, delay: "1s", backoff: "fixed" } }, ({ task, attempt }) => {
        attempts.push(`${task.mapIndex} ${attempt}`);
        if (isBroken) throw new Error("broken");
      });
    });
    await using opened = await openEngine({ dags: [mapped] });
    await opened.run(mapped, { runId: "r" });
    attempts.length = 0;
    isBroken = true;
    elements = [3];
    await opened.clock.drive(opened.engine.clear("mapped", "r", { tasks: ["source"] }));
    expect(await endOf(opened, "mapped")).toBe("failed");
    expect(attempts).toEqual(["0 2", "0 3"]);
  });

  test("has one element of a mapped task run again and keeps the others", async () => {
    const made: number[] = [];
    const mapped = dag("mapped", {}, (d) => {
      const each = d.map("each", { over: [1, 2, 3] }, ({ element }) => {
        made.push(element);
        return element;
      });
      d.task("sum", { input: each }, ({ input }) => (input as number[]).length);
    });
    await using opened = await openEngine({ dags: [mapped] });
    await opened.run(mapped, { runId: "r" });
    made.length = 0;
    const options = { tasks: ["each"], mapIndex: 1 };
    const result = await opened.clock.drive(opened.engine.clear("mapped", "r", options));
    expect(result.tasks.map(({ taskId, mapIndex }) => `${taskId} ${mapIndex}`)).toEqual(["each 1", "sum -1"]);
    expect(await endOf(opened, "mapped")).toBe("success");
    expect(made).toEqual([2]);
  });

  test("clears the setup and the teardown of the tasks in their scope with them", async () => {
    const made: string[] = [];
    const scoped = dag("scoped", {}, (d) => {
      const up = d.task("up", { role: "setup" }, () => void made.push("up"));
      const work = d.task("work", () => void made.push("work"));
      const other = d.task("other", () => void made.push("other"));
      const down = d.task("down", { role: "teardown" }, () => void made.push("down"));
      d.chain(up, work, down);
      d.chain(up, down);
      d.chain(other);
    });
    await using opened = await openEngine({ dags: [scoped] });
    await opened.run(scoped, { runId: "r" });
    made.length = 0;
    await opened.clock.drive(opened.engine.clear("scoped", "r", { tasks: ["work"] }));
    expect(await endOf(opened, "scoped")).toBe("success");
    expect(made).toEqual(["up", "work", "down"]);
  });
});

describe("clearing what waits", () => {
  test("a task whose attempt was handed back is made again whatever was marked meanwhile, unless it is cleared", async () => {
    for (const isCleared of [false, true]) {
      const database = memoryDatabase();
      const made: string[] = [];
      const held = gate();
      const line = dag("line", {}, (d) =>
        d.chain(
          d.task("a", () => void made.push("a")),
          d.task("b", () => {
            made.push("b");
            return made.length > 2 ? undefined : held.opened;
          }),
        ),
      );
      const first = await openEngine({ dags: [line], store: memoryStore({ database }) });
      await first.clock.drive(first.engine.trigger(line, { runId: "r" }));
      await first.clock.settle();
      await first.clock.drive(first.engine.mark("line", "r", "failed", { tasks: ["a"] }));
      await first.clock.drive(first.engine.close());
      await using second = await openEngine({ dags: [line], store: memoryStore({ database }) });
      if (isCleared) await second.clock.drive(second.engine.clear("line", "r", { tasks: ["a"] }));
      await second.clock.drive(second.engine.start());
      expect(await endOf(second, "line")).toBe("success");
      // Cleared, it waits for its upstream again.
      expect(made).toEqual(isCleared ? ["a", "b", "a", "b"] : ["a", "b", "b"]);
    }
  });

  test("elements that wait for their turn wait for their list again when it is cleared", async () => {
    let list = [1, 2, 3];
    const made: number[] = [];
    const held = gate();
    const mapped = dag("mapped", {}, (d) => {
      const source = d.task("source", () => list);
      d.map("each", { over: source, maxActive: 1 }, ({ element }) => {
        made.push(element);
        return made.length === 1 ? held.opened : undefined;
      });
    });
    await using opened = await openEngine({ dags: [mapped] });
    const { engine, clock } = opened;
    await clock.drive(engine.trigger(mapped, { runId: "r" }));
    await clock.settle();
    expect(made).toEqual([1]);
    list = [7, 8];
    const { tasks } = await clock.drive(engine.clear("mapped", "r", { tasks: ["source"] }));
    expect(tasks.map(({ taskId, mapIndex }) => `${taskId} ${mapIndex}`)).toEqual(["source -1", "each 0"]);
    expect(await endOf(opened, "mapped")).toBe("success");
    expect(made).toEqual([1, 7, 8]);
    held.open();
  });
});

describe("operations that come together", () => {
  test("are worked in one after the other, each on what the one before it left", async () => {
    const { definition } = line();
    await using opened = await openEngine({ dags: [definition] });
    await opened.run(definition, { runId: "r" });
    const { engine, clock } = opened;
    const [first, second, third] = await clock.drive(
      Promise.all([engine.clear("line", "r"), engine.clear("line", "r"), engine.mark("line", "r", "skipped")]),
    );
    expect(first.tasks).toHaveLength(4);
    expect(second.tasks.filter(({ from }) => from !== "running")).toEqual([]);
    expect(third.tasks).toHaveLength(4);
    expect(await endOf(opened, "line")).toBe("success");
    expect(new Set(Object.values(await states(opened, "line")))).toEqual(new Set(["skipped"]));
  });

  test("are done once and answered in full, whatever becomes of their commit", async () => {
    for (const how of ["refused", "answer lost"] as const) {
      const { world, definition } = line();
      const faulty = faultyStore(memoryStore());
      await using opened = await openEngine({ dags: [definition], store: faulty.store });
      await opened.run(definition, { runId: "r" });
      world.made.length = 0;
      let isFirst = false;
      faulty.plan = {
        commit: () => {
          const fault = isFirst ? how : "none";
          isFirst = false;
          return fault;
        },
      };
      const { engine, clock } = opened;
      for (const operate of [
        () => engine.clear("line", "r", { tasks: ["b"] }),
        () => engine.mark("line", "r", "failed", { tasks: ["b", "c"] }),
        () => engine.retry("line", "r"),
      ]) {
        isFirst = true;
        expect((await clock.drive(operate())).tasks.map(({ taskId }) => taskId)).toEqual(["b", "c"]);
        await endOf(opened, "line");
      }
      expect((await engine.runs())[0].state).toBe("success");
      expect(world.made).toEqual(["b", "c", "b", "c"]);
    }
  });
});

describe("retrying a run", () => {
  test("runs what failed and what could not run, and nothing else", async () => {
    const { world, definition } = line();
    world.isBroken = true;
    await using opened = await openEngine({ dags: [definition] });
    expect((await opened.run(definition, { runId: "r" })).state).toBe("failed");
    world.isBroken = false;
    world.made.length = 0;
    const result = await opened.clock.drive(opened.engine.retry("line", "r"));
    expect(result.tasks.map(({ taskId, from }) => `${taskId} ${from}`)).toEqual(["b failed", "c upstream_failed"]);
    expect(await endOf(opened, "line")).toBe("success");
    expect(world.made).toEqual(["b", "c"]);
    await expect(opened.clock.drive(opened.engine.retry("line", "r"))).rejects.toMatchObject({
      code: "NOTHING_TO_RETRY",
    });
  });

  test("goes on with a run that was cancelled", async () => {
    const held = gate();
    const slow = dag("slow", {}, (d) =>
      d.chain(
        d.task("a", () => held.opened),
        d.task("b", () => undefined),
      ),
    );
    await using opened = await openEngine({ dags: [slow] });
    await opened.clock.drive(opened.engine.trigger(slow, { runId: "r" }));
    await opened.clock.settle();
    await opened.clock.drive(opened.engine.cancel("slow", "r"));
    expect(await states(opened, "slow")).toEqual({ a: "cancelled", b: "cancelled" });
    held.open();
    await opened.clock.drive(opened.engine.retry("slow", "r"));
    expect(await endOf(opened, "slow")).toBe("success");
  });
});

describe("marking", () => {
  test("a failed task as success has what it held up run", async () => {
    const { world, definition } = line();
    world.isBroken = true;
    await using opened = await openEngine({ dags: [definition] });
    await opened.run(definition, { runId: "r" });
    world.made.length = 0;
    await opened.clock.drive(opened.engine.mark("line", "r", "success", { tasks: ["b"] }));
    expect(await endOf(opened, "line")).toBe("success");
    expect(world.made).toEqual(["c"]);
    const [, b] = await opened.engine.tasks("line", "r");
    expect(b).toMatchObject({ state: "success", reason: "marked as success by hand" });
  });

  test("a task under way as failed stops it, and the run ends by that", async () => {
    const { definition } = line();
    const never = dag("never", {}, (d) =>
      d.chain(
        d.task("a", () => new Promise(() => undefined)),
        d.task("b", () => undefined),
      ),
    );
    await using opened = await openEngine({ dags: [definition, never] });
    await opened.clock.drive(opened.engine.trigger(never, { runId: "r" }));
    await opened.clock.settle();
    await opened.clock.drive(opened.engine.mark("never", "r", "failed", { tasks: ["a"] }));
    expect(await endOf(opened, "never")).toBe("failed");
    expect(await states(opened, "never")).toEqual({ a: "failed", b: "upstream_failed" });
  });

  test("a task that waits for its turn does not start any more", async () => {
    const held = gate();
    const made: string[] = [];
    const two = dag("two", { maxActiveTasks: 1 }, (d) => {
      d.task("first", { priority: 2 }, () => held.opened);
      d.task("second", () => void made.push("second"));
    });
    await using opened = await openEngine({ dags: [two] });
    await opened.clock.drive(opened.engine.trigger(two, { runId: "r" }));
    await opened.clock.settle();
    await opened.clock.drive(opened.engine.mark("two", "r", "skipped", { tasks: ["second"] }));
    held.open();
    expect(await endOf(opened, "two")).toBe("success");
    expect(made).toEqual([]);
    expect(await states(opened, "two")).toEqual({ first: "success", second: "skipped" });
  });
});

describe("what cannot be done is refused", () => {
  test("an unknown task, run or DAG", async () => {
    const { definition } = line();
    await using opened = await openEngine({ dags: [definition] });
    await opened.run(definition, { runId: "r" });
    const { engine, clock } = opened;
    for (const [what, code] of [
      [() => engine.clear("line", "r", { tasks: ["x"] }), "TASK_NOT_FOUND"],
      [() => engine.clear("line", "other"), "RUN_NOT_FOUND"],
      [() => engine.clear("no", "r"), "RUN_NOT_FOUND"],
      [() => engine.clear("../etc", "r"), "DAG_ID_INVALID"],
      [() => engine.mark("line", "r", "success", { tasks: ["x"] }), "TASK_NOT_FOUND"],
      [() => engine.clearXComs("line", "r", { task: "x" }), "TASK_NOT_FOUND"],
      [() => engine.pause("no"), "DAG_NOT_FOUND"],
      [() => engine.setPool("a b", 1), "POOL_INVALID"],
      [() => engine.setPool("a", -1), "POOL_INVALID"],
    ] as const)
      await expect(clock.drive<unknown>(what())).rejects.toMatchObject({ code });
  });

  test("a run whose version is gone cannot be cleared, and stays as it is", async () => {
    const database = memoryDatabase();
    const of = (more: boolean) =>
      dag("line", {}, (d) => {
        d.task("t", () => 1);
        if (more) d.task("u", () => 2);
      });
    const first = await openEngine({ dags: [of(false)], store: memoryStore({ database }) });
    await first.clock.drive(first.engine.run("line", { runId: "r" }));
    await first.clock.drive(first.engine.close());
    await using second = await openEngine({ dags: [of(true)], store: memoryStore({ database }) });
    await expect(second.clock.drive(second.engine.clear("line", "r"))).rejects.toMatchObject({
      code: "DAG_VERSION_GONE",
    });
    expect(await states(second, "line")).toEqual({ t: "success" });
  });
});

test("XComs of a run can be removed by task and key, and the answer names them with their sizes", async () => {
  const { definition } = line();
  await using opened = await openEngine({ dags: [definition] });
  await opened.run(definition, { runId: "r" });
  const { engine, clock } = opened;
  const told = await clock.drive(engine.clearXComs("line", "r", { task: "b", dryRun: true }));
  expect(told.xcoms).toEqual([{ taskId: "b", mapIndex: -1, key: "return_value", sizeBytes: 3 }]);
  expect(await engine.xcom("line", "r", "b")).toBe("b");
  expect(await clock.drive(engine.clearXComs("line", "r", { task: "b" }))).toEqual(told);
  expect(await engine.xcom("line", "r", "b")).toBeUndefined();
  expect(await engine.xcom("line", "r", "c")).toBe("b");
});

test("a pool that is given slots lets those start that wait for them", async () => {
  const made: string[] = [];
  const pooled = dag("pooled", {}, (d) => {
    for (const id of ["a", "b", "c"]) d.task(id, { pool: "gate" }, () => void made.push(id));
  });
  await using opened = await openEngine({ dags: [pooled], pools: { gate: 0 } });
  await opened.clock.drive(opened.engine.trigger(pooled, { runId: "r" }));
  await opened.clock.settle();
  expect(made).toEqual([]);
  await opened.clock.drive(opened.engine.setPool("gate", 2));
  expect(await endOf(opened, "pooled")).toBe("success");
  expect(made).toEqual(["a", "b", "c"]);
});
