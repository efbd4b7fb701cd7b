import { spawnSync } from "node:child_process";
import { setTimeout as realSleep } from "node:timers/promises";
import { dag, fail, skip, type TaskHandle } from "@millrace/core";
import { awaitEvent, reschedule } from "@millrace/core/plugin";
import { describe, expect, test } from "vitest";
import { testDag } from "../../src/index.ts";

/** The package's folder: from there it finds itself by its name. */
const root = new URL("../..", import.meta.url);

interface Row {
  readonly amount: number;
}

const warehouse = dag("warehouse", {}, (d) => {
  const extract = d.task("extract", { retries: 2 }, (): Row[] => {
    throw new Error("the warehouse is not here");
  });
  const clean = d.task("clean", { input: { rows: extract } }, async ({ input, log, xcom }) => {
    log.info("cleaning", { rows: input.rows.length });
    await xcom.push("currency", "EUR");
    return input.rows.filter(({ amount }) => amount > 0);
  });
  d.task("report", { input: clean, triggerRule: "all_done" }, ({ input }) => input?.length ?? -1);
});
const rows: readonly Row[] = [{ amount: 1 }, { amount: -1 }];

describe("a run", () => {
  test("tells states, attempts, errors, values, logs, the order of starts and events", async () => {
    const result = await testDag(warehouse, { mock: { extract: rows } });
    expect(result).toMatchObject({ dagId: "warehouse", runId: "test", state: "success", summary: "success" });
    expect(result.tasks.clean).toMatchObject({ state: "success", attempts: 1, error: null });
    expect(result.value("clean")).toEqual([{ amount: 1 }]);
    expect(result.value<number>("report")).toBe(1);
    expect(result.xcom("clean", "currency")).toBe("EUR");
    expect(result.xcom("clean", "none")).toBeUndefined();
    expect(result.logs("clean")).toMatchObject([
      { level: "info", message: "cleaning", fields: { rows: 2 }, mapIndex: -1, attempt: 1 },
    ]);
    expect(result.logs("report")).toEqual([]);
    expect(result.started).toEqual(["extract", "clean", "report"]);
    expect(result.events.at(-1)).toMatchObject({ kind: "run.success", runId: "test" });
    expect(result.orThrow()).toBe(result);
  });

  test("that fails resolves, and orThrow() throws with what the task threw as its cause", async () => {
    const broken = new Error("out of ink");
    const result = await testDag(warehouse, { mock: { extract: broken, report: broken } });
    expect([result.state, result.tasks.clean?.state]).toEqual(["failed", "upstream_failed"]);
    expect(result.tasks.extract?.attempts).toBe(3);
    expect(() => result.orThrow()).toThrow(
      expect.objectContaining({
        code: "TEST_RUN_FAILED",
        message: expect.stringContaining("- report: out of ink"),
        cause: broken,
      }),
    );
  });

  test("that was cancelled or timed out says so", async () => {
    const late = dag("late", { runTimeout: "1h" }, (d) => {
      d.task("hangs", () => new Promise(() => undefined));
    });
    const result = await testDag(late);
    expect(result.state).toBe("failed");
    expect(() => result.orThrow()).toThrow(/runTimeout/);
  });

  test("is over only when its callbacks are", async () => {
    const told: string[] = [];
    const callback = (name: string) => async () => {
      for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
      told.push(name);
    };
    const calls = dag("calls", { onSuccess: callback("run") }, (d) => {
      d.task("t", { onSuccess: callback("task") }, () => 1);
    });
    await testDag(calls);
    expect(told.sort()).toEqual(["run", "task"]);
  });

  test("has the params, the conf and the dates that it is given", async () => {
    const echo = dag("echo", {}, (d) => {
      d.task("all", ({ params, conf, logicalDate, run }) => [params, conf, String(logicalDate), run.id]);
    });
    const options = { params: { a: 1 }, conf: { b: 2 }, logicalDate: "2026-01-02", runId: "mine" } as const;
    expect((await testDag(echo, options)).value("all")).toEqual([{ a: 1 }, { b: 2 }, "2026-01-02T00:00:00Z", "mine"]);
    const at = await testDag(echo, { now: "2026-05-06T07:08:09Z" });
    expect([String(at.startedAt), String(at.endedAt)]).toEqual(["2026-05-06T07:08:09Z", "2026-05-06T07:08:09Z"]);
  });

  test("of mapped tasks gives lists and elements, of streams the bytes", async () => {
    let handle: TaskHandle | undefined;
    const mapped = dag("mapped", {}, (d) => {
      handle = d.map("each", { over: ["a", "b"] }, async ({ element, log, xcom }) => {
        log.info(element);
        await xcom.pushStream("bytes", [Buffer.from(element)] as unknown as AsyncIterable<Uint8Array>);
        return element.toUpperCase();
      });
      d.map("none", { over: [] }, () => 1);
    });
    const result = await testDag(mapped);
    expect(result.value("each")).toEqual(["A", "B"]);
    expect(result.value(handle as TaskHandle)).toEqual(["A", "B"]);
    expect(result.value("each", { mapIndex: 1 })).toBe("B");
    expect(result.value("each", { mapIndex: 2 })).toBeUndefined();
    expect(result.value("none")).toEqual([]);
    expect(result.xcom("each", "bytes", { mapIndex: 0 })).toEqual(new Uint8Array([97]));
    expect(result.logs("each").map(({ mapIndex, message }) => [mapIndex, message])).toEqual([
      [0, "a"],
      [1, "b"],
    ]);
    expect(result.started).toEqual(["each[0]", "each[1]"]);
  });
});

