import { ownsItsDate } from "../lifecycle/states.ts";
import type { PreviousSuccess } from "../runtime/job.ts";
import type { RunFacet, RunRow } from "../store/contract.ts";

/** What of a run decides which one was before it. */
type Dated = Pick<RunRow, "dagNo" | "runNo" | "type" | "logicalDate">;
type Success = PreviousSuccess & Dated;
type PreviousRun = RunFacet["previous"];

/**
 * The newest run of a DAG that succeeded, by logical date: it is the previous one of most runs that begin, and so the store
 * is asked once for a DAG and not for every run. Of runs that look at all others, and of those that look at their like.
 */
export class NewestSuccess {
  /** `null`: there is none; `undefined`: the store has to be asked. */
  #ofAll: Success | null | undefined;
  #ofOwners: Success | null | undefined;
  /** Grows with everything that may make what the store is just answering out of date. */
  #changes = 0;

  /** A run has succeeded, and that is stored. */
  note(row: RunRow): void {
    this.#changes++;
    if (this.#ofAll !== undefined && isAfter(row, this.#ofAll)) this.#ofAll = successOf(row);
    if (ownsItsDate(row) && this.#ofOwners !== undefined && isAfter(row, this.#ofOwners))
      this.#ofOwners = successOf(row);
  }

  /** Runs that had ended begin again, or are there no more. */
  forget(): void {
    this.#changes++;
    this.#ofAll = undefined;
    this.#ofOwners = undefined;
  }

  /** The newest earlier run that succeeded; a promise when the store has to be asked. */
  before(run: Dated, previousRun: PreviousRun): Success | undefined | Promise<Success | undefined> {
    const newest = ownsItsDate(run) ? this.#ofOwners : this.#ofAll;
    if (newest === null) return undefined;
    if (newest && isAfter(run, newest)) return newest;
    return newest ? previous(run, previousRun) : this.#ask(run, previousRun);
  }

  async #ask(run: Dated, previousRun: PreviousRun): Promise<Success | undefined> {
    const isOwner = ownsItsDate(run);
    const changes = this.#changes;
    const last = { ...run, logicalDate: Number.MAX_SAFE_INTEGER, runNo: Number.MAX_SAFE_INTEGER };
    const newest = await previous(last, previousRun);
    if (changes === this.#changes) {
      if (isOwner) this.#ofOwners = newest ?? null;
      else this.#ofAll = newest ?? null;
    }
    return newest === undefined || isAfter(run, newest) ? newest : previous(run, previousRun);
  }
}

function isAfter(run: Dated, other: Success | null): boolean {
  if (other === null) return true;
  return run.logicalDate > other.logicalDate || (run.logicalDate === other.logicalDate && run.runNo > other.runNo);
}

async function previous(run: Dated, previousRun: PreviousRun): Promise<Success | undefined> {
  const { dagNo, logicalDate, runNo } = run;
  const row = await previousRun({ dagNo, logicalDate, runNo, scheduledOnly: ownsItsDate(run), state: "success" });
  return row && successOf(row);
}

function successOf({ dagNo, runNo, type, logicalDate, runId, intervalStart, intervalEnd }: RunRow): Success {
  return { dagNo, runNo, type, logicalDate, runId, intervalStart, intervalEnd };
}
