import type { StatementSync } from "../node-sqlite.ts";
import type { Statements } from "../statements.ts";

/** Numbers of events, both included. */
interface Span {
  readonly first: number;
  readonly last: number;
}

/** An event that comes this soon after the last span of its run makes that longer instead of beginning another one. */
const nearby = 1_000;

/**
 * Keeps where in the events those of each run are: a span from its beginning to its end, and another one each time that it
 * runs again, maybe years later. While a run goes on, its events need no writing here: the span of such a run has no end. A
 * small group is a few pages on the disk, so that one page less is felt.
 */
export class RunSpans {
  readonly #open: StatementSync;
  readonly #close: StatementSync;
  readonly #lengthen: StatementSync;
  readonly #add: StatementSync;
  /** Runs whose last span is stored and has no end. */
  readonly #opened = new Set<number>();
  /** What the group did to `#opened`, to be undone when it is not stored. */
  readonly #changed = new Map<number, boolean>();
  /** Last events of runs that ended in this group. */
  readonly #ends = new Map<number, number>();
  /** Events of this group about runs that had ended before. */
  readonly #late = new Map<number, Span>();

  constructor(sql: Statements) {
    this.#open = sql.get("INSERT INTO run_spans (run_no, first_seq, last_seq) VALUES (?, ?, NULL)");
    this.#close = sql.get("UPDATE run_spans SET last_seq = ? WHERE run_no = ? AND last_seq IS NULL");
    this.#lengthen = sql.get(
      `UPDATE run_spans SET last_seq = ?1 WHERE run_no = ?2 AND last_seq >= ?3
         AND first_seq = (SELECT max(first_seq) FROM run_spans WHERE run_no = ?2)`,
    );
    this.#add = sql.get("INSERT INTO run_spans (run_no, first_seq, last_seq) VALUES (?, ?, ?)");
    const active = sql.get("SELECT run_no AS runNo FROM runs WHERE state IN ('queued', 'running') ORDER BY run_no");
    for (const { runNo } of active.all()) this.#opened.add(Number(runNo));
  }

  /** A run begins, or goes on after it had ended, with this event. */
  begin(runNo: number, seq: number): void {
    if (this.#opened.has(runNo)) return;
    // What ended in this group has its span open still.
    if (!this.#ends.delete(runNo)) {
      this.#open.all(runNo, this.#late.get(runNo)?.first ?? seq);
      this.#late.delete(runNo);
    }
    this.#change(runNo, true);
  }

  /** A run ends with this event. */
  end(runNo: number, seq: number): void {
    // One more end of what has ended is an event like others.
    if (!this.#opened.has(runNo)) return;
    this.#change(runNo, false);
    this.#ends.set(runNo, seq);
  }

  /** An event is about this run. */
  touch(runNo: number, seq: number): void {
    if (this.#opened.has(runNo)) return;
    if (this.#ends.has(runNo)) this.#ends.set(runNo, seq);
    else this.#late.set(runNo, { first: this.#late.get(runNo)?.first ?? seq, last: seq });
  }

  /** Writes what waits: at the end of a group, and before events are removed. */
  flush(): void {
    for (const [runNo, seq] of this.#ends) this.#close.all(seq, runNo);
    for (const [runNo, { first, last }] of this.#late) {
      if (this.#lengthen.run(last, runNo, first - nearby).changes === 0) this.#add.all(runNo, first, last);
    }
    this.#clear();
  }

  committed(): void {
    if (this.#changed.size > 0) this.#changed.clear();
  }

  rolledBack(): void {
    for (const [runNo, wasOpen] of this.#changed) {
      if (wasOpen) this.#opened.add(runNo);
      else this.#opened.delete(runNo);
    }
    this.#changed.clear();
    this.#clear();
  }

  #clear(): void {
    if (this.#ends.size > 0) this.#ends.clear();
    if (this.#late.size > 0) this.#late.clear();
  }

  #change(runNo: number, open: boolean): void {
    if (!this.#changed.has(runNo)) this.#changed.set(runNo, this.#opened.has(runNo));
    if (open) this.#opened.add(runNo);
    else this.#opened.delete(runNo);
  }
}