test("works in a plain script, leaves nothing open behind it and opens no socket or file", () => {
  const script = `
    import { dag } from "@millrace/core";
    import { testDag } from "@millrace/testing";
    const hello = dag("hello", {}, (d) => {
      const name = d.task("name", { retries: 1 }, ({ attempt }) => {
        if (attempt === 1) throw new Error("again");
        return "Ada";
      });
      d.task("greet", { input: name }, ({ input }) => "Hello " + input);
    });
    const before = process.getActiveResourcesInfo().length;
    const result = await testDag(hello);
    console.log(JSON.stringify([result.value("greet"), process.getActiveResourcesInfo().length - before]));`;
  const args = ["--conditions=millrace-source", "--input-type=module", "--eval", script];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect([stdout.trim(), stderr, status]).toEqual(['["Hello Ada",0]', "", 0]);
});

test("the main door loads no test runner and no fast-check", () => {
  const script = `
    import { registerHooks } from "node:module";
    const seen = [];
    registerHooks({ resolve: (name, context, next) => (seen.push(name), next(name, context)) });
    await import("@millrace/testing");
    const isRunner = (name) => /^(vitest|@vitest|fast-check|node:test)/.test(name);
    console.log(JSON.stringify([seen.includes("@millrace/core/engine"), seen.filter(isRunner)]));`;
  const args = ["--conditions=millrace-source", "--input-type=module", "--eval", script];
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect(stdout.trim()).toBe("[true,[]]");
});

