import type { Dag } from "@millrace/core";
import type { Clock, RunRow, Store } from "@millrace/core/plugin";
import { systemClock } from "@millrace/core/plugin";
import { type FullPlan, planInFull } from "../plan/plan-backfill.ts";
import { type BackfillSpec, parseRange } from "../plan/plan-options.ts";
import type { BackfillPlan } from "../plan/planned-run.ts";

/** A store, opened for whatever. */
export type PlanReads = Pick<Store, "dags" | "runs">;

export interface PreviewOptions {
  readonly store: PlanReads;
  readonly clock?: Clock;
  /** For the estimate. Default 10. */
  readonly maxActive?: number;
}

/** Rows that are read at once. */
const pageSize = 10_000;
/** Runs of the past that the estimate is made of. */
const latestRuns = 200;

/**
 * What a backfill would do now: {@link planBackfill} with what the store says of the DAG. Changes nothing; the store may be
 * opened as a reader, beside an engine.
 *
 * @throws what `planBackfill` and the store throw
 */
export async function previewBackfill(dag: Dag, spec: BackfillSpec, options: PreviewOptions): Promise<BackfillPlan> {
  return (await previewInFull(dag, spec, options)).plan;
}

/** @throws what {@link previewBackfill} throws */
export async function previewInFull(
  dag: Dag,
  spec: BackfillSpec,
  { store, clock = systemClock, maxActive }: PreviewOptions,
): Promise<FullPlan> {
  const now = clock.now();
  const row = await store.dags.get(dag.id);
  return planInFull(dag, {
    ...spec,
    now,
    ...(maxActive !== undefined && { maxActive }),
    startDate: row?.startDate ?? row?.scheduledStart ?? null,
    existing: row ? await existingRuns(store, row.dagNo, parseRange(dag, spec, now)) : [],
    history: row ? await store.runs.list({ dagId: dag.id, states: ["success", "failed"], limit: latestRuns }) : [],
  });
}

/** Only what a plan needs of each run is kept. */
async function existingRuns(
  { runs }: PlanReads,
  dagNo: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly Pick<RunRow, "logicalDate" | "state">[]> {
  const found: Pick<RunRow, "logicalDate" | "state">[] = [];
  for (let next = from; ; ) {
    const page = await runs.ofDates({ dagNo, from: next, to, limit: pageSize });
    for (const { logicalDate, state } of page) found.push({ logicalDate, state });
    const last = page.at(-1);
    if (!last || page.length < pageSize) return found;
    next = last.logicalDate + 1;
  }
}
