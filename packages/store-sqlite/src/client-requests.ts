import { pathToFileURL } from "node:url";
import type { Change, FileRequest, Outcome } from "@millrace/core/plugin";
import { requestFiler } from "./changes/requests.ts";
import { connect } from "./database-file.ts";
import type { DatabaseSync } from "./node-sqlite.ts";
import { Statements } from "./statements.ts";

/** True for what a client may write: requests and nothing else. */
export function areRequests(changes: readonly Change[]): changes is readonly FileRequest[] {
  return changes.every(({ kind }) => kind === "fileRequest");
}

/** The connection by which a client files requests beside the engine that has the file; it holds no lock in between. */
export class ClientRequests {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #file: (change: FileRequest) => Outcome;

  constructor(path: string, onConnect?: (db: DatabaseSync) => void) {
    const url = pathToFileURL(path);
    // Never makes a file.
    url.searchParams.set("mode", "rw");
    this.#db = connect(url);
    try {
      onConnect?.(this.#db);
      // The log is moved into the file by the engine, or by whoever closes it last.
      this.#db.exec("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0");
      this.#sql = new Statements(this.#db);
      this.#file = requestFiler({ sql: this.#sql });
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Files all of them in one transaction. Throws what SQLite throws; then nothing of the group is stored. */
  file(changes: readonly FileRequest[]): readonly Outcome[] {
    this.#sql.get("BEGIN IMMEDIATE").all();
    try {
      const outcomes = changes.map(this.#file);
      this.#sql.get("COMMIT").all();
      return outcomes;
    } catch (error) {
      if (this.#db.isTransaction) this.#sql.get("ROLLBACK").all();
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }
}
