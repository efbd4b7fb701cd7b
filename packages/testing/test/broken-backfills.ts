import type { BackfillItemRow, BackfillRow, Store } from "@millrace/core/plugin";
import { type Break, changes, eventRows, outcomes } from "./breaking.ts";

/** Stores that break a promise about backfills. */
export const brokenBackfills: Readonly<Record<string, Break>> = {
  "a taken backfill id is said to be made": outcomes((outcome, change) =>
    outcome.status === "refused" && change.kind === "createBackfill"
      ? { status: "backfillCreated", backfillNo: 1, dagId: "sales", eventSeq: 1 }
      : outcome,
  ),
  "a backfill forgets what was asked for": backfillRows((row) => ({ ...row, spec: "{}" })),
  "a backfill without room for a run is made": changes((change) =>
    change.kind === "createBackfill" ? { ...change, maxActive: Math.max(change.maxActive, 1) } : change,
  ),
  "the limit of a backfill cannot be changed": outcomesOnly("setBackfillLimit"),
  "a limit of nothing is taken": changes((change) =>
    change.kind === "setBackfillLimit" ? { ...change, maxActive: Math.max(change.maxActive, 1) } : change,
  ),
  "a backfill is made without an event": outcomes((outcome) =>
    outcome.status === "backfillCreated" ? { ...outcome, eventSeq: 0 } : outcome,
  ),
  "the events of backfills name no DAG": eventRows((rows) =>
    rows.map((row) => (row.kind.startsWith("backfill.") ? { ...row, dagId: null } : row)),
  ),
  "the events of backfills name no backfill": eventRows((rows) =>
    rows.map((row) => (row.kind.startsWith("backfill.") ? { ...row, data: "{}" } : row)),
  ),
  "the note of a move is not told": eventRows((rows) =>
    rows.map((row) => (row.kind === "backfill.paused" ? { ...row, data: '{"backfillId":"b1"}' } : row)),
  ),
  "a move does not answer what it was about": outcomes((outcome, change) =>
    outcome.status === "done" && change.kind === "updateBackfill"
      ? { status: "done", eventSeq: outcome.eventSeq }
      : outcome,
  ),

  "items may have a gap": changes(
    (change) => change,
    undefined,
    async (store, change) => {
      if (change.kind !== "addBackfillItems") return change;
      const total = (await store.backfills.get(change.backfillNo))?.total ?? 0;
      return { ...change, items: change.items.map((item, index) => ({ ...item, itemNo: total + index })) };
    },
  ),
  "any number of items is taken at once": (store) => ({
    async commit(group, options) {
      const parts = group.flatMap((change) => {
        if (change.kind !== "addBackfillItems" || change.items.length <= 10_000) return [change];
        return [change.items.slice(0, 10_000), change.items.slice(10_000)].map((items) => ({ ...change, items }));
      });
      return (await store.commit(parts, options)).slice(parts.length - group.length);
    },
  }),
  "items are added to a backfill that runs": obliging("the backfill is running"),
  "the conf of an item is lost": changes((change) =>
    change.kind === "addBackfillItems"
      ? { ...change, items: change.items.map((item) => ({ ...item, conf: null })) }
      : change,
  ),
  "the end of an item's interval is its start": itemRows((item) => ({ ...item, intervalEnd: item.intervalStart })),
  "items planned to be skipped are not counted": backfillRows((row) =>
    row.nextItem === row.total && row.started === 0 ? { ...row, skipped: 0 } : row,
  ),
  "the next item may be one to be skipped": backfillRows((row) => ({
    ...row,
    nextItem: Math.min(row.nextItem, row.started),
  })),
  "a page of items begins with the last one of the page before": items((list, { after = -1, ...query }) =>
    list({ ...query, after: Math.max(after - 1, -1) }),
  ),
  "the first page of items has not the first one": items((list, { after = 0, ...query }) => list({ ...query, after })),
  "the list of items has no limit": items((list, query) => list({ ...query, limit: 10_000 })),
  "the states of items are ignored": items((list, { states: _, ...query }) => list(query)),
  "states of items are looked at after the limit": items(async (list, { states, ...query }) =>
    (await list(query)).filter(({ runState, runNo, action }) => {
      const state = action === "skip" ? "skipped" : runNo === null ? "pending" : runState;
      return states === undefined || (state !== null && states.includes(state));
    }),
  ),
  "pending items are those without a run, skipped or not": items(async (list, query) =>
    query.states?.length === 1 && query.states[0] === "pending"
      ? (await list({ backfillNo: query.backfillNo })).filter(({ runNo }) => runNo === null)
      : list(query),
  ),
  "an item shows its run as it began": itemRows((item) => ({
    ...item,
    runState: item.runState === null ? null : "queued",
  })),

  "a backfill moves from any state": changes((change) =>
    change.kind === "updateBackfill"
      ? { ...change, from: ["preparing", "running", "paused", "cancelled", "completed"] }
      : change,
  ),
  "the note of a backfill is lost": changes((change) =>
    change.kind === "updateBackfill" ? { ...change, note: null } : change,
  ),
  "a backfill that goes on keeps its end": (store) => {
    const ends = new Map<number, number | null>();
    return {
      async commit(group, options) {
        for (const change of group) {
          if (change.kind !== "updateBackfill") continue;
          const endedAt = (await store.backfills.get(change.backfillNo))?.endedAt;
          if (endedAt != null) ends.set(change.backfillNo, endedAt);
        }
        return store.commit(group, options);
      },
      backfills: {
        ...store.backfills,
        async get(backfillNo) {
          const row = await store.backfills.get(backfillNo);
          return row && { ...row, endedAt: row.endedAt ?? ends.get(backfillNo) ?? null };
        },
      },
    };
  },
  "a backfill starts anew with each move": (store) => {
    const starts = new Map<number, number>();
    return {
      commit(group, options) {
        for (const change of group)
          if (change.kind === "updateBackfill" && change.to === "running") starts.set(change.backfillNo, change.at);
        return store.commit(group, options);
      },
      backfills: {
        ...store.backfills,
        async get(backfillNo) {
          const row = await store.backfills.get(backfillNo);
          return row && { ...row, startedAt: row.startedAt && (starts.get(backfillNo) ?? row.startedAt) };
        },
      },
    };
  },
  "a backfill is completed with items left": obliging("items left"),
  "a backfill is completed under its runs": obliging("active"),
  "dates of others are taken": obliging("too"),
  "the refusal of a date does not say which": outcomes((outcome, change) =>
    outcome.status === "refused" && change.kind === "updateBackfill"
      ? { ...outcome, reason: "'b1' and 'same' have it 1970" }
      : outcome,
  ),

  "runs are made for a backfill that is paused": changes(
    (change) => change,
    async (store, change) => {
      if (change.kind !== "createRun" || change.backfill === null) return;
      const { backfillNo } = change.backfill;
      await store.commit([{ kind: "updateBackfill", backfillNo, from: ["paused"], to: "running", note: null, at: 0 }]);
    },
  ),
  "any item is the next": changes(
    (change) => change,
    undefined,
    async (store, change) => {
      if (!("backfill" in change) || change.backfill === null) return change;
      const next = (await store.backfills.get(change.backfill.backfillNo))?.nextItem;
      return { ...change, backfill: { ...change.backfill, itemNo: next ?? 0 } };
    },
  ),
  "a run does not know its backfill": (store) => ({
    runs: {
      ...store.runs,
      async get(runNo) {
        const run = await store.runs.get(runNo);
        return run && { ...run, backfillNo: null };
      },
    },
  }),
  "a backfill's run is made without its backfill": changes((change) =>
    change.kind === "createRun" ? { ...change, backfill: null } : change,
  ),
  "a run that exists takes the item": (store) => ({
    async commit(group, options) {
      const found = await store.commit(group, options);
      for (const [index, outcome] of found.entries()) {
        const change = group[index];
        if (outcome.status === "exists" && change?.kind === "createRun" && change.backfill)
          await store.commit([{ kind: "skipBackfillItem", ...change.backfill, reason: "exists" }]);
      }
      return found;
    },
  }),
  "a refusal hides that the run exists": (store) => ({
    async commit(group, options) {
      const found = [...(await store.commit(group, options))];
      for (const [index, change] of group.entries()) {
        if (change.kind !== "createRun" || change.backfill === null || found[index]?.status !== "exists") continue;
        const row = await store.backfills.get(change.backfill.backfillNo);
        if (row?.nextItem !== change.backfill.itemNo) found[index] = { status: "refused", reason: "not next" };
      }
      return found;
    },
  }),
  "a run that ended stays active in its backfill": backfillRows((row) => ({
    ...row,
    active: row.started,
  })),
  "failed runs count as done": backfillRows((row) => ({ ...row, success: row.success + row.failed, failed: 0 })),
  "a reopened run stays where it was counted": (store) => {
    const most = new Map<number, number>();
    return {
      backfills: {
        ...store.backfills,
        async get(backfillNo) {
          const row = await store.backfills.get(backfillNo);
          if (row === undefined) return row;
          most.set(backfillNo, Math.max(most.get(backfillNo) ?? 0, row.failed));
          return { ...row, failed: most.get(backfillNo) as number };
        },
      },
    };
  },
  "the next engine counts anew": (store) => {
    let isFirst = false;
    return {
      async open(mode) {
        const opening = await store.open(mode);
        isFirst = opening.epoch === 1;
        return opening;
      },
      backfills: {
        ...store.backfills,
        async get(backfillNo) {
          const row = await store.backfills.get(backfillNo);
          return row && (isFirst ? row : { ...row, failed: row.failed + 1 });
        },
      },
    };
  },

  "a run that goes on is taken for an item": obliging("the run is"),
  "a manual run is taken for an item": obliging("logical date"),
  "a run of another DAG is taken for an item": obliging("another DAG"),
  "a run that is taken keeps its type": (store) => {
    const scheduled = new Set<number>();
    return {
      async commit(group, options) {
        for (const change of group) if (change.kind === "reprocessRun") scheduled.add(change.runNo);
        return store.commit(group, options);
      },
      runs: {
        ...store.runs,
        async get(runNo) {
          const run = await store.runs.get(runNo);
          return run && (scheduled.has(runNo) ? { ...run, type: "scheduled" } : run);
        },
      },
    };
  },
  "a run that is taken is not counted as active": (store) => {
    const taken = new Set<number>();
    return {
      commit(group, options) {
        for (const change of group) if (change.kind === "reprocessRun") taken.add(change.backfillNo);
        for (const { kind } of group) if (kind === "updateRun") taken.clear();
        return store.commit(group, options);
      },
      backfills: {
        ...store.backfills,
        async get(backfillNo) {
          const row = await store.backfills.get(backfillNo);
          return row && (taken.has(backfillNo) ? { ...row, active: row.active - 1, failed: row.failed + 1 } : row);
        },
      },
    };
  },
  "a run that runs again keeps its version": (store) => ({
    async commit(group, options) {
      const rows = await Promise.all(
        group.map((change) => (change.kind === "reprocessRun" ? store.runs.get(change.runNo) : undefined)),
      );
      const kept = group.map((change, place) =>
        change.kind === "reprocessRun" ? { ...change, versionNo: rows[place]?.versionNo ?? change.versionNo } : change,
      );
      return store.commit(kept, options);
    },
  }),
  "a run that runs again counts its attempts anew": (store) => ({
    tasks: {
      ...store.tasks,
      async ofRun(runNo) {
        const rows = await store.tasks.ofRun(runNo);
        return rows.map((row) => (row.uncounted > 1 && row.token === 0 ? { ...row, attempt: 0, uncounted: 0 } : row));
      },
    },
  }),
  "a run that another backfill took is counted on": (store) => ({
    backfills: {
      ...store.backfills,
      async get(backfillNo) {
        const row = await store.backfills.get(backfillNo);
        if (row?.state !== "completed") return row;
        const items = await store.backfills.items({ backfillNo });
        const count = (state: string) => items.filter(({ runState }) => runState === state).length;
        return { ...row, success: count("success"), failed: count("failed"), active: count("queued") };
      },
    },
  }),
  "an item that is passed over keeps its action": itemRows((item) =>
    item.reason === "in flight" ? { ...item, action: "create" } : item,
  ),
  "an item that is passed over is not counted": backfillRows((row) =>
    row.started > 0 && row.skipped > 0 ? { ...row, skipped: row.skipped - 1 } : row,
  ),
  "any item can be passed over": changes(
    (change) => change,
    undefined,
    async (store, change) => {
      if (change.kind !== "skipBackfillItem") return change;
      const next = (await store.backfills.get(change.backfillNo))?.nextItem;
      return { ...change, itemNo: next ?? 0 };
    },
  ),

  "backfills are listed oldest first": (store) => ({
    backfills: { ...store.backfills, list: async (filter) => [...(await store.backfills.list(filter))].reverse() },
  }),
  "the DAG of a backfill filter is ignored": (store) => ({
    backfills: { ...store.backfills, list: ({ dagId: _, ...filter }) => store.backfills.list(filter) },
  }),
  "the states of a backfill filter are ignored": (store) => ({
    backfills: { ...store.backfills, list: ({ states: _, ...filter }) => store.backfills.list(filter) },
  }),
  "the limit of a backfill filter is ignored": (store) => ({
    backfills: { ...store.backfills, list: ({ limit: _, ...filter }) => store.backfills.list(filter) },
  }),
  "a page of backfills begins with the last one of the page before": (store) => ({
    backfills: {
      ...store.backfills,
      list: ({ before, ...filter }) =>
        store.backfills.list(before === undefined ? filter : { ...filter, before: before + 1 }),
    },
  }),
  "removing backfills has no limit": changes((change) =>
    change.kind === "deleteBackfills" ? { ...change, limit: 1_000 } : change,
  ),
  "backfills that end at the instant are removed too": changes((change) =>
    change.kind === "deleteBackfills" ? { ...change, endedBefore: change.endedBefore + 1 } : change,
  ),
  "removing backfills says that there were none": outcomes((outcome) =>
    outcome.status === "deleted" ? { ...outcome, count: 0 } : outcome,
  ),
  "the items of a removed backfill stay": (store) => {
    const kept = new Map<number, readonly BackfillItemRow[]>();
    return {
      async commit(group, options) {
        if (group.some(({ kind }) => kind === "deleteBackfills"))
          for (const { backfillNo } of await store.backfills.list({}))
            kept.set(backfillNo, await store.backfills.items({ backfillNo }));
        return store.commit(group, options);
      },
      backfills: {
        ...store.backfills,
        items: async (query) => {
          const rows = await store.backfills.items(query);
          return rows.length > 0 ? rows : (kept.get(query.backfillNo) ?? []);
        },
      },
    };
  },
};

