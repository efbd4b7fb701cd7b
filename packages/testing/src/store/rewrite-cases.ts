import type { Change, ReplaceXCom, Store, XComPut, XComRef } from "@millrace/core/plugin";
import { expect } from "vitest";
import { createRun, expandTask, finishTask, noon, setTask, startTask, xcom } from "./changes.ts";
import { apply, everythingOf, openEngine, type StoreCase, type StoreUnderTest, withRun } from "./store-case.ts";

/** A whole store is walked in pages, and what lies there is written anew without touching anything else. */
export const rewriteCases: readonly StoreCase[] = [
  {
    name: "XComs of all runs are walked in pages by instance and key, each once",
    async run(place) {
      const { store, task, other } = await withXComs(place);
      const rows = await walk(store, 2);
      expect(rows.map(nameOf)).toEqual([
        ...[`${task} a`, `${task} b`, `${task} ä`],
        ...[`${task + 1} a`, `${task + 2} a`, `${task + 2} z`, `${other} a`],
      ]);
      // Of the key within the instance, and not of either alone.
      expect((await page(store, { after: { taskInstanceNo: task + 1, key: "a" } })).map(nameOf)[0]).toBe(
        `${task + 2} a`,
      );
      expect((await page(store, { after: { taskInstanceNo: task, key: "aa" } })).map(nameOf)[0]).toBe(`${task} b`);
      expect((await page(store, { after: { taskInstanceNo: task + 1, key: "" } })).map(nameOf)[0]).toBe(
        `${task + 1} a`,
      );
      expect(await page(store, { after: { taskInstanceNo: other, key: "a" } })).toEqual([]);
      expect(await page(store, { limit: 0 })).toEqual([]);
      const [first] = rows;
      expect(first).toEqual(await store.xcoms.get({ taskInstanceNo: task, key: "a" }));
      expect(rows.at(-1)).toEqual(await store.xcoms.get({ taskInstanceNo: other, key: "a" }));
    },
  },
  {
    name: "pages of envelopes leave out plain values, and what an envelope leads to is shown as it is",
    async run(place) {
      const { store, task, other } = await withXComs(place);
      const rows = await walk(store, 1, "envelope");
      expect(rows.map(nameOf)).toEqual([`${task} b`, `${task + 2} z`, `${other} a`]);
      expect(rows.every(({ format, stored }) => format === "envelope" && stored === '{"_xcom_x":true}')).toBe(true);
      // One that is pushed anew as plain is none any more.
      await apply(store, replace({ taskInstanceNo: task, key: "b" }, '{"_xcom_x":true}', plain("1")), "done");
      await apply(store, replace({ taskInstanceNo: task, key: "a" }, "1", envelope), "done");
      expect((await walk(store, 5, "envelope")).map(nameOf)).toEqual([...[`${task} a`, `${task + 2} z`, `${other} a`]]);
    },
  },
  {
    name: "a page has the map index that an instance has now, and nothing of one that is gone",
    async run(place) {
      const { store, runNo, task } = await withXComs(place);
      await apply(store, setTask({ taskInstanceNo: task + 2, runNo, from: ["success"], to: "scheduled" }), "done");
      const { firstTaskInstanceNo: mapped } = await apply(
        store,
        expandTask({ runNo, taskNo: 2, placeholderNo: task + 2, count: 2 }),
        "expanded",
      );
      await push(store, runNo, mapped, [xcom("a", 1)]);
      const indices = async () =>
        (await walk(store, 3)).filter(({ taskId }) => taskId === "report").map(({ mapIndex, key }) => [mapIndex, key]);
      expect(await indices()).toEqual([
        [0, "a"],
        [0, "z"],
        [1, "a"],
      ]);
      const collapse: Change = {
        kind: "collapseTask",
        runNo,
        taskNo: 2,
        placeholderNo: task + 2,
        reason: null,
        at: noon,
      };
      await apply(store, collapse, "done");
      expect(await indices()).toEqual([]);
    },
  },
  {
    name: "a page has 10,000 XComs at most",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      await push(
        store,
        runNo,
        task,
        Array.from({ length: 10_001 }, (_, index) => xcom(`k${index}`, index)),
      );
      expect(await page(store, { limit: 50_000 })).toHaveLength(10_000);
    },
  },
  {
    name: "an XCom is written anew and nothing beside it changes",
    async run(place) {
      const { store, runNo, task } = await withXComs(place);
      const before = (await everythingOf(store, runNo)) as { xcoms: readonly { readonly key: string }[] };
      const put = { format: "envelope", stored: '{"_xcom_x":true,"n":2}', sizeBytes: 77 } as const;
      const ref = { taskInstanceNo: task, key: "a" };
      expect(await store.commit([replace(ref, "1", put)])).toEqual([{ status: "done", eventSeq: 0 }]);
      expect(await everythingOf(store, runNo)).toEqual({
        ...before,
        xcoms: before.xcoms.map((row, index) => (index === 0 ? { ...row, ...put } : row)),
      });
      expect(await store.xcoms.get(ref)).toMatchObject({ ...put, createdAt: noon + 5 });
    },
  },
  {
    name: "what was pushed anew, removed or rewritten since it was read stays so",
    async run(place) {
      const { store, runNo, task } = await withXComs(place);
      const ref = { taskInstanceNo: task, key: "a" };
      const before = await everythingOf(store, runNo);
      for (const change of [
        replace(ref, "2", envelope),
        replace(ref, "1 ", envelope),
        replace(ref, "", envelope),
        replace({ ...ref, key: "none" }, "1", envelope),
        replace({ ...ref, key: "A" }, "1", envelope),
        replace({ taskInstanceNo: 999_999_999, key: "a" }, "1", envelope),
      ]) {
        const refused = await apply(store, change, "refused");
        expect(refused.reason).not.toBe("");
      }
      expect(await everythingOf(store, runNo)).toEqual(before);
      // The first of two that have read the same wins.
      const outcomes = await store.commit([replace(ref, "1", plain("3")), replace(ref, "1", plain("4"))]);
      expect(outcomes.map(({ status }) => status)).toEqual(["done", "refused"]);
      expect((await store.xcoms.get(ref))?.stored).toBe("3");
      await apply(store, { kind: "deleteXComs", refs: [ref], at: noon }, "done");
      await apply(store, replace(ref, "3", envelope), "refused");
      expect(await store.xcoms.get(ref)).toBeUndefined();
    },
  },
  {
    name: "what an attempt of the same group has pushed is seen by a rewriting",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const ref = { taskInstanceNo: task, key: "k" };
      const outcomes = await store.commit([
        startTask({ taskInstanceNo: task, runNo }),
        finishTask({ taskInstanceNo: task, runNo, xcoms: [xcom("k", 1)], replacesXComs: false }),
        replace(ref, "0", envelope),
        replace(ref, "1", plain("2")),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(["done", "done", "refused", "done"]);
      expect((await store.xcoms.get(ref))?.stored).toBe("2");
    },
  },
  {
    name: "streams that have pieces are listed by id, with their size, their pieces and the newest one's time",
    async run(place) {
      const store = await openEngine(place);
      const put = (streamId: string, seq: number, sizeBytes: number, at: number): Change => ({
        kind: "putChunk",
        streamId,
        seq,
        bytes: new Uint8Array(sizeBytes),
        at,
      });
      expect(await store.chunks.streams({ limit: 10 })).toEqual([]);
      await store.commit([
        put("12-1-k-ff", 0, 300_000, noon + 3),
        put("12-1-k-ff", 1, 5, noon + 1),
        put("1-1-k-ff", 0, 0, noon),
        put("2-1-ä-ff", 7, 10, noon),
        put("2-1-ä-ff", 7, 20, noon + 9),
        put("gone", 0, 1, noon),
        { kind: "deleteChunks", streamId: "gone" },
      ]);
      const all = await store.chunks.streams({ limit: 10 });
      expect(all).toEqual([
        { streamId: "1-1-k-ff", sizeBytes: 0, chunkCount: 1, newestAt: noon },
        { streamId: "12-1-k-ff", sizeBytes: 300_005, chunkCount: 2, newestAt: noon + 3 },
        { streamId: "2-1-ä-ff", sizeBytes: 20, chunkCount: 1, newestAt: noon + 9 },
      ]);
      expect(await store.chunks.streams({ limit: 2 })).toEqual(all.slice(0, 2));
      expect(await store.chunks.streams({ after: "1-1-k-ff", limit: 1 })).toEqual(all.slice(1, 2));
      expect(await store.chunks.streams({ after: "2-1-ä-ff", limit: 1 })).toEqual([]);
      expect(await store.chunks.streams({ limit: 0 })).toEqual([]);
    },
  },
  {
    name: "10,000 streams are listed at once at most",
    async run(place) {
      const store = await openEngine(place);
      const bytes = new Uint8Array([1]);
      await store.commit(
        Array.from(
          { length: 10_001 },
          (_, n): Change => ({ kind: "putChunk", streamId: `s${n}`, seq: 0, bytes, at: n }),
        ),
      );
      expect(await store.chunks.streams({ limit: 50_000 })).toHaveLength(10_000);
    },
  },
];

