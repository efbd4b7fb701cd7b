import type { DagRow } from "@millrace/core/plugin";
import { type Break, changes, outcomes } from "./breaking.ts";

/** Stores that break a promise about schedules, or about the runs of dates. */
export const brokenSchedules: Readonly<Record<string, Break>> = {
  "a start date that is stored stays for ever": changes((change) =>
    change.kind === "registerDag" ? { ...change, startDateIsRelative: true } : change,
  ),
  "a relative start date moves with each registration": changes((change) =>
    change.kind === "registerDag" ? { ...change, startDateIsRelative: false } : change,
  ),
  "a start date cannot be taken away": changes(
    (change) => change,
    undefined,
    async (store, change) => {
      if (change.kind !== "registerDag" || change.startDate !== null) return change;
      return { ...change, startDate: (await store.dags.get(change.dagId))?.startDate ?? null };
    },
  ),
  "the start date given is said to hold": outcomes((outcome, change) =>
    outcome.status === "registered" && change.kind === "registerDag"
      ? { ...outcome, startDate: change.startDate }
      : outcome,
  ),
  "a schedule never goes back": changes(
    (change) => change,
    undefined,
    async (store, change) => {
      if (change.kind !== "advanceSchedule") return change;
      const dag = (await store.dags.list()).find(({ dagNo }) => dagNo === change.dagNo);
      const intervalStart = Math.max(change.intervalStart, dag?.scheduledStart ?? change.intervalStart);
      return { ...change, intervalStart };
    },
  ),
  "a schedule keeps the end of the interval only": dagRows((row) => ({ ...row, scheduledStart: row.scheduledEnd })),
  "the schedule of every DAG is advanced": (store) => ({
    async commit(group, options) {
      const all = await store.dags.list();
      const found = await store.commit(group, options);
      for (const change of group)
        if (change.kind === "advanceSchedule") await store.commit(all.map(({ dagNo }) => ({ ...change, dagNo })));
      return found;
    },
  }),
  "a schedule of nothing is advanced": outcomes((outcome, change) =>
    outcome.status === "refused" && change.kind === "advanceSchedule" ? { status: "done", eventSeq: 0 } : outcome,
  ),
  "an advance is told": (store) => ({
    async commit(group, options) {
      const found = await store.commit(group, options);
      for (const { kind } of group)
        if (kind === "advanceSchedule") {
          const place = { dagId: null, runNo: null, taskInstanceNo: null, attempt: null, data: null };
          await store.commit([{ kind: "appendEvent", event: { at: 0, kind: "dag.advanced", ...place } }]);
        }
      return found;
    },
  }),
  "a registration forgets the schedule": (store) => {
    const forgotten = new Set<string>();
    const shown = (row: DagRow): DagRow =>
      forgotten.has(row.dagId) ? { ...row, scheduledStart: null, scheduledEnd: null } : row;
    return {
      commit(group, options) {
        for (const change of group) if (change.kind === "registerDag") forgotten.add(change.dagId);
        for (const { kind } of group) if (kind === "advanceSchedule") forgotten.clear();
        return store.commit(group, options);
      },
      dags: {
        ...store.dags,
        list: async () => (await store.dags.list()).map(shown),
        async get(dagId) {
          const row = await store.dags.get(dagId);
          return row && shown(row);
        },
      },
    };
  },
  "the state of a previous run is ignored": (store) => ({
    runs: { ...store.runs, previous: ({ state: _, ...query }) => store.runs.previous(query) },
  }),
  "the previous run is only taken if it is in the state": (store) => ({
    runs: {
      ...store.runs,
      async previous({ state, ...query }) {
        const run = await store.runs.previous(query);
        return state === undefined || run?.state === state ? run : undefined;
      },
    },
  }),
  "dates end before the last one": (store) => ({
    runs: { ...store.runs, ofDates: (query) => store.runs.ofDates({ ...query, to: query.to - 1 }) },
  }),
  "dates begin after the first one": (store) => ({
    runs: { ...store.runs, ofDates: (query) => store.runs.ofDates({ ...query, from: query.from + 1 }) },
  }),
  "the runs of dates come newest first": (store) => ({
    runs: { ...store.runs, ofDates: async (query) => [...(await store.runs.ofDates(query))].reverse() },
  }),
  "the runs of dates come as they were made": (store) => ({
    runs: {
      ...store.runs,
      ofDates: async (query) => [...(await store.runs.ofDates(query))].sort((a, b) => a.runNo - b.runNo),
    },
  }),
  "the runs of dates have no limit": (store) => ({
    runs: { ...store.runs, ofDates: (query) => store.runs.ofDates({ ...query, limit: 10_000 }) },
  }),
  "runs that own no date are among those of dates": (store) => ({
    runs: {
      ...store.runs,
      ofDates: async ({ dagNo, from, to, limit = 1000 }) =>
        (await store.runs.list({ limit: 10_000 }))
          .filter((run) => run.dagNo === dagNo && run.logicalDate >= from && run.logicalDate <= to)
          .sort((a, b) => a.logicalDate - b.logicalDate)
          .slice(0, limit),
    },
  }),
  "backfill runs are not among those of dates": (store) => ({
    runs: {
      ...store.runs,
      ofDates: async (query) => (await store.runs.ofDates(query)).filter(({ type }) => type === "scheduled"),
    },
  }),
};

function dagRows(alter: (row: DagRow) => DagRow): Break {
  return ({ dags }) => ({
    dags: {
      ...dags,
      list: async () => (await dags.list()).map(alter),
      async get(dagId) {
        const row = await dags.get(dagId);
        return row && alter(row);
      },
    },
  });
}
