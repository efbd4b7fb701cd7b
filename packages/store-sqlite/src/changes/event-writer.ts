import { type Change, eventOf } from "@millrace/core/plugin";
import type { StatementSync } from "../node-sqlite.ts";
import type { Statements } from "../statements.ts";
import { lastNumberOf } from "./last-numbers.ts";
import { RowBatch } from "./row-batch.ts";
import { RunSpans } from "./run-spans.ts";

const columns = ["seq", "at", "kind", "run_no", "task_instance_no", "attempt"] as const;

/** Numbers the events of a group and writes them, most of them many at a time: half of what a task writes is events. */
export class EventWriter {
  /** Where in the events those of a run are. */
  readonly spans: RunSpans;
  /** Events with nothing but `columns`. */
  readonly #plain: RowBatch;
  readonly #rich: StatementSync;
  #seq: number;
  #storedSeq: number;

  constructor(sql: Statements) {
    this.spans = new RunSpans(sql);
    this.#plain = new RowBatch(sql, "INSERT INTO", "events", columns);
    this.#rich = sql.get(`INSERT INTO events (${columns.join(", ")}, dag_id, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#seq = lastNumberOf(sql, "events", "seq");
    this.#storedSeq = this.#seq;
  }

  /** The number of the newest event. */
  get last(): number {
    return this.#seq;
  }

  /** Writes the event that a change stands for and answers its number; 0 when the change tells nothing. */
  write(change: Change, at: number, dagId: string | null = null, runNo?: number, backfillId?: string): number {
    const event = eventOf(change, backfillId);
    if (event === undefined) return 0;
    const seq = ++this.#seq;
    const run = runNo ?? event.runNo;
    if (dagId === null && event.data === null) {
      this.#plain.add(seq, at, event.kind, run, event.taskInstanceNo, event.attempt);
    } else {
      this.#rich.all(seq, at, event.kind, run, event.taskInstanceNo, event.attempt, dagId, event.data);
    }
    if (run !== null) this.spans.touch(run, seq);
    return seq;
  }

  /** Writes what waits: at the end of a group, and before events are removed. */
  flush(): void {
    this.#plain.flush();
    this.spans.flush();
  }

  /** The group is stored. */
  committed(): void {
    this.#storedSeq = this.#seq;
    this.spans.committed();
  }

  /** Nothing of the group was stored. */
  rolledBack(): void {
    this.#plain.clear();
    this.spans.rolledBack();
    this.#seq = this.#storedSeq;
  }
}
