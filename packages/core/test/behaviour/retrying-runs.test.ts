import { describe, expect, test } from "vitest";
import { type Dag, dag } from "../../src/index.ts";
import { ManualClock } from "../manual-clock.ts";
import { grid, hour, minute } from "../schedule/grid.ts";
import { openEngine } from "../test-engine.ts";

const start = Date.parse("2026-10-01T00:00:00Z");

/** Three tasks one after the other; the one in the middle fails as long as the test wants it. */
function line(calls: string[], fails: { on: boolean }, version = "old"): Dag {
  return dag("line", { description: version, schedule: grid(hour), startDate: "2026-10-01" }, (d) => {
    const first = d.task("first", ({ run }) => void calls.push(`${version} first ${run.type}`));
    const middle = d.task("middle", ({ run }) => {
      calls.push(`${version} middle ${run.type}`);
      if (fails.on) throw new Error("not yet");
    });
    d.chain(
      first,
      middle,
      d.task(version === "old" ? "last" : "another", () => void calls.push(`${version} last`)),
    );
  });
}

describe("retrying a scheduled run", () => {
  test("goes on from the task that failed, in the same run, and leaves the schedule alone", async () => {
    const calls: string[] = [];
    const fails = { on: true };
    const one = line(calls, fails);
    const clock = new ManualClock(start + hour);
    await using opened = await openEngine({ dags: [one], clock });
    await clock.drive(opened.engine.start());
    await clock.advance(minute);
    const [run] = await opened.engine.runs();
    expect([run?.type, run?.state]).toEqual(["scheduled", "failed"]);
    fails.on = false;
    await clock.drive(opened.engine.retry("line", run?.runId ?? ""));
    await clock.advance(minute);
    expect((await opened.engine.runs()).map(({ runId, state }) => [runId, state])).toEqual([[run?.runId, "success"]]);
    expect(calls).toEqual(["old first scheduled", "old middle scheduled", "old middle scheduled", "old last"]);
    await clock.advance(hour);
    expect(await opened.engine.runs()).toHaveLength(2);
  });

  test("has the version that it began with, though the DAG has a newer one by then", async () => {
    const calls: string[] = [];
    const fails = { on: true };
    const one = line(calls, fails);
    const clock = new ManualClock(start + hour);
    await using opened = await openEngine({ dags: [one], clock });
    await clock.drive(opened.engine.start());
    await clock.advance(minute);
    const [run] = await opened.engine.runs();
    await clock.drive(opened.engine.replaceDags({ put: [line(calls, fails, "new")] }));
    fails.on = false;
    calls.length = 0;
    await clock.drive(opened.engine.retry("line", run?.runId ?? ""));
    await clock.advance(minute);
    expect(calls).toEqual(["old middle scheduled", "old last"]);
    await clock.advance(hour);
    expect(calls.slice(2)).toEqual(["new first scheduled", "new middle scheduled", "new last"]);
  });
});
