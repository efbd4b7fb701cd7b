import type { EngineEvent } from "@millrace/core/engine";
import { count, whole } from "../report/number-format.ts";
import type { Check } from "../report/story-report.ts";
import type { AgainFound } from "./chapters/again.ts";
import type { BackfillFound } from "./chapters/backfill.ts";
import type { OutageFound } from "./chapters/outage.ts";
import type { SettingsFound } from "./chapters/settings.ts";
import { checkTarget } from "./check-target.ts";
import { activeLimits } from "./dag-figures.ts";
import { readRunLog } from "./run-log.ts";
import { runsOf, type Stage } from "./stage.ts";

export interface StoryFound {
  readonly outage: OutageFound;
  readonly settings: SettingsFound;
  readonly backfill: BackfillFound;
  readonly again: AgainFound;
}

/** Everything that must hold after the story. */
export async function storyChecks(stage: Stage, found: StoryFound): Promise<Check[]> {
  return [
    ...checkTarget(stage.world).map(({ name, rows, wrong }) => ({
      name: `The target holds what the source says: ${name}`,
      passed: rows > 0 && wrong === 0,
      detail: `${count(rows, "row")}, ${whole(wrong)} wrong`,
    })),
    ...limits(stage),
    await oneRunPerDate(stage),
    paymentsFirst(found.outage.events),
    {
      name: "A file switched catchup while the engine was at work",
      passed: found.settings.changes.length >= 2 && found.settings.madeUpFor === 1,
      detail: `${count(found.settings.changes.length, "change")} recorded`,
    },
    selected(found.backfill),
    {
      name: "A larger backfill kept to its own limit, and counted every run",
      passed:
        found.backfill.large.done === found.backfill.large.total &&
        found.backfill.large.failed === 0 &&
        Math.max(...found.backfill.resources.samples.map(({ activeRuns }) => activeRuns)) <=
          found.backfill.resources.activeLimit,
      detail: `${count(found.backfill.large.done, "run")}, ${found.backfill.resources.activeLimit} at once`,
    },
    {
      name: "What had been rolled back, and what had been missing, was loaded when it was there",
      passed: found.again.repaired.length === 2 && found.again.repaired.every((outcome) => outcome === "loaded"),
      detail: found.again.repaired.join(", "),
    },
    {
      name: "A month that is run again a second time changes nothing",
      passed: found.again.isSame && found.again.changed === 0 && found.again.unchanged === 30,
      detail: `${count(found.again.unchanged, "day")} unchanged, ${whole(found.again.changed)} written`,
    },
  ];
}

/** Weekends and the holiday have no runs, and every other day of the stretch has one. */
function selected({ dates, holiday, selective }: BackfillFound): Check {
  const wrong = dates.filter((date) => date === holiday || [0, 6].includes(new Date(`${date}T00:00:00Z`).getUTCDay()));
  return {
    name: "The backfill left out weekends and the holiday, and nothing else",
    passed: wrong.length === 0 && dates.length === selective.total - selective.skipped && selective.failed === 0,
    detail: `${count(dates.length, "day")} loaded, ${whole(selective.skipped)} skipped`,
  };
}

function limits({ events }: Stage): Check[] {
  const { mostActive } = readRunLog(events);
  return Object.entries(activeLimits).map(([dagId, limit]) => ({
    name: `Never more active runs than allowed: ${dagId}`,
    passed: (mostActive[dagId] ?? 0) > 0 && (mostActive[dagId] ?? 0) <= limit,
    detail: `${mostActive[dagId] ?? 0} at most, ${limit} allowed`,
  }));
}

async function oneRunPerDate(stage: Stage): Promise<Check> {
  let runs = 0;
  let dates = 0;
  for (const dagId of Object.keys(activeLimits)) {
    const all = await runsOf(stage, dagId);
    runs += all.length;
    dates += new Set(all.map(({ logicalDate }) => logicalDate)).size;
  }
  return {
    name: "Every data interval has one run",
    passed: runs === dates,
    detail: `${count(runs, "run")} for ${count(dates, "interval")}`,
  };
}

/** No task for visits may begin while one for payments is ready and waits. */
export function paymentsFirst(events: readonly EngineEvent[]): Check {
  const ready = new Set<string>();
  let visits = 0;
  let wrong = 0;
  for (const { kind, runId = "", taskId } of events) {
    if (taskId === "check_system_health" && kind === "task.success") ready.add(runId);
    if (taskId === "process_critical_data" && kind === "task.running") ready.delete(runId);
    if (taskId !== "process_non_critical_data" || kind !== "task.running") continue;
    visits++;
    if (ready.size > 0) wrong++;
  }
  return {
    name: "Payments went before visits, all through the recovery",
    passed: visits > 0 && wrong === 0,
    detail: `${count(visits, "task")} for visits, ${whole(wrong)} before a payment that waited`,
  };
}
