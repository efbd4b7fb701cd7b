import { describe, expect, test } from "vitest";
import { concat, dag, skip, zip } from "../../src/index.ts";
import { gate, openEngine, startOrder, statesOf } from "../test-engine.ts";

describe("map and reduce", () => {
  test("one instance per element; the result is the list of results, in order", async () => {
    const squares = dag("squares", {}, (d) => {
      const numbers = d.task("numbers", () => [3, 1, 2]);
      const square = d.map("square", { over: numbers }, ({ element, task }) => [task.mapIndex, element ** 2]);
      const sum = d.task("sum", { input: square }, ({ input }) => input.reduce((total, [, value]) => total + value, 0));
      d.task("second", { input: sum }, async ({ xcom }) => xcom.pull({ task: square, mapIndex: 1 }));
    });
    await using opened = await openEngine({ dags: [squares] });
    const result = await opened.run(squares);
    expect(await result.xcom("square")).toEqual([
      [0, 9],
      [1, 1],
      [2, 4],
    ]);
    expect(await result.xcom("square", { mapIndex: 2 })).toEqual([2, 4]);
    expect(await result.xcom("sum")).toBe(14);
    expect(await result.xcom("second")).toEqual([1, 1]);
    expect(result.tasks["square"]).toMatchObject({ state: "success", attempts: 3 });
    expect(result.tasks["square"].instances.map(({ state }) => state)).toEqual(["success", "success", "success"]);
  });

  test("one element is one instance", async () => {
    const single = dag("single", {}, (d) => {
      const list = d.task("list", () => ["only"]);
      const each = d.map("each", { over: list }, ({ element }) => element.length);
      d.task("end", { input: each }, ({ input }) => input);
    });
    await using opened = await openEngine({ dags: [single] });
    const result = await opened.run(single);
    expect(await result.xcom("end")).toEqual([4]);
    expect(result.tasks["each"].instances).toHaveLength(1);
  });

  test("no elements: the task is skipped, and what follows by its rule", async () => {
    const none = dag("none", {}, (d) => {
      const list = d.task("list", (): number[] => []);
      const each = d.map("each", { over: list }, ({ element }) => element);
      d.task("strict", { input: each }, () => "ran");
      d.task("loose", { input: each, triggerRule: "none_failed" }, ({ input }) => input);
    });
    await using opened = await openEngine({ dags: [none] });
    const result = await opened.run(none);
    expect(statesOf(result)).toEqual({ list: "success", each: "skipped", strict: "skipped", loose: "success" });
    expect(await result.xcom("loose")).toEqual([]);
    expect(result.state).toBe("success");
  });

  test("an object is mapped over as pairs of key and value", async () => {
    const pairs = dag("pairs", {}, (d) => {
      const record = d.task("record", () => ({ a: 1, b: 2 }));
      d.map("each", { over: record }, ({ element: [key, value] }) => `${key}=${value}`);
    });
    await using opened = await openEngine({ dags: [pairs] });
    expect(await (await opened.run(pairs)).xcom("each")).toEqual(["a=1", "b=2"]);
  });

  test("other inputs come to every instance", async () => {
    const both = dag("both", {}, (d) => {
      const list = d.task("list", () => [1, 2]);
      const factor = d.task("factor", () => 10);
      d.map("each", { over: list, input: factor }, ({ element, input }) => element * input);
    });
    await using opened = await openEngine({ dags: [both] });
    expect(await (await opened.run(both)).xcom("each")).toEqual([10, 20]);
  });

  test("a mapped task can be mapped over: by the results of those that left one", async () => {
    const twice = dag("twice", {}, (d) => {
      const list = d.task("list", () => [1, 2, 3, 4]);
      const even = d.map("even", { over: list }, ({ element }) => {
        if (element % 2 === 1) throw skip("odd");
        return element;
      });
      d.map("tenfold", { over: even, triggerRule: "none_failed" }, ({ element }) => element * 10);
    });
    await using opened = await openEngine({ dags: [twice] });
    const result = await opened.run(twice);
    expect(result.tasks["even"].instances.map(({ state }) => state)).toEqual([
      "skipped",
      "success",
      "skipped",
      "success",
    ]);
    expect(await result.xcom("tenfold")).toEqual([20, 40]);
  });
});

