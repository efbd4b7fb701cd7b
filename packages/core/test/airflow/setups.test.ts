import { expect, test } from "vitest";
import { dag } from "../../src/index.ts";
import { gate, openEngine, statesOf } from "../test-engine.ts";
import { type Ending, scriptedDag } from "./scripted-dag.ts";

const setup = { role: "setup" } as const;

test("a teardown counts the instances of a mapped setup", async () => {
  for (const [endings, wanted] of [
    [["failed", "skipped", "skipped"], "upstream_failed"],
    [["skipped", "skipped", "skipped"], "skipped"],
    [["failed", "skipped", "success"], "success"],
  ] as const) {
    const tasks = [
      { id: "s", over: endings.length, does: endings as readonly Ending[], options: setup },
      { id: "t", options: { role: "teardown" } as const },
    ];
    const scope = scriptedDag("scope", tasks, [["s", "t"]]);
    await using opened = await openEngine({ dags: [scope] });
    expect([endings, statesOf(await opened.run(scope)).t]).toEqual([endings, wanted]);
  }
});

test("one element of a mapped setup that was skipped or failed decides for all that stands in its scope", async () => {
  for (const [endings, wanted] of [
    [["success", "skipped"], "skipped"],
    [["success", "failed"], "upstream_failed"],
  ] as const) {
    const tasks = [
      { id: "s", over: 2, does: endings as readonly Ending[], options: setup },
      { id: "near" },
      { id: "far", options: { triggerRule: "all_done" } as const },
    ];
    const scope = scriptedDag("scope", tasks, [
      ["s", "near"],
      ["near", "far"],
    ]);
    await using opened = await openEngine({ dags: [scope] });
    expect(statesOf(await opened.run(scope))).toMatchObject({ near: wanted, far: wanted });
  }
});

test("what stands in a setup's scope waits for it under every rule", async () => {
  const { opened: ready, open } = gate();
  const scope = dag("scope", {}, (d) => {
    const near = d.task("near", () => 1).after(d.task("s", setup, () => ready));
    d.task("far", { triggerRule: "one_success" }, () => 1).after(
      near,
      d.task("quick", () => 1),
    );
  });
  await using opened = await openEngine({ dags: [scope] });
  const run = opened.engine.run(scope);
  await opened.clock.settle();
  expect(opened.events.filter(({ kind }) => kind === "task.running").map(({ taskId }) => taskId)).toEqual([
    "s",
    "quick",
  ]);
  open();
  expect(statesOf(await opened.clock.drive(run)).far).toBe("success");
});
