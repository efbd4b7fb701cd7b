import {
  type Change,
  type Clock,
  type CommitOptions,
  coreError,
  type OpenMode,
  type Outcome,
  type Store,
  type StoreOpening,
} from "@millrace/core/plugin";
import { GroupWriter } from "./changes/group-writer.ts";
import { areRequests, ClientRequests } from "./client-requests.ts";
import { connectReader, connectWriter, inspectFile, knownSchema, makeFile, refuseNewer } from "./database-file.ts";
import { EngineLock } from "./engine-lock.ts";
import { backfillFacet } from "./facets/backfills.ts";
import { chunkFacet } from "./facets/chunks.ts";
import { dagFacet } from "./facets/dags.ts";
import { eventFacet } from "./facets/events.ts";
import { logFacet } from "./facets/logs.ts";
import { poolFacet } from "./facets/pools.ts";
import type { Read } from "./facets/reading.ts";
import { requestFacet } from "./facets/requests.ts";
import { runFacet } from "./facets/runs.ts";
import { settingFacet } from "./facets/settings.ts";
import { stateFacet } from "./facets/state.ts";
import { taskFacet } from "./facets/tasks.ts";
import { xcomFacet } from "./facets/xcoms.ts";
import { applyMigrations } from "./migrate.ts";
import type { DatabaseSync } from "./node-sqlite.ts";
import { isBusy, sqliteError, storeError } from "./sqlite-errors.ts";
import { Statements } from "./statements.ts";
import { WalCheckpoints } from "./wal-checkpoints.ts";

/** Everything decided; the public options are parsed into this. */
export interface SqliteStoreSettings {
  readonly path: string;
  readonly durability: "normal" | "full";
  readonly clock: Clock;
  readonly busyLimitMs: number;
  readonly walThresholdBytes: number;
  /** Called with each connection before it is used; tests plant faults here. */
  readonly onConnect?: (db: DatabaseSync) => void;
}

interface Connection {
  readonly db: DatabaseSync;
  readonly sql: Statements;
}

interface Engine extends Connection {
  readonly epoch: number;
  readonly lock: EngineLock;
  readonly writer: GroupWriter;
  readonly checkpoints: WalCheckpoints;
  /** Why bytes that were written may never reach the disk. */
  failedSync: string | undefined;
}

/** The store. It reads and writes on one connection; other processes read on theirs. */
export class SqliteStore implements Store {
  readonly name = "sqlite";
  readonly #settings: SqliteStoreSettings;
  #engine: Engine | undefined;
  #reader: Connection | undefined;
  /** Opened with the first request of a client. */
  #requests: ClientRequests | undefined;
  #mode: "new" | OpenMode | "closed" = "new";
  /** What waits for its turn to write; `undefined` when nothing does, so that most groups need not wait at all. */
  #queue: Promise<unknown> | undefined;
  readonly dags;
  readonly runs;
  readonly tasks;
  readonly xcoms;
  readonly chunks;
  readonly events;
  readonly logs;
  readonly pools;
  readonly settings;
  readonly state;
  readonly requests;
  readonly backfills;

  constructor(settings: SqliteStoreSettings) {
    this.#settings = settings;
    const read: Read = async (query) => this.#retrying(() => query(this.#connection()));
    this.dags = dagFacet(read);
    this.runs = runFacet(read);
    this.tasks = taskFacet(read);
    this.xcoms = xcomFacet(read);
    this.chunks = chunkFacet(read);
    this.events = eventFacet(read);
    this.logs = logFacet(read);
    this.pools = poolFacet(read);
    this.settings = settingFacet(read);
    this.state = stateFacet(read);
    this.requests = requestFacet(read);
    this.backfills = backfillFacet(read);
  }