describe("sources put together", () => {
  test("a record of sources is their product, the first varying slowest", async () => {
    const product = dag("product", {}, (d) => {
      const letters = d.task("letters", () => ["a", "b"]);
      d.map("each", { over: { letter: letters, digit: [1, 2] } }, ({ element }) => `${element.letter}${element.digit}`);
    });
    await using opened = await openEngine({ dags: [product] });
    expect(await (await opened.run(product)).xcom("each")).toEqual(["a1", "a2", "b1", "b2"]);
  });

  test("zip puts them side by side: to the end of the shortest, or of the longest with a filling", async () => {
    const zipped = dag("zipped", {}, (d) => {
      const long = d.task("long", () => [1, 2, 3]);
      d.map("short", { over: zip([long, ["x", "y"]]) }, ({ element }) => element.join(""));
      d.map("filled", { over: zip([long, ["x", "y"]], { fill: "-" }) }, ({ element }) => element.join(""));
    });
    await using opened = await openEngine({ dags: [zipped] });
    const result = await opened.run(zipped);
    expect(await result.xcom("short")).toEqual(["1x", "2y"]);
    expect(await result.xcom("filled")).toEqual(["1x", "2y", "3-"]);
  });

  test("concat puts them one after the other", async () => {
    const joined = dag("joined", {}, (d) => {
      const a = d.task("a", () => [1]);
      const b = d.task("b", () => [2, 3]);
      d.map("each", { over: concat(a, b, [4]) }, ({ element }) => element);
    });
    await using opened = await openEngine({ dags: [joined] });
    expect(await (await opened.run(joined)).xcom("each")).toEqual([1, 2, 3, 4]);
  });

  test("a product that is too long fails before it is made", async () => {
    const huge = dag("huge", {}, (d) => {
      const list = d.task("list", () => Array.from({ length: 1_000 }, (_, n) => n));
      d.map("each", { over: { a: list, b: list, c: list, d: list } }, () => undefined);
    });
    await using opened = await openEngine({ dags: [huge] });
    const result = await opened.run(huge);
    expect(statesOf(result)).toEqual({ list: "success", each: "failed" });
    expect(result.tasks["each"].reason).toMatch(/MAP_TOO_LONG.*1000000000000/);
  });
});

describe("limits and mistakes", () => {
  test("a list longer than allowed fails the task that returned it", async () => {
    const long = dag("long", {}, (d) => {
      const list = d.task("list", () => [1, 2, 3]);
      d.map("each", { over: list, maxMapLength: 2 }, ({ element }) => element);
    });
    await using opened = await openEngine({ dags: [long] });
    const result = await opened.run(long);
    expect(result.tasks["list"]).toMatchObject({ state: "failed", error: { code: "MAP_TOO_LONG" } });
    expect(result.tasks["each"].state).toBe("upstream_failed");
  });

  test.for([
    ["a number", 5],
    ["null", null],
    ["nothing", undefined],
    ["a Map", new Map()],
  ] as const)("%s fails the task that returned it", async ([, value]) => {
    const scalar = dag("scalar", {}, (d) => {
      const list = d.task("list", () => value as unknown as number[]);
      d.map("each", { over: list }, ({ element }) => element);
    });
    await using opened = await openEngine({ dags: [scalar] });
    const result = await opened.run(scalar);
    expect(result.tasks["list"]).toMatchObject({ state: "failed", error: { code: "MAP_SOURCE_INVALID" } });
    expect(result.tasks["each"].state).toBe("upstream_failed");
  });

  test("maxActive holds as many at once as it says, and no other task", async () => {
    let running = 0;
    let most = 0;
    const gates = Array.from({ length: 6 }, () => gate());
    const limited = dag("limited", {}, (d) => {
      const list = d.task("list", () => [0, 1, 2, 3, 4, 5]);
      d.map("each", { over: list, maxActive: 2 }, async ({ element }) => {
        most = Math.max(most, ++running);
        await gates[element].opened;
        running--;
      });
      d.task("other", () => undefined).after(list);
    });
    await using opened = await openEngine({ dags: [limited] });
    const { engine, clock } = opened;
    const ended = engine.run(limited);
    for (const { open } of gates) {
      await clock.settle();
      open();
    }
    const result = await clock.drive(ended);
    expect(most).toBe(2);
    expect(startOrder(opened.events)).toEqual(["list", "other", ...gates.map((_, index) => `each[${index}]`)]);
    expect(result.state).toBe("success");
  });

  test("one element fails: the others go on, the whole has failed, what follows looks at all", async () => {
    const mixed = dag("mixed", {}, (d) => {
      const list = d.task("list", () => [1, 2, 3]);
      const each = d.map("each", { over: list, retries: { max: 1, delay: "5s" } }, ({ element }) => {
        if (element === 2) throw new Error("two");
        return element;
      });
      d.task("strict", { input: each }, () => undefined);
      d.task("loose", { input: each, triggerRule: "all_done" }, ({ input }) => input);
      d.task("some", { input: each, triggerRule: "one_success" }, () => undefined);
    });
    await using opened = await openEngine({ dags: [mixed] });
    const result = await opened.run(mixed);
    expect(statesOf(result)).toEqual({
      list: "success",
      each: "failed",
      strict: "upstream_failed",
      loose: "success",
      some: "success",
    });
    expect(result.tasks["each"].instances.map(({ state, attempts }) => [state, attempts])).toEqual([
      ["success", 1],
      ["failed", 2],
      ["success", 1],
    ]);
    expect(await result.xcom("loose")).toEqual([1, 3]);
    expect(result.tasks["each"].error?.message).toBe("two");
  });
});

describe("a run that ends while elements are read", () => {
  test("leaves no instance behind that has not ended", async () => {
    const wide = dag("wide", {}, (d) => {
      const list = d.task("list", () => [1, 2, 3]);
      d.map("each", { over: list }, ({ element }) => element);
    });
    // Wherever the cancellation falls, the store has an end for every instance that it has.
    for (let turns = 1; turns < 12; turns++) {
      await using opened = await openEngine({ dags: [wide] });
      const { engine, clock, store } = opened;
      const { runId, runNo } = await clock.drive(engine.trigger(wide));
      for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
      await clock.drive(engine.cancel("wide", runId));
      await clock.settle();
      const states = (await store.tasks.ofRun(runNo)).map(({ state }) => state);
      for (const state of states) expect(["success", "cancelled"]).toContain(state);
    }
  });
});