describe("time", () => {
  test("jumps over retries, reschedules and timeouts", async () => {
    let looks = 0;
    const patient = dag("patient", {}, (d) => {
      d.task("retries", { retries: { max: 3, delay: "20h" } }, ({ attempt }) => {
        if (attempt < 4) throw new Error("not yet");
      });
      d.task("polls", () => {
        if (++looks < 30) throw reschedule(Date.UTC(2026, 9, 22 + looks, 12));
      });
      d.task("hangs", { executionTimeout: "7d" }, ({ signal }) => {
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      });
    });
    const result = await testDag(patient);
    expect(result.tasks).toMatchObject({
      retries: { state: "success", attempts: 4 },
      polls: { state: "success", attempts: 1 },
      hangs: { state: "failed", error: { code: "TASK_TIMEOUT" } },
    });
    expect(String(result.endedAt)).toBe("2026-11-20T12:00:00Z");
  });

  test("stands still while a task works outside of it", async () => {
    const reads = dag("reads", {}, (d) => {
      d.task("sleeps", { executionTimeout: "1s" }, () => realSleep(120, "done"));
      d.shell("prints", { executionTimeout: "1s", command: [process.execPath, "-p", "6*7"] });
    });
    const result = await testDag(reads);
    expect([result.value("sleeps"), result.value("prints")]).toEqual(["done", "42"]);
    expect(String(result.startedAt)).toBe(String(result.endedAt));
  });

  test("that brings nothing any more ends the test with a word on what is missing", async () => {
    const waits = dag("waits", {}, (d) => {
      d.task("approval", () => {
        throw awaitEvent("approved");
      });
    });
    await expect(testDag(waits)).rejects.toMatchObject({
      code: "TEST_RUN_STUCK",
      message: expect.stringContaining("task 'approval' awaits the event 'approved'"),
    });
    const hangs = dag("hangs", {}, (d) => {
      d.task("never", () => new Promise(() => undefined));
    });
    await expect(testDag(hangs)).rejects.toMatchObject({
      code: "TEST_RUN_STUCK",
      message: expect.stringContaining("task 'never' has begun and does not end"),
    });
  });
});

describe("mocks", () => {
  const choosing = dag("choosing", {}, (d) => {
    const list = d.task("list", () => [1, 2, 3]);
    d.map("each", { over: list, retries: 1 }, ({ element }) => element);
    d.branch("pick", { choices: ["left", "right"] }, () => "left");
    d.task("left", () => "left");
    d.task("right", () => "right");
    d.empty("join");
  });

  test("run in place of the task's function, with its context, retries, timeout and rules", async () => {
    const seen: unknown[] = [];
    const result = await testDag(choosing, {
      mock: {
        list: ["x", "y"],
        each: ({ element, attempt }) => {
          seen.push([element, attempt]);
          if (attempt === 1) throw new Error("again");
          return `${String(element)}!`;
        },
        pick: () => "right",
        join: "joined",
      },
    });
    expect(result.value("each")).toEqual(["x!", "y!"]);
    expect(seen).toEqual([
      ["x", 1],
      ["y", 1],
      ["x", 2],
      ["y", 2],
    ]);
    expect(result.value("join")).toBe("joined");
    expect([result.tasks.left?.state, result.tasks.right?.state]).toEqual(["skipped", "success"]);
    // The DAG itself stays as it is.
    expect((await testDag(choosing)).value("each")).toEqual([1, 2, 3]);
  });

  test("may skip and fail, and what no branch may choose is refused", async () => {
    const skipped = await testDag(choosing, { mock: { list: skip("no list"), pick: fail("no choice") } });
    expect(skipped.tasks).toMatchObject({
      list: { state: "skipped" },
      each: { state: "skipped" },
      pick: { state: "failed", attempts: 1, error: { message: "no choice" } },
      left: { state: "upstream_failed" },
    });
    const wrong = await testDag(choosing, { mock: { pick: "middle" } });
    expect(wrong.tasks.pick?.error?.code).toBe("BRANCH_CHOICE_INVALID");
  });

  test("of a value give it to every element of a mapped task", async () => {
    expect((await testDag(choosing, { mock: { each: 5 } })).value("each")).toEqual([5, 5, 5]);
  });

  test("that give what no XCom takes are refused before anything runs, those of functions fail their task", async () => {
    await expect(testDag(choosing, { mock: { list: { deep: [() => 1] } } })).rejects.toMatchObject({
      code: "TEST_VALUE_REFUSED",
      message: expect.stringContaining("'list' could not be pushed: The value at $.deep[0]"),
      cause: { code: "XCOM_UNSUPPORTED" },
    });
    const late = await testDag(choosing, { mock: { pick: () => Symbol("left") } });
    expect(late.state).toBe("failed");
  });
});