const envelope = { format: "envelope", stored: '{"_xcom_x":true}', sizeBytes: 9 } as const;

function plain(stored: string): Omit<XComPut, "key"> {
  return { format: "json", stored, sizeBytes: stored.length };
}

function replace(ref: XComRef, expected: string, put: Omit<XComPut, "key">): ReplaceXCom {
  return { kind: "replaceXCom", ...ref, expected, put };
}

/** Two runs with XComs, plain ones and envelopes, pushed in another order than that of their numbers. */
async function withXComs(place: StoreUnderTest) {
  const { store, dagNo, versionNo, runNo, firstTaskInstanceNo: task } = await withRun(place);
  const next = await apply(store, createRun({ dagNo, versionNo, runId: "r2" }), "created");
  const other = next.firstTaskInstanceNo;
  const touched: XComPut = { key: "b", ...envelope };
  await push(store, next.runNo, other, [{ ...touched, key: "a" }]);
  await push(store, runNo, task + 2, [{ ...touched, key: "z" }, xcom("a", 1)]);
  await push(store, runNo, task, [xcom("ä", 1), touched, xcom("a", 1)]);
  await push(store, runNo, task + 1, [xcom("a", 1)]);
  return { store, runNo, task, other };
}

async function push(store: Store, runNo: number, taskInstanceNo: number, xcoms: readonly XComPut[]): Promise<void> {
  const reads = [{ taskInstanceNo, key: "a", sizeBytes: 1 }];
  await store.commit([
    startTask({ taskInstanceNo, runNo }),
    finishTask({ taskInstanceNo, runNo, xcoms, reads, at: noon + 5 }),
  ]);
}

function page(store: Store, query: Partial<Parameters<Store["xcoms"]["page"]>[0]>) {
  return store.xcoms.page({ limit: 100, ...query });
}

/** Every page, one after the other. */
async function walk(store: Store, limit: number, format?: "envelope") {
  const rows = [];
  for (let after: XComRef | undefined; rows.length < 100; after = rows.at(-1)) {
    const next = await page(store, { limit, ...(after && { after }), ...(format && { format }) });
    expect(next.length).toBeLessThanOrEqual(limit);
    if (next.length === 0) return rows;
    rows.push(...next);
  }
  return expect.unreachable("the walk does not end");
}

function nameOf({ taskInstanceNo, key }: XComRef): string {
  return `${taskInstanceNo} ${key}`;
}
