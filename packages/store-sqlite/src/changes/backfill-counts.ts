import { isRunFinished, type RunState } from "@millrace/core/plugin";
import type { StatementSync } from "../node-sqlite.ts";
import type { Statements } from "../statements.ts";

type Counter = "active" | "success" | "failed" | "cancelled";

/**
 * What the runs of a group do to the counters of their backfills, written once at the end of the group. Which active run
 * belongs to which backfill is known by heart, so that a run that belongs to none costs nothing.
 */
export class BackfillCounts {
  readonly #active: StatementSync;
  readonly #add: StatementSync;
  /** Backfills of active runs; `undefined` until somebody asks, and again when a group was not stored. */
  #backfillOf: Map<number, number> | undefined;
  readonly #moves = new Map<number, Record<Counter, number>>();

  constructor(sql: Statements) {
    this.#active = sql.get(
      `SELECT run_no AS runNo, backfill_no AS backfillNo FROM runs
       WHERE state IN ('queued', 'running') AND backfill_no IS NOT NULL ORDER BY run_no`,
    );
    this.#add = sql.get(
      `UPDATE backfills SET active = active + ?, success = success + ?, failed = failed + ?, cancelled = cancelled + ?
       WHERE backfill_no = ?`,
    );
  }

  /** The backfill that an active run belongs to. */
  ofActive(runNo: number): number | undefined {
    this.#backfillOf ??= new Map(this.#active.all().map((row) => [Number(row.runNo), Number(row.backfillNo)]));
    return this.#backfillOf.get(runNo);
  }

  /** A run of the backfill is there, in this state. */
  begin(runNo: number, backfillNo: number, state: RunState): void {
    const counter = counterOf(state);
    this.#of(backfillNo)[counter]++;
    if (counter === "active") this.#backfillOf?.set(runNo, backfillNo);
  }

  /** A run of the backfill has moved. */
  move(runNo: number, backfillNo: number, from: RunState, to: RunState): void {
    const left = counterOf(from);
    if (left === counterOf(to)) return;
    this.#of(backfillNo)[left]--;
    if (left === "active") this.#backfillOf?.delete(runNo);
    this.begin(runNo, backfillNo, to);
  }

  /** Writes what waits: at the end of a group, and before counters are read. */
  flush(): void {
    if (this.#moves.size === 0) return;
    for (const [backfillNo, { active, success, failed, cancelled }] of this.#moves)
      this.#add.all(active, success, failed, cancelled, backfillNo);
    this.#moves.clear();
  }

  rolledBack(): void {
    this.#moves.clear();
    this.#backfillOf = undefined;
  }

  #of(backfillNo: number): Record<Counter, number> {
    let moves = this.#moves.get(backfillNo);
    if (moves === undefined) {
      moves = { active: 0, success: 0, failed: 0, cancelled: 0 };
      this.#moves.set(backfillNo, moves);
    }
    return moves;
  }
}

function counterOf(state: RunState): Counter {
  return isRunFinished(state) ? (state as Counter) : "active";
}
