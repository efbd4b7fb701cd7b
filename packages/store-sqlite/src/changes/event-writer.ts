import { type Change, eventOf } from "@millrace/core/plugin";
import type { StatementSync } from "../node-sqlite.ts";
import type { Statements } from "../statements.ts";

/** Rows of one statement; measured: more gain nothing. */
const rowsAtOnce = 16;
const columns = "seq, at, kind, run_no, task_instance_no, attempt";

/**
 * Numbers the events of a group and writes them at its end, most of them many at a time:
 * half of what a task writes is events.
 */
export class EventWriter {
  readonly #many: StatementSync;
  readonly #one: StatementSync;
  readonly #rich: StatementSync;
  readonly #span: StatementSync;
  /** Values of plain events (nothing but `columns`) that wait to be written. */
  #waiting: (number | string | null)[] = [];
  #seq: number;
  #storedSeq: number;
  /** First and last event of each run that the group touched. */
  readonly #spans = new Map<number, { first: number; last: number }>();
  #span0 = { first: 0, last: 0 };
  #runNo0 = 0;

  constructor(sql: Statements) {
    const row = "(?, ?, ?, ?, ?, ?)";
    this.#many = sql.get(`INSERT INTO events (${columns}) VALUES ${Array(rowsAtOnce).fill(row).join(", ")}`);
    this.#one = sql.get(`INSERT INTO events (${columns}) VALUES ${row}`);
    this.#rich = sql.get(`INSERT INTO events (${columns}, dag_id, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
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
      const waiting = this.#waiting;
      waiting.push(seq, at, event.kind, run, event.taskInstanceNo, event.attempt);
      if (waiting.length === rowsAtOnce * 6) {
        this.#waiting = [];
        this.#many.all(...waiting);
      }
    } else {
      this.#rich.all(seq, at, event.kind, run, event.taskInstanceNo, event.attempt, dagId, event.data);
    }
    if (run !== null) this.#touch(run, seq);
    return seq;
  }

  /** Writes what waits. The group is complete. */
  flush(): void {
    const waiting = this.#waiting;
    if (waiting.length > 0) {
      this.#waiting = [];
      for (let at = 0; at < waiting.length; at += 6) this.#one.all(...waiting.slice(at, at + 6));
    }
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
    this.#waiting = [];
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
