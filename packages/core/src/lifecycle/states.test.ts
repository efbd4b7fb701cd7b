import { describe, expect, test } from "vitest";
import { deriveRunState, stateOfMapped } from "./run-state.ts";
import { isFinished, isLegalTaskMove, isRunFinished, TASK_STATES, type TaskState } from "./states.ts";

describe("moves of a task instance", () => {
  test("lead out of every state that is not an end, and out of no end", () => {
    for (const from of TASK_STATES)
      expect([from, TASK_STATES.some((to) => isLegalTaskMove(from, to))]).toEqual([from, !isFinished(from)]);
  });

  test("never lead to where it is", () => {
    for (const state of TASK_STATES) expect([state, isLegalTaskMove(state, state)]).toEqual([state, false]);
  });

  test("reach every state from the first", () => {
    const reached = new Set<TaskState>(["scheduled"]);
    for (const from of reached) for (const to of TASK_STATES) if (isLegalTaskMove(from, to)) reached.add(to);
    expect(reached).toEqual(new Set(TASK_STATES));
  });
});

describe("the state of a run", () => {
  const bad: readonly TaskState[] = ["failed", "upstream_failed", "cancelled"];
  const derive = (considered: readonly TaskState[], rule: "leaves" | "any_failed" = "leaves", anyFailed = false) =>
    deriveRunState({ considered, anyFailed, rule });

  test("is that of its last tasks: one that went wrong is enough", () => {
    for (const state of TASK_STATES.filter(isFinished)) {
      const wanted = bad.includes(state) ? "failed" : "success";
      expect([state, derive(["success", state, "skipped"]), derive([state])]).toEqual([state, wanted, wanted]);
    }
    expect(derive([])).toBe("success");
  });

  test("by the strict rule counts every task", () => {
    expect(derive(["success"], "leaves", true)).toBe("success");
    expect(derive(["success"], "any_failed", true)).toBe("failed");
    expect(derive(["failed"], "any_failed", false)).toBe("failed");
  });

  test("is an end or it is none", () => {
    expect((["queued", "running", "success", "failed", "cancelled"] as const).map(isRunFinished)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });
});

test("a mapped task stands as its worst instance does", () => {
  const whole = (...states: TaskState[]) => stateOfMapped((state) => states.filter((other) => other === state).length);
  expect(whole("success", "failed", "upstream_failed", "skipped")).toBe("failed");
  expect(whole("success", "upstream_failed")).toBe("upstream_failed");
  expect(whole("success", "cancelled", "skipped")).toBe("cancelled");
  expect(whole("skipped", "success", "removed")).toBe("success");
  expect(whole("skipped", "removed")).toBe("skipped");
  expect(whole("removed")).toBe("removed");
});
