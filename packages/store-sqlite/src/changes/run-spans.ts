import type { StatementSync } from "../node-sqlite.ts";
import type { Statements } from "../statements.ts";

/**
 * Keeps the first and the last event of each run. While a run goes on, its events need no writing here: the span of
 * such a run has no end. A small group is a few pages on the disk, so that one page less is felt.
 */
export class RunSpans {
  readonly #open: StatementSync;
  readonly #end: StatementSync;
  /** Runs whose span is stored and has no end. */
  readonly #opened = new Set<number>();
  /** What the group did to `#opened`, to be undone when it is not stored. */
  readonly #changed = new Map<number, boolean>();
  /** Last events of ended runs. */
  readonly #ends = new Map<number, number>();

  constructor(sql: Statements) {
    const insert = "INSERT INTO run_events (run_no, first_seq, last_seq)";
    this.#open = sql.get(`${insert} VALUES (?, ?, NULL) ON CONFLICT (run_no) DO UPDATE SET last_seq = NULL`);
    this.#end = sql.get(`${insert} VALUES (?1, ?2, ?2) ON CONFLICT (run_no) DO UPDATE SET last_seq = ?2`);
    const active = sql.get("SELECT run_no AS runNo FROM runs WHERE state IN ('queued', 'running') ORDER BY run_no");
    for (const { runNo } of active.all()) this.#opened.add(Number(runNo));
  }

  /** A run begins, or goes on after it had ended, with this event. */
  begin(runNo: number, seq: number): void {
    if (this.#opened.has(runNo)) return;
    this.#ends.delete(runNo);
    this.#open.all(runNo, seq);
    this.#change(runNo, true);
  }

  /** A run ends with this event; later ones are stored here one by one. */
  end(runNo: number, seq: number): void {
    this.#change(runNo, false);
    this.#ends.set(runNo, seq);
  }

  /** An event is about this run. */
  touch(runNo: number, seq: number): void {
    if (!this.#opened.has(runNo)) this.#ends.set(runNo, seq);
  }

  flush(): void {
    if (this.#ends.size === 0) return;
    for (const [runNo, seq] of this.#ends) this.#end.all(runNo, seq);
    this.#ends.clear();
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
    this.#ends.clear();
  }

  #change(runNo: number, open: boolean): void {
    if (!this.#changed.has(runNo)) this.#changed.set(runNo, this.#opened.has(runNo));
    if (open) this.#opened.add(runNo);
    else this.#opened.delete(runNo);
  }
}
