import { describe, expect, test } from "vitest";
import { dag, skip } from "../../src/index.ts";
import { openEngine, statesOf } from "../test-engine.ts";

type How = "succeeds" | "fails" | "skips";

function act(how: How): void {
  if (how === "fails") throw new Error("failed on purpose");
  if (how === "skips") throw skip("on purpose");
}

describe("setup and teardown", () => {
  const cluster = (how: {
    readonly setup?: How;
    readonly work?: How;
    readonly teardown?: How;
    readonly failRun?: boolean;
  }) =>
    dag("cluster", {}, (d) => {
      const create = d.task("create", { role: "setup" }, () => act(how.setup ?? "succeeds"));
      const first = d.task("first", () => act(how.work ?? "succeeds")).after(create);
      const second = d.task("second", () => undefined).after(first);
      d.task("destroy", { role: "teardown", setups: create, failRun: how.failRun }, () =>
        act(how.teardown ?? "succeeds"),
      ).after(second);
    });

  test("all goes well", async () => {
    const dagged = cluster({});
    await using opened = await openEngine({ dags: [dagged] });
    const result = await opened.run(dagged);
    expect(result.state).toBe("success");
    expect(new Set(Object.values(statesOf(result)))).toEqual(new Set(["success"]));
  });

  test("failed work is torn down, and the run has failed", async () => {
    const dagged = cluster({ work: "fails" });
    await using opened = await openEngine({ dags: [dagged] });
    const result = await opened.run(dagged);
    expect(statesOf(result)).toEqual({
      create: "success",
      first: "failed",
      second: "upstream_failed",
      destroy: "success",
    });
    expect(result.state).toBe("failed");
  });

  test("after a failed setup nothing runs, nor is torn down", async () => {
    const dagged = cluster({ setup: "fails" });
    await using opened = await openEngine({ dags: [dagged] });
    const result = await opened.run(dagged);
    expect(statesOf(result)).toEqual({
      create: "failed",
      first: "upstream_failed",
      second: "upstream_failed",
      destroy: "upstream_failed",
    });
    expect(result.state).toBe("failed");
  });

  test("after a skipped setup everything is skipped", async () => {
    const dagged = cluster({ setup: "skips" });
    await using opened = await openEngine({ dags: [dagged] });
    const result = await opened.run(dagged);
    expect(new Set(Object.values(statesOf(result)))).toEqual(new Set(["skipped"]));
    expect(result.state).toBe("success");
  });

  test("a failed teardown does not fail the run, unless it shall", async () => {
    for (const [failRun, state] of [
      [false, "success"],
      [true, "failed"],
    ] as const) {
      const dagged = cluster({ teardown: "fails", failRun });
      await using opened = await openEngine({ dags: [dagged] });
      const result = await opened.run(dagged);
      expect(result.tasks["destroy"].state).toBe("failed");
      expect(result.state).toBe(state);
      expect(result.note).toBe("1 task failed");
    }
  });
});

test("a setup holds for tasks that follow it only indirectly, whatever their rule", async () => {
  const indirect = dag("indirect", {}, (d) => {
    const create = d.task("create", { role: "setup" }, () => act("fails"));
    const direct = d.task("direct", () => undefined).after(create);
    const later = d.task("later", { triggerRule: "all_done" }, () => undefined).after(direct);
    d.task("destroy", { role: "teardown", setups: create }, () => undefined).after(later);
    d.task("outside", () => undefined);
  });
  await using opened = await openEngine({ dags: [indirect] });
  expect(statesOf(await opened.run(indirect))).toEqual({
    create: "failed",
    direct: "upstream_failed",
    later: "upstream_failed",
    destroy: "upstream_failed",
    outside: "success",
  });
});

test("a teardown of two setups runs when one of them succeeded", async () => {
  const two = dag("two", {}, (d) => {
    const a = d.task("a", { role: "setup" }, () => act("succeeds"));
    const b = d.task("b", { role: "setup" }, () => act("fails"));
    const work = d.task("work", () => undefined).after(a, b);
    d.task("close", { role: "teardown", setups: [a, b] }, () => undefined).after(work);
  });
  await using opened = await openEngine({ dags: [two] });
  expect(statesOf(await opened.run(two))).toEqual({
    a: "success",
    b: "failed",
    work: "upstream_failed",
    close: "success",
  });
});

test("a group that ends in a teardown hands on from its work", async () => {
  const handed = dag("handed", {}, (d) => {
    const group = d.group("g", (g) => {
      const open = g.task("open", { role: "setup" }, () => undefined);
      const work = g.task("work", () => undefined).after(open);
      g.task("close", { role: "teardown", setups: open }, () => act("fails")).after(work);
    });
    d.task("next", () => undefined).after(group);
  });
  await using opened = await openEngine({ dags: [handed] });
  const result = await opened.run(handed);
  expect(result.tasks["next"].state).toBe("success");
  expect(result.state).toBe("success");
});

test("failFast skips the work that is left and still tears down", async () => {
  const fast = dag("fast", { failFast: true }, (d) => {
    const open = d.task("open", { role: "setup" }, () => undefined);
    const bad = d.task("bad", () => act("fails")).after(open);
    const slow = d.task("slow", () => new Promise(() => undefined)).after(open);
    const later = d.task("later", () => undefined).after(slow);
    d.task("close", { role: "teardown", setups: open }, () => undefined).after(bad, later);
  });
  await using opened = await openEngine({ dags: [fast] });
  const result = await opened.run(fast);
  expect(statesOf(result)).toEqual({
    open: "success",
    bad: "failed",
    slow: "failed",
    later: "skipped",
    close: "success",
  });
  expect(result.state).toBe("failed");
});
