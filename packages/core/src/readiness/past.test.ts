import { expect, test } from "vitest";
import { isFinished, TASK_STATES, type TaskState } from "../lifecycle/states.ts";
import { decidePast, type PastQuery } from "./past.ts";

const asked: PastQuery = {
  dependsOnPast: true,
  waitForDownstream: false,
  previous: { state: "success", downstream: [] },
  isFirstOfBackfill: false,
};

const after = (state: TaskState | undefined, downstream: readonly TaskState[] = [], waitForDownstream = false) =>
  decidePast({ ...asked, waitForDownstream, previous: { state, downstream } });

const good: readonly TaskState[] = ["success", "skipped"];

test("the previous instance must have succeeded or been skipped", () => {
  for (const state of TASK_STATES) {
    const decision = after(state);
    expect([state, decision.met]).toEqual([state, good.includes(state)]);
    // It may still come right by itself as long as it has not ended.
    if (!decision.met)
      expect([state, decision.isPending, decision.why.includes(`'${state}'`)]).toEqual([
        state,
        !isFinished(state),
        true,
      ]);
  }
});

test("with waitForDownstream what stands right behind it must have gone well, too", () => {
  for (const state of TASK_STATES) {
    const decision = after("success", ["success", state, "skipped"], true);
    expect([state, decision.met]).toEqual([state, good.includes(state)]);
    if (!decision.met) expect([state, decision.isPending]).toEqual([state, !isFinished(state)]);
    expect(after("success", [state], false).met).toBe(true);
  }
  expect(after("failed", ["success"], true).met).toBe(false);
});

test("waitForDownstream alone looks at the past as well", () => {
  expect(
    decidePast({
      ...asked,
      dependsOnPast: false,
      waitForDownstream: true,
      previous: { state: "failed", downstream: [] },
    }).met,
  ).toBe(false);
});

test("nothing is asked of tasks that do not depend on it, of first runs, of new tasks, of the first of a backfill", () => {
  const bad = { state: "failed", downstream: ["failed"] } as const;
  expect(decidePast({ ...asked, dependsOnPast: false, previous: bad }).met).toBe(true);
  expect(decidePast({ ...asked, previous: undefined }).met).toBe(true);
  expect(after(undefined, ["failed"], true).met).toBe(true);
  expect(decidePast({ ...asked, previous: bad, isFirstOfBackfill: true }).met).toBe(true);
});
