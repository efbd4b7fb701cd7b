import type { Change } from "@millrace/core/plugin";
import { expect } from "vitest";
import { createRun, finishTask, noon, registerDag, setTask, startTask, updateRun, xcom } from "./changes.ts";
import { everythingOf, openEngine, type StoreCase, withRun } from "./store-case.ts";

const unknownChange = { kind: "no such change" } as unknown as Change;

export const groupCases: readonly StoreCase[] = [
  {
    name: "an empty group is fine",
    async run(place) {
      expect(await (await openEngine(place)).commit([])).toEqual([]);
    },
  },
  {
    name: "changes apply in order, and their outcomes come in the same order",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const outcomes = await store.commit([
        finishTask({ taskInstanceNo: task, runNo }),
        startTask({ taskInstanceNo: task, runNo }),
        startTask({ taskInstanceNo: task, runNo }),
        finishTask({ taskInstanceNo: task, runNo }),
        setTask({ taskInstanceNo: task + 1, runNo, to: "skipped" }),
        { kind: "putSetting", key: "k", value: "v", at: noon },
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(["refused", "done", "refused", "done", "done", "done"]);
    },
  },
  {
    name: "a refused change leaves no trace, and the others of its group apply",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      await store.commit([startTask({ taskInstanceNo: task, runNo, token: 5 })]);
      const before = await everythingOf(store, runNo);
      const stale = finishTask({ taskInstanceNo: task, runNo, token: 4, xcoms: [xcom("return_value", 1)] });
      const outcomes = await store.commit([stale, { kind: "putSetting", key: "k", value: "v", at: noon }, stale]);
      expect(outcomes.map(({ status }) => status)).toEqual(["refused", "done", "refused"]);
      expect(await everythingOf(store, runNo)).toEqual(before);
      expect(await store.settings.get("k")).toBe("v");
    },
  },
  {
    name: "neighbours that start or end in one group have a token, a result and an event each",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: first } = await withRun(place);
      const starts = neighbours((taskInstanceNo, token) =>
        startTask({ taskInstanceNo, runNo, token, from: ["scheduled"], at: noon + 1 }),
      );
      const ends = neighbours((taskInstanceNo, token) =>
        finishTask({ taskInstanceNo, runNo, token, replacesXComs: false, xcoms: [xcom("return_value", token)] }),
      );
      function neighbours(make: (taskInstanceNo: number, token: number) => Change): Change[] {
        return [0, 1, 2].map((offset) => make(first + offset, 70 + offset));
      }
      for (const group of [starts, ends]) {
        const outcomes = await store.commit(group);
        const seqs = outcomes.map((outcome) => (outcome.status === "done" ? outcome.eventSeq : 0));
        const events = (await store.events.list({ runNo })).filter(({ seq }) => seqs.includes(seq));
        expect(events.map(({ taskInstanceNo }) => taskInstanceNo)).toEqual([first, first + 1, first + 2]);
      }
      const rows = await store.tasks.ofRun(runNo);
      expect(rows.map(({ state, token, startedAt }) => ({ state, token, startedAt }))).toEqual(
        [70, 71, 72].map((token) => ({ state: "success", token, startedAt: noon + 1 })),
      );
      expect((await store.xcoms.ofRun(runNo)).map(({ stored }) => stored)).toEqual(["70", "71", "72"]);
    },
  },
  {
    name: "one among neighbours that may not start or end is refused alone",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: first } = await withRun(place);
      await store.commit([setTask({ taskInstanceNo: first + 1, runNo, to: "skipped" })]);
      const statusesOf = async (make: (taskInstanceNo: number, token: number) => Change): Promise<string[]> =>
        (await store.commit([0, 1, 2].map((offset) => make(first + offset, 70 + offset)))).map(({ status }) => status);
      expect(
        await statusesOf((taskInstanceNo, token) => startTask({ taskInstanceNo, runNo, token, from: ["scheduled"] })),
      ).toEqual(["done", "refused", "done"]);
      expect(
        await statusesOf((taskInstanceNo, token) =>
          finishTask({ taskInstanceNo, runNo, token, replacesXComs: false, xcoms: [xcom("return_value", token)] }),
        ),
      ).toEqual(["done", "refused", "done"]);
      expect((await store.tasks.ofRun(runNo)).map(({ state }) => state)).toEqual(["success", "skipped", "success"]);
      expect((await store.xcoms.ofRun(runNo)).map(({ stored }) => stored)).toEqual(["70", "72"]);
      const kinds = (await store.events.list({ runNo })).map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === "task.success")).toHaveLength(2);
    },
  },
  {
    name: "a refusal says why",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const outcomes = await store.commit([
        finishTask({ taskInstanceNo: task, runNo }),
        updateRun({ runNo, from: ["running"], to: "success" }),
        { kind: "setDagPaused", dagId: "no such", paused: true, at: noon },
        { kind: "putState", namespace: "n", key: "k", value: "1", expected: "0", at: noon },
      ]);
      for (const outcome of outcomes) {
        expect(outcome.status).toBe("refused");
        expect(outcome.status === "refused" && outcome.reason).toMatch(/\w+ \w+/);
      }
    },
  },
  {
    name: "a group that cannot be stored rejects and leaves nothing, whatever was in it",
    async run(place) {
      const { store, dagNo, versionNo, runNo, firstTaskInstanceNo: task } = await withRun(place);
      await store.commit([
        startTask({ taskInstanceNo: task, runNo }),
        { kind: "putState", namespace: "n", key: "kept", value: "1", at: noon },
        { kind: "putChunk", streamId: "s", seq: 0, bytes: new Uint8Array([1]), at: noon },
      ]);
      const before = await everythingOf(store, runNo);
      const dags = await store.dags.list();
      const failing: readonly Change[] = [
        registerDag({ dagId: "other" }),
        registerDag({ fingerprint: "print-2", taskIds: ["x"] }),
        { kind: "setDagPaused", dagId: "sales", paused: true, at: noon },
        createRun({ dagNo, versionNo, runId: "r2" }),
        finishTask({ taskInstanceNo: task, runNo, xcoms: [xcom("return_value", 1)] }),
        startTask({ taskInstanceNo: task + 1, runNo }),
        { kind: "expandTask", runNo, taskNo: 2, placeholderNo: task + 2, count: 3, at: noon },
        updateRun({ runNo, to: "cancelled" }),
        {
          kind: "appendLogs",
          taskInstanceNo: task,
          attempt: 1,
          lines: [{ at: noon, level: "info", message: "lost", fields: null }],
        },
        { kind: "putState", namespace: "n", key: "kept", value: null, at: noon },
        { kind: "putState", namespace: "n", key: "new", value: "2", at: noon },
        { kind: "putSetting", key: "k", value: "v", at: noon },
        { kind: "putPool", pool: "p", slots: 1, at: noon },
        { kind: "deleteChunks", streamId: "s" },
        { kind: "putChunk", streamId: "t", seq: 0, bytes: new Uint8Array([1]), at: noon },
        unknownChange,
        { kind: "putSetting", key: "later", value: "v", at: noon },
      ];
      await expect(store.commit(failing)).rejects.toMatchObject({ code: "STORE_FAILED" });
      expect(await everythingOf(store, runNo)).toEqual(before);
      expect(await store.dags.list()).toEqual(dags);
      expect(await store.runs.find("sales", "r2")).toBeUndefined();
      expect(await store.logs.list({ taskInstanceNo: task })).toEqual([]);
      expect(await store.state.list("n")).toEqual([{ key: "kept", value: "1" }]);
      expect(await store.settings.get("k")).toBeUndefined();
      expect(await store.settings.get("later")).toBeUndefined();
      expect(await store.pools.list()).toEqual([]);
      expect(await store.chunks.get("s", 0)).toEqual(new Uint8Array([1]));
      expect(await store.chunks.get("t", 0)).toBeUndefined();
      // The store is as good as before.
      const [finished] = await store.commit([finishTask({ taskInstanceNo: task, runNo })]);
      expect(finished?.status).toBe("done");
    },
  },
  {
    name: "groups apply in the order of the calls, also when nobody waits in between",
    async run(place) {
      const store = await openEngine(place);
      const put = (expected: string | null, value: string): Change => ({
        kind: "putState",
        namespace: "n",
        key: "k",
        value,
        expected,
        at: noon,
      });
      const groups = await Promise.all([
        store.commit([put(null, "1")]),
        store.commit([put("1", "2")]),
        store.commit([put("2", "3")]),
      ]);
      expect(groups.flat().map(({ status }) => status)).toEqual(["done", "done", "done"]);
      expect(await store.state.get("n", "k")).toBe("3");
    },
  },
  {
    name: "a change by an object that is altered afterwards is stored as it was",
    async run(place) {
      const store = await openEngine(place);
      const taskIds = ["a", "b"];
      const bytes = new Uint8Array([1, 2, 3]);
      const [registered] = await store.commit([
        registerDag({ taskIds }),
        { kind: "putChunk", streamId: "s", seq: 0, bytes, at: noon },
      ]);
      if (registered?.status !== "registered") return expect.unreachable("the DAG was not registered");
      taskIds.push("c");
      bytes.fill(9);
      const { dagNo, versionNo } = registered;
      const [created] = await store.commit([createRun({ dagNo, versionNo, runId: "r1" })]);
      if (created?.status !== "created") return expect.unreachable("the run was not created");
      expect(await store.tasks.ofRun(created.runNo)).toHaveLength(2);
      expect(await store.chunks.get("s", 0)).toEqual(new Uint8Array([1, 2, 3]));
    },
  },
  {
    name: "rows that were handed out may be altered without harm",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const before = await everythingOf(store, runNo);
      await store.commit([{ kind: "putChunk", streamId: "s", seq: 0, bytes: new Uint8Array([1]), at: noon }]);
      Object.assign((await store.runs.get(runNo)) ?? {}, { state: "failed" });
      Object.assign((await store.runs.active())[0] ?? {}, { state: "failed" });
      Object.assign((await store.tasks.get(task)) ?? {}, { state: "failed" });
      Object.assign((await store.dags.get("sales")) ?? {}, { paused: true });
      (await store.chunks.get("s", 0))?.fill(9);
      expect(await everythingOf(store, runNo)).toEqual(before);
      expect((await store.dags.get("sales"))?.paused).toBe(false);
      expect(await store.chunks.get("s", 0)).toEqual(new Uint8Array([1]));
    },
  },
  {
    name: "both durabilities are accepted, and a large group is one group",
    async run(place) {
      const store = await openEngine(place);
      const many = Array.from(
        { length: 2_000 },
        (_, index): Change => ({ kind: "putSetting", key: `k${index}`, value: "v", at: noon }),
      );
      expect(await store.commit(many, { durability: "normal" })).toHaveLength(2_000);
      expect(
        await store.commit([{ kind: "putSetting", key: "full", value: "v", at: noon }], { durability: "full" }),
      ).toHaveLength(1);
      expect(await store.commit([{ kind: "putSetting", key: "after", value: "v", at: noon }], {})).toHaveLength(1);
      expect(await store.settings.get("k1999")).toBe("v");
      expect(await store.settings.get("full")).toBe("v");
    },
  },
];
