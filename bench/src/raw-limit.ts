import { DatabaseSync } from "node:sqlite";
import { migrations } from "@millrace/store-sqlite";

const eventsAtOnce = 16;
const eventColumns = "seq, at, kind, run_no, task_instance_no, attempt";

/**
 * What SQLite on this machine can do at best with the work of a task, without engine or store: on the store's own
 * schema and in its way (positional values, integer keys, many events at once), insert the task instance, update it to
 * running and to success, insert its result and its two events.
 */
export class RawLimit {
  readonly #db: DatabaseSync;
  readonly #writeGroup: (tasks: number) => void;

  constructor(path: string) {
    const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    // The limit pays for no checkpoint: see `checkpoint`.
    db.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 0",
    );
    for (const { sql } of migrations) db.exec(sql);
    this.#db = db;
    this.#writeGroup = groupWriter(db);
  }

  /** Takes so many new task instances through their life; `groupSize` of them in a transaction. */
  writeTasks(tasks: number, groupSize: number): void {
    for (let left = tasks; left > 0; left -= groupSize) this.#writeGroup(Math.min(groupSize, left));
  }

  /** Moves the log into the file; to be called where nothing is measured. The store does this beside the event loop. */
  checkpoint(): void {
    this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  close(): void {
    this.#db.close();
  }
}

function groupWriter(db: DatabaseSync): (tasks: number) => void {
  const insert = db.prepare("INSERT INTO task_instances (task_instance_no, run_no, task_no) VALUES (?, ?, ?)");
  const start = db.prepare(
    "UPDATE task_instances SET state = 'running', token = ?, attempt = ?, started_at = ? WHERE task_instance_no = ? AND state = 'scheduled'",
  );
  const finish = db.prepare(
    "UPDATE task_instances SET state = ?, ended_at = ? WHERE task_instance_no = ? AND token = ? AND state = 'running'",
  );
  const xcom = db.prepare(
    "INSERT INTO xcoms (task_instance_no, key, format, size_bytes, created_at, stored) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const rows = (count: number) => Array(count).fill("(?, ?, ?, ?, ?, ?)").join(", ");
  const manyEvents = db.prepare(`INSERT INTO events (${eventColumns}) VALUES ${rows(eventsAtOnce)}`);
  const oneEvent = db.prepare(`INSERT INTO events (${eventColumns}) VALUES ${rows(1)}`);
  const begin = db.prepare("BEGIN IMMEDIATE");
  const commit = db.prepare("COMMIT");

  const now = Date.now();
  let no = 0;
  let seq = 0;
  let waiting: (number | string)[] = [];
  const tell = (kind: string, taskInstanceNo: number): void => {
    waiting.push(++seq, now, kind, 1, taskInstanceNo, 1);
    if (waiting.length < eventsAtOnce * 6) return;
    manyEvents.all(...waiting);
    waiting = [];
  };
  return (tasks) => {
    begin.all();
    for (const end = no + tasks; no < end; ) {
      no++;
      insert.all(no, 1, no);
      start.run(no, 1, now, no);
      tell("task.running", no);
      finish.run("success", now, no, no);
      xcom.all(no, "return_value", "json", 4, now, "null");
      tell("task.success", no);
    }
    for (let at = 0; at < waiting.length; at += 6) oneEvent.all(...waiting.slice(at, at + 6));
    waiting = [];
    commit.all();
  };
}