  async open(mode: OpenMode): Promise<StoreOpening> {
    if (this.#mode === "closed") throw coreError("STORE_CLOSED");
    if (mode !== "engine") {
      if (this.#mode === "new" || (this.#mode === "reader" && mode === "client")) {
        const { path } = this.#settings;
        if (mode === "client") refuseMissing(path);
        else refuseOther(path, inspectFile(path).schema);
        this.#mode = mode;
      }
      return { epoch: 0 };
    }
    if (this.#engine === undefined) {
      this.#engine = await this.#openEngine();
      this.#closeOthers();
      this.#mode = "engine";
    }
    return { epoch: this.#engine.epoch };
  }

  async commit(changes: readonly Change[], options?: CommitOptions): Promise<readonly Outcome[]> {
    if (this.#mode === "client") return this.#file(changes);
    const engine = this.#writable();
    const durability = options?.durability ?? this.#settings.durability;
    if (this.#queue === undefined) {
      try {
        return this.#write(engine, changes, durability);
      } catch (error) {
        if (!isBusy(error)) throw storeError(this.#settings.path, error);
      }
    }
    return this.#enqueue(() => this.#retrying(() => this.#write(this.#writable(), changes, durability)));
  }

  async close(): Promise<void> {
    if (this.#mode === "closed") return;
    this.#mode = "closed";
    while (this.#queue !== undefined) await this.#queue.catch(() => {});
    this.#closeOthers();
    const engine = this.#engine;
    this.#engine = undefined;
    if (engine === undefined) return;
    await engine.checkpoints.close();
    try {
      // The last connection moves the log into the file and removes it.
      engine.db.close();
    } finally {
      engine.lock.release();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #openEngine(): Promise<Engine> {
    const { path, onConnect, walThresholdBytes } = this.#settings;
    const lock = EngineLock.acquire(path);
    let db: DatabaseSync | undefined;
    try {
      const { schema } = inspectFile(path);
      refuseNewer(path, schema);
      makeFile(path);
      const writer = await this.#retrying(() => {
        db?.close();
        db = connectWriter(path);
        onConnect?.(db);
        db.exec(`PRAGMA journal_size_limit = ${walThresholdBytes}`);
        applyMigrations(db, schema);
        const sql = new Statements(db);
        return { db, sql, epoch: nextEpoch(sql, this.#settings.clock.now()), writer: new GroupWriter(db, sql) };
      });
      const checkpoints = new WalCheckpoints({
        path,
        thresholdBytes: walThresholdBytes,
        onFailedSync: (why) => {
          engine.failedSync = why;
        },
        betweenGroups: (task) => void this.#enqueue(task),
        here: () => {
          const row = writer.db.prepare("PRAGMA wal_checkpoint(PASSIVE)").get();
          return { pages: Number(row?.log), moved: Number(row?.checkpointed) };
        },
      });
      const engine: Engine = { ...writer, lock, checkpoints, failedSync: undefined };
      return engine;
    } catch (error) {
      db?.close();
      lock.release();
      throw storeError(path, error);
    }
  }

  /** Closes the connections of a reader or a client. */
  #closeOthers(): void {
    this.#reader?.db.close();
    this.#requests?.close();
    this.#reader = undefined;
    this.#requests = undefined;
  }

  #file(changes: readonly Change[]): Promise<readonly Outcome[]> {
    const { path, onConnect } = this.#settings;
    if (!areRequests(changes))
      throw coreError("STORE_READ_ONLY", { path: `${path} was opened as a client, which only files requests, and` });
    return this.#enqueue(() =>
      this.#retrying(() => {
        if (this.#requests === undefined) {
          refuseMissing(path);
          this.#requests = new ClientRequests(path, onConnect);
        }
        return this.#requests.file(changes);
      }),
    );
  }

  #write(engine: Engine, changes: readonly Change[], durability: "normal" | "full"): readonly Outcome[] {
    const { failedSync: why } = engine;
    if (why !== undefined) throw coreError("STORE_DEVICE_FAILED", { path: this.#settings.path, why });
    const outcomes = engine.writer.write(changes, durability);
    engine.checkpoints.groupWritten();
    return outcomes;
  }

  #writable(): Engine {
    if (this.#engine !== undefined) return this.#engine;
    if (this.#mode === "reader")
      throw coreError("STORE_READ_ONLY", { path: `${this.#settings.path} was opened to read and` });
    throw coreError("STORE_CLOSED");
  }

  /** The engine's own connection, or a reader's. A reader of a file that is not there yet sees an empty database. */
  #connection(): Statements {
    if (this.#engine !== undefined && this.#mode !== "closed") return this.#engine.sql;
    if (this.#mode !== "reader" && this.#mode !== "client") throw coreError("STORE_CLOSED");
    if (this.#reader !== undefined) return this.#reader.sql;
    const { path, onConnect } = this.#settings;
    const { exists, schema } = inspectFile(path);
    refuseOther(path, schema);
    if (!exists || schema === 0) return emptyDatabase();
    const db = connectReader(path);
    onConnect?.(db);
    this.#reader = { db, sql: new Statements(db) };
    return this.#reader.sql;
  }

  /** Runs it when all before it is done. */
  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = (this.#queue ?? Promise.resolve()).then(task, task);
    const tail: Promise<unknown> = result.then(
      () => this.#dequeue(tail),
      () => this.#dequeue(tail),
    );
    this.#queue = tail;
    return result;
  }

  #dequeue(tail: Promise<unknown>): void {
    if (this.#queue === tail) this.#queue = undefined;
  }

  /** Tries again while another connection holds the file's lock, with pauses that leave the event loop free. */
  async #retrying<T>(attempt: () => T): Promise<T> {
    const { path, clock, busyLimitMs } = this.#settings;
    let since: number | undefined;
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 20)) {
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error)) throw storeError(path, error);
        since ??= clock.now();
        const waitedMs = clock.now() - since;
        if (waitedMs >= busyLimitMs) throw coreError("STORE_BUSY", { path, waitedMs }, { cause: error });
        await clock.sleep(pauseMs);
      }
    }
  }
}

/** Counts engines, in the same row for every engine that ever opened the file. */
function nextEpoch(sql: Statements, now: number): number {
  const row = sql
    .get(
      `INSERT INTO settings (key, value, updated_at) VALUES ('store.epoch', '1', ?)
       ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1, updated_at = excluded.updated_at RETURNING value`,
    )
    .get(now);
  return Number(row?.value);
}

function refuseOther(path: string, schema: number): void {
  refuseNewer(path, schema);
  if (schema > 0 && schema < knownSchema)
    throw sqliteError("SQLITE_SCHEMA_OLD", { path, found: schema, known: knownSchema });
}

function refuseMissing(path: string): void {
  const { schema } = inspectFile(path);
  refuseOther(path, schema);
  if (schema === 0) throw coreError("STORE_MISSING", { path });
}

let empty: Statements | undefined;

function emptyDatabase(): Statements {
  if (empty === undefined) {
    const db = connectWriter(":memory:");
    applyMigrations(db, 0);
    empty = new Statements(db);
  }
  return empty;
}
