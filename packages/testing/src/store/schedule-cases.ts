import type { Change, RunState, RunType } from "@millrace/core/plugin";
import { expect } from "vitest";
import { createRun, noon, registerDag, updateRun } from "./changes.ts";
import { apply, numbersOf, openEngine, type StoreCase, type StoreUnderTest } from "./store-case.ts";

const hour = 3_600_000;

/** What the scheduler asks to know which run is next, and which dates are taken. */
export const scheduleCases: readonly StoreCase[] = [
  {
    name: "a DAG keeps the interval of its newest scheduled run, over registrations, pauses and restarts, without an event",
    async run(place) {
      const store = await openEngine(place);
      const { dagNo } = await apply(store, registerDag(), "registered");
      const other = await apply(store, registerDag({ dagId: "other" }), "registered");
      expect(await store.dags.get("sales")).toMatchObject({ scheduledStart: null, scheduledEnd: null });
      const before = await store.events.last();
      expect(await apply(store, advance(dagNo, -hour, 0), "done")).toEqual({ status: "done", eventSeq: 0 });
      expect(await store.dags.get("sales")).toMatchObject({ scheduledStart: -hour, scheduledEnd: 0 });
      expect(await store.dags.get("other")).toMatchObject({ scheduledStart: null, scheduledEnd: null });
      // Also back, as when the schedule has changed; and an interval may have no length.
      await apply(store, advance(dagNo, -9 * hour, -9 * hour), "done");
      await apply(store, advance(other.dagNo, 1, 2), "done");
      expect(await store.events.last()).toBe(before);
      await apply(store, { kind: "setDagPaused", dagId: "sales", paused: true, at: noon }, "done");
      await apply(store, registerDag({ fingerprint: "print-2", startDate: 5 }), "registered");
      const kept = [
        { dagId: "other", scheduledStart: 1, scheduledEnd: 2 },
        { dagId: "sales", scheduledStart: -9 * hour, scheduledEnd: -9 * hour },
      ];
      expect(await store.dags.list()).toMatchObject(kept);
      await store.close();
      const next = await openEngine(place);
      expect(await next.dags.list()).toMatchObject(kept);
    },
  },
  {
    name: "the schedule of a DAG that is not there cannot be advanced",
    async run(place) {
      const store = await openEngine(place);
      const { dagNo } = await apply(store, registerDag(), "registered");
      const dag = await store.dags.get("sales");
      await apply(store, advance(dagNo + 1_000, 1, 2), "refused");
      expect(await store.dags.list()).toEqual([dag]);
    },
  },
  {
    name: "the previous run may be asked for in one state",
    async run(place) {
      const { store, dagNo, make } = await dagWithRuns(place);
      await make("s1", "scheduled", 1, "success");
      await make("s2", "scheduled", 2, "failed");
      await make("m3", "manual", 3, "success");
      await make("s4", "scheduled", 4, "running");
      const asked = await make("s5", "scheduled", 5, "success");
      const previous = async (state: RunState, scheduledOnly: boolean) =>
        (await store.runs.previous({ dagNo, logicalDate: 5, runNo: asked, scheduledOnly, state }))?.runId;
      expect(await previous("success", true)).toBe("s1");
      expect(await previous("success", false)).toBe("m3");
      expect(await previous("failed", false)).toBe("s2");
      expect(await previous("running", true)).toBe("s4");
      expect(await previous("cancelled", false)).toBeUndefined();
    },
  },
  {
    name: "runs that own their date are listed between two dates, by date, whatever their state",
    async run(place) {
      const { store, dagNo, make } = await dagWithRuns(place);
      // Neither in the order of their dates.
      for (const [type, date] of [
        ["backfill", 3],
        ["scheduled", -2],
        ["manual", 3],
        ["scheduled", 5],
        ["triggered", 4],
        ["scheduled", 0],
      ] as const)
        await make(`${type} ${date}`, type, date, date > 0 ? "success" : "queued");
      const other = await apply(store, registerDag({ dagId: "other" }), "registered");
      const elsewhere = { runId: "elsewhere", type: "scheduled", logicalDate: 0 } as const;
      await apply(store, createRun({ ...numbersOf(other), ...elsewhere }), "created");
      const ofDates = async (from: number, to: number, limit?: number) =>
        (await store.runs.ofDates({ dagNo, from, to, ...(limit === undefined ? {} : { limit }) })).map(
          ({ runId }) => runId,
        );
      expect(await ofDates(-9, 9)).toEqual(["scheduled -2", "scheduled 0", "backfill 3", "scheduled 5"]);
      expect(await ofDates(-2, 3)).toEqual(["scheduled -2", "scheduled 0", "backfill 3"]);
      expect(await ofDates(-1, 2)).toEqual(["scheduled 0"]);
      expect(await ofDates(4, 4)).toEqual([]);
      expect(await ofDates(5, 0)).toEqual([]);
      expect(await ofDates(-9, 9, 2)).toEqual(["scheduled -2", "scheduled 0"]);
      expect(await ofDates(-9, 9, 0)).toEqual([]);
      expect(await store.runs.ofDates({ dagNo: dagNo + 1_000, from: -9, to: 9 })).toEqual([]);
      const [first] = await store.runs.ofDates({ dagNo, from: -2, to: -2 });
      expect(first).toEqual(await store.runs.find("sales", "scheduled -2"));
    },
  },
  {
    name: "1,000 runs between two dates are listed when no limit is given",
    async run(place) {
      const { store, dagNo, versionNo } = await dagWithRuns(place);
      await store.commit(
        Array.from({ length: 1_010 }, (_, date) =>
          createRun({ dagNo, versionNo, runId: `r${date}`, type: "scheduled", logicalDate: date }),
        ),
      );
      expect(await store.runs.ofDates({ dagNo, from: 0, to: 9_999 })).toHaveLength(1_000);
      expect(await store.runs.ofDates({ dagNo, from: 0, to: 9_999, limit: 1_000_000 })).toHaveLength(1_010);
    },
  },
];

function advance(dagNo: number, intervalStart: number, intervalEnd: number): Change {
  return { kind: "advanceSchedule", dagNo, intervalStart, intervalEnd, at: noon };
}

/** A DAG of no task, and a way to make a run of it that is in a state. */
async function dagWithRuns(place: StoreUnderTest) {
  const store = await openEngine(place);
  const { dagNo, versionNo } = await apply(store, registerDag({ taskIds: [] }), "registered");
  const make = async (runId: string, type: RunType, logicalDate: number, state: RunState) => {
    const change = createRun({ dagNo, versionNo, runId, type, logicalDate });
    const { runNo } = await apply(store, change, "created");
    if (state !== "queued") await apply(store, updateRun({ runNo, to: state }), "done");
    return runNo;
  };
  return { store, dagNo, versionNo, make };
}
