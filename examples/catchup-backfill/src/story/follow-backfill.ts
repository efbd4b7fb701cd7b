import { type BackfillProgress, type BackfillSpec, backfills, previewBackfill } from "@millrace/backfill";
import { count, span } from "../report/number-format.ts";
import type { Stage } from "./stage.ts";

export interface FollowOptions {
  readonly backfillId: string;
  readonly maxActive: number;
  readonly tell: (line: string) => void;
}

/** Longest that a backfill of the story may take, in steps of its time. */
const mostSteps = 2_000;

/**
 * Previews a backfill, has it made as previewed, and moves time on until it is done. What it plans and how far it is, quarter
 * by quarter, is told on the way.
 */
export async function followBackfill(
  stage: Stage,
  dagId: string,
  spec: BackfillSpec,
  { backfillId, maxActive, tell }: FollowOptions,
): Promise<BackfillProgress> {
  const { engine, store } = stage.simulation.test;
  const dag = stage.dags.find(({ id }) => id === dagId);
  if (!dag) throw new Error(`The story has no DAG '${dagId}'.`);
  const plan = await previewBackfill(dag, spec, { store, maxActive, clock: stage.world.clock });
  const { create, reprocess, skip, total } = plan.counts;
  tell(`Planned: ${count(total, "date")}, ${create} to create, ${reprocess} to run again, ${skip} skipped.`);
  const client = backfills(engine);
  await client.create(dagId, spec, { backfillId, maxActive, expect: plan });
  let told = 0;
  for (let step = 0; step < mostSteps; step++) {
    const progress = await client.show(backfillId);
    const isOver = progress.state === "completed" || progress.state === "cancelled";
    const quarter = Math.floor((progress.done / Math.max(1, progress.total - progress.skipped)) * 4);
    if (quarter > told || isOver) tell(describe(progress));
    told = Math.max(told, quarter);
    if (isOver) return progress;
    await stage.simulation.advance("15s");
  }
  throw new Error(`The backfill of '${dagId}' does not come to its end.`);
}

function describe({ done, total, skipped, active, failed, etaMs, state }: BackfillProgress): string {
  const eta = etaMs === null ? "" : `, about ${span(etaMs)} to go`;
  const bad = failed === 0 ? "" : `, ${failed} failed`;
  return `${done} of ${total - skipped} runs done${bad}, ${active} active${eta}${state === "completed" ? "; completed" : ""}.`;
}
