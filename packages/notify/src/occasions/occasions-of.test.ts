import { dag } from "@millrace/core";
import type { EngineEvent } from "@millrace/core/plugin";
import { describe, expect, it } from "vitest";
import { notified, runOf } from "../../test/engine.ts";
import { emptyLedger } from "../service/ledger.ts";
import { mayBeOccasion, occasionsOf } from "./occasions-of.ts";

/** What the store says of every backfill. */
let backfill: object | undefined;

/** What is told of an event, by a store that knows a backfill and nothing else. */
async function told(event: Partial<EngineEvent>) {
  const whole = { seq: 1, at: 0, dagId: "sales", kind: "", ...event };
  if (!mayBeOccasion(whole)) return undefined;
  const context = {
    host: { store: { backfills: { find: async () => backfill } } as never },
    includesErrorMessage: false,
    mask: (text: string) => text,
  };
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
    ["backfill.running", {}, "is under way"],
    ["backfill.progress", { percent: 25 }, "is 25 % done"],
    ["backfill.paused", { note: "s3cr3t" }, "was paused"],
    ["backfill.cancelled", {}, "was cancelled"],
    ["backfill.completed", {}, "is done"],
  ])("%s, with how far it is", async (kind, data, state) => {
    const look = "Look at it with: millrace backfill show sales-1";
    backfill = { total: 20, skipped: 2, success: 3, failed: 1, cancelled: 0, active: 2 };
    expect(await told({ kind, data: { backfillId: "sales-1", ...data } })).toEqual([
      `Backfill 'sales-1' of 'sales' ${state}`,
      ["Runs ended: 4 of 18", "Failed: 1", "Active: 2", look],
    ]);
    backfill = undefined;
    expect(await told({ kind, data: { backfillId: "sales-1", ...data } })).toMatchObject([{}, [look]]);
    expect(await told({ kind, data: {} })).toBeUndefined();
  });

  it("a DAG that the engine pauses because its runs fail", async () => {
    const failing = dag("failing", { maxConsecutiveFailedRuns: 2, notify: { paused: "team" } }, (d) => {
      d.task("work", () => {
        throw new Error("no luck");
      });
    });
    await using test = await notified([failing]);
    await runOf(test, "failing");
    expect(test.team.titles).toEqual([]);
    await test.advance("1h");
    await runOf(test, "failing");
    expect(test.team.titles).toEqual(["'failing' was paused: too many of its runs have failed in a row"]);
    await test.engine.unpause("failing");
    await test.engine.pause("failing");
    await test.settle();
    expect(test.team.titles).toHaveLength(1);
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
