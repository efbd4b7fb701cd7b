import { expect, test } from "vitest";
import { concat, dag, type TriggerRule, zip } from "../../src/index.ts";
import { openEngine, statesOf } from "../test-engine.ts";
import { resume } from "./given-runs.ts";
import { scriptedDag } from "./scripted-dag.ts";

test("a mapped task that depends on its past waits for every instance of the previous run", async () => {
  const held: (() => void)[] = [];
  const past = dag("past", {}, (d) => {
    d.map("each", { over: [0, 1], dependsOnPast: true }, ({ run }) =>
      run.id === "one" ? new Promise<void>((resolve) => held.push(resolve)) : undefined,
    );
  });
  await using opened = await openEngine({ dags: [past] });
  const begun = () =>
    opened.events
      .filter(({ kind, runId }) => kind === "task.running" && runId === "two")
      .map(({ mapIndex }) => mapIndex);
  await opened.clock.drive(opened.engine.trigger(past, { runId: "one", logicalDate: "2026-01-01" }));
  await opened.clock.drive(opened.engine.trigger(past, { runId: "two", logicalDate: "2026-01-02" }));
  await opened.clock.settle();
  expect([held.length, begun()]).toEqual([2, []]);
  held[0]();
  await opened.clock.settle();
  expect(begun()).toEqual([]);
  held[1]();
  await opened.clock.settle();
  expect(begun()).toEqual([0, 1]);
});

test("a task that others are mapped over fails itself when it returns no list", async () => {
  for (const returned of [undefined, null, 5, "abc", new Map()]) {
    const mapped = dag("mapped", {}, (d) => {
      d.map("each", { over: d.task("list", () => returned as unknown as number[]) }, () => 1);
    });
    await using opened = await openEngine({ dags: [mapped] });
    const result = await opened.run(mapped);
    expect(statesOf(result)).toEqual({ list: "failed", each: "upstream_failed" });
    expect(result.tasks.list.error?.code).toBe("MAP_SOURCE_INVALID");
  }
});

test("so does each task that a product, concat or zip is made of, and one that returns too many", async () => {
  const many = Array.from({ length: 1_025 }, () => 0);
  for (const [returned, code] of [
    [undefined, "MAP_SOURCE_INVALID"],
    [many, "MAP_TOO_LONG"],
  ] as const) {
    const mapped = dag("mapped", {}, (d) => {
      const list = (id: string) => d.task(id, () => returned as unknown as number[]);
      d.map("product", { over: { a: list("p1"), b: list("p2") } }, () => 1);
      d.map("concat", { over: concat([1], list("c1")) }, () => 1);
      d.map("zip", { over: zip([list("z1"), [1]]) }, () => 1);
    });
    await using opened = await openEngine({ dags: [mapped] });
    const { tasks } = await opened.run(mapped);
    for (const id of ["p1", "p2", "c1", "z1"]) expect([id, tasks[id].error?.code]).toEqual([id, code]);
  }
});

test("lists written out are as long as they are; so are the results of a mapped task; all combinations are held to the limit", async () => {
  const long = Array.from({ length: 1_100 }, (_, index) => index);
  const mapped = dag("mapped", { maxActiveTasks: 2_000 }, (d) => {
    const first = d.map("first", { over: long }, ({ element }) => element);
    d.map("second", { over: first }, ({ element }) => element);
    d.map("square", { over: { a: long.slice(0, 40), b: long.slice(0, 40) } }, () => 1);
    d.map("raised", { over: { a: long.slice(0, 40), b: long.slice(0, 40) }, maxMapLength: 1_600 }, () => 1);
  });
  await using opened = await openEngine({ dags: [mapped] });
  const { tasks } = await opened.run(mapped);
  expect([tasks.first.state, tasks.second.state, tasks.square.state, tasks.raised.state]).toEqual([
    "success",
    "success",
    "failed",
    "success",
  ]);
  expect(tasks.second.instances).toHaveLength(1_100);
  expect(tasks.square.reason).toContain("1600 elements, more than 1024");
});

const rules: readonly TriggerRule[] = ["all_success", "all_done", "always", "one_done", "none_skipped"];

test("where the list fails, the mapped task is upstream_failed under every rule that does not skip it", async () => {
  for (const triggerRule of rules) {
    const tasks = [
      { id: "list", does: "failed" as const },
      { id: "each", over: "list", options: { triggerRule } },
    ];
    const failing = scriptedDag("failing", tasks, []);
    await using opened = await openEngine({ dags: [failing] });
    const result = await opened.run(failing);
    expect([triggerRule, statesOf(result).each, result.state]).toEqual([triggerRule, "upstream_failed", "failed"]);
  }
});

test("where the list is skipped, so is the mapped task: nothing failed", async () => {
  for (const triggerRule of ["all_success", "all_done", "none_failed", "always"] as const) {
    const tasks = [
      { id: "list", does: "skipped" as const },
      { id: "each", over: "list", options: { triggerRule } },
    ];
    const skipping = scriptedDag("skipping", tasks, []);
    await using opened = await openEngine({ dags: [skipping] });
    const result = await opened.run(skipping);
    expect([triggerRule, statesOf(result).each, result.state]).toEqual([triggerRule, "skipped", "success"]);
  }
});

test("a mapped task waits for its list even where its rule does not wait", async () => {
  const order: string[] = [];
  const eager = dag("eager", {}, (d) => {
    const quick = d.task("quick", () => 1);
    const list = d.task("list", { retries: 1, retryDelay: "1m" }, ({ attempt }) => {
      order.push(`list ${attempt}`);
      if (attempt === 1) throw new Error("not yet");
      return ["a", "b"];
    });
    d.map("each", { over: list, triggerRule: "one_success" }, ({ element }) => order.push(element)).after(quick);
  });
  await using opened = await openEngine({ dags: [eager] });
  const result = await opened.run(eager);
  expect([order, result.state]).toEqual([["list 1", "list 2", "a", "b"], "success"]);
});

test("a skipped instance leaves a hole in nobody's list: what follows gets the others", async () => {
  const holes = dag("holes", {}, (d) => {
    const each = d.map("each", { over: ["a", "b", "c"] }, ({ element }) => (element === "c" ? undefined : element));
    d.task("collect", { input: each, triggerRule: "all_done" }, ({ input }) => input?.join(""));
  });
  await using opened = await openEngine({ dags: [holes] });
  expect(await (await opened.run(holes)).xcom("collect")).toBe("ab");
});

test("a task behind a mapped one begins only when every instance has ended", async () => {
  const tasks = [{ id: "each", over: 3 }, { id: "behind" }];
  const mapped = scriptedDag("mapped", tasks, [["each", "behind"]]);
  await using resumed = await resume(mapped, [{ states: {} }]);
  expect(resumed.begun).toEqual(["run 1: each[0]", "run 1: each[1]", "run 1: each[2]"]);
});