function backfillRows(alter: (row: BackfillRow) => BackfillRow): Break {
  return ({ backfills }) => ({
    backfills: {
      ...backfills,
      async get(backfillNo) {
        const row = await backfills.get(backfillNo);
        return row && alter(row);
      },
      async find(backfillId) {
        const row = await backfills.find(backfillId);
        return row && alter(row);
      },
      list: async (filter) => (await backfills.list(filter)).map(alter),
    },
  });
}

type List = Store["backfills"]["items"];

function items(answer: (list: List, query: Parameters<List>[0]) => ReturnType<List>): Break {
  return ({ backfills }) => ({ backfills: { ...backfills, items: (query) => answer(backfills.items, query) } });
}

function itemRows(alter: (item: BackfillItemRow) => BackfillItemRow): Break {
  return items(async (list, query) => (await list(query)).map(alter));
}

/** Answers that these were done, and does nothing. */
function outcomesOnly(kind: "setBackfillLimit"): Break {
  return (store) => ({
    async commit(group, options) {
      const rest = group.filter((change) => change.kind !== kind);
      const found = [...(await store.commit(rest, options))];
      return group.map((change) => (change.kind === kind ? { status: "done", eventSeq: 0 } : (found.shift() as never)));
    },
  });
}

/** Says that what is refused for this reason is done. */
function obliging(reason: string): Break {
  return outcomes((outcome, change) =>
    outcome.status === "refused" && outcome.reason.includes(reason) && /Backfill(Items)?$|^reprocess/.test(change.kind)
      ? { status: "done", eventSeq: 1 }
      : outcome,
  );
}
