import type { BackfillEstimate, PastRun } from "./planned-run.ts";

const mostRuns = 1_000;

/** `ceil(runs / atOnce)` rounds, each as long as a run of the past took on average. */
export function estimateOf(runs: number, atOnce: number, history: Iterable<PastRun>): BackfillEstimate | null {
  let basedOn = 0;
  let sumMs = 0;
  for (const { startedAt, endedAt } of history) {
    if (startedAt === null || endedAt === null || endedAt < startedAt) continue;
    sumMs += endedAt - startedAt;
    if (++basedOn === mostRuns) break;
  }
  if (runs === 0 || basedOn === 0) return null;
  const runMs = sumMs / basedOn;
  return { runs, atOnce, runMs, totalMs: Math.ceil(runs / atOnce) * runMs, basedOn };
}
