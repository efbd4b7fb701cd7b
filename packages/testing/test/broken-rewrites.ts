import type { ReplaceXCom, Store, StreamRow, XComRow } from "@millrace/core/plugin";
import { type Break, changes, watching } from "./breaking.ts";

/** Stores that break a promise about walking through everything, or about writing an XCom anew. */
export const brokenRewrites: Readonly<Record<string, Break>> = {
  "a page begins with the last XCom of the one before": pages(async (page, query, store) => {
    const last = query.after && (await store.xcoms.get(query.after));
    return last ? [last, ...(await page(query))].slice(0, query.limit) : page(query);
  }),
  "a page leaves out the rest of the instance where the one before ended": pages((page, query) =>
    page(query.after ? { ...query, after: { ...query.after, key: "\u{10ffff}" } } : query),
  ),
  "a page begins with the whole instance where the one before ended": pages(async (page, query) => {
    const { after } = query;
    if (!after) return page(query);
    const rows = await page({ ...query, after: { ...after, key: "" } });
    return rows.filter(({ taskInstanceNo, key }) => taskInstanceNo !== after.taskInstanceNo || key !== after.key);
  }),
  "a page comes by key": pages(async (page, query) =>
    [...(await page(query))].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)),
  ),
  "a page is ordered by locale": pages(async (page, query) =>
    [...(await page(query))].sort((a, b) => a.taskInstanceNo - b.taskInstanceNo || a.key.localeCompare(b.key)),
  ),
  "a page of nothing has one XCom": pages((page, query) => page({ ...query, limit: Math.max(query.limit, 1) })),
  "a page has no end": pages(async (page, query) => {
    const rows = [...(await page(query))];
    const after = rows.at(-1);
    if (after && query.limit > rows.length) rows.push(...(await page({ ...query, after })));
    return rows;
  }),
  "a page of envelopes has everything": pages((page, { format: _, ...query }) => page(query)),
  "a page of envelopes is that of everything without the rest": pages(async (page, { format, ...query }) =>
    (await page(query)).filter((row) => format === undefined || row.format === format),
  ),
  "a page does not know that a task was expanded": pages(async (page, query) =>
    (await page(query)).map((row) => ({ ...row, mapIndex: Math.min(row.mapIndex, -1) })),
  ),

  "any XCom is replaced, whatever is stored": changes(
    (change) => change,
    undefined,
    async (store, change) => {
      if (change.kind !== "replaceXCom") return change;
      return { ...change, expected: (await store.xcoms.get(change))?.stored ?? change.expected };
    },
  ),
  "blanks do not count in what is expected": changes((change) =>
    change.kind === "replaceXCom" ? { ...change, expected: change.expected.trim() } : change,
  ),
  "a replaced XCom keeps its format": changes(
    (change) => change,
    undefined,
    async (store, change) => {
      if (change.kind !== "replaceXCom") return change;
      const row = await store.xcoms.get(change);
      return { ...change, put: { ...change.put, format: row?.format ?? "json" } };
    },
  ),
  "a replaced XCom keeps its size": changes(
    (change) => change,
    undefined,
    async (store, change) => {
      if (change.kind !== "replaceXCom") return change;
      const row = await store.xcoms.get(change);
      return { ...change, put: { ...change.put, sizeBytes: row?.sizeBytes ?? 0 } };
    },
  ),
  "a replaced XCom is new": (store) => {
    const replaced = new Set<string>();
    const shown = (row: XComRow): XComRow => ({
      ...row,
      createdAt: row.createdAt + (replaced.has(`${row.taskInstanceNo} ${row.key}`) ? 1 : 0),
    });
    return {
      ...watching(store, {
        after(change, outcome) {
          if (change.kind === "replaceXCom" && outcome.status === "done")
            replaced.add(`${change.taskInstanceNo} ${change.key}`);
        },
      }),
      xcoms: {
        ...store.xcoms,
        async get(ref) {
          const row = await store.xcoms.get(ref);
          return row && shown(row);
        },
      },
    };
  },
  "each replaced XCom is told": beside((change) => ({
    kind: "appendEvent",
    event: {
      ...{ at: 0, kind: "xcom.replaced", dagId: null, runNo: null },
      ...{ taskInstanceNo: change.taskInstanceNo, attempt: null, data: null },
    },
  })),
  "a lost race removes the XCom": (store) => ({
    async commit(group, options) {
      const outcomes = await store.commit(group, options);
      for (const [index, change] of group.entries())
        if (change.kind === "replaceXCom" && outcomes[index]?.status === "refused")
          await store.commit([{ kind: "deleteXComs", refs: [change], at: 0 }]);
      return outcomes;
    },
  }),
  "a rewriting does not see what its own group brought": (store) => ({
    async commit(group, options) {
      const brought = group.some(({ kind }) => kind === "finishTask");
      const outcomes = await store.commit(
        group.map((change) =>
          brought && change.kind === "replaceXCom" ? { ...change, taskInstanceNo: 999_999_999 } : change,
        ),
        options,
      );
      return outcomes;
    },
  }),

  "streams are listed from and with the last one": streams(async (list, query) => {
    const all = await list({ limit: 10_000 });
    return all.filter(({ streamId }) => streamId >= (query.after ?? "")).slice(0, query.limit);
  }),
  "streams come as they were begun": (store) => {
    const begun: string[] = [];
    return {
      commit(group, options) {
        for (const change of group)
          if (change.kind === "putChunk" && !begun.includes(change.streamId)) begun.push(change.streamId);
        return store.commit(group, options);
      },
      chunks: {
        ...store.chunks,
        streams: async (query) =>
          [...(await store.chunks.streams(query))].sort(
            (a, b) => begun.indexOf(a.streamId) - begun.indexOf(b.streamId),
          ),
      },
    };
  },
  "empty streams are not listed": streams(async (list, query) =>
    (await list(query)).filter(({ sizeBytes }) => sizeBytes > 0),
  ),
  "the list of streams has no limit": streams((list, query) => list({ ...query, limit: 10_000 })),
  "a stream is as old as its first piece": (store) => {
    const first = new Map<string, number>();
    return {
      commit(group, options) {
        for (const change of group)
          if (change.kind === "putChunk")
            first.set(change.streamId, Math.min(change.at, first.get(change.streamId) ?? change.at));
        return store.commit(group, options);
      },
      chunks: {
        ...store.chunks,
        streams: async (query) =>
          (await store.chunks.streams(query)).map((row) => ({
            ...row,
            newestAt: first.get(row.streamId) ?? row.newestAt,
          })),
      },
    };
  },
  "a piece that is written again counts twice": (store) => {
    const written = new Map<string, number>();
    return {
      commit(group, options) {
        for (const change of group)
          if (change.kind === "putChunk") written.set(change.streamId, (written.get(change.streamId) ?? 0) + 1);
        return store.commit(group, options);
      },
      chunks: {
        ...store.chunks,
        streams: async (query) =>
          (await store.chunks.streams(query)).map((row) => ({
            ...row,
            chunkCount: written.get(row.streamId) ?? row.chunkCount,
          })),
      },
    };
  },
  "the size of a stream is that of its full pieces": streams(async (list, query) =>
    (await list(query)).map((row) => ({ ...row, sizeBytes: row.chunkCount * 262_144 })),
  ),
};

type Page = Store["xcoms"]["page"];

function pages(answer: (page: Page, query: Parameters<Page>[0], store: Store) => Promise<readonly XComRow[]>): Break {
  return (store) => ({ xcoms: { ...store.xcoms, page: (query) => answer(store.xcoms.page, query, store) } });
}

type List = Store["chunks"]["streams"];

function streams(answer: (list: List, query: Parameters<List>[0]) => Promise<readonly StreamRow[]>): Break {
  return (store) => ({ chunks: { ...store.chunks, streams: (query) => answer(store.chunks.streams, query) } });
}

/** Makes another change with each rewriting. */
function beside(make: (change: ReplaceXCom) => Parameters<Store["commit"]>[0][number]): Break {
  return (store) => ({
    async commit(group, options) {
      const outcomes = await store.commit(group, options);
      for (const change of group) if (change.kind === "replaceXCom") await store.commit([make(change)]);
      return outcomes;
    },
  });
}
