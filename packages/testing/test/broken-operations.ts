import type {
  Change,
  FinishTask,
  PerformanceRow,
  Store,
  TaskInstanceRow,
  XComReadRow,
  XComRow,
} from "@millrace/core/plugin";
import { isRunFinished, TASK_STATES } from "@millrace/core/plugin";
import { type Break, changes, costRows, eventRows, readRows, taskRows, watching } from "./breaking.ts";

/** Stores that break a promise about what is undone, or about what attempts read and cost. */
export const brokenOperations: Readonly<Record<string, Break>> = {
  "the code of a version is forgotten": changes((change) =>
    change.kind === "registerDag" ? { ...change, bundle: null } : change,
  ),

  "what is handed back counts as a crash": changes((change) =>
    change.kind === "returnTask" ? { ...change, why: "lost" } : change,
  ),
  "what is lost is no crash": changes((change) =>
    change.kind === "returnTask" ? { ...change, why: "handed_back" } : change,
  ),
  "only crashes need not count": taskRows((row) => ({ ...row, uncounted: row.crashes })),
  "an attempt given up counts": taskRows((row) => (row.crashes > 0 ? { ...row, uncounted: 0 } : row)),
  "a new attempt forgets the crashes": taskRows((row) =>
    row.state === "scheduled" ? row : { ...row, crashes: 0, uncounted: 0 },
  ),
  "the reason of giving up is lost": changes((change) =>
    change.kind === "returnTask" ? { ...change, reason: "" } : change,
  ),
  "any token gives an attempt up": changes(
    (change) => change,
    undefined,
    async (store, change) => {
      if (change.kind !== "returnTask") return change;
      return { ...change, token: (await store.tasks.get(change.taskInstanceNo))?.token ?? change.token };
    },
  ),
  "an attempt given up keeps its error": keepingFields("returnTask", ({ error }) => ({ error })),
  "an attempt given up keeps its start": keepingFields("returnTask", ({ startedAt }) => ({ startedAt })),
  "giving up removes XComs": (store) => ({
    ...watching(store, {
      async before(change) {
        if (change.kind !== "returnTask") return;
        const refs = await store.xcoms.ofTask(change.taskInstanceNo);
        if (refs.length > 0) await store.commit([{ kind: "deleteXComs", refs, at: 0 }]);
      },
    }),
  }),
  "giving up is told without why": eventRows((rows) =>
    rows.map((row) => (row.data?.startsWith('{"returned"') ? { ...row, data: null } : row)),
  ),

  "an instance is cleared from any state": changes((change) =>
    change.kind === "clearTask" ? { ...change, from: TASK_STATES } : change,
  ),
  "a cleared instance keeps its token": keepingFields("clearTask", ({ token }) => ({ token })),
  "a cleared instance keeps its error": keepingFields("clearTask", ({ error }) => ({ error })),
  "a cleared instance keeps its wait": keepingFields("clearTask", ({ wakeAt, awaits }) => ({ wakeAt, awaits })),
  "a cleared instance keeps its end": keepingFields("clearTask", ({ endedAt }) => ({ endedAt })),
  "a cleared instance keeps its crashes": keepingFields("clearTask", ({ crashes }) => ({ crashes })),
  "a cleared instance counts its attempts": keepingFields("clearTask", ({ uncounted }) => ({ uncounted })),
  "clearing counts attempts anew": taskRows((row) => (row.token === 0 ? { ...row, attempt: 0 } : row)),
  "clearing leaves XComs": keepingXComs("clearTask"),
  "clearing leaves reads": (store) => {
    const kept: XComReadRow[] = [];
    const { xcoms } = store;
    return {
      ...watching(store, {
        async before(change) {
          if (change.kind !== "clearTask") return;
          for (const row of await xcoms.readsOfRun(change.runNo))
            if (row.taskInstanceNo === change.taskInstanceNo) kept.push(row);
        },
      }),
      xcoms: { ...xcoms, readsOfRun: async (runNo) => [...(await xcoms.readsOfRun(runNo)), ...kept] },
    };
  },
  "clearing removes the reads of others": (store) => {
    const cleared = clearedIn(store);
    const { xcoms } = store;
    const isKept = ({ sourceNo }: XComReadRow) => !cleared.numbers.has(sourceNo);
    return {
      ...cleared.watch,
      xcoms: { ...xcoms, readsOfRun: async (runNo) => (await xcoms.readsOfRun(runNo)).filter(isKept) },
    };
  },
  "clearing removes costs": (store) => {
    const cleared = clearedIn(store);
    const { tasks } = store;
    const isKept = ({ taskInstanceNo }: PerformanceRow) => !cleared.numbers.has(taskInstanceNo);
    return {
      ...cleared.watch,
      tasks: { ...tasks, performanceOfRun: async (runNo) => (await tasks.performanceOfRun(runNo)).filter(isKept) },
    };
  },
  "clearing removes logs": (store) => {
    const cleared = clearedIn(store);
    return {
      ...cleared.watch,
      logs: {
        ...store.logs,
        list: async (filter) => (cleared.numbers.has(filter.taskInstanceNo) ? [] : store.logs.list(filter)),
      },
    };
  },
  "clearing misses what its group brought": (store) => {
    const kept: XComRow[] = [];
    const { xcoms } = store;
    return {
      async commit(group, options) {
        for (const [index, change] of group.entries()) {
          if (change.kind !== "finishTask") continue;
          const { taskInstanceNo, runNo } = change;
          const isCleared = (later: Change) => later.kind === "clearTask" && later.taskInstanceNo === taskInstanceNo;
          if (group.slice(index).some(isCleared))
            for (const put of change.xcoms) kept.push({ ...put, taskInstanceNo, runNo } as XComRow);
        }
        return store.commit(group, options);
      },
      xcoms: {
        ...xcoms,
        ofTask: async (no) => [...(await xcoms.ofTask(no)), ...kept.filter((row) => row.taskInstanceNo === no)],
      },
    };
  },
  "the reason of clearing is lost": changes((change) =>
    change.kind === "clearTask" ? { ...change, reason: null } : change,
  ),
  "clearing is not told": eventRows((rows) => rows.filter(({ kind }) => kind !== "task.cleared")),

  "collapsing leaves the elements": (store) => {
    const kept: TaskInstanceRow[] = [];
    const { tasks } = store;
    return {
      ...watching(store, {
        async before(change) {
          if (change.kind === "collapseTask") kept.push(...(await elementsOf(store, change.runNo, change.taskNo)));
        },
      }),
      tasks: {
        ...tasks,
        get: async (no) => (await tasks.get(no)) ?? kept.find(({ taskInstanceNo }) => taskInstanceNo === no),
      },
    };
  },
  "collapsing leaves XComs": keepingXComs("collapseTask"),
  "collapsing leaves logs": (store) => {
    const kept = new Map<number, Awaited<ReturnType<Store["logs"]["list"]>>>();
    return {
      ...watching(store, {
        async before(change) {
          if (change.kind !== "collapseTask") return;
          for (const { taskInstanceNo } of await elementsOf(store, change.runNo, change.taskNo))
            kept.set(taskInstanceNo, await store.logs.list({ taskInstanceNo }));
        },
      }),
      logs: { ...store.logs, list: async (filter) => kept.get(filter.taskInstanceNo) ?? store.logs.list(filter) },
    };
  },
  "collapsing leaves costs": (store) => {
    const kept: PerformanceRow[] = [];
    const { tasks } = store;
    return {
      ...watching(store, {
        async before(change) {
          if (change.kind !== "collapseTask") return;
          for (const row of await tasks.performanceOfRun(change.runNo)) if (row.mapIndex > 0) kept.push(row);
        },
      }),
      tasks: { ...tasks, performanceOfRun: async (runNo) => [...(await tasks.performanceOfRun(runNo)), ...kept] },
    };
  },
  "reads of what is gone are shown": (store) => {
    const kept: XComReadRow[] = [];
    const { xcoms } = store;
    return {
      ...watching(store, {
        async before(change) {
          if (change.kind !== "collapseTask") return;
          for (const row of await xcoms.readsOfRun(change.runNo)) if (row.sourceMapIndex > 0) kept.push(row);
        },
      }),
      xcoms: { ...xcoms, readsOfRun: async (runNo) => [...(await xcoms.readsOfRun(runNo)), ...kept] },
    };
  },
  "a collapsed placeholder stays as it was": keepingFields("collapseTask", ({ state, token }) => ({ state, token })),
  "a collapsed placeholder stays index 0": taskRows((row) =>
    row.mapIndex === -1 && row.uncounted > 0 ? { ...row, mapIndex: 0 } : row,
  ),
  "any index can be collapsed": changes(
    (change) => change,
    undefined,
    async (store, change) => {
      if (change.kind !== "collapseTask") return change;
      const rows = await store.tasks.ofRun(change.runNo);
      const place = rows.find(({ taskNo, mapIndex }) => taskNo === change.taskNo && mapIndex === 0);
      return { ...change, placeholderNo: place?.taskInstanceNo ?? change.placeholderNo };
    },
  ),
  "collapsing collapses every run": (store) => ({
    ...watching(store, {
      async before(change) {
        if (change.kind !== "collapseTask") return;
        for (const { runNo } of await store.runs.active()) {
          const rows = await store.tasks.ofRun(runNo);
          const place = rows.find(({ taskNo, mapIndex }) => taskNo === change.taskNo && mapIndex === 0);
          if (place !== undefined && runNo !== change.runNo)
            await store.commit([{ ...change, runNo, placeholderNo: place.taskInstanceNo }]);
        }
      },
    }),
  }),
  "numbers of removed instances are given out again": (store, _database, shared) => ({
    async commit(group, options) {
      const found = await store.commit(group, options);
      return found.map((outcome) => {
        if (outcome.status !== "expanded" || outcome.firstTaskInstanceNo === 0) return outcome;
        const first = shared.get("first") as number | undefined;
        if (first === undefined) shared.set("first", outcome.firstTaskInstanceNo);
        return { ...outcome, firstTaskInstanceNo: first ?? outcome.firstTaskInstanceNo };
      });
    },
  }),
  "collapsing is not told": eventRows((rows) => rows.filter(({ kind }) => kind !== "task.collapsed")),

  "a run that has ended cannot be reopened": changes((change) =>
    change.kind === "updateRun" && change.to === "queued" ? { ...change, from: ["running"] } : change,
  ),
  "a reopened run keeps its start": runsRemembering(({ startedAt }) => ({ startedAt })),
  "a reopened run keeps its end": runsRemembering(({ endedAt }) => ({ endedAt })),
  "a reopened run keeps its note": runsRemembering(({ note }) => ({ note })),
  "a reopened run is not active": (store) => {
    const ended = new Set<number>();
    return {
      ...watching(store, {
        async before(change) {
          if (change.kind === "updateRun" && isRunFinished(change.to)) ended.add(change.runNo);
        },
      }),
      runs: {
        ...store.runs,
        active: async () => (await store.runs.active()).filter(({ runNo }) => !ended.has(runNo)),
      },
    };
  },
  "events of a reopened run begin anew": (store) => ({
    events: {
      ...store.events,
      async list(filter) {
        const rows = await store.events.list(filter);
        const place = rows.map(({ kind }) => kind).lastIndexOf("run.queued");
        return filter.runNo === undefined || place === -1 ? rows : rows.slice(place);
      },
    },
  }),

  "removing XComs removes none": changes((change) =>
    change.kind === "deleteXComs" ? { ...change, refs: change.refs.map((ref) => ({ ...ref, key: "" })) } : change,
  ),
  "removing one XCom removes all of its instance": changes(
    (change) => change,
    undefined,
    async (store, change) => {
      if (change.kind !== "deleteXComs") return change;
      const all = await Promise.all(change.refs.map(({ taskInstanceNo }) => store.xcoms.ofTask(taskInstanceNo)));
      return { ...change, refs: all.flat() };
    },
  ),
  "removing what is not there fails": (store) => ({
    async commit(group, options) {
      for (const change of group) {
        for (const ref of change.kind === "deleteXComs" ? change.refs : []) {
          if ((await store.xcoms.get(ref)) === undefined) throw new Error("there is no such XCom");
        }
      }
      return store.commit(group, options);
    },
  }),
  "removing XComs is not told": eventRows((rows) => rows.filter(({ kind }) => kind !== "xcom.cleared")),

  "reads are forgotten": ends((change) => ({ ...change, reads: [] })),
  "reads of attempts that fail are forgotten": ends((change) =>
    change.state === "success" ? change : { ...change, reads: [] },
  ),
  "the first of two reads counts": ends((change) => ({
    ...change,
    reads: change.reads.filter(({ key }, index) => change.reads.findIndex((read) => read.key === key) === index),
  })),
  "each read is a row": (store) => {
    const all: XComReadRow[] = [];
    const { xcoms } = store;
    return {
      ...watching(store, {
        after(change, outcome) {
          if (change.kind !== "finishTask" || outcome.status !== "done") return;
          for (const { taskInstanceNo: sourceNo, key, sizeBytes } of change.reads)
            all.push({ taskInstanceNo: change.taskInstanceNo, sourceNo, key, sizeBytes } as XComReadRow);
        },
      }),
      xcoms: {
        ...xcoms,
        readsOfRun: async (runNo) =>
          (await xcoms.readsOfRun(runNo)).flatMap((row) =>
            all
              .filter((read) => read.taskInstanceNo === row.taskInstanceNo && read.sourceNo === row.sourceNo)
              .filter(({ key }) => key === row.key)
              .map(({ sizeBytes }) => ({ ...row, sizeBytes })),
          ),
      },
    };
  },
  "a new attempt forgets the reads of the one before": (store) => {
    const last = new Map<number, FinishTask>();
    const { xcoms } = store;
    return {
      ...watching(store, {
        after: (change, { status }) => {
          if (change.kind === "finishTask" && status === "done") last.set(change.taskInstanceNo, change);
        },
      }),
      xcoms: {
        ...xcoms,
        readsOfRun: async (runNo) =>
          (await xcoms.readsOfRun(runNo)).filter(({ taskInstanceNo, sourceNo, key }) =>
            last.get(taskInstanceNo)?.reads.some((read) => read.taskInstanceNo === sourceNo && read.key === key),
          ),
      },
    };
  },
  "reads of a refused end are stored": (store) => {
    const leaked: XComReadRow[] = [];
    const { xcoms } = store;
    return {
      ...watching(store, {
        after(change, outcome) {
          if (change.kind === "finishTask" && outcome.status === "refused")
            for (const { key, sizeBytes } of change.reads) leaked.push({ key, sizeBytes } as XComReadRow);
        },
      }),
      xcoms: { ...xcoms, readsOfRun: async (runNo) => [...(await xcoms.readsOfRun(runNo)), ...leaked] },
    };
  },
  "reads come by key": readRows((rows) => [...rows].sort((a, b) => (a.key < b.key ? -1 : 1))),
  "reads come by the number of the reader": readRows((rows) =>
    [...rows].sort((a, b) => a.taskInstanceNo - b.taskInstanceNo),
  ),
  "reads of other runs are left out": (store) => ({
    xcoms: {
      ...store.xcoms,
      readsOfRun: async (runNo) =>
        (await store.xcoms.readsOfRun(runNo)).filter(({ sourceRunNo }) => sourceRunNo === runNo),
    },
  }),
  "the index of a source is lost": readRows((rows) => rows.map((row) => ({ ...row, sourceMapIndex: -1 }))),
  "a read goes with its XCom": (store) => ({
    xcoms: {
      ...store.xcoms,
      async readsOfRun(runNo) {
        const rows = await store.xcoms.readsOfRun(runNo);
        const found = await Promise.all(
          rows.map(({ sourceNo, key }) => store.xcoms.get({ taskInstanceNo: sourceNo, key })),
        );
        return rows.filter((_, index) => found[index] !== undefined);
      },
    },
  }),

  "costs are forgotten": ends((change) => ({ ...change, performance: null })),
  "costs of attempts that fail are forgotten": ends((change) =>
    change.state === "success" ? change : { ...change, performance: null },
  ),
  "costs of a refused end are stored": (store) => {
    const leaked: PerformanceRow[] = [];
    const { tasks } = store;
    return {
      ...watching(store, {
        after(change, outcome) {
          if (change.kind === "finishTask" && outcome.status === "refused" && change.performance !== null)
            leaked.push({ ...change.performance, attempt: change.attempt } as PerformanceRow);
        },
      }),
      tasks: { ...tasks, performanceOfRun: async (runNo) => [...(await tasks.performanceOfRun(runNo)), ...leaked] },
    };
  },
  "costs are kept of the last attempt": costRows((rows) =>
    rows.filter(({ taskInstanceNo }, index) => rows[index + 1]?.taskInstanceNo !== taskInstanceNo),
  ),
  "the first cost of an attempt counts": (store) => {
    const seen = new Map<string, FinishTask["performance"]>();
    const { tasks } = store;
    return {
      ...watching(store, {
        async before(change) {
          if (change.kind !== "finishTask" || change.performance === null) return;
          const place = `${change.taskInstanceNo} ${change.attempt}`;
          if (!seen.has(place)) seen.set(place, change.performance);
        },
      }),
      tasks: {
        ...tasks,
        performanceOfRun: async (runNo) =>
          (await tasks.performanceOfRun(runNo)).map((row) => ({
            ...row,
            ...seen.get(`${row.taskInstanceNo} ${row.attempt}`),
          })),
      },
    };
  },
  "attempts come by the text of their numbers": costRows((rows) =>
    [...rows].sort((a, b) => (String(a.attempt) < String(b.attempt) ? -1 : 1)),
  ),
  "costs are cut to 32 bits": costRows((rows) =>
    rows.map((row) => ({ ...row, durationUs: row.durationUs | 0, memoryPeakBytes: row.memoryPeakBytes | 0 })),
  ),
  "the scope of a cost is lost": costRows((rows) => rows.map((row) => ({ ...row, scope: "process" }))),
  "a group keeps the first costs only": ends((change, index) =>
    index % 16 === 15 ? { ...change, performance: null, reads: [] } : change,
  ),

  "what runs in ended runs is listed": (store) => ({
    tasks: {
      ...store.tasks,
      async running() {
        const runs = [...(await store.runs.list({ limit: 10_000 }))].reverse();
        const all = await Promise.all(runs.map(({ runNo }) => store.tasks.ofRun(runNo)));
        return all.flat().filter(({ state }) => state === "running");
      },
    },
  }),
  "what waits is listed as running": (store) => ({
    tasks: {
      ...store.tasks,
      async running() {
        const runs = await store.runs.active();
        const all = await Promise.all(runs.map(({ runNo }) => store.tasks.ofRun(runNo)));
        return all.flat().filter(({ state }) => state === "running" || state === "queued");
      },
    },
  }),
  "what runs is listed by number": (store) => ({
    tasks: {
      ...store.tasks,
      running: async () => [...(await store.tasks.running())].sort((a, b) => a.taskInstanceNo - b.taskInstanceNo),
    },
  }),
  "the newest event is the next one": (store) => ({
    events: { ...store.events, last: async () => (await store.events.last()) + 1 },
  }),
  "the newest event is known to its engine only": (store) => {
    let last = 0;
    return {
      ...watching(store, {
        after: (_, outcome) => {
          if ("eventSeq" in outcome && outcome.eventSeq > 0) last = outcome.eventSeq;
        },
      }),
      events: { ...store.events, last: async () => last },
    };
  },
};

