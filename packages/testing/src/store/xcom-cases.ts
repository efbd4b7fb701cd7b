import type { Store, XComPut } from "@millrace/core/plugin";
import { expect } from "vitest";
import { createRun, expandTask, finishTask, noon, registerDag, setTask, startTask, xcom } from "./changes.ts";
import { apply, everythingOf, type StoreCase, type StoreUnderTest, withRun } from "./store-case.ts";

export const xcomCases: readonly StoreCase[] = [
  {
    name: "an attempt's XComs are stored with its end and come back as they were",
    async run(place) {
      const { store, runNo, task, finish } = await withTask(place);
      const envelope: XComPut = {
        key: "big",
        format: "envelope",
        stored: '{"_xcom_compressed":true}',
        sizeBytes: 1_000_000,
      };
      await finish([xcom("return_value", { a: [1, "ä", null] }), envelope], { at: noon + 5 });
      const common = { taskInstanceNo: task, runNo, taskId: "extract", mapIndex: -1, createdAt: noon + 5 };
      expect(await store.xcoms.ofTask(task)).toEqual([
        { ...common, ...envelope },
        { ...common, ...xcom("return_value", { a: [1, "ä", null] }) },
      ]);
      expect(await store.xcoms.get({ taskInstanceNo: task, key: "big" })).toEqual({ ...common, ...envelope });
      expect(await store.xcoms.get({ taskInstanceNo: task, key: "none" })).toBeUndefined();
      expect(await store.xcoms.get({ taskInstanceNo: task + 1, key: "big" })).toBeUndefined();
    },
  },
  {
    name: "a stale attempt stores no XCom and deletes none",
    async run(place) {
      const { store, runNo, task, finish } = await withTask(place);
      await finish([xcom("a", 1)]);
      await apply(store, setTask({ taskInstanceNo: task, runNo, from: ["success"], to: "scheduled" }), "done");
      await apply(store, startTask({ taskInstanceNo: task, runNo, token: 8, attempt: 2 }), "done");
      const before = await everythingOf(store, runNo);
      const stale = {
        taskInstanceNo: task,
        runNo,
        token: 7,
        xcoms: [xcom("a", 2), xcom("b", 2)],
        deletes: [{ taskInstanceNo: task, key: "a" }],
      };
      await apply(store, finishTask({ ...stale, replacesXComs: true }), "refused");
      await apply(store, finishTask({ ...stale, replacesXComs: false }), "refused");
      expect(await everythingOf(store, runNo)).toEqual(before);
    },
  },
  {
    name: "an attempt that replaces takes the place of all that was there",
    async run(place) {
      const { store, finish, task, again } = await withTask(place);
      await finish([xcom("a", 1), xcom("b", 1)]);
      await again();
      await finish([xcom("b", 2)], { replacesXComs: true });
      expect((await store.xcoms.ofTask(task)).map(({ key, stored }) => [key, stored])).toEqual([["b", "2"]]);
      await again();
      await finish([], { replacesXComs: true });
      expect(await store.xcoms.ofTask(task)).toEqual([]);
    },
  },
  {
    name: "an attempt that does not replace adds and overwrites key by key",
    async run(place) {
      const { store, finish, task, again } = await withTask(place);
      await finish([xcom("a", 1), xcom("b", 1)], { replacesXComs: false });
      await again();
      await finish([xcom("b", 2), xcom("c", 2)], { replacesXComs: false, at: noon + 9 });
      expect(
        (await store.xcoms.ofTask(task)).map(({ key, stored, createdAt }) => [key, stored, createdAt - noon]),
      ).toEqual([
        ["a", "1", 0],
        ["b", "2", 9],
        ["c", "2", 9],
      ]);
    },
  },
  {
    name: "an attempt that is put off and starts under the same number replaces too",
    async run(place) {
      const { store, finish, task, runNo } = await withTask(place);
      await finish([xcom("a", 1)], { state: "up_for_reschedule", wakeAt: noon + 1 });
      await apply(store, startTask({ taskInstanceNo: task, runNo, token: 2, attempt: 1 }), "done");
      await finish([xcom("b", 2)], { token: 2, attempt: 1, replacesXComs: true });
      expect((await store.xcoms.ofTask(task)).map(({ key }) => key)).toEqual(["b"]);
    },
  },
  {
    name: "one key given twice keeps the last value",
    async run(place) {
      const { store, finish, task, again } = await withTask(place);
      await finish([xcom("a", 1), xcom("a", 2)]);
      expect((await store.xcoms.ofTask(task)).map(({ stored }) => stored)).toEqual(["2"]);
      await again();
      await finish([xcom("a", 3), xcom("a", 4)], { replacesXComs: false });
      expect((await store.xcoms.ofTask(task)).map(({ stored }) => stored)).toEqual(["4"]);
    },
  },
  {
    name: "an attempt may delete XComs, its own before it adds and those of other instances",
    async run(place) {
      const { store, runNo, task, finish, again } = await withTask(place);
      await apply(store, startTask({ taskInstanceNo: task + 1, runNo, token: 1 }), "done");
      await apply(store, finishTask({ taskInstanceNo: task + 1, runNo, xcoms: [xcom("a", 1), xcom("b", 1)] }), "done");
      await finish([xcom("own", 1), xcom("kept", 1)]);
      await again();
      const deletes = [
        { taskInstanceNo: task + 1, key: "a" },
        { taskInstanceNo: task, key: "own" },
        { taskInstanceNo: task, key: "not there" },
      ];
      await finish([xcom("own", 2)], { replacesXComs: false, deletes });
      expect((await store.xcoms.ofTask(task)).map(({ key, stored }) => [key, stored])).toEqual([
        ["kept", "1"],
        ["own", "2"],
      ]);
      expect((await store.xcoms.ofTask(task + 1)).map(({ key }) => key)).toEqual(["b"]);
    },
  },
  {
    name: "one key of many instances comes in the order asked, with gaps and repeats",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: first } = await withRun(place);
      for (const [offset, value] of [
        ["0", "x"],
        ["2", "z"],
      ] as const) {
        const taskInstanceNo = first + Number(offset);
        await apply(store, startTask({ taskInstanceNo, runNo }), "done");
        await apply(store, finishTask({ taskInstanceNo, runNo, xcoms: [xcom("k", value), xcom("other", 1)] }), "done");
      }
      const got = await store.xcoms.getMany([first + 2, first + 1, first, first + 2, 999_999], "k");
      expect(got.map((row) => row?.stored)).toEqual(['"z"', undefined, '"x"', '"z"', undefined]);
      expect(await store.xcoms.getMany([], "k")).toEqual([]);
    },
  },
  {
    name: "one key of several thousand instances is fetched at once",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: first } = await withRun(place);
      const count = 3_000;
      const { firstTaskInstanceNo } = await apply(
        store,
        expandTask({ runNo, taskNo: 0, placeholderNo: first, count }),
        "expanded",
      );
      const numbers = [first, ...Array.from({ length: count - 1 }, (_, index) => firstTaskInstanceNo + index)];
      await store.commit(
        numbers.flatMap((taskInstanceNo, index) => [
          startTask({ taskInstanceNo, runNo }),
          finishTask({ taskInstanceNo, runNo, xcoms: [xcom("return_value", index)] }),
        ]),
      );
      const got = await store.xcoms.getMany([...numbers].reverse(), "return_value");
      expect(got.map((row) => row?.mapIndex)).toEqual(numbers.map((_, index) => count - 1 - index));
      expect(got.map((row) => row?.stored)).toEqual(numbers.map((_, index) => String(count - 1 - index)));
    },
  },
  {
    name: "the XComs of a run come by task, map index and key",
    async run(place) {
      const { store, runNo, dagNo, versionNo, firstTaskInstanceNo: first } = await withRun(place);
      const other = await apply(store, createRun({ dagNo, versionNo, runId: "r2" }), "created");
      const { firstTaskInstanceNo: mapped } = await apply(
        store,
        expandTask({ runNo, taskNo: 0, placeholderNo: first, count: 2 }),
        "expanded",
      );
      for (const taskInstanceNo of [first + 2, first + 1, mapped, first]) {
        await apply(store, startTask({ taskInstanceNo, runNo }), "done");
        await apply(store, finishTask({ taskInstanceNo, runNo, xcoms: [xcom("b", 1), xcom("a", 1)] }), "done");
      }
      await apply(store, startTask({ taskInstanceNo: other.firstTaskInstanceNo, runNo: other.runNo }), "done");
      await apply(
        store,
        finishTask({ taskInstanceNo: other.firstTaskInstanceNo, runNo: other.runNo, xcoms: [xcom("other", 1)] }),
        "done",
      );
      expect(
        (await store.xcoms.ofRun(runNo)).map(({ taskId, mapIndex, key }) => `${taskId} ${mapIndex} ${key}`),
      ).toEqual([
        "extract 0 a",
        "extract 0 b",
        "extract 1 a",
        "extract 1 b",
        "clean -1 a",
        "clean -1 b",
        "report -1 a",
        "report -1 b",
      ]);
      expect(await store.xcoms.ofRun(runNo + 1_000)).toEqual([]);
    },
  },
  {
    name: "keys and values of every kind survive, and keys come in the order of their code points",
    async run(place) {
      const { store, finish, task } = await withTask(place);
      const keys = ["a", "B", "ä", "\u{ff21}", "\u{1f600}", "with blank", "x'; --", "z".repeat(250)];
      const text = `nul \u0000 line\nsurrogates \u{1f600} ${"long ".repeat(50_000)}`;
      await finish(keys.map((key) => xcom(key, text)));
      const rows = await store.xcoms.ofTask(task);
      expect(rows.map(({ key }) => key)).toEqual([
        "B",
        "a",
        "with blank",
        "x'; --",
        "z".repeat(250),
        "ä",
        "\u{ff21}",
        "\u{1f600}",
      ]);
      for (const row of rows) expect(JSON.parse(row.stored)).toBe(text);
    },
  },
  {
    name: "the prior value is that of the newest run at or before a logical date that has one",
    async run(place) {
      const { store, dagNo, versionNo } = await withRun(place);
      const runs: Record<string, { runNo: number; first: number }> = {};
      const make = async (runId: string, logicalDate: number, value?: string): Promise<void> => {
        const { runNo, firstTaskInstanceNo: first } = await apply(
          store,
          createRun({ dagNo, versionNo, runId, logicalDate }),
          "created",
        );
        runs[runId] = { runNo, first };
        if (value === undefined) return;
        await push(store, runNo, first + 1, value);
      };
      await make("late", 300, "late");
      await make("early", 100, "early");
      await make("middle", 200, "middle");
      await make("silent", 250);
      await make("same", 200, "same");
      const prior = async (
        logicalDate: number,
        runId: string,
        query: { key?: string; taskId?: string; mapIndex?: number } = {},
      ) =>
        (
          await store.xcoms.prior({
            dagNo,
            taskId: "clean",
            mapIndex: -1,
            key: "k",
            logicalDate,
            runNo: runs[runId]?.runNo ?? 0,
            ...query,
          })
        )?.stored;
      expect(await prior(300, "late")).toBe('"late"');
      expect(await prior(250, "silent")).toBe('"same"');
      expect(await prior(200, "same")).toBe('"same"');
      expect(await prior(200, "middle")).toBe('"middle"');
      expect(await prior(100, "early")).toBe('"early"');
      expect(await prior(99, "late")).toBeUndefined();
      expect(await prior(300, "late", { key: "unknown" })).toBeUndefined();
      expect(await prior(300, "late", { taskId: "unknown" })).toBeUndefined();
      expect(await prior(300, "late", { mapIndex: 0 })).toBeUndefined();
    },
  },
  {
    name: "the prior value is found across versions of the DAG and by map index",
    async run(place) {
      const { store, dagNo, versionNo } = await withRun(place);
      const old = await apply(store, createRun({ dagNo, versionNo, runId: "old", logicalDate: 1 }), "created");
      const { firstTaskInstanceNo: mapped } = await apply(
        store,
        expandTask({ runNo: old.runNo, taskNo: 1, placeholderNo: old.firstTaskInstanceNo + 1, count: 2 }),
        "expanded",
      );
      await push(store, old.runNo, old.firstTaskInstanceNo + 1, "index 0");
      await push(store, old.runNo, mapped, "index 1");
      const next = await apply(
        store,
        registerDag({ fingerprint: "print-2", taskIds: ["new", "extract", "other", "clean"] }),
        "registered",
      );
      const now = await apply(
        store,
        createRun({ dagNo, versionNo: next.versionNo, runId: "now", logicalDate: 2 }),
        "created",
      );
      const other = await apply(store, registerDag({ dagId: "other" }), "registered");
      const query = { dagNo, taskId: "clean", key: "k", logicalDate: 2, runNo: now.runNo };
      expect((await store.xcoms.prior({ ...query, mapIndex: 0 }))?.stored).toBe('"index 0"');
      expect(await store.xcoms.prior({ ...query, mapIndex: 1 })).toMatchObject({
        stored: '"index 1"',
        mapIndex: 1,
        taskId: "clean",
        runNo: old.runNo,
      });
      expect(await store.xcoms.prior({ ...query, mapIndex: -1 })).toBeUndefined();
      expect(await store.xcoms.prior({ ...query, dagNo: other.dagNo, mapIndex: 0 })).toBeUndefined();
    },
  },
];

async function push(store: Store, runNo: number, taskInstanceNo: number, value: string): Promise<void> {
  await apply(store, startTask({ taskInstanceNo, runNo }), "done");
  await apply(store, finishTask({ taskInstanceNo, runNo, xcoms: [xcom("k", value)] }), "done");
}

/** A run whose first task is running with token 1; `again` starts it once more under the next attempt and token. */
async function withTask(place: StoreUnderTest) {
  const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
  let token = 1;
  await apply(store, startTask({ taskInstanceNo: task, runNo, token }), "done");
  const finish = (xcoms: readonly XComPut[], change: Partial<ReturnType<typeof finishTask>> = {}) =>
    apply(store, finishTask({ taskInstanceNo: task, runNo, token, attempt: token, xcoms, ...change }), "done");
  const again = async (): Promise<void> => {
    token++;
    await apply(store, setTask({ taskInstanceNo: task, runNo, from: ["success"], to: "scheduled" }), "done");
    await apply(store, startTask({ taskInstanceNo: task, runNo, token, attempt: token }), "done");
  };
  return { store, runNo, task, finish, again };
}
