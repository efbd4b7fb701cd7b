import { coreError, isMillraceError, messageOf } from "../errors.ts";
import type { Change, OpenMode, Outcome, Store, StoreOpening } from "./contract.ts";
import { applyChange } from "./memory-apply.ts";
import { memoryReaders } from "./memory-readers.ts";
import { emptyTables, type Tables, Transaction } from "./memory-tables.ts";

/** What in-memory stores share when they shall see the same rows, as two connections to one file would. */
export interface MemoryDatabase {
  /** Ends the claim of the engine that has it open, as the death of its process would. Its store is closed by that. */
  crash(): void;
}

export interface MemoryStoreOptions {
  /** Rows to work on; default: new ones, which end with the store. */
  readonly database?: MemoryDatabase;
}

/** Rows for several in-memory stores, one after the other or (one engine, many readers) at the same time. */
export function memoryDatabase(): MemoryDatabase {
  return new SharedRows();
}

/**
 * A store that keeps everything in memory, for tests and for programs that need no history.
 * It is the reference: every other store behaves like this one.
 *
 * @example
 * ```ts
 * import { memoryStore } from "@millrace/core/plugin";
 * const store = memoryStore();
 * const { epoch } = await store.open("engine"); // 1
 * const [outcome] = await store.commit([{ kind: "putSetting", key: "colour", value: "blue", at: Date.now() }]);
 * console.log(epoch, outcome.status, await store.settings.get("colour")); // 1 done blue
 * await store.close();
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  return new MemoryStore((options.database as SharedRows | undefined) ?? new SharedRows());
}

class SharedRows implements MemoryDatabase {
  readonly tables: Tables = emptyTables();
  epoch = 0;
  engine: MemoryStore | undefined;

  crash(): void {
    void this.engine?.close();
  }
}

class MemoryStore implements Store {
  readonly name = "memory";
  readonly #shared: SharedRows;
  #mode: "new" | OpenMode | "closed" = "new";
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

  constructor(shared: SharedRows) {
    this.#shared = shared;
    const readers = memoryReaders(() => {
      if (this.#mode === "closed" || this.#mode === "new") throw coreError("STORE_CLOSED");
      return shared.tables;
    });
    this.dags = readers.dags;
    this.runs = readers.runs;
    this.tasks = readers.tasks;
    this.xcoms = readers.xcoms;
    this.chunks = readers.chunks;
    this.events = readers.events;
    this.logs = readers.logs;
    this.pools = readers.pools;
    this.settings = readers.settings;
    this.state = readers.state;
    this.requests = readers.requests;
    this.backfills = readers.backfills;
  }

  async open(mode: OpenMode): Promise<StoreOpening> {
    if (this.#mode === "closed") throw coreError("STORE_CLOSED");
    if (mode === "engine" && this.#mode !== "engine") {
      if (this.#shared.engine !== undefined) throw coreError("STORE_LOCKED", { path: "the in-memory database" });
      this.#shared.engine = this;
      this.#shared.epoch++;
      this.#mode = "engine";
    } else if (mode === "client" && this.#mode !== "engine") {
      if (this.#shared.epoch === 0) throw coreError("STORE_MISSING", { path: "the in-memory database" });
      this.#mode = "client";
    } else if (this.#mode === "new") {
      this.#mode = "reader";
    }
    return { epoch: mode === "engine" ? this.#shared.epoch : 0 };
  }

  async commit(changes: readonly Change[]): Promise<readonly Outcome[]> {
    if (this.#mode === "closed" || this.#mode === "new") throw coreError("STORE_CLOSED");
    if (this.#mode === "reader") throw coreError("STORE_READ_ONLY", { path: "A store that was opened to read" });
    if (this.#mode === "client" && changes.some(({ kind }) => kind !== "fileRequest"))
      throw coreError("STORE_READ_ONLY", { path: "A store that was opened as a client takes only requests and" });
    const tx = new Transaction(this.#shared.tables);
    try {
      return changes.map((change) => applyChange(tx, change));
    } catch (error) {
      tx.rollback();
      if (isMillraceError(error)) throw error;
      throw coreError("STORE_FAILED", { why: messageOf(error) }, { cause: error });
    }
  }

  async close(): Promise<void> {
    if (this.#shared.engine === this) this.#shared.engine = undefined;
    this.#mode = "closed";
  }
}
