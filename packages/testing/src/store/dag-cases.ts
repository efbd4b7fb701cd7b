import { expect } from "vitest";
import { createRun, noon, registerDag } from "./changes.ts";
import { apply, numbersOf, openEngine, type StoreCase } from "./store-case.ts";

export const dagCases: readonly StoreCase[] = [
  {
    name: "a new DAG is registered with its first version",
    async run(place) {
      const store = await openEngine(place);
      const outcome = await apply(store, registerDag({ paused: true, startDate: 77, bundle: "code-1" }), "registered");
      expect(outcome).toMatchObject({ isNewVersion: true, startDate: 77, paused: true });
      expect(outcome.eventSeq).toBeGreaterThan(0);
      const { dagNo, versionNo } = outcome;
      expect(await store.dags.get("sales")).toEqual({
        dagNo,
        dagId: "sales",
        versionNo,
        paused: true,
        startDate: 77,
        scheduledStart: null,
        scheduledEnd: null,
        registeredAt: noon,
        lastSeenAt: noon,
      });
      expect(await store.dags.version(versionNo)).toEqual({
        versionNo,
        dagNo,
        dagId: "sales",
        fingerprint: "print-1",
        snapshot: registerDag().snapshot,
        bundle: "code-1",
        createdAt: noon,
      });
    },
  },
  {
    name: "the same fingerprint again changes nothing but lastSeenAt",
    async run(place) {
      const store = await openEngine(place);
      const first = await apply(store, registerDag({ startDate: 77 }), "registered");
      const events = await store.events.list({});
      const again = await apply(store, registerDag({ startDate: 77, paused: true, at: noon + 5 }), "registered");
      expect(again).toEqual({ ...first, isNewVersion: false, eventSeq: 0 });
      expect(await store.dags.get("sales")).toMatchObject({
        startDate: 77,
        paused: false,
        registeredAt: noon,
        lastSeenAt: noon + 5,
      });
      expect((await store.dags.version(first.versionNo))?.createdAt).toBe(noon);
      expect(await store.events.list({})).toEqual(events);
    },
  },
  {
    name: "another fingerprint is another version; going back makes the old one current again",
    async run(place) {
      const store = await openEngine(place);
      const first = await apply(store, registerDag(), "registered");
      const second = await apply(
        store,
        registerDag({ fingerprint: "print-2", taskIds: ["only"], at: noon + 1 }),
        "registered",
      );
      expect(second).toMatchObject({ dagNo: first.dagNo, isNewVersion: true });
      expect(second.versionNo).not.toBe(first.versionNo);
      expect((await store.dags.get("sales"))?.versionNo).toBe(second.versionNo);
      const back = await apply(store, registerDag({ at: noon + 2 }), "registered");
      expect(back).toMatchObject({ dagNo: first.dagNo, versionNo: first.versionNo, isNewVersion: false });
      expect(back.eventSeq).toBeGreaterThan(second.eventSeq);
      expect((await store.dags.get("sales"))?.versionNo).toBe(first.versionNo);
      expect((await store.events.list({})).map(({ kind }) => kind)).toEqual([
        "dag.registered",
        "dag.registered",
        "dag.registered",
      ]);
    },
  },
  {
    name: "two DAGs may have the same fingerprint",
    async run(place) {
      const store = await openEngine(place);
      const one = await apply(store, registerDag({ dagId: "one" }), "registered");
      const two = await apply(store, registerDag({ dagId: "two" }), "registered");
      expect(two.isNewVersion).toBe(true);
      expect(two.dagNo).not.toBe(one.dagNo);
      expect(two.versionNo).not.toBe(one.versionNo);
      expect((await store.dags.version(two.versionNo))?.dagId).toBe("two");
    },
  },
  {
    name: "an absolute start date is that of the last registration, a relative one that is stored stays",
    async run(place) {
      const store = await openEngine(place);
      const registered = async (startDate: number | null, startDateIsRelative: boolean, fingerprint = "print-1") => {
        const change = registerDag({ startDate, startDateIsRelative, fingerprint });
        const outcome = await apply(store, change, "registered");
        expect((await store.dags.get("sales"))?.startDate).toBe(outcome.startDate);
        return [outcome.startDate, outcome.eventSeq > 0];
      };
      expect(await registered(null, false)).toEqual([null, true]);
      expect(await registered(0, true)).toEqual([0, false]);
      expect(await registered(99, true, "print-2")).toEqual([0, true]);
      expect(await registered(-5, false, "print-2")).toEqual([-5, false]);
      expect(await registered(7, true, "print-2")).toEqual([-5, false]);
      expect(await registered(8, false, "print-1")).toEqual([8, true]);
      expect(await registered(null, false, "print-1")).toEqual([null, false]);
      expect(await registered(9, true, "print-1")).toEqual([9, false]);
      expect(await registered(null, true, "print-1")).toEqual([null, false]);
    },
  },
  {
    name: "pausing is kept over new versions, and writes an event only when it changes something",
    async run(place) {
      const store = await openEngine(place);
      await apply(store, registerDag(), "registered");
      const paused = await apply(store, { kind: "setDagPaused", dagId: "sales", paused: true, at: noon + 1 }, "done");
      expect(paused.eventSeq).toBeGreaterThan(0);
      expect(
        await apply(store, { kind: "setDagPaused", dagId: "sales", paused: true, at: noon + 2 }, "done"),
      ).toMatchObject({ eventSeq: 0 });
      expect(await apply(store, registerDag({ fingerprint: "print-2", paused: false }), "registered")).toMatchObject({
        paused: true,
      });
      await apply(store, { kind: "setDagPaused", dagId: "sales", paused: false, at: noon + 3 }, "done");
      expect((await store.dags.get("sales"))?.paused).toBe(false);
      const reason = "too many runs failed";
      await apply(store, { kind: "setDagPaused", dagId: "sales", paused: true, reason, at: noon + 4 }, "done");
      const told = (await store.events.list({})).map(({ kind, dagId, at, data }) => [kind, dagId, at - noon, data]);
      expect(told).toEqual([
        ["dag.registered", "sales", 0, null],
        ["dag.paused", "sales", 1, null],
        ["dag.registered", "sales", 0, null],
        ["dag.unpaused", "sales", 3, null],
        ["dag.paused", "sales", 4, JSON.stringify({ reason })],
      ]);
    },
  },
  {
    name: "an unknown DAG cannot be paused, and is undefined",
    async run(place) {
      const store = await openEngine(place);
      await apply(store, { kind: "setDagPaused", dagId: "sales", paused: true, at: noon }, "refused");
      expect(await store.dags.get("sales")).toBeUndefined();
      expect(await store.dags.version(1)).toBeUndefined();
      expect(await store.dags.list()).toEqual([]);
    },
  },
  {
    name: "DAGs are listed by id",
    async run(place) {
      const store = await openEngine(place);
      for (const dagId of ["b", "a", "B", "a.b", "a_b"]) await apply(store, registerDag({ dagId }), "registered");
      expect((await store.dags.list()).map(({ dagId }) => dagId)).toEqual(["B", "a", "a.b", "a_b", "b"]);
    },
  },
  {
    name: "a run belongs to the version that it was made from",
    async run(place) {
      const store = await openEngine(place);
      const first = await apply(store, registerDag(), "registered");
      await apply(store, registerDag({ fingerprint: "print-2", taskIds: ["only"] }), "registered");
      const { dagNo, versionNo } = first;
      const { runNo } = await apply(store, createRun({ dagNo, versionNo, runId: "old" }), "created");
      expect((await store.tasks.ofRun(runNo)).map(({ taskId }) => taskId)).toEqual(["extract", "clean", "report"]);
      expect((await store.runs.get(runNo))?.versionNo).toBe(versionNo);
    },
  },
  {
    name: "a DAG may have no task, or very many",
    async run(place) {
      const store = await openEngine(place);
      const none = await apply(store, registerDag({ dagId: "none", taskIds: [] }), "registered");
      const empty = await apply(store, createRun({ ...numbersOf(none), runId: "r" }), "created");
      expect(await store.tasks.ofRun(empty.runNo)).toEqual([]);
      const taskIds = Array.from({ length: 5_000 }, (_, index) => `task_${index}`);
      const many = await apply(store, registerDag({ dagId: "many", taskIds }), "registered");
      const run = await apply(store, createRun({ ...numbersOf(many), runId: "r" }), "created");
      const rows = await store.tasks.ofRun(run.runNo);
      expect(rows.map(({ taskId }) => taskId)).toEqual(taskIds);
      expect(rows.map(({ taskInstanceNo }) => taskInstanceNo)).toEqual(
        taskIds.map((_, index) => run.firstTaskInstanceNo + index),
      );
    },
  },
];
