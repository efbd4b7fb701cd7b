import type { EngineEvent } from "@millrace/core/engine";

/** How many runs of each DAG were active at once, and in which order they began: read from events alone. */
export interface RunLog {
  /** Most runs that were active at the same time, by DAG. */
  readonly mostActive: Readonly<Record<string, number>>;
  /** Run ids by DAG, as they began. */
  readonly begun: Readonly<Record<string, readonly string[]>>;
}

const ends: ReadonlySet<string> = new Set(["run.success", "run.failed", "run.cancelled"]);

export function readRunLog(events: readonly EngineEvent[]): RunLog {
  const active = new Map<string, Set<string>>();
  const mostActive: Record<string, number> = {};
  const begun: Record<string, string[]> = {};
  for (const { kind, dagId, runId } of events) {
    if (dagId === undefined || runId === undefined) continue;
    const runs = active.get(dagId) ?? new Set();
    active.set(dagId, runs);
    if (ends.has(kind)) runs.delete(runId);
    if (kind !== "run.running") continue;
    runs.add(runId);
    mostActive[dagId] = Math.max(mostActive[dagId] ?? 0, runs.size);
    begun[dagId] = [...(begun[dagId] ?? []), runId];
  }
  return { mostActive, begun };
}
