import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { migrations } from "@millrace/store-sqlite";
import { withScratchFolder } from "./scratch-folder.ts";

export interface RawLimitOptions {
  /** Task instances to take through their life. */
  readonly tasks: number;
  /** Tasks in a transaction. */
  readonly groupSize: number;
}

/**
 * What SQLite on this machine can do at best with the work of a task, without engine or store: on the store's own
 * schema and in its way (positional values, integer keys, many events at once), insert the task instance, update it to
 * running and to success, insert its result and its two events. Answers tasks per second.
 */
export function measureRawLimit({ tasks, groupSize }: RawLimitOptions): Promise<number> {
  return withScratchFolder((folder) => {
    const db = new DatabaseSync(join(folder, "raw.db"), { enableForeignKeyConstraints: false });
    // The log is moved into the file by SQLite's own rule, every 1,000 pages.
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000");
    for (const { sql } of migrations) db.exec(sql);

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
    const eventsAtOnce = 16;
    const columns = "seq, at, kind, run_no, task_instance_no, attempt";
    const rows = (count: number) => Array(count).fill("(?, ?, ?, ?, ?, ?)").join(", ");
    const manyEvents = db.prepare(`INSERT INTO events (${columns}) VALUES ${rows(eventsAtOnce)}`);
    const oneEvent = db.prepare(`INSERT INTO events (${columns}) VALUES ${rows(1)}`);
    const begin = db.prepare("BEGIN IMMEDIATE");
    const commit = db.prepare("COMMIT");

    const now = Date.now();
    let seq = 0;
    let waiting: (number | string)[] = [];
    const tell = (kind: string, taskInstanceNo: number): void => {
      waiting.push(++seq, now, kind, 1, taskInstanceNo, 1);
      if (waiting.length < eventsAtOnce * 6) return;
      manyEvents.all(...waiting);
      waiting = [];
    };

    const began = performance.now();
    for (let first = 1; first <= tasks; first += groupSize) {
      begin.all();
      const end = Math.min(first + groupSize, tasks + 1);
      for (let no = first; no < end; no++) {
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
    }
    const seconds = (performance.now() - began) / 1000;
    db.close();
    return tasks / seconds;
  });
}
