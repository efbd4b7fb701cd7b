import type { BackfillPlan, PlannedRun } from "@millrace/backfill";
import type { Dag } from "@millrace/core";
import { memoryStore } from "@millrace/core/plugin";
import type { Core, Session } from "../session.ts";
import { tableLines } from "../terminal/table.ts";
import type { PlainSpec } from "./backfill-options.ts";

/** What a backfill would do by what is recorded now; nothing is changed. */
export async function previewOf(
  session: Session,
  dag: Dag,
  spec: PlainSpec,
  maxActive: number | undefined,
): Promise<BackfillPlan> {
  const { previewBackfill } = await import("@millrace/backfill");
  let store = await session.reader();
  if (!store) {
    // Nothing is recorded yet, so no date has a run.
    store = memoryStore();
    await store.open("reader");
  }
  return previewBackfill(dag, spec, { store, ...(maxActive !== undefined && { maxActive }) });
}

export function planPayload(plan: BackfillPlan): Record<string, unknown> {
  const { dagId, reprocess, order, counts, digest, estimate, runs } = plan;
  return {
    dag: dagId,
    plan: digest,
    reprocess,
    order,
    counts,
    estimateMs: estimate?.totalMs ?? null,
    runs: Array.from(runs, ({ logicalDate, interval, localDate, action, reason }) => ({
      logicalDate: logicalDate.toString(),
      interval: { start: interval.start.toString(), end: interval.end.toString() },
      localDate,
      action,
      reason,
    })),
  };
}

/** Signs of their own, and the colours of states of runs. */
const looks = {
  create: { sign: "+", state: "success" },
  reprocess: { sign: "↻", state: "up_for_retry" },
  skip: { sign: "–", state: "skipped" },
} as const;

/** A table of the dates, those in the middle left out where there are many, and what it comes to. */
export function planLines(
  plan: BackfillPlan,
  { style, io }: Session,
  core: Core,
  { mostDates, where }: { readonly mostDates: number; readonly where: string },
): string[] {
  const { runs } = plan;
  const { length } = runs;
  const head = Math.ceil(mostDates / 2);
  const isWhole = length <= mostDates;
  const at = (index: number): PlannedRun => runs.at(index) as PlannedRun;
  const indices = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, step) => from + step);
  const first = indices(0, isWhole ? length : head).map(at);
  const last = isWhole ? [] : indices(length - (mostDates - head), length).map(at);
  const lines = tableLines<PlannedRun>(
    [...first, ...last],
    [
      { title: "logical date", cell: ({ logicalDate }) => logicalDate.toString() },
      { title: "day", cell: ({ localDate }) => localDate, optional: true },
      {
        title: "what",
        cell: ({ action }) => `${looks[action].sign} ${action}`,
        paint: (text, { action }) => style.inStateColor(looks[action].state, text),
      },
      { title: "why", cell: ({ reason }) => reason, paint: (text) => style.dim(text), flexible: true },
    ],
    style,
    io.out.columns,
  );
  // A line for the titles stands before the dates.
  if (!isWhole)
    lines.splice(1 + first.length, 0, style.dim(`… ${length - mostDates} more: -o json has them all, ${where}`));
  return [...lines, "", summaryText(plan, core), style.dim(`plan ${plan.digest}`)];
}

/** `28 runs to make, 1 to run again, 2 dates left alone; about 5 min 0 s`. */
export function summaryText({ counts, estimate }: BackfillPlan, core: Core): string {
  const { create, reprocess, skip } = counts;
  const parts = [
    ...(create > 0 || reprocess === 0 ? [`${count(create, "run")} to make`] : []),
    ...(reprocess > 0 ? [`${create > 0 ? reprocess : count(reprocess, "run")} to run again`] : []),
    ...(skip > 0 ? [`${count(skip, "date")} left alone`] : []),
  ];
  const about = estimate
    ? `; about ${core.formatDuration(estimate.totalMs)}, ${estimate.atOnce} at once, by ${count(estimate.basedOn, "run")} of the past`
    : "";
  return `${parts.join(", ")}${about}`;
}

export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
