import type { CreateRun, RunType, Store } from "@millrace/core/plugin";
import { expect } from "vitest";
import { createRun, noon, registerDag, updateRun } from "./changes.ts";
import { apply, numbersOf, openEngine, type StoreCase, type StoreUnderTest, withRun } from "./store-case.ts";

const day = 86_400_000;

export const runCases: readonly StoreCase[] = [
  {
    name: "a new run is queued and carries everything it was given",
    async run(place) {
      const { store, make } = await dagWithRuns(place);
      const { runNo } = await make({
        runId: "r2",
        type: "scheduled",
        logicalDate: -day,
        intervalStart: -day,
        intervalEnd: 0,
        params: '{"region":"eu"}',
        conf: '{"x":[1]}',
        idempotencyKey: "key",
        at: noon + 3,
      });
      const run = await store.runs.get(runNo);
      expect(run).toMatchObject({
        runNo,
        runId: "r2",
        dagId: "sales",
        type: "scheduled",
        state: "queued",
        logicalDate: -day,
        intervalStart: -day,
        intervalEnd: 0,
        params: '{"region":"eu"}',
        conf: '{"x":[1]}',
        idempotencyKey: "key",
        note: null,
        createdAt: noon + 3,
        startedAt: null,
        endedAt: null,
      });
      expect(await store.runs.find("sales", "r2")).toEqual(run);
    },
  },
  {
    name: "a run and its task instances come with one event, which names the run and its DAG",
    async run(place) {
      const { store, runNo } = await withRun(place);
      const events = await store.events.list({ runNo });
      expect(events).toMatchObject([
        { kind: "run.created", dagId: "sales", runNo, taskInstanceNo: null, attempt: null, at: noon },
      ]);
    },
  },
  {
    name: "a run id that is taken in the DAG is refused, and free in another DAG",
    async run(place) {
      const { store, make, dagNo, versionNo } = await dagWithRuns(place);
      const { runNo } = await make({ runId: "r" });
      const again = await apply(store, createRun({ dagNo, versionNo, runId: "r", logicalDate: 5 }), "exists");
      expect(again).toEqual({ status: "exists", runNo, runId: "r", by: "run_id" });
      const other = await apply(store, registerDag({ dagId: "other" }), "registered");
      await apply(store, createRun({ ...numbersOf(other), runId: "r" }), "created");
    },
  },
  {
    name: "scheduled and backfill runs own their logical date; manual and triggered ones do not",
    async run(place) {
      const { store, make, dagNo, versionNo } = await dagWithRuns(place);
      const create = (type: RunType, runId: string): CreateRun =>
        createRun({ dagNo, versionNo, type, runId, logicalDate: day });
      await make(create("manual", "m1"));
      const { runNo } = await make(create("scheduled", "s1"));
      const taken = { status: "exists", runNo, runId: "s1", by: "logical_date" };
      expect(await apply(store, create("scheduled", "s2"), "exists")).toEqual(taken);
      expect(await apply(store, create("backfill", "b1"), "exists")).toEqual(taken);
      await make(create("manual", "m2"));
      await make(create("triggered", "t1"));
      await make({ ...create("backfill", "b2"), logicalDate: 2 * day });
      expect(await apply(store, { ...create("scheduled", "s3"), logicalDate: 2 * day }, "exists")).toMatchObject({
        runId: "b2",
        by: "logical_date",
      });
      const other = await apply(store, registerDag({ dagId: "other" }), "registered");
      await apply(
        store,
        createRun({ ...numbersOf(other), runId: "s", type: "scheduled", logicalDate: day }),
        "created",
      );
    },
  },
  {
    name: "an idempotency key that is taken in the DAG is refused; none is never taken",
    async run(place) {
      const { store, make, dagNo, versionNo } = await dagWithRuns(place);
      await make({ runId: "a" });
      await make({ runId: "b" });
      const { runNo } = await make({ runId: "c", idempotencyKey: "key" });
      const again = await apply(store, createRun({ dagNo, versionNo, runId: "d", idempotencyKey: "key" }), "exists");
      expect(again).toEqual({ status: "exists", runNo, runId: "c", by: "idempotency_key" });
      const other = await apply(store, registerDag({ dagId: "other" }), "registered");
      await apply(store, createRun({ ...numbersOf(other), runId: "d", idempotencyKey: "key" }), "created");
    },
  },
  {
    name: "when several things are taken, the run id is named before the idempotency key, and that before the date",
    async run(place) {
      const { store, make, dagNo, versionNo } = await dagWithRuns(place);
      await make({ runId: "by date", type: "scheduled", logicalDate: day });
      await make({ runId: "by key", idempotencyKey: "key" });
      await make({ runId: "by id" });
      const all = createRun({
        dagNo,
        versionNo,
        runId: "by id",
        idempotencyKey: "key",
        type: "scheduled",
        logicalDate: day,
      });
      expect(await apply(store, all, "exists")).toMatchObject({ by: "run_id", runId: "by id" });
      expect(await apply(store, { ...all, runId: "new" }, "exists")).toMatchObject({
        by: "idempotency_key",
        runId: "by key",
      });
      expect(await apply(store, { ...all, runId: "new", idempotencyKey: "new" }, "exists")).toMatchObject({
        by: "logical_date",
        runId: "by date",
      });
      expect(await store.runs.list({})).toHaveLength(3);
    },
  },
  {
    name: "a run that exists already leaves no row and no event; within one group too",
    async run(place) {
      const { store, dagNo, versionNo } = await dagWithRuns(place);
      const create = createRun({ dagNo, versionNo, runId: "r" });
      const outcomes = await store.commit([create, create, { ...create, runId: "r2" }]);
      expect(outcomes.map(({ status }) => status)).toEqual(["created", "exists", "created"]);
      expect(await store.runs.list({})).toHaveLength(2);
      expect((await store.events.list({})).map(({ kind }) => kind)).toEqual([
        "dag.registered",
        "run.created",
        "run.created",
      ]);
      const [first, , third] = outcomes;
      if (first?.status !== "created" || third?.status !== "created")
        return expect.unreachable("the runs were not created");
      expect(await store.tasks.ofRun(first.runNo)).toHaveLength(3);
      expect(await store.tasks.ofRun(third.runNo)).toHaveLength(3);
      expect((await store.tasks.get(third.firstTaskInstanceNo))?.runNo).toBe(third.runNo);
    },
  },
  {
    name: "a run of an unknown DAG, or of another DAG's version, is refused",
    async run(place) {
      const { store, dagNo, versionNo } = await dagWithRuns(place);
      const other = await apply(store, registerDag({ dagId: "other" }), "registered");
      await apply(store, createRun({ dagNo: dagNo + 1_000, versionNo, runId: "r" }), "refused");
      await apply(store, createRun({ dagNo, versionNo: versionNo + 1_000, runId: "r" }), "refused");
      await apply(store, createRun({ dagNo, versionNo: other.versionNo, runId: "r" }), "refused");
      expect(await store.runs.list({})).toEqual([]);
    },
  },
  {
    name: "a run moves only from the states named",
    async run(place) {
      const { store, runNo } = await withRun(place);
      await apply(store, updateRun({ runNo, from: ["running"], to: "success" }), "refused");
      await apply(store, updateRun({ runNo, from: [], to: "success" }), "refused");
      await apply(store, updateRun({ runNo: runNo + 1_000, to: "running" }), "refused");
      expect((await store.runs.get(runNo))?.state).toBe("queued");
      await apply(store, updateRun({ runNo, from: ["running", "queued"], to: "running" }), "done");
      expect((await store.runs.get(runNo))?.state).toBe("running");
    },
  },
  {
    name: "a run's instants follow its moves",
    async run(place) {
      const { store, runNo } = await withRun(place);
      const times = async () => {
        const run = await store.runs.get(runNo);
        return [run?.state, run?.startedAt, run?.endedAt, run?.note];
      };
      await apply(store, updateRun({ runNo, to: "running", at: noon + 1 }), "done");
      expect(await times()).toEqual(["running", noon + 1, null, null]);
      await apply(store, updateRun({ runNo, to: "failed", note: "1 task failed", at: noon + 2 }), "done");
      expect(await times()).toEqual(["failed", noon + 1, noon + 2, "1 task failed"]);
      await apply(store, updateRun({ runNo, from: ["failed"], to: "running", at: noon + 3 }), "done");
      expect(await times()).toEqual(["running", noon + 1, null, null]);
      await apply(store, updateRun({ runNo, to: "success", at: noon + 4 }), "done");
      await apply(store, updateRun({ runNo, from: ["success"], to: "queued", at: noon + 5 }), "done");
      expect(await times()).toEqual(["queued", null, null, null]);
      await apply(store, updateRun({ runNo, to: "cancelled", at: noon + 6 }), "done");
      expect(await times()).toEqual(["cancelled", null, noon + 6, null]);
    },
  },
  {
    name: "each move of a run is told, with its note",
    async run(place) {
      const { store, runNo } = await withRun(place);
      const started = await apply(store, updateRun({ runNo, to: "running" }), "done");
      const ended = await apply(store, updateRun({ runNo, to: "success", note: "all good", at: noon + 9 }), "done");
      expect(await store.events.list({ runNo, after: started.eventSeq - 1 })).toEqual([
        {
          seq: started.eventSeq,
          at: noon,
          kind: "run.running",
          dagId: "sales",
          runNo,
          taskInstanceNo: null,
          attempt: null,
          data: null,
        },
        {
          seq: ended.eventSeq,
          at: noon + 9,
          kind: "run.success",
          dagId: "sales",
          runNo,
          taskInstanceNo: null,
          attempt: null,
          data: '{"note":"all good"}',
        },
      ]);
    },
  },
  {
    name: "active runs are those that have not ended, oldest first",
    async run(place) {
      const { store, make } = await dagWithRuns(place);
      const [a, b, c, d] = [
        await make({ runId: "a" }),
        await make({ runId: "b" }),
        await make({ runId: "c" }),
        await make({ runId: "d" }),
      ];
      const active = async () => (await store.runs.active()).map(({ runId }) => runId);
      expect(await active()).toEqual(["a", "b", "c", "d"]);
      await apply(store, updateRun({ runNo: c.runNo, to: "running" }), "done");
      await apply(store, updateRun({ runNo: a.runNo, to: "success" }), "done");
      await apply(store, updateRun({ runNo: b.runNo, to: "cancelled" }), "done");
      expect(await active()).toEqual(["c", "d"]);
      await apply(store, updateRun({ runNo: d.runNo, to: "failed" }), "done");
      await apply(store, updateRun({ runNo: a.runNo, from: ["success"], to: "queued" }), "done");
      expect(await active()).toEqual(["a", "c"]);
    },
  },
  {
    name: "runs are listed newest first, by page, and by any mix of filters",
    async run(place) {
      const { store, make } = await dagWithRuns(place);
      const runNos: number[] = [];
      for (let index = 0; index < 6; index++) {
        const { runNo } = await make({
          runId: `r${index}`,
          type: index % 2 === 0 ? "scheduled" : "manual",
          logicalDate: index * day,
        });
        runNos.push(runNo);
        if (index < 3) await apply(store, updateRun({ runNo, to: index === 0 ? "failed" : "success" }), "done");
      }
      const other = await apply(store, registerDag({ dagId: "other" }), "registered");
      await apply(store, createRun({ ...numbersOf(other), runId: "o1" }), "created");
      const list = async (filter: Parameters<Store["runs"]["list"]>[0]) =>
        (await store.runs.list(filter)).map(({ runId }) => runId);
      expect(await list({})).toEqual(["o1", "r5", "r4", "r3", "r2", "r1", "r0"]);
      expect(await list({ dagId: "sales", limit: 2 })).toEqual(["r5", "r4"]);
      expect(await list({ dagId: "sales", limit: 2, before: runNos[4] as number })).toEqual(["r3", "r2"]);
      expect(await list({ dagId: "other" })).toEqual(["o1"]);
      expect(await list({ dagId: "unknown" })).toEqual([]);
      expect(await list({ states: ["success", "failed"] })).toEqual(["r2", "r1", "r0"]);
      expect(await list({ states: [] })).toEqual([]);
      expect(await list({ type: "scheduled", dagId: "sales" })).toEqual(["r4", "r2", "r0"]);
      expect(
        await list({ type: "scheduled", states: ["queued"], dagId: "sales", before: runNos[5] as number }),
      ).toEqual(["r4"]);
      expect(await list({ limit: 0 })).toEqual([]);
    },
  },
  {
    name: "100 runs are listed when no limit is given",
    async run(place) {
      const { store, dagNo, versionNo } = await dagWithRuns(place);
      await store.commit(
        Array.from({ length: 120 }, (_, index) => createRun({ dagNo, versionNo, runId: `r${index}` })),
      );
      expect(await store.runs.list({})).toHaveLength(100);
      expect(await store.runs.list({ limit: 1_000_000 })).toHaveLength(120);
    },
  },
  {
    name: "the previous run is the newest with a smaller logical date, or the same date and a smaller number",
    async run(place) {
      const { store, make, dagNo } = await dagWithRuns(place);
      const third = await make({ runId: "d3", type: "scheduled", logicalDate: 3 * day });
      const first = await make({ runId: "d1", type: "scheduled", logicalDate: day });
      const back = await make({ runId: "d2", type: "backfill", logicalDate: 2 * day });
      const manual = await make({ runId: "m2", type: "manual", logicalDate: 2 * day });
      const triggered = await make({ runId: "t2", type: "triggered", logicalDate: 2 * day });
      const previous = async (logicalDate: number, runNo: number, scheduledOnly: boolean) =>
        (await store.runs.previous({ dagNo, logicalDate, runNo, scheduledOnly }))?.runId;
      expect(await previous(3 * day, third.runNo, true)).toBe("d2");
      expect(await previous(3 * day, third.runNo, false)).toBe("t2");
      expect(await previous(2 * day, triggered.runNo, false)).toBe("m2");
      expect(await previous(2 * day, manual.runNo, false)).toBe("d2");
      expect(await previous(2 * day, back.runNo, false)).toBe("d1");
      expect(await previous(2 * day, triggered.runNo, true)).toBe("d2");
      expect(await previous(day, first.runNo, false)).toBeUndefined();
      expect(await previous(9 * day, third.runNo, true)).toBe("d3");
      expect(
        await store.runs.previous({ dagNo: dagNo + 1_000, logicalDate: 9 * day, runNo: 1, scheduledOnly: false }),
      ).toBeUndefined();
    },
  },
  {
    name: "a run that does not exist is undefined",
    async run(place) {
      const { store } = await dagWithRuns(place);
      expect(await store.runs.get(1)).toBeUndefined();
      expect(await store.runs.find("sales", "r")).toBeUndefined();
      expect(await store.runs.find("unknown", "r")).toBeUndefined();
      expect(await store.runs.active()).toEqual([]);
      expect(await store.tasks.ofRun(1)).toEqual([]);
    },
  },
];

/** The DAG `sales` without a run, and a way to make some. */
async function dagWithRuns(place: StoreUnderTest) {
  const store = await openEngine(place);
  const { dagNo, versionNo } = await apply(store, registerDag(), "registered");
  const make = (change: Pick<CreateRun, "runId"> & Partial<CreateRun>) =>
    apply(store, createRun({ dagNo, versionNo, ...change }), "created");
  return { store, dagNo, versionNo, make };
}
