import type { EngineEvent } from "@millrace/core/engine";
import { count, whole } from "../report/number-format.ts";
import type { Check } from "../report/story-report.ts";
import type { OutageFound } from "./chapters/outage.ts";
import type { SettingsFound } from "./chapters/settings.ts";
import { checkTarget } from "./check-target.ts";
import { activeLimits } from "./dag-figures.ts";
import { readRunLog } from "./run-log.ts";
import { runsOf, type Stage } from "./stage.ts";

export interface StoryFound {
  readonly outage: OutageFound;
  readonly settings: SettingsFound;
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
  ];
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