/** Alters the ends of attempts. @param alter - gets the change and its place in the group */
function ends(alter: (change: FinishTask, index: number) => FinishTask): Break {
  return (store) => ({
    commit: (group, options) =>
      store.commit(
        group.map((change, index) => (change.kind === "finishTask" ? alter(change, index) : change)),
        options,
      ),
  });
}

/** Shows fields of an instance as they were before a change of this kind, until the next one starts an attempt. */
function keepingFields(
  kind: "returnTask" | "clearTask" | "collapseTask",
  fields: (row: TaskInstanceRow) => Partial<TaskInstanceRow>,
): Break {
  return (store) => {
    const kept = new Map<number, Partial<TaskInstanceRow>>();
    return {
      ...watching(store, {
        async before(change) {
          if (change.kind === "startTask") kept.delete(change.taskInstanceNo);
          if (change.kind !== kind) return;
          const no = "placeholderNo" in change ? change.placeholderNo : change.taskInstanceNo;
          const row = await store.tasks.get(no);
          if (row !== undefined && row.state !== "scheduled") kept.set(no, fields(row));
        },
      }),
      tasks: {
        ...store.tasks,
        async get(taskInstanceNo) {
          const row = await store.tasks.get(taskInstanceNo);
          return row && { ...row, ...kept.get(taskInstanceNo) };
        },
      },
    };
  };
}

