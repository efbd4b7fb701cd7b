import { type Change, eventOf } from "@millrace/core/plugin";
import type { StatementSync } from "../node-sqlite.ts";
import type { Statements } from "../statements.ts";
import { RowBatch } from "./row-batch.ts";

const columns = ["seq", "at", "kind", "run_no", "task_instance_no", "attempt"] as const;

/** Numbers the events of a group and writes them, most of them many at a time: half of what a task writes is events. */
export class EventWriter {
  /** Events with nothing but `columns`. */
  readonly #plain: RowBatch;
  readonly #rich: StatementSync;
  readonly #span: StatementSync;
  #seq: number;
  #storedSeq: number;
  /** First and last event of each run that the group touched. */
  readonly #spans = new Map<number, { first: number; last: number }>();
  #span0 = { first: 0, last: 0 };
  #runNo0 = 0;

  constructor(sql: Statements) {
    this.#plain = new RowBatch(sql, "INSERT INTO", "events", columns);
    this.#rich = sql.get(`INSERT INTO events (${columns.join(", ")}, dag_id, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#span = sql.get(
      `INSERT INTO run_events (run_no, first_seq, last_seq) VALUES (?, ?, ?)
       ON CONFLICT (run_no) DO UPDATE SET last_seq = excluded.last_seq`,
    );
    this.#seq = Number(sql.get("SELECT coalesce(max(seq), 0) AS last FROM events").get()?.last ?? 0);
    this.#storedSeq = this.#seq;
  }

  /** Writes the event that a change stands for and answers its number; 0 when the change tells nothing. */
  write(change: Change, at: number, dagId: string | null = null, runNo?: number): number {
    const event = eventOf(change);
    if (event === undefined) return 0;
    const seq = ++this.#seq;
    const run = runNo ?? event.runNo;
    if (dagId === null && event.data === null) {
      this.#plain.add(seq, at, event.kind, run, event.taskInstanceNo, event.attempt);
    } else {
      this.#rich.all(seq, at, event.kind, run, event.taskInstanceNo, event.attempt, dagId, event.data);
    }
    if (run !== null) this.#touch(run, seq);
    return seq;
  }

  /** Writes what waits. The group is complete. */
  flush(): void {
    this.#plain.flush();
    for (const [runNo, span] of this.#spans) this.#span.all(runNo, span.first, span.last);
    this.#spans.clear();
    this.#runNo0 = 0;
  }

  /** The group is stored. */
  committed(): void {
    this.#storedSeq = this.#seq;
  }

  /** Nothing of the group was stored. */
  rolledBack(): void {
    this.#plain.clear();
    this.#spans.clear();
    this.#runNo0 = 0;
    this.#seq = this.#storedSeq;
  }

  #touch(runNo: number, seq: number): void {
    if (runNo !== this.#runNo0) {
      const known = this.#spans.get(runNo);
      this.#span0 = known ?? { first: seq, last: seq };
      if (known === undefined) this.#spans.set(runNo, this.#span0);
      this.#runNo0 = runNo;
    }
    this.#span0.last = seq;
  }
}
