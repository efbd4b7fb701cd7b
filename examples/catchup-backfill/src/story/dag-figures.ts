import type { DagFigures } from "../report/story-report.ts";
import { readLoadLog } from "../target/load-log.ts";
import { withTarget } from "../world.ts";
import { readRunLog } from "./run-log.ts";
import { runsOf, type Stage } from "./stage.ts";

/** Runs that may be active at once, as the DAGs say. */
export const activeLimits: Readonly<Record<string, number>> = {
  historical_sales_migration: 3,
  system_recovery_processing: 4,
  incremental_data_processing: 1,
  multi_source_sync: 2,
};

/** What each DAG did in the whole story. */
export async function dagFigures(stage: Stage): Promise<DagFigures[]> {
  const loads = withTarget(stage.world, readLoadLog);
  const { mostActive } = readRunLog(stage.events);
  return Promise.all(
    Object.entries(activeLimits).map(async ([dagId, limit]) => {
      const runs = await runsOf(stage, dagId);
      return {
        dagId,
        limit,
        runs: runs.length,
        byState: tally(runs.map(({ state }) => state)),
        byType: tally(runs.map(({ type }) => type)),
        rows: loads.filter((load) => load.dagId === dagId).reduce((sum, { rows }) => sum + rows, 0),
        mostActive: mostActive[dagId] ?? 0,
      };
    }),
  );
}

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
