import { coreError, type RunRow, type Store } from "@millrace/core/plugin";
import { cliError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { type Core, withHint } from "../session.ts";
import { instantText } from "../terminal/show-time.ts";
import type { Style } from "../terminal/style.ts";
import type { Column } from "../terminal/table.ts";

/** A run as `-o json` prints it. Instants are ISO 8601 in UTC. */
export function runPayload(run: RunRow): Record<string, unknown> {
  return {
    dag: run.dagId,
    run: run.runId,
    type: run.type,
    state: run.state,
    note: run.note,
    logicalDate: iso(run.logicalDate),
    interval: { start: iso(run.intervalStart), end: iso(run.intervalEnd) },
    createdAt: iso(run.createdAt),
    startedAt: iso(run.startedAt),
    endedAt: iso(run.endedAt),
    durationMs: durationOf(run),
  };
}

export function runColumns(style: Style, core: Core, options: { readonly withDag: boolean }): Column<RunRow>[] {
  return [
    ...(options.withDag ? [{ title: "dag", cell: (run: RunRow) => run.dagId, flexible: true }] : []),
    { title: "run", cell: (run) => run.runId },
    {
      title: "state",
      cell: (run) => `${style.sign(run.state)} ${run.state}`,
      paint: (text, run) => style.inStateColor(run.state, text),
    },
    { title: "logical date", cell: (run) => instantText(run.logicalDate), optional: true },
    { title: "started", cell: (run) => (run.startedAt === null ? "" : instantText(run.startedAt)), optional: true },
    { title: "took", cell: (run) => durationText(run, core), align: "right" },
    { title: "note", cell: (run) => run.note ?? "", paint: (text) => style.dim(text), flexible: true },
  ];
}

/**
 * A run of a DAG by its id; `latest` (if no run has that id) is the newest one.
 *
 * @throws `DAG_ID_INVALID`, `RUN_ID_INVALID`, `DAG_NOT_FOUND`, `RUN_NOT_FOUND`, `RUN_NONE`
 */
export async function findRun(store: Store, core: Core, dagId: string, runId: string): Promise<RunRow> {
  core.checkDagId(dagId);
  core.checkRunId(runId);
  const run = await store.runs.find(dagId, runId);
  if (run) return run;
  if ((await store.dags.get(dagId)) === undefined) {
    const near = nearest(
      dagId,
      (await store.dags.list()).map((dag) => dag.dagId),
    );
    throw withHint(
      coreError("DAG_NOT_FOUND", { dagId }),
      near === undefined ? "It has never been run: nothing is recorded about it." : `Did you mean '${near}'?`,
    );
  }
  if (runId !== "latest") throw coreError("RUN_NOT_FOUND", { dagId, runId });
  const [newest] = await store.runs.list({ dagId, limit: 1 });
  if (newest) return newest;
  throw cliError("RUN_NONE", { dagId });
}

export function durationOf(row: { readonly startedAt: number | null; readonly endedAt: number | null }): number | null {
  return row.startedAt === null || row.endedAt === null ? null : row.endedAt - row.startedAt;
}

export function durationText(
  row: { readonly startedAt: number | null; readonly endedAt: number | null },
  core: Core,
): string {
  const ms = durationOf(row);
  return ms === null ? "" : core.formatDuration(ms);
}

/** ISO 8601 in UTC, always with milliseconds; `null` stays. */
export function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