/** Shows fields of a queued run as they were when it ended. */
function runsRemembering(fields: (row: NonNullable<Awaited<ReturnType<Store["runs"]["get"]>>>) => object): Break {
  return (store) => {
    const kept = new Map<number, object>();
    return {
      ...watching(store, {
        async before(change) {
          if (change.kind !== "updateRun" || change.to !== "queued") return;
          const row = await store.runs.get(change.runNo);
          if (row !== undefined) kept.set(change.runNo, fields(row));
        },
      }),
      runs: {
        ...store.runs,
        async get(runNo) {
          const row = await store.runs.get(runNo);
          return row?.state === "queued" ? { ...row, ...kept.get(runNo) } : row;
        },
      },
    };
  };
}

/** Shows the XComs that a change of this kind removed. */
function keepingXComs(kind: "clearTask" | "collapseTask"): Break {
  return (store) => {
    const kept: XComRow[] = [];
    const { xcoms } = store;
    return {
      ...watching(store, {
        async before(change) {
          if (change.kind === "clearTask" && kind === "clearTask")
            kept.push(...(await xcoms.ofTask(change.taskInstanceNo)));
          if (change.kind !== "collapseTask" || kind !== "collapseTask") return;
          for (const { taskInstanceNo } of await elementsOf(store, change.runNo, change.taskNo))
            kept.push(...(await xcoms.ofTask(taskInstanceNo)));
        },
      }),
      xcoms: {
        ...xcoms,
        ofTask: async (no) => [...(await xcoms.ofTask(no)), ...kept.filter((row) => row.taskInstanceNo === no)],
        ofRun: async (runNo) => [...(await xcoms.ofRun(runNo)), ...kept.filter((row) => row.runNo === runNo)],
      },
    };
  };
}

/** The instances that have been cleared. */
function clearedIn(store: Store): { readonly numbers: Set<number>; readonly watch: Pick<Store, "commit"> } {
  const numbers = new Set<number>();
  const watch = watching(store, {
    after: (change, { status }) => {
      if (change.kind === "clearTask" && status === "done") numbers.add(change.taskInstanceNo);
    },
  });
  return { numbers, watch };
}

async function elementsOf(store: Store, runNo: number, taskNo: number): Promise<readonly TaskInstanceRow[]> {
  return (await store.tasks.ofRun(runNo)).filter((row) => row.taskNo === taskNo && row.mapIndex > 0);
}
