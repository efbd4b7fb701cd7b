import type { Change, Outcome, Store } from "@millrace/core/plugin";
import { type Break, changes, outcomes } from "./breaking.ts";

/** Stores that break a promise about what is too old, or about removing it. */
export const brokenRetention: Readonly<Record<string, Break>> = {
  "runs that ended at the instant are too old": expired((list, query) =>
    list({ ...query, endedBefore: query.endedBefore === null ? null : query.endedBefore + 1 }),
  ),
  "one run more is kept": expired((list, query) =>
    list({ ...query, keep: query.keep === null ? null : query.keep + 1 }),
  ),
  "both must hold for a run to expire": expired(async (list, query) => {
    if (query.endedBefore === null || query.keep === null) return list(query);
    const old = await list({ ...query, keep: null });
    return (await list({ ...query, endedBefore: null })).filter((runNo) => old.includes(runNo));
  }),
  "the runs that ended last come first": expired(async (list, query) => [...(await list(query))].reverse()),
  "runs expire by their number": expired(async (list, query) => [...(await list(query))].sort((a, b) => a - b)),
  "the list of what is too old has no limit": expired((list, query) => list({ ...query, limit: 10_000 })),
  "the run that ended last expires too": expired(async (list, query, store) => {
    const all = await store.runs.list({ limit: 10_000, states: ["success", "failed", "cancelled"] });
    const own = all.filter(({ dagNo }) => dagNo === query.dagNo);
    const last = own.sort((a, b) => (b.endedAt as number) - (a.endedAt as number))[0];
    const found = await list(query);
    if (last === undefined || query.keep !== 0 || query.endedBefore !== null) return found;
    return [...found, last.runNo];
  }),
  "the run with the newest date expires too": expired(async (list, query, store) => {
    const found = await list(query);
    const ends = await Promise.all(found.map(async (runNo) => (await store.runs.get(runNo))?.endedAt as number));
    const dated = await store.runs.ofDates({ dagNo: query.dagNo, from: -1e15, to: 1e15 });
    const newest = dated.filter(({ endedAt }) => endedAt !== null).at(-1);
    if (newest === undefined || found.length === 0 || (newest.endedAt as number) > Math.max(...ends)) return found;
    return found.includes(newest.runNo) ? found : [newest.runNo, ...found].slice(0, query.limit);
  }),
  "runs of other DAGs count": expired(async (list, query, store) => {
    const found = [...(await list(query))];
    for (const { dagNo } of await store.dags.list())
      if (dagNo !== query.dagNo) found.push(...(await list({ ...query, dagNo })));
    return found;
  }),
  "what was written at the instant was written before it": (store) => ({
    events: { ...store.events, lastBefore: (at) => store.events.lastBefore(at + 1) },
  }),
  "the newest line before an instant is the newest line": (store) => ({
    logs: { ...store.logs, lastBefore: () => store.logs.lastBefore(Number.MAX_SAFE_INTEGER) },
  }),
  "the first line after an instant is meant": (store) => ({
    logs: { ...store.logs, lastBefore: async (at) => (await store.logs.lastBefore(at)) + 1 },
  }),

  "runs that go on are removed": (store) => ({
    async commit(group, options) {
      for (const change of group) {
        if (change.kind !== "deleteRuns" || change.runNos.length > 1_000) continue;
        for (const runNo of change.runNos) {
          const { at } = change;
          const end = { kind: "updateRun", from: ["queued", "running"], to: "failed", note: null, at } as const;
          await store.commit([{ ...end, runNo }]);
        }
      }
      return store.commit(group, options);
    },
  }),
  "nothing is removed": (store) => ({
    commit: async (group, options) => {
      const rest = group.filter(({ kind }) => kind !== "deleteRuns");
      const found = [...(await store.commit(rest, options))];
      return group.map((change): Outcome => {
        if (change.kind !== "deleteRuns") return found.shift() as Outcome;
        return { status: "deleted", count: change.runNos.length };
      });
    },
  }),
  "values of runs are not removed": (store) => ({
    commit: (group, options) =>
      store.commit(
        group.map((change) => (change.kind === "deleteXComsOfRuns" ? { ...change, runNos: [] } : change)),
        options,
      ),
  }),
  "values of any number of runs are removed at once": changes((change) =>
    change.kind === "deleteXComsOfRuns" ? { ...change, runNos: change.runNos.slice(0, 1_000) } : change,
  ),
  "the first run of a page is the last one of the page before": (store) => ({
    runs: {
      ...store.runs,
      expired: ({ after, ...query }) =>
        store.runs.expired({ ...query, ...(after && { after: { ...after, runNo: after.runNo - 1 } }) }),
    },
  }),
  "a run named twice counts twice": outcomes((outcome, change) =>
    outcome.status === "deleted" && change.kind === "deleteRuns" && outcome.count > 0
      ? { ...outcome, count: Math.max(outcome.count, change.runNos.length - 1) }
      : outcome,
  ),
  "any number of runs is removed at once": changes((change) =>
    change.kind === "deleteRuns" ? { ...change, runNos: change.runNos.slice(0, 1_000) } : change,
  ),
  "logs of a removed run stay": (store) => {
    const kept = new Map<number, Awaited<ReturnType<Store["logs"]["list"]>>>();
    return {
      async commit(group, options) {
        for (const change of group)
          if (change.kind === "deleteRuns")
            for (const runNo of change.runNos.slice(0, 5))
              for (const { taskInstanceNo } of await store.tasks.ofRun(runNo))
                kept.set(taskInstanceNo, await store.logs.list({ taskInstanceNo }));
        return store.commit(group, options);
      },
      logs: {
        ...store.logs,
        list: async (filter) => kept.get(filter.taskInstanceNo) ?? store.logs.list(filter),
      },
    };
  },
  "removing a run removes the events of others": (store) => ({
    async commit(group, options) {
      const found = await store.commit(group, options);
      if (group.some(({ kind }) => kind === "deleteRuns"))
        await store.commit([{ kind: "deleteEvents", upTo: await store.events.last(), limit: 1 }]);
      return found;
    },
  }),
  "the events of a removed run stay": (store) => {
    const kept: unknown[] = [];
    return {
      async commit(group, options) {
        for (const change of group)
          if (change.kind === "deleteRuns")
            for (const runNo of change.runNos.slice(0, 5)) kept.push(...(await store.events.list({ runNo })));
        return store.commit(group, options);
      },
      events: {
        ...store.events,
        list: async (filter) => {
          const rows = await store.events.list(filter);
          const more = kept.filter((row) => (row as { runNo: number }).runNo === filter.runNo);
          return rows.length > 0 ? rows : (more as typeof rows);
        },
      },
    };
  },
  "removing a run is told": (store) => ({
    async commit(group, options) {
      const found = await store.commit(group, options);
      for (const { kind } of group) if (kind === "deleteRuns") await store.commit([note]);
      return found;
    },
  }),
  "the newest event is forgotten when it is removed": (store) => ({
    events: {
      ...store.events,
      last: async () => (await store.events.list({ limit: 10_000 })).at(-1)?.seq ?? 0,
    },
  }),
  "the limit of removing events is ignored": changes((change) =>
    change.kind === "deleteEvents" ? { ...change, limit: 10_000 } : change,
  ),
  "the event named stays": changes((change) =>
    change.kind === "deleteEvents" ? { ...change, upTo: change.upTo - 1 } : change,
  ),
  "all events are removed": changes((change) =>
    change.kind === "deleteEvents" ? { ...change, upTo: Number.MAX_SAFE_INTEGER } : change,
  ),
  "events are removed ten thousand times over": again("deleteEvents"),
  "log lines are removed ten thousand times over": again("deleteLogs"),
  "the limit of removing lines is ignored": changes((change) =>
    change.kind === "deleteLogs" ? { ...change, limit: 10_000 } : change,
  ),
  "the line named stays": changes((change) =>
    change.kind === "deleteLogs" ? { ...change, upTo: change.upTo - 1 } : change,
  ),
  "removing lines says that there were none": outcomes((outcome, change) =>
    outcome.status === "deleted" && change.kind === "deleteLogs" ? { ...outcome, count: 0 } : outcome,
  ),
  "a page of events has holes where some were removed": (store) => {
    const gone = new Set<number>();
    return {
      async commit(group, options) {
        const before = await store.events.list({ limit: 10_000 });
        const found = await store.commit(group, options);
        const after = new Set((await store.events.list({ limit: 10_000 })).map(({ seq }) => seq));
        for (const { seq } of before) if (!after.has(seq)) gone.add(seq);
        return found;
      },
      events: {
        ...store.events,
        async list(filter) {
          const { after = 0, limit = 1_000 } = filter;
          const holes = [...gone].filter((seq) => seq > after && seq <= after + limit).length;
          return store.events.list({ ...filter, limit: Math.max(limit - holes, 0) });
        },
      },
    };
  },
};

const note: Change = {
  kind: "appendEvent",
  event: { at: 0, kind: "run.removed", dagId: null, runNo: null, taskInstanceNo: null, attempt: null, data: null },
};

type List = Store["runs"]["expired"];

function expired(answer: (list: List, query: Parameters<List>[0], store: Store) => ReturnType<List>): Break {
  return (store) => ({ runs: { ...store.runs, expired: (query) => answer(store.runs.expired, query, store) } });
}

/** Removes twice as much as is allowed. */
function again(kind: "deleteEvents" | "deleteLogs"): Break {
  return (store) => ({
    async commit(group, options) {
      const found = [...(await store.commit(group, options))];
      for (const [index, change] of group.entries()) {
        const outcome = found[index];
        if (change.kind !== kind || outcome?.status !== "deleted" || outcome.count < 10_000) continue;
        const [more] = await store.commit([change]);
        if (more?.status === "deleted") found[index] = { ...outcome, count: outcome.count + more.count };
      }
      return found;
    },
  });
}
