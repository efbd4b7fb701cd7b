import type { Change, LogLine, PutState } from "@millrace/core/plugin";
import { expect } from "vitest";
import { noon, startTask } from "./changes.ts";
import { apply, openEngine, type StoreCase, withRun } from "./store-case.ts";

export const recordCases: readonly StoreCase[] = [
  {
    name: "log lines come back in order, by attempt and by page",
    async run(place) {
      const { store, firstTaskInstanceNo: task } = await withRun(place);
      const line = (message: string, fields: string | null = null): LogLine => ({
        at: noon,
        level: "info",
        message,
        fields,
      });
      const logs = (taskInstanceNo: number, attempt: number, ...lines: LogLine[]): Change => ({
        kind: "appendLogs",
        taskInstanceNo,
        attempt,
        lines,
      });
      const [outcome] = await store.commit([
        logs(task, 1, line("a"), line("b", '{"n":1}')),
        logs(task + 1, 1, line("other")),
        logs(task, 2, line("c")),
      ]);
      expect(outcome).toEqual({ status: "done", eventSeq: 0 });
      const all = await store.logs.list({ taskInstanceNo: task });
      expect(all.map(({ message, attempt }) => [message, attempt])).toEqual([
        ["a", 1],
        ["b", 1],
        ["c", 2],
      ]);
      expect(all[1]).toEqual({
        logNo: all[1]?.logNo,
        taskInstanceNo: task,
        attempt: 1,
        at: noon,
        level: "info",
        message: "b",
        fields: '{"n":1}',
      });
      expect((all[0]?.logNo ?? 0) < (all[1]?.logNo ?? 0) && (all[1]?.logNo ?? 0) < (all[2]?.logNo ?? 0)).toBe(true);
      const messages = async (filter: { attempt?: number; after?: number; limit?: number }) =>
        (await store.logs.list({ taskInstanceNo: task, ...filter })).map(({ message }) => message);
      expect(await messages({ attempt: 2 })).toEqual(["c"]);
      expect(await messages({ attempt: 3 })).toEqual([]);
      expect(await messages({ after: all[0]?.logNo ?? 0 })).toEqual(["b", "c"]);
      expect(await messages({ after: all[0]?.logNo ?? 0, limit: 1 })).toEqual(["b"]);
      expect(await messages({ after: all[0]?.logNo ?? 0, attempt: 2, limit: 1 })).toEqual(["c"]);
      expect(await messages({ limit: 0 })).toEqual([]);
      expect((await store.commit([logs(task + 1_000, 1, line("nobody's"))]))[0]?.status).toBe("refused");
      expect(await store.logs.list({ taskInstanceNo: task + 1_000 })).toEqual([]);
    },
  },
  {
    name: "1,000 log lines are listed when no limit is given, and 10,000 at most",
    async run(place) {
      const { store, firstTaskInstanceNo: task } = await withRun(place);
      const lines = Array.from(
        { length: 10_001 },
        (_, index): LogLine => ({ at: noon, level: "debug", message: `line ${index}`, fields: null }),
      );
      await store.commit([{ kind: "appendLogs", taskInstanceNo: task, attempt: 1, lines }]);
      expect(await store.logs.list({ taskInstanceNo: task })).toHaveLength(1_000);
      expect(await store.logs.list({ taskInstanceNo: task, limit: 50_000 })).toHaveLength(10_000);
    },
  },
  {
    name: "text with any character survives",
    async run(place) {
      const { store, firstTaskInstanceNo: task } = await withRun(place);
      const message = "nul \u0000 tab \t quote ' \" backslash \\ emoji \u{1f600} end";
      await store.commit([
        {
          kind: "appendLogs",
          taskInstanceNo: task,
          attempt: 1,
          lines: [{ at: noon, level: "error", message, fields: null }],
        },
      ]);
      expect((await store.logs.list({ taskInstanceNo: task }))[0]?.message).toBe(message);
    },
  },
  {
    name: "events have growing numbers, also over restarts and refusals, and are listed by page",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const first = await apply(store, startTask({ taskInstanceNo: task, runNo }), "done");
      await apply(store, startTask({ taskInstanceNo: task, runNo }), "refused");
      await store.close();
      const next = await openEngine(place);
      const second = await apply(next, startTask({ taskInstanceNo: task + 1, runNo }), "done");
      expect(second.eventSeq).toBeGreaterThan(first.eventSeq);
      const all = await next.events.list({});
      expect(all.map(({ kind }) => kind)).toEqual(["dag.registered", "run.created", "task.running", "task.running"]);
      expect(all.map(({ seq }) => seq)).toEqual([...all.map(({ seq }) => seq)].sort((a, b) => a - b));
      expect(new Set(all.map(({ seq }) => seq)).size).toBe(4);
      expect((await next.events.list({ after: first.eventSeq })).map(({ seq }) => seq)).toEqual([second.eventSeq]);
      expect(await next.events.list({ limit: 2 })).toEqual(all.slice(0, 2));
      expect(await next.events.list({ after: all[0]?.seq ?? 0, limit: 2 })).toEqual(all.slice(1, 3));
      expect(await next.events.list({ runNo, limit: 2 })).toEqual(all.slice(1, 3));
      expect(await next.events.list({ runNo, after: first.eventSeq })).toEqual(all.slice(3));
      expect(await next.events.list({ runNo: runNo + 1 })).toEqual([]);
    },
  },
  {
    name: "an event of its own is stored as given, at any time of its run's life",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      await apply(store, { kind: "updateRun", runNo, from: ["queued"], to: "success", note: null, at: noon }, "done");
      const event = {
        at: noon + 1,
        kind: "lineage.recorded",
        dagId: null,
        runNo,
        taskInstanceNo: task,
        attempt: 4,
        data: '{"x":1}',
      };
      const written = await apply(store, { kind: "appendEvent", event }, "done");
      const loose = {
        at: 0,
        kind: "engine.started",
        dagId: "elsewhere",
        runNo: null,
        taskInstanceNo: null,
        attempt: null,
        data: null,
      };
      const last = await apply(store, { kind: "appendEvent", event: loose }, "done");
      const told = (await store.events.list({ runNo })).map(({ kind }) => kind);
      expect(told).toEqual(["run.created", "run.success", "lineage.recorded"]);
      expect(await store.events.list({ runNo, after: written.eventSeq - 1 })).toEqual([
        { ...event, seq: written.eventSeq, dagId: "sales" },
      ]);
      expect(await store.events.list({ after: last.eventSeq - 1 })).toEqual([{ ...loose, seq: last.eventSeq }]);
    },
  },
  {
    name: "1,000 events are listed when no limit is given, and 10,000 at most",
    async run(place) {
      const store = await openEngine(place);
      const event = { at: noon, kind: "k", dagId: null, runNo: null, taskInstanceNo: null, attempt: null, data: null };
      await store.commit(Array.from({ length: 10_001 }, (): Change => ({ kind: "appendEvent", event })));
      expect(await store.events.list({})).toHaveLength(1_000);
      expect(await store.events.list({ limit: 1_000_000 })).toHaveLength(10_000);
    },
  },
  {
    name: "state is kept by namespace and key, and deleted by null",
    async run(place) {
      const store = await openEngine(place);
      const put = (namespace: string, key: string, value: string | null): PutState => ({
        kind: "putState",
        namespace,
        key,
        value,
        at: noon,
      });
      await store.commit([put("n", "b", "1"), put("n", "a", '"x"'), put("m", "a", "3"), put("n", "B", "null")]);
      expect(await store.state.get("n", "a")).toBe('"x"');
      expect(await store.state.get("m", "a")).toBe("3");
      expect(await store.state.get("m", "b")).toBeUndefined();
      expect(await store.state.list("n")).toEqual([
        { key: "B", value: "null" },
        { key: "a", value: '"x"' },
        { key: "b", value: "1" },
      ]);
      await store.commit([put("n", "a", "2"), put("n", "b", null), put("n", "none", null)]);
      expect(await store.state.list("n")).toEqual([
        { key: "B", value: "null" },
        { key: "a", value: "2" },
      ]);
      expect(await store.state.list("unknown")).toEqual([]);
    },
  },
  {
    name: "state with an expectation changes only when that is what is stored",
    async run(place) {
      const store = await openEngine(place);
      const swap = (expected: string | null | undefined, value: string | null): PutState => ({
        kind: "putState",
        namespace: "n",
        key: "k",
        value,
        ...(expected === undefined ? {} : { expected }),
        at: noon,
      });
      const statuses = async (...changes: PutState[]) => (await store.commit(changes)).map(({ status }) => status);
      expect(await statuses(swap("1", "2"))).toEqual(["refused"]);
      expect(await statuses(swap("1", null))).toEqual(["refused"]);
      expect(await statuses(swap(null, "1"), swap(null, "2"))).toEqual(["done", "refused"]);
      expect(await store.state.get("n", "k")).toBe("1");
      expect(await statuses(swap("1", "2"), swap("1", "3"), swap("2", "4"))).toEqual(["done", "refused", "done"]);
      expect(await store.state.get("n", "k")).toBe("4");
      expect(await statuses(swap("3", null), swap("4", null), swap(null, null))).toEqual(["refused", "done", "done"]);
      expect(await store.state.get("n", "k")).toBeUndefined();
      expect(await statuses(swap(undefined, "free"))).toEqual(["done"]);
    },
  },
  {
    name: "settings are kept, replaced and deleted",
    async run(place) {
      const store = await openEngine(place);
      await store.commit([{ kind: "putSetting", key: "k", value: "1", at: noon }]);
      await store.commit([{ kind: "putSetting", key: "k", value: "2", at: noon }]);
      expect(await store.settings.get("k")).toBe("2");
      await store.commit([{ kind: "putSetting", key: "k", value: null, at: noon }]);
      expect(await store.settings.get("k")).toBeUndefined();
    },
  },
  {
    name: "pools are kept and listed by name; only a change of size is told",
    async run(place) {
      const store = await openEngine(place);
      const put = (pool: string, slots: number): Change => ({ kind: "putPool", pool, slots, at: noon });
      const outcomes = await store.commit([
        put("warehouse", 4),
        put("api", 1),
        put("warehouse", 4),
        put("warehouse", 5),
      ]);
      expect(outcomes.map((outcome) => outcome.status === "done" && outcome.eventSeq > 0)).toEqual([
        true,
        true,
        false,
        true,
      ]);
      expect(await store.pools.list()).toEqual([
        { pool: "api", slots: 1 },
        { pool: "warehouse", slots: 5 },
      ]);
      expect((await store.events.list({})).map(({ kind, data }) => [kind, data])).toEqual([
        ["pool.set", '{"pool":"warehouse","slots":4}'],
        ["pool.set", '{"pool":"api","slots":1}'],
        ["pool.set", '{"pool":"warehouse","slots":5}'],
      ]);
    },
  },
  {
    name: "chunks are kept byte by byte, replaced, and deleted by stream",
    async run(place) {
      const store = await openEngine(place);
      const put = (streamId: string, seq: number, bytes: Uint8Array): Change => ({
        kind: "putChunk",
        streamId,
        seq,
        bytes,
        at: noon,
      });
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      const large = new Uint8Array(1_000_000).fill(7);
      const view = new Uint8Array(new Uint8Array([9, 1, 2, 9]).buffer, 1, 2);
      await store.commit([put("s", 0, all), put("s", 1, large), put("s", 2, new Uint8Array()), put("t", 0, view)]);
      expect(await store.chunks.get("s", 0)).toEqual(all);
      expect(Buffer.compare((await store.chunks.get("s", 1)) ?? new Uint8Array(), large)).toBe(0);
      expect(await store.chunks.get("s", 2)).toEqual(new Uint8Array());
      expect(await store.chunks.get("t", 0)).toEqual(new Uint8Array([1, 2]));
      expect(await store.chunks.get("s", 3)).toBeUndefined();
      await store.commit([put("s", 0, new Uint8Array([5]))]);
      expect(await store.chunks.get("s", 0)).toEqual(new Uint8Array([5]));
      await store.commit([
        { kind: "deleteChunks", streamId: "s" },
        { kind: "deleteChunks", streamId: "unknown" },
      ]);
      expect(await store.chunks.get("s", 0)).toBeUndefined();
      expect(await store.chunks.get("s", 1)).toBeUndefined();
      expect(await store.chunks.get("t", 0)).toEqual(new Uint8Array([1, 2]));
    },
  },
];
