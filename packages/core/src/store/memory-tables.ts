import type {
  AttemptPerformance,
  BackfillItem,
  BackfillRow,
  DagRow,
  DagVersionRow,
  EventRow,
  LogRow,
  RequestRow,
  RunRow,
  TaskInstanceRow,
  XComRead,
  XComRow,
} from "./contract.ts";

/** A version as it is kept: the row that readers see, and its tasks in order. */
export interface KeptVersion {
  readonly row: DagVersionRow;
  readonly taskIds: readonly string[];
}

/** A piece of a stream as it is kept. */
export interface KeptChunk {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** An item of a backfill as it is kept. */
export interface KeptBackfillItem extends BackfillItem {
  readonly runNo: number | null;
}

/**
 * The tables of the in-memory store. Rows are never changed in place: a change puts a new row where the old one was,
 * so that undoing is putting the old one back. Numbers start at 1; place 0 of the arrays stays empty.
 */
export interface Tables {
  readonly dags: (DagRow | undefined)[];
  readonly dagNoById: Map<string, number>;
  readonly versions: (KeptVersion | undefined)[];
  /** By DAG number, then fingerprint. */
  readonly versionNoByPrint: Map<number, Map<string, number>>;
  readonly runs: (RunRow | undefined)[];
  /** Keys are a DAG number and a text, joined by a blank. */
  readonly runNoById: Map<string, number>;
  readonly runNoByDate: Map<string, number>;
  readonly runNoByIdempotencyKey: Map<string, number>;
  readonly activeRuns: Set<number>;
  /** Runs of a DAG by logical date, then number. */
  readonly runsByDate: Map<number, number[]>;
  readonly tasks: (TaskInstanceRow | undefined)[];
  readonly tasksOfRun: Map<number, number[]>;
  /** By task instance, then key. */
  readonly xcoms: Map<number, ReadonlyMap<string, XComRow>>;
  /** By the instance that read, then the source's number and the key, joined by a blank. */
  readonly reads: Map<number, ReadonlyMap<string, XComRead>>;
  /** By task instance, then attempt. */
  readonly performance: Map<number, ReadonlyMap<number, AttemptPerformance>>;
  readonly events: (EventRow | undefined)[];
  readonly eventsOfRun: Map<number, number[]>;
  readonly logs: (LogRow | undefined)[];
  readonly logsOfTask: Map<number, number[]>;
  readonly chunks: Map<string, Map<number, KeptChunk>>;
  readonly pools: Map<string, number>;
  readonly settings: Map<string, string>;
  readonly state: Map<string, Map<string, string>>;
  readonly requests: (RequestRow | undefined)[];
  readonly requestNoById: Map<string, number>;
  readonly unanswered: Set<number>;
  readonly backfills: (BackfillRow | undefined)[];
  readonly backfillNoById: Map<string, number>;
  /** By backfill. */
  readonly backfillItems: Map<number, KeptBackfillItem[]>;
}

export function emptyTables(): Tables {
  return {
    dags: [undefined],
    dagNoById: new Map(),
    versions: [undefined],
    versionNoByPrint: new Map(),
    runs: [undefined],
    runNoById: new Map(),
    runNoByDate: new Map(),
    runNoByIdempotencyKey: new Map(),
    activeRuns: new Set(),
    runsByDate: new Map(),
    tasks: [undefined],
    tasksOfRun: new Map(),
    xcoms: new Map(),
    reads: new Map(),
    performance: new Map(),
    events: [undefined],
    eventsOfRun: new Map(),
    logs: [undefined],
    logsOfTask: new Map(),
    chunks: new Map(),
    pools: new Map(),
    settings: new Map(),
    state: new Map(),
    requests: [undefined],
    requestNoById: new Map(),
    unanswered: new Set(),
    backfills: [undefined],
    backfillNoById: new Map(),
    backfillItems: new Map(),
  };
}

/** What an attempt begins with. */
export const nothingYet = {
  startedAt: null,
  endedAt: null,
  wakeAt: null,
  awaits: null,
  error: null,
  reason: null,
} as const;

/** What a new task instance has. */
export const neverTried = {
  state: "scheduled",
  attempt: 0,
  token: 0,
  crashes: 0,
  uncounted: 0,
  ...nothingYet,
} as const;

/** The tables, and how to take back what was done to them since the group began. */
export class Transaction {
  readonly tables: Tables;
  #undo: (() => void)[] = [];

  constructor(tables: Tables) {
    this.tables = tables;
  }

  append<T>(list: T[], value: T): number {
    list.push(value);
    this.#undo.push(() => list.pop());
    return list.length - 1;
  }

  insert<T>(list: T[], at: number, value: T): void {
    list.splice(at, 0, value);
    this.#undo.push(() => list.splice(at, 1));
  }

  replace<T>(list: T[], at: number, value: T): void {
    const old = list[at] as T;
    list[at] = value;
    this.#undo.push(() => {
      list[at] = old;
    });
  }

  set<K, V>(map: Map<K, V>, key: K, value: V): void {
    const had = map.has(key);
    const old = map.get(key) as V;
    map.set(key, value);
    this.#undo.push(() => (had ? map.set(key, old) : map.delete(key)));
  }

  delete<K, V>(map: Map<K, V>, key: K): void {
    if (!map.has(key)) return;
    const old = map.get(key) as V;
    map.delete(key);
    this.#undo.push(() => map.set(key, old));
  }

  /** Makes `value` a member of the set, or no member. */
  mark<T>(set: Set<T>, value: T, member: boolean): void {
    if (set.has(value) === member) return;
    if (member) set.add(value);
    else set.delete(value);
    this.#undo.push(() => (member ? set.delete(value) : set.add(value)));
  }

  /** The list of a key, made when there is none. */
  listOf<K, T>(map: Map<K, T[]>, key: K): T[] {
    let list = map.get(key);
    if (list === undefined) {
      list = [];
      map.set(key, list);
    }
    return list;
  }

  /** The inner map of a key, made when there is none. */
  mapOf<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
    let inner = map.get(key);
    if (inner === undefined) {
      inner = new Map();
      map.set(key, inner);
    }
    return inner;
  }

  rollback(): void {
    for (const undo of this.#undo.reverse()) undo();
    this.#undo = [];
  }
}

/** First place in a sorted list whose member is not before what is sought. */
export function lowerBound<T>(list: readonly T[], isBefore: (member: T) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(list[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
