import type { Outcome, Store, XComRow } from "@millrace/core/plugin";
import { memoryStore, TASK_STATES } from "@millrace/core/plugin";
import { type Break, changes, outcomes } from "./breaking.ts";
import { brokenBackfills } from "./broken-backfills.ts";
import { brokenOperations } from "./broken-operations.ts";
import { brokenRequests } from "./broken-requests.ts";
import { brokenRetention } from "./broken-retention.ts";
import { brokenRewrites } from "./broken-rewrites.ts";
import { brokenSchedules } from "./broken-schedules.ts";

/** Stores that break one promise each. A suite worth its name fails on every one of them. */
export const brokenStores: Readonly<Record<string, Break>> = {
  "the name is empty": () => ({ name: "" }),
  "the epoch stands still": (store) => ({
    open: async (mode) => ((await store.open(mode)).epoch === 0 ? { epoch: 0 } : { epoch: 1 }),
  }),
  "opening twice counts twice": (store) => {
    let opened = 0;
    return {
      async open(mode) {
        const { epoch } = await store.open(mode);
        return { epoch: mode === "reader" ? 0 : epoch + opened++ };
      },
    };
  },
  "a reader gets an epoch": (store) => ({
    open: async (mode) => ({ epoch: Math.max((await store.open(mode)).epoch, 1) }),
  }),
  "two engines may work at once": (store, database) => ({
    async open(mode) {
      return store.open(mode).catch(() => {
        database.crash();
        return store.open(mode);
      });
    },
  }),
  "a reader may write": (store, _database, shared) => ({
    async open(mode) {
      if (mode === "engine") shared.set("engine", store);
      return store.open(mode);
    },
    commit: (changes) =>
      store
        .commit(changes)
        .catch((error) =>
          error.code === "STORE_READ_ONLY" ? (shared.get("engine") as Store).commit(changes) : Promise.reject(error),
        ),
  }),
  "a closed store answers with nothing": (store) => ({
    dags: { ...store.dags, list: () => store.dags.list().catch(() => []) },
  }),
  "a closed store opens again": (store, database) => {
    let current = store;
    return {
      open: (mode) =>
        current.open(mode).catch((error) => {
          if (error.code !== "STORE_CLOSED") throw error;
          current = memoryStore({ database });
          return current.open(mode);
        }),
    };
  },
  "a group is not one transaction": (store) => ({
    async commit(changes) {
      const outcomes: Outcome[] = [];
      for (const change of changes) outcomes.push(...(await store.commit([change])));
      return outcomes;
    },
  }),
  "a group that fails is said to be stored": (store) => ({
    commit: (changes) =>
      store.commit(changes).catch((error) => (error.code === "STORE_FAILED" ? [] : Promise.reject(error))),
  }),
  "a failure has no code": (store) => ({
    commit: (changes) =>
      store.commit(changes).catch((error) => {
        throw error.code === "STORE_FAILED" ? new Error("failed") : error;
      }),
  }),
  "a refusal stops the group": (store) => ({
    async commit(changes) {
      const outcomes: Outcome[] = [];
      for (const change of changes) {
        if (outcomes.at(-1)?.status === "refused")
          outcomes.push({ status: "refused", reason: "an earlier one was refused" });
        else outcomes.push(...(await store.commit([change])));
      }
      return outcomes;
    },
  }),
  "outcomes come in the wrong order": (store) => ({
    commit: async (changes) => [...(await store.commit(changes))].reverse(),
  }),
  "changes apply in the wrong order": (store) => ({
    commit: async (changes) => [...(await store.commit([...changes].reverse()))].reverse(),
  }),
  "groups overtake each other": (store) => ({
    async commit(changes) {
      if (changes.some((change) => change.kind === "putState" && change.value === "1"))
        await new Promise((resolve) => setImmediate(resolve));
      return store.commit(changes);
    },
  }),
  "refusals are wordless": outcomes((outcome) => (outcome.status === "refused" ? { ...outcome, reason: "" } : outcome)),
  "full durability is refused": (store) => ({
    commit: (changes, options) =>
      options?.durability === "full" ? Promise.reject(new Error("not supported")) : store.commit(changes),
  }),
  "bytes handed in are kept, not copied": (store) => {
    const kept = new Map<string, Uint8Array>();
    return {
      commit(changes) {
        for (const change of changes)
          if (change.kind === "putChunk") kept.set(`${change.streamId} ${change.seq}`, change.bytes);
        return store.commit(changes);
      },
      chunks: {
        ...store.chunks,
        get: async (streamId, seq) =>
          (await store.chunks.get(streamId, seq)) === undefined ? undefined : kept.get(`${streamId} ${seq}`),
      },
    };
  },
  "rows are handed out live": (store) => {
    const rows = new Map<number, object>();
    return {
      runs: {
        ...store.runs,
        async get(runNo) {
          const row = await store.runs.get(runNo);
          if (row === undefined || row.state !== "queued") return row;
          if (!rows.has(runNo)) rows.set(runNo, row);
          return rows.get(runNo) as typeof row;
        },
      },
    };
  },

  "every registration is a new version": outcomes((outcome) =>
    outcome.status === "registered" ? { ...outcome, isNewVersion: true } : outcome,
  ),
  "registering again resets the pause": changes(
    (change) => change,
    async (store, change) => {
      if (change.kind === "registerDag")
        await store.commit([{ kind: "setDagPaused", dagId: change.dagId, paused: change.paused, at: 0 }]);
    },
  ),
  "a start date is forgotten": changes((change) =>
    change.kind === "registerDag" ? { ...change, startDate: null } : change,
  ),
  "DAGs are listed as they came": (store) => ({
    dags: { ...store.dags, list: async () => [...(await store.dags.list())].sort((a, b) => a.dagNo - b.dagNo) },
  }),
  "the newest version does not become current": (store) => ({
    dags: {
      ...store.dags,
      async get(dagId) {
        const row = await store.dags.get(dagId);
        return row && { ...row, versionNo: Math.min(row.versionNo, row.dagNo) };
      },
    },
  }),

  "a taken run id is created again": lie("run_id"),
  "a taken idempotency key is created again": lie("idempotency_key"),
  "a taken logical date is created again": lie("logical_date"),
  "manual runs own their date too": changes((change) =>
    change.kind === "createRun" && change.type === "manual" ? { ...change, type: "scheduled" } : change,
  ),
  "backfill runs own no date": changes((change) =>
    change.kind === "createRun" && change.type === "backfill" ? { ...change, type: "manual" } : change,
  ),
  "the wrong thing is said to be taken": outcomes((outcome) =>
    outcome.status === "exists" ? { ...outcome, by: "run_id" } : outcome,
  ),
  "run ids are unique over all DAGs": (store) => {
    const taken = new Set<string>();
    return {
      async commit(changes) {
        const found = await store.commit(changes);
        return found.map((outcome, index) => {
          const change = changes[index];
          if (change?.kind !== "createRun" || outcome.status !== "created") return outcome;
          if (taken.has(change.runId))
            return { status: "exists", runNo: outcome.runNo, runId: change.runId, by: "run_id" };
          taken.add(change.runId);
          return outcome;
        });
      },
    };
  },
  "a run moves from any state": changes((change) =>
    change.kind === "updateRun" ? { ...change, from: ["queued", "running", "success", "failed", "cancelled"] } : change,
  ),
  "a run's note is lost": changes((change) => (change.kind === "updateRun" ? { ...change, note: null } : change)),
  "runs that ended stay active": (store) => ({
    runs: { ...store.runs, active: async () => [...(await store.runs.list({ limit: 10_000 }))].reverse() },
  }),
  "active runs come newest first": (store) => ({
    runs: { ...store.runs, active: async () => [...(await store.runs.active())].reverse() },
  }),
  "the limit of a list is ignored": (store) => ({
    runs: { ...store.runs, list: ({ limit: _, ...filter }) => store.runs.list({ ...filter, limit: 10_000 }) },
  }),
  "a page begins with the last row of the page before": (store) => ({
    runs: {
      ...store.runs,
      list: ({ before, ...filter }) =>
        store.runs.list(before === undefined ? filter : { ...filter, before: before + 1 }),
    },
  }),
  "runs are listed oldest first": (store) => ({
    runs: { ...store.runs, list: async (filter) => [...(await store.runs.list(filter))].reverse() },
  }),
  "the type of a run filter is ignored": (store) => ({
    runs: { ...store.runs, list: ({ type: _, ...filter }) => store.runs.list(filter) },
  }),
  "previous looks at the number alone": (store) => ({
    runs: {
      ...store.runs,
      async previous({ dagNo, runNo, scheduledOnly }) {
        const runs = await store.runs.list({ before: runNo, limit: 10_000 });
        return runs.find(
          (run) => run.dagNo === dagNo && (!scheduledOnly || run.type === "scheduled" || run.type === "backfill"),
        );
      },
    },
  }),
  "previous finds runs that were not scheduled": (store) => ({
    runs: { ...store.runs, previous: (query) => store.runs.previous({ ...query, scheduledOnly: false }) },
  }),

  "an attempt starts from any state": changes((change) =>
    change.kind === "startTask" ? { ...change, from: TASK_STATES } : change,
  ),
  "a move is made from any state": changes((change) =>
    change.kind === "setTask" ? { ...change, from: TASK_STATES } : change,
  ),
  "any token ends an attempt": changes(
    (change) => change,
    undefined,
    async (store, change) => {
      if (change.kind !== "finishTask") return change;
      const row = await store.tasks.get(change.taskInstanceNo);
      return { ...change, token: row?.token ?? change.token };
    },
  ),
  "a task that does not run may end": changes(
    (change) => change,
    async (store, change) => {
      if (change.kind !== "finishTask") return;
      const row = await store.tasks.get(change.taskInstanceNo);
      if (row === undefined || row.state === "running") return;
      const { taskInstanceNo, runNo, attempt, at } = change;
      await store.commit([
        { kind: "startTask", taskInstanceNo, runNo, from: TASK_STATES, token: change.token, attempt, at },
      ]);
    },
  ),
  "the XComs of a stale attempt are stored": (store) => {
    const leaked = new Map<string, XComRow>();
    return {
      async commit(changes) {
        const found = await store.commit(changes);
        found.forEach((outcome, index) => {
          const change = changes[index];
          if (outcome.status !== "refused" || change?.kind !== "finishTask") return;
          const { taskInstanceNo, runNo, at } = change;
          for (const put of change.xcoms)
            leaked.set(`${runNo} ${put.key}`, {
              ...put,
              taskInstanceNo,
              runNo,
              taskId: "extract",
              mapIndex: -1,
              createdAt: at,
            });
        });
        return found;
      },
      xcoms: {
        ...store.xcoms,
        ofRun: async (runNo) => [
          ...(await store.xcoms.ofRun(runNo)),
          ...[...leaked.values()].filter((row) => row.runNo === runNo),
        ],
      },
    };
  },
  "an attempt keeps the error of the one before": (store) => {
    const errors = new Map<number, string>();
    return {
      commit(changes) {
        for (const change of changes)
          if (change.kind === "finishTask" && change.error !== null) errors.set(change.taskInstanceNo, change.error);
        return store.commit(changes);
      },
      tasks: {
        ...store.tasks,
        async get(taskInstanceNo) {
          const row = await store.tasks.get(taskInstanceNo);
          return row && { ...row, error: row.error ?? errors.get(taskInstanceNo) ?? null };
        },
      },
    };
  },
  "a wait does not end with a move": (store) => {
    const waits = new Map<number, number | null>();
    return {
      commit(changes) {
        for (const change of changes) {
          if (change.kind === "finishTask") waits.set(change.taskInstanceNo, change.wakeAt);
          if (change.kind === "startTask") waits.delete(change.taskInstanceNo);
        }
        return store.commit(changes);
      },
      tasks: {
        ...store.tasks,
        async get(taskInstanceNo) {
          const row = await store.tasks.get(taskInstanceNo);
          return row && { ...row, wakeAt: waits.get(taskInstanceNo) ?? null };
        },
      },
    };
  },
  "the reason of a move is lost": changes((change) =>
    change.kind === "setTask" ? { ...change, reason: null } : change,
  ),
  "the number of the attempt is lost": changes((change) =>
    change.kind === "startTask" ? { ...change, attempt: 1 } : change,
  ),
  "tokens are cut to 32 bits": (store) => ({
    tasks: {
      ...store.tasks,
      async get(taskInstanceNo) {
        const row = await store.tasks.get(taskInstanceNo);
        return row && { ...row, token: row.token | 0 };
      },
    },
  }),
  "an expansion is numbered from its placeholder": outcomes((outcome) =>
    outcome.status === "expanded" ? { ...outcome, firstTaskInstanceNo: outcome.firstTaskInstanceNo - 1 } : outcome,
  ),
  "an expansion is one element short": changes((change) =>
    change.kind === "expandTask" && change.count > 1 ? { ...change, count: change.count - 1 } : change,
  ),
  "task instances of a run come as they were made": (store) => ({
    tasks: {
      ...store.tasks,
      ofRun: async (runNo) => [...(await store.tasks.ofRun(runNo))].sort((a, b) => a.taskInstanceNo - b.taskInstanceNo),
    },
  }),
  "find takes any map index": (store) => ({
    tasks: {
      ...store.tasks,
      find: async ({ runNo, taskId }) => (await store.tasks.ofRun(runNo)).find((row) => row.taskId === taskId),
    },
  }),

  "an attempt adds to the XComs that it should replace": changes((change) =>
    change.kind === "finishTask" ? { ...change, replacesXComs: false } : change,
  ),
  "only later attempts replace XComs": changes((change) =>
    change.kind === "finishTask" && change.attempt === 1 ? { ...change, replacesXComs: false } : change,
  ),
  "an attempt replaces the XComs that it should add to": changes((change) =>
    change.kind === "finishTask" ? { ...change, replacesXComs: true } : change,
  ),
  "deletes are forgotten": changes((change) => (change.kind === "finishTask" ? { ...change, deletes: [] } : change)),
  "the format of an XCom is lost": changes((change) =>
    change.kind === "finishTask"
      ? { ...change, xcoms: change.xcoms.map((put) => ({ ...put, format: "json" })) }
      : change,
  ),
  "many XComs come in their own order": (store) => ({
    xcoms: {
      ...store.xcoms,
      getMany: async (numbers, key) =>
        store.xcoms.getMany(
          [...numbers].sort((a, b) => a - b),
          key,
        ),
    },
  }),
  "many XComs come without their gaps": (store) => ({
    xcoms: {
      ...store.xcoms,
      getMany: async (numbers, key) => (await store.xcoms.getMany(numbers, key)).filter((row) => row !== undefined),
    },
  }),
  "XComs of a run come by key": (store) => ({
    xcoms: {
      ...store.xcoms,
      ofRun: async (runNo) => [...(await store.xcoms.ofRun(runNo))].sort((a, b) => (a.key < b.key ? -1 : 1)),
    },
  }),
  "text ends at its first NUL": (store) => ({
    logs: {
      ...store.logs,
      list: async (filter) =>
        (await store.logs.list(filter)).map((row) => ({ ...row, message: row.message.split("\0")[0] ?? "" })),
    },
  }),
  "prior leaves out the run itself": (store) => ({
    xcoms: { ...store.xcoms, prior: (query) => store.xcoms.prior({ ...query, runNo: query.runNo - 1 }) },
  }),
  "prior takes any date": (store) => ({
    xcoms: { ...store.xcoms, prior: (query) => store.xcoms.prior({ ...query, logicalDate: Number.MAX_SAFE_INTEGER }) },
  }),
  "prior takes any map index": (store) => ({
    xcoms: {
      ...store.xcoms,
      prior: async (query) => (await store.xcoms.prior(query)) ?? (await store.xcoms.prior({ ...query, mapIndex: 0 })),
    },
  }),

  "events have no DAG": (store) => ({
    events: {
      ...store.events,
      list: async (filter) => (await store.events.list(filter)).map((row) => ({ ...row, dagId: null })),
    },
  }),
  "events are listed from and with the last one": (store) => ({
    events: {
      ...store.events,
      list: ({ after, ...filter }) => store.events.list(after === undefined ? filter : { ...filter, after: after - 1 }),
    },
  }),
  "events of other runs are listed too": (store) => ({
    events: { ...store.events, list: ({ runNo: _, ...filter }) => store.events.list(filter) },
  }),
  "events of a run end with the run": (store) => ({
    events: {
      ...store.events,
      async list(filter) {
        const rows = await store.events.list(filter);
        const end = rows.findIndex(({ kind }) => filter.runNo !== undefined && kind === "run.success");
        return end === -1 ? rows : rows.slice(0, end + 1);
      },
    },
  }),
  "events have no data": (store) => ({
    events: {
      ...store.events,
      list: async (filter) => (await store.events.list(filter)).map((row) => ({ ...row, data: null })),
    },
  }),
  "events are numbered anew by each engine": (store) => ({
    commit: async (changes, options) =>
      (await store.commit(changes, options)).map((outcome) =>
        "eventSeq" in outcome && outcome.eventSeq > 3 ? { ...outcome, eventSeq: 1 } : outcome,
      ),
  }),
  "events are never written": (store) => ({ events: { ...store.events, list: async () => [] } }),
  "an unchanged pool is told": outcomes((outcome, change) =>
    change.kind === "putPool" && outcome.status === "done" ? { ...outcome, eventSeq: 1 } : outcome,
  ),
  "the list of events has no end": (store) => ({
    events: {
      ...store.events,
      async list(filter) {
        const rows = [...(await store.events.list(filter))];
        if (rows.length === 10_000)
          rows.push(...(await store.events.list({ ...filter, after: rows.at(-1)?.seq ?? 0 })));
        return rows;
      },
    },
  }),
  "logs of all attempts are listed": (store) => ({
    logs: { ...store.logs, list: ({ attempt: _, ...filter }) => store.logs.list(filter) },
  }),
  "logs of one group are reversed": changes((change) =>
    change.kind === "appendLogs" ? { ...change, lines: [...change.lines].reverse() } : change,
  ),
  "an expectation is ignored": changes((change) =>
    change.kind === "putState"
      ? { kind: "putState", namespace: change.namespace, key: change.key, value: change.value, at: change.at }
      : change,
  ),
  "the expectation of nothing is ignored": changes((change) => {
    if (change.kind !== "putState" || change.expected !== null) return change;
    const { expected: _, ...rest } = change;
    return rest;
  }),
  "namespaces are mixed": changes((change) => (change.kind === "putState" ? { ...change, namespace: "n" } : change)),
  "state cannot be deleted": changes((change) =>
    change.kind === "putState" && change.value === null ? { ...change, value: "null" } : change,
  ),
  "a setting cannot be deleted": changes((change) =>
    change.kind === "putSetting" && change.value === null ? { ...change, value: "" } : change,
  ),
  "pools are listed as they came": (store) => ({
    pools: { list: async () => [...(await store.pools.list())].reverse() },
  }),
  "deleting chunks leaves all but the first": (store) => {
    const kept = new Map<string, Uint8Array>();
    return {
      commit(changes) {
        for (const change of changes)
          if (change.kind === "putChunk" && change.seq > 0)
            kept.set(`${change.streamId} ${change.seq}`, change.bytes.slice());
        return store.commit(changes);
      },
      chunks: {
        ...store.chunks,
        get: async (streamId, seq) =>
          (await store.chunks.get(streamId, seq)) ?? kept.get(`${streamId} ${seq}`)?.slice(),
      },
    };
  },
  "empty chunks are lost": (store) => ({
    chunks: {
      ...store.chunks,
      async get(streamId, seq) {
        const bytes = await store.chunks.get(streamId, seq);
        return bytes?.length === 0 ? undefined : bytes;
      },
    },
  }),

  ...brokenOperations,
  ...brokenRequests,
  ...brokenRewrites,
  ...brokenSchedules,
  ...brokenBackfills,
  ...brokenRetention,
};

/** Says that a run was created where it existed. */
function lie(by: "run_id" | "logical_date" | "idempotency_key"): Break {
  return outcomes((outcome) =>
    outcome.status === "exists" && outcome.by === by
      ? { status: "created", runNo: outcome.runNo, firstTaskInstanceNo: 1, eventSeq: 1 }
      : outcome,
  );
}
