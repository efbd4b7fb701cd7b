import { coreError, isMillraceError } from "../errors.ts";
import type { DagBook } from "../scheduler/dag-book.ts";
import type { LiveVersion } from "../scheduler/live-version.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { BackfillPlace, Store } from "../store/contract.ts";
import { intervalRunRequest } from "./parse-run-request.ts";

/** A run for an item of a backfill. Milliseconds since the epoch. */
export interface BackfillRunOptions extends BackfillPlace {
  readonly dagId: string;
  /** Its data interval; the logical date is its start. */
  readonly start: number;
  readonly end: number;
  /** Checked against the DAG's schema. */
  readonly params?: unknown;
  readonly conf?: Readonly<Record<string, unknown>>;
}

/** The item was passed by: its turn has not come or is over, or what it asks for is there already. */
export interface BackfillRunRefused {
  readonly status: "refused";
  readonly why: string;
}

/** For whoever works backfills off: a run and its item change in one group, so that after a crash both have, or neither. */
export interface BackfillRuns {
  /**
   * Makes the run of the next item of a running backfill, with the DAG's current version. Asked for several items at once, it
   * makes them in the order of the calls, unless the schema of the params takes its time.
   *
   * @throws `DAG_NOT_FOUND`, `PARAMS_INVALID`, `REQUEST_TOO_LARGE`
   */
  create(run: BackfillRunOptions): Promise<{ readonly status: "created"; readonly runNo: number } | BackfillRunRefused>;
  /**
   * Has a run that has ended run again from its beginning, for the next item of a running backfill: with the DAG's current
   * version, and with the item's params and conf where it has some.
   *
   * @throws `DAG_NOT_FOUND`
   */
  runAgain(run: BackfillPlace & { readonly runNo: number }): Promise<{ readonly status: "done" } | BackfillRunRefused>;
}

export function backfillRuns(
  store: Pick<Store, "runs">,
  { dags, scheduler }: { readonly dags: DagBook; readonly scheduler: Scheduler },
): BackfillRuns {
  const versionOf = (dagId: string): LiveVersion => {
    const version = dags.version(dagId);
    if (version) return version;
    throw coreError("DAG_NOT_FOUND", { dagId });
  };
  return {
    async create({ dagId, backfillNo, itemNo, ...run }) {
      const backfill = { backfillNo, itemNo };
      const request = intervalRunRequest(versionOf(dagId), { ...run, type: "backfill", backfill });
      try {
        const { runNo } = await scheduler.ask.create(request instanceof Promise ? await request : request);
        return { status: "created", runNo };
      } catch (error) {
        return refusedBy(error);
      }
    },
    async runAgain({ runNo, backfillNo, itemNo }) {
      const row = await store.runs.get(runNo);
      if (!row) return { status: "refused", why: `run number ${runNo} is gone` };
      const version = versionOf(row.dagId);
      try {
        await scheduler.ask.reprocess(runNo, { backfillNo, itemNo }, version);
        return { status: "done" };
      } catch (error) {
        return refusedBy(error);
      }
    },
  };
}

function refusedBy(error: unknown): BackfillRunRefused {
  if (isMillraceError(error, "BACKFILL_ITEM_REFUSED") || isMillraceError(error, "RUN_EXISTS"))
    return { status: "refused", why: error.message };
  throw error;
}
