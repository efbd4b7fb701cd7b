import { describe, expect, it } from "vitest";
import { styleOf } from "../terminal/style.ts";
import { frameLines } from "./live-view.ts";
import { RunProgress } from "./run-progress.ts";

const core = { formatDuration: (ms: number) => `${ms} ms` } as Parameters<typeof frameLines>[1]["core"];
const event = (kind: string, taskId: string, more: object = {}) => ({
  seq: 1,
  at: 1_000,
  kind,
  dagId: "d",
  runId: "r",
  taskId,
  mapIndex: -1,
  ...more,
});

describe("RunProgress", () => {
  it("follows tasks through their states", () => {
    const progress = new RunProgress("d", ["a", "b"]);
    progress.take(event("task.running", "a", { attempt: 1 }));
    progress.take(event("task.up_for_retry", "a"));
    progress.take(event("task.running", "a", { attempt: 2, at: 2_000 }));
    progress.take(event("task.success", "a", { at: 3_000 }));
    expect(progress.tasks.get("a")).toMatchObject({ state: "success", attempt: 2, startedAt: 1_000, endedAt: 3_000 });
    expect(progress.ended).toBe(1);
    expect(progress.counts.get("scheduled")).toBe(1);
  });

  it("counts a mapped task as one, and ends it with its last element", () => {
    const progress = new RunProgress("d", ["m"]);
    progress.take(event("task.expanded", "m", { data: { count: 2 } }));
    progress.take(event("task.running", "m", { mapIndex: 0 }));
    progress.take(event("task.success", "m", { mapIndex: 0 }));
    expect(progress.tasks.get("m")?.state).toBe("running");
    progress.take(event("task.failed", "m", { mapIndex: 1 }));
    expect(progress.tasks.get("m")?.state).toBe("failed");
    expect(progress.ended).toBe(1);
  });

  it("leaves other DAGs and other runs alone", () => {
    const progress = new RunProgress("d", ["a"]);
    progress.take(event("task.success", "a", { dagId: "other" }));
    progress.take(event("task.running", "a"));
    progress.take(event("task.success", "a", { runId: "another run" }));
    expect(progress.tasks.get("a")?.state).toBe("running");
  });
});

describe("a frame of the live view", () => {
  const options = { style: styleOf(false), core, now: 2_500, spin: "*", columns: 80, rows: 24 };

  it("has a bar for the whole and a line per task", () => {
    const progress = new RunProgress("d", ["extract", "load"]);
    progress.take({ seq: 1, at: 500, kind: "run.running", dagId: "d", runId: "r" });
    progress.take(event("task.running", "extract", { at: 500, attempt: 1 }));
    progress.take(event("task.success", "extract", { at: 1_500 }));
    progress.take(event("task.running", "load", { at: 1_500, attempt: 2 }));
    expect(frameLines(progress, options)).toEqual([
      `d  ${"━".repeat(24)}  1/2  2000 ms`,
      "  ✓ extract       1000 ms",
      "  * load          1000 ms  attempt 2",
    ]);
  });

  it("never has more lines than the terminal, and keeps the tasks that matter", () => {
    const progress = new RunProgress(
      "d",
      Array.from({ length: 500 }, (_, at) => `task_${at}`),
    );
    progress.take(event("task.running", "task_400", { attempt: 1 }));
    progress.take(event("task.failed", "task_77", { at: 1_200 }));
    const lines = frameLines(progress, { ...options, rows: 10 });
    expect(lines.length).toBeLessThanOrEqual(9);
    expect(lines.join("\n")).toMatch(/\* task_400/);
    expect(lines.join("\n")).toMatch(/✗ task_77/);
    expect(lines.at(-1)).toMatch(/… 494 more: 498 scheduled, 1 running, 1 failed/);
  });
});
