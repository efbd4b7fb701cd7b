import { dag } from "@millrace/core";
import type { EngineEvent } from "@millrace/core/plugin";
import { describe, expect, it } from "vitest";
import { notified } from "../../test/engine.ts";
import { emptyLedger } from "../service/ledger.ts";
import { mayBeOccasion, occasionsOf } from "./occasions-of.ts";

/** What is told of an event that needs no look into a store. */
async function told(event: Partial<EngineEvent>) {
  const whole = { seq: 1, at: 0, dagId: "sales", kind: "", ...event };
  if (!mayBeOccasion(whole)) return undefined;
  const context = { host: { store: undefined as never }, includesErrorMessage: false, mask: (text: string) => text };
  const [occasion] = await occasionsOf(whole, emptyLedger(0), context);
  return occasion && [occasion.title, (await occasion.facts()).map(({ name, value }) => `${name}: ${value}`)];
}

describe("an occasion is", () => {
  it("a deadline that was missed, of a run and of a task", async () => {
    const late = dag("late", { deadline: "1m", notify: "ops" }, (d) => {
      d.task("work", { deadline: "2m", retries: 1, retryDelay: "1h" }, ({ attempt }) => {
        if (attempt === 1) throw new Error("busy");
      });
    });
    await using test = await notified([late]);
    await test.trigger("late");
    await test.advance("5m");
    expect(test.ops.titles).toEqual([
      "A run of 'late' missed its deadline",
      "Task 'work' of 'late' missed its deadline",
    ]);
    expect(test.ops.messages[1]).toMatchObject({ kind: "deadline", taskId: "work", runId: expect.any(String) });
  });

  it.each([
    ["backfill.running", {}, "is under way", ["Look at it with: millrace backfill show sales-1"]],
    ["backfill.paused", { note: "s3cr3t" }, "was paused", ["Look at it with: millrace backfill show sales-1"]],
    ["backfill.cancelled", {}, "was cancelled", ["Look at it with: millrace backfill show sales-1"]],
    ["backfill.completed", {}, "is done", ["Look at it with: millrace backfill show sales-1"]],
    [
      "backfill.progress",
      { percent: 25, done: 5, total: 20, failed: 1 },
      "is 25 % done",
      ["Runs ended: 5 of 20", "Failed: 1"],
    ],
  ])("%s", async (kind, data, state, facts) => {
    expect(await told({ kind, data: { backfillId: "sales-1", ...data } })).toEqual([
      `Backfill 'sales-1' of 'sales' ${state}`,
      facts,
    ]);
    expect(await told({ kind, data: {} })).toBeUndefined();
  });

  it("a pause that the engine made, and none that a person made", async () => {
    expect(await told({ kind: "dag.paused" })).toBeUndefined();
    expect(await told({ kind: "dag.paused", data: { reason: "3 runs failed in a row" } })).toEqual([
      "'sales' was paused: too many of its runs have failed in a row",
      ["Go on with: millrace dags unpause sales"],
    ]);
  });

  it("nothing else", async () => {
    for (const kind of ["task.running", "run.created", "service.failed", "dag.unpaused", "backfill.created"])
      expect(await told({ kind, data: { backfillId: "x", reason: "y" } })).toBeUndefined();
  });
});
