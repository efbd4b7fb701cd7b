import type { Change, OpenMode, Outcome, RequestRow, Store } from "@millrace/core/plugin";
import { coreError } from "@millrace/core/plugin";
import { type Break, changes, outcomes, watching } from "./breaking.ts";

/** Stores that break a promise about requests and clients. */
export const brokenRequests: Readonly<Record<string, Break>> = {
  "each filing is a new request": (store, _database, shared) => ({
    commit: (group, options) =>
      store.commit(
        group.map((change) => {
          if (change.kind !== "fileRequest") return change;
          const count = Number(shared.get(change.requestId) ?? 0) + 1;
          shared.set(change.requestId, count);
          return count === 1 ? change : { ...change, requestId: `${change.requestId} ${count}` };
        }),
        options,
      ),
  }),
  "asking again changes what was asked": (store) => {
    const last = new Map<string, string>();
    return {
      ...watching(store, {
        after: (change) => {
          if (change.kind === "fileRequest") last.set(change.requestId, change.payload);
        },
      }),
      requests: requestsOf(store, (row) => ({ ...row, payload: last.get(row.requestId) ?? row.payload })),
    };
  },
  "request ids know no case": changes((change) =>
    change.kind === "fileRequest" ? { ...change, requestId: change.requestId.toLowerCase() } : change,
  ),
  "asking again opens a request that was answered": (store) => {
    const again = new Set<number>();
    return {
      ...watching(store, {
        after: (_, outcome) => {
          if (outcome.status === "filed") again.add(outcome.requestNo);
        },
        async before(change) {
          if (change.kind === "answerRequest") again.delete(change.requestNo);
        },
      }),
      requests: requestsOf(store, (row) =>
        again.has(row.requestNo) && row.answeredAt !== null ? { ...row, answeredAt: null } : row,
      ),
    };
  },
  "a request may be answered twice": (store) => {
    const last = new Map<number, string>();
    return {
      ...watching(store, {
        async before(change) {
          if (change.kind === "answerRequest") last.set(change.requestNo, change.answer);
        },
      }),
      requests: requestsOf(store, (row) => ({ ...row, answer: last.get(row.requestNo) ?? row.answer })),
    };
  },
  "an answer to nothing is taken": outcomes((outcome, change) =>
    change.kind === "answerRequest" ? { status: "done", eventSeq: 0 } : outcome,
  ),
  "the instant of an answer is lost": (store) => ({
    requests: requestsOf(store, (row) => (row.answeredAt === null ? row : { ...row, answeredAt: row.filedAt })),
  }),
  "a request that was answered still waits": (store) => {
    const { requests } = store;
    const filed = new Set<number>();
    return {
      ...watching(store, {
        after: (_, outcome) => {
          if (outcome.status === "filed") filed.add(outcome.requestNo);
        },
      }),
      requests: {
        ...requests,
        async pending(limit) {
          const rows = await Promise.all([...filed].map((requestNo) => requests.get(requestNo)));
          return rows.flatMap((row) => row ?? []).slice(0, limit ?? 100);
        },
      },
    };
  },
  "the newest request comes first": (store) => ({
    requests: { ...store.requests, pending: async (limit) => [...(await store.requests.pending(limit))].reverse() },
  }),
  "requests come by their instants": (store) => ({
    requests: {
      ...store.requests,
      pending: async (limit) => [...(await store.requests.pending(limit))].sort((a, b) => a.filedAt - b.filedAt),
    },
  }),
  "all requests are listed when no limit is given": (store) => ({
    requests: { ...store.requests, pending: (limit = 10_000) => store.requests.pending(limit) },
  }),
  "the limit of requests is ignored": (store) => ({
    requests: { ...store.requests, pending: () => store.requests.pending() },
  }),
  "the list of requests has no end": (store) => ({
    requests: {
      ...store.requests,
      async pending(limit = 100) {
        const rows = await store.requests.pending(limit);
        const last = rows.at(-1);
        const next = last && limit > rows.length ? await store.requests.get(last.requestNo + 1) : undefined;
        return next === undefined ? rows : [...rows, next];
      },
    },
  }),
  "requests without an answer are removed too": (store) => {
    let before = Number.NEGATIVE_INFINITY;
    const { requests } = store;
    const isThere = (row: RequestRow | undefined): row is RequestRow => row !== undefined && row.filedAt >= before;
    return {
      ...watching(store, {
        after: (change) => {
          if (change.kind === "deleteRequests") before = change.answeredBefore;
        },
      }),
      requests: {
        async get(requestNo) {
          const row = await requests.get(requestNo);
          return isThere(row) ? row : undefined;
        },
        pending: async (limit) => (await requests.pending(limit)).filter(isThere),
      },
    };
  },
  "requests answered at the instant are removed too": changes((change) =>
    change.kind === "deleteRequests" ? { ...change, answeredBefore: change.answeredBefore + 1 } : change,
  ),
  "requests are never removed": changes((change) =>
    change.kind === "deleteRequests" ? { ...change, answeredBefore: 0 } : change,
  ),
  "numbers of removed requests are given out again": (store, _database, shared) => ({
    commit: async (group, options) =>
      (await store.commit(group, options)).map((outcome) => {
        if (outcome.status !== "filed") return outcome;
        const highest = Number(shared.get("highest") ?? 0);
        shared.set("highest", Math.max(highest, outcome.requestNo));
        return shared.get("removed") && outcome.requestNo > highest ? { ...outcome, requestNo: highest } : outcome;
      }),
    open: (mode) => {
      if (shared.get("highest")) shared.set("removed", true);
      return store.open(mode);
    },
  }),
  "requests are told": (store) => ({
    async commit(group, options) {
      const event = { at: 0, kind: "request.filed", dagId: null, runNo: null, taskInstanceNo: null, attempt: null };
      const told = group.flatMap((change): Change[] =>
        change.kind === "answerRequest" ? [change, { kind: "appendEvent", event: { ...event, data: null } }] : [change],
      );
      const found = await store.commit(told, options);
      return found.filter((_, index) => told[index]?.kind !== "appendEvent" || group.includes(told[index]));
    },
  }),
  "requests of a group that fails are filed": (store) => ({
    commit: (group, options) =>
      store.commit(group, options).catch(async (error) => {
        if (error.code === "STORE_FAILED")
          await store.commit(
            group.filter(({ kind }) => kind === "fileRequest"),
            options,
          );
        throw error;
      }),
  }),

  "a client gets an epoch": opening(async (store, mode) => {
    const { epoch } = await store.open(mode);
    return { epoch: mode === "client" ? 1 : epoch };
  }),
  "a client counts as an engine": (store, _database, shared) => ({
    async open(mode) {
      const found = await store.open(mode);
      if (mode === "client" && found.epoch === 0) shared.set("more", Number(shared.get("more") ?? 0) + 1);
      return mode === "engine" ? { epoch: found.epoch + Number(shared.get("more") ?? 0) } : found;
    },
  }),
  "a client may write anything": (store, _database, shared) => ({
    open(mode) {
      if (mode === "engine") shared.set("engine", store);
      return store.open(mode);
    },
    commit: (group) =>
      store
        .commit(group)
        .catch((error) =>
          error.code === "STORE_READ_ONLY" && error.message.includes("client")
            ? (shared.get("engine") as Store).commit(group)
            : Promise.reject(error),
        ),
  }),
  "a client files the requests among what it may not write": (store) => ({
    commit: (group) =>
      store.commit(group).catch(async (error) => {
        if (error.message.includes("client")) await store.commit(group.filter(({ kind }) => kind === "fileRequest"));
        throw error;
      }),
  }),
  "a client may answer requests": (store, _database, shared) => ({
    open(mode) {
      if (mode === "engine") shared.set("engine", store);
      return store.open(mode);
    },
    commit: (group) =>
      store.commit(group).catch((error) => {
        const isAboutRequests = group.every(({ kind }) => kind.endsWith("Request") || kind.endsWith("Requests"));
        return isAboutRequests && error.message.includes("client")
          ? (shared.get("engine") as Store).commit(group)
          : Promise.reject(error);
      }),
  }),
  "a client cannot file": (store) => {
    let isClient = false;
    return {
      open: (mode) => {
        isClient = mode === "client";
        return store.open(mode);
      },
      commit: (group, options) =>
        isClient && group.length > 0
          ? Promise.reject(coreError("STORE_READ_ONLY", { path: "It" }))
          : store.commit(group, options),
    };
  },
  "a client claims the store": (store, _database, shared) => {
    let isClaimed = false;
    return {
      async open(mode) {
        const holder = shared.get("client");
        if (mode === "engine" && holder !== undefined && holder !== store)
          throw coreError("STORE_LOCKED", { path: "it" });
        const found = await store.open(mode);
        isClaimed = mode === "client";
        if (isClaimed) shared.set("client", store);
        return found;
      },
      async close() {
        if (isClaimed) shared.delete("client");
        await store.close();
      },
    };
  },
  "a client finds a store that was never made": opening((store, mode) =>
    store.open(mode).catch((error) => (error.code === "STORE_MISSING" ? store.open("reader") : Promise.reject(error))),
  ),
  "a client needs an engine that works": (store, _database, shared) => ({
    async open(mode) {
      if (mode === "client" && !shared.get("engine")) throw coreError("STORE_MISSING", { path: "it" });
      const found = await store.open(mode);
      if (mode === "engine") shared.set("engine", store);
      return found;
    },
    async close() {
      if (shared.get("engine") === store) shared.delete("engine");
      await store.close();
    },
  }),
  "requests of clients have numbers of their own": (store) => {
    let isClient = false;
    return {
      open: (mode) => {
        isClient = mode === "client";
        return store.open(mode);
      },
      commit: async (group, options) =>
        (await store.commit(group, options)).map(
          (outcome): Outcome => (isClient && outcome.status === "filed" ? { ...outcome, requestNo: 1 } : outcome),
        ),
    };
  },
  "opening as a client makes an engine a client": lastModeCounts(
    (mode, before) => mode === "client" && before === "engine",
  ),
  "opening as a reader makes a client a reader": lastModeCounts(
    (mode, before) => mode === "reader" && before === "client",
  ),
  "a reader stays a reader": (store) => {
    let isReader = false;
    return {
      async open(mode) {
        isReader ||= mode === "reader";
        return store.open(isReader && mode === "client" ? "reader" : mode);
      },
    };
  },
};

/** Shows each request altered; those that then have no answer wait. */
function requestsOf({ requests }: Store, alter: (row: RequestRow) => RequestRow): Store["requests"] {
  return {
    async get(requestNo) {
      const row = await requests.get(requestNo);
      return row && alter(row);
    },
    pending: async (limit) => (await requests.pending(limit)).map(alter),
  };
}

function opening(open: (store: Store, mode: OpenMode) => ReturnType<Store["open"]>): Break {
  return (store) => ({ open: (mode) => open(store, mode) });
}

/** Refuses to write after a store was opened for less. */
function lastModeCounts(isLess: (mode: OpenMode, before: OpenMode | undefined) => boolean): Break {
  return (store) => {
    let before: OpenMode | undefined;
    let mayNot = false;
    return {
      async open(mode) {
        mayNot = isLess(mode, before);
        before = mode;
        return store.open(mode);
      },
      commit: (group, options) =>
        mayNot ? Promise.reject(coreError("STORE_READ_ONLY", { path: "It" })) : store.commit(group, options),
    };
  };
}
