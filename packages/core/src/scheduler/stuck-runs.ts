import { coreError } from "../errors.ts";
import type { Desk } from "./desk.ts";
import type { LiveRun } from "./live-run.ts";
import type { RunBook } from "./run-book.ts";
import type { RunEnds } from "./run-ends.ts";

/** Runs of which nothing is ready, running or waiting: they cannot move any more by themselves. */
export class StuckRuns {
  readonly #desk: Desk;
  readonly #book: RunBook;
  readonly #ends: RunEnds;
  readonly #toCheck = new Set<LiveRun>();

  constructor(desk: Desk, book: RunBook, ends: RunEnds) {
    this.#desk = desk;
    this.#book = book;
    this.#ends = ends;
  }

  /** The run may have become stuck in this tick. */
  check(run: LiveRun): void {
    this.#toCheck.add(run);
  }

  reset(): void {
    this.#toCheck.clear();
  }

  /** A stuck run fails as a deadlock; one that its past holds back stays, and those who wait for it are told. */
  settle(): void {
    for (const run of this.#toCheck) {
      this.#toCheck.delete(run);
      run.isBlocked = false;
      if (run.activity > 0 || run.unfinished === 0 || run.isEnding || !run.isActive) continue;
      if (run.heldByPast.size > 0) this.#tellBlocked(run);
      else {
        const reason = "deadlock: no task of the run can start any more";
        this.#book.endWhole(run, "failed", { running: "skipped", waiting: "skipped", reason });
      }
    }
  }

  #tellBlocked(run: LiveRun): void {
    const { past, row, graph } = run;
    const before = past && this.#desk.runs.get(past.runNo);
    if (before && !before.isBlocked) return;
    run.isBlocked = true;
    for (const follower of run.followers) this.#toCheck.add(follower);
    const [[taskNo, why]] = run.heldByPast;
    const { runId, dagId } = row;
    const error = coreError("RUN_BLOCKED", { runId, dagId, why: `task '${graph.tasks[taskNo].id}': ${why}` });
    this.#desk.plan.after(() => this.#ends.reject(row.runNo, error));
  }
}
