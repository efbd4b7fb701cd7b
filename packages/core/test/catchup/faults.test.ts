import { describe, expect, it } from "vitest";
import { type CatchupSetting, catchupFrom, dag } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { type Fault, type FaultPlan, faultyStore } from "../faulty-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { grid, hour, minute } from "../schedule/grid.ts";
import { openEngine } from "../test-engine.ts";

const midnight = Date.parse("2026-10-22T00:00:00Z");

/** A DAG whose source changes, which is set and set back, over a store with faults. */
async function story(plan: FaultPlan) {
  let says: CatchupSetting = true;
  const clock = new ManualClock(midnight + 5 * hour + minute);
  const faulty = faultyStore(memoryStore());
  const catchup = catchupFrom(() => says, { name: "table" });
  const sales = dag("sales", { schedule: grid(hour), startDate: "2026-10-22", catchup }, (d) => void d.empty("t"));
  await using opened = await openEngine({ dags: [sales], store: faulty.store, clock });
  const { engine } = opened;
  const { commits, reads } = faulty;
  faulty.plan = {
    ...(plan.commit && { commit: (call, changes) => plan.commit?.(call - commits, changes) ?? "none" }),
    ...(plan.read && { read: (call, name) => plan.read?.(call - reads, name) ?? false }),
  };
  await clock.drive(engine.start());
  await clock.advance(minute);
  says = { maxRuns: 2 };
  await clock.advance(minute);
  await clock.drive(engine.setCatchup("sales", false));
  await clock.drive(engine.setCatchup("sales", null));
  await clock.advance(hour);
  faulty.plan = {};
  const runs = await engine.runs({ limit: 100 });
  const events = await engine.events({ limit: 10_000 });
  return {
    hours: runs.map(({ logicalDate }) => (logicalDate - midnight) / hour).sort((a, b) => a - b),
    changes: events.filter(({ kind }) => kind.startsWith("dag.catchup")).map(({ kind, data }) => [kind, data]),
    kept: await faulty.store.state.list("catchup"),
    commits: faulty.commits - commits,
    reads: faulty.reads - reads,
  };
}

const clean = await story({});

function expectClean({ hours, changes, kept }: typeof clean): void {
  expect({ hours, changes, kept }).toEqual({ hours: clean.hours, changes: clean.changes, kept: clean.kept });
}

describe("catchup settings over a store with faults", () => {
  it("are as planned without any", () => {
    expect(clean.hours).toEqual([0, 1, 2, 3, 4, 5]);
    expect(clean.changes).toHaveLength(4);
    expect(clean.commits).toBeGreaterThan(6);
  });

  for (const fault of ["refused", "answer lost"] as const satisfies readonly Fault[]) {
    it.for(Array.from({ length: clean.commits }, (_, n) => n + 1))(
      `hold and are recorded once when commit %i is ${fault}`,
      async (n) => {
        expectClean(await story({ commit: (call) => (call === n ? fault : "none") }));
      },
    );
  }

  it.for(Array.from({ length: clean.reads }, (_, n) => n + 1))("are the same when read %i fails", async (n) => {
    // The first reads are those of engine.start, which says so.
    const ended = await story({ read: (call) => call === n }).catch((error: Error) => error);
    if (ended instanceof Error) expect(ended.message).toMatch(/^(runs\.active|state\.list) failed$/);
    else expectClean(ended);
  });
});
