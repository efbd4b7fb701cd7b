import { statSync } from "node:fs";
import type { BackfillProgress } from "@millrace/backfill";
import { bytes, count, instant } from "../../report/number-format.ts";
import type { ResourceSample, ResourceUse } from "../../report/story-report.ts";
import { archivedDays, startOfDay } from "../../source-system/shop-calendar.ts";
import { targetFile } from "../../world.ts";
import { followBackfill } from "../follow-backfill.ts";
import { chapterTeller, type Played, runsOf, type Stage } from "../stage.ts";

const large = "system_recovery_processing";
const largeMaxActive = 3;
const day = 86_400_000;
/** The shop is closed on Labour Day. */
const holiday = "2026-05-01";

export interface BackfillFound {
  readonly selective: BackfillProgress;
  /** Local dates of the runs that the selective backfill made. */
  readonly dates: readonly string[];
  readonly holiday: string;
  readonly large: BackfillProgress;
  readonly resources: ResourceUse;
}

/** A stretch of the past before the start date, without weekends; and a larger one, with an eye on what it costs. */
export async function playBackfill(stage: Stage): Promise<Played<BackfillFound>> {
  const { tell, end } = chapterTeller(stage, {
    id: "backfill",
    title: "A selective backfill",
    lead: "The shop has archived twenty days from before the start date. They are loaded without weekends and without a holiday, two at a time. Then thirty days of gateway events, three intervals at a time, with an eye on memory and disk.",
  });
  const dateOf = (at: number): string => instant(at).slice(0, 10);
  const { calendar } = stage.world;
  const selective = await followBackfill(
    stage,
    "historical_sales_migration",
    {
      from: dateOf(startOfDay(calendar, -archivedDays)),
      to: dateOf(startOfDay(calendar, -1)),
      skip: ["weekends", holiday],
    },
    { backfillId: "archive", maxActive: 2, tell },
  );
  const dates = (await runsOf(stage, "historical_sales_migration"))
    .filter(({ type }) => type === "backfill")
    .map(({ logicalDate }) => dateOf(logicalDate));
  tell(
    `${count(dates.length, "day")} loaded, from ${dates[0]} to ${dates[dates.length - 1]}; Saturdays, Sundays and ${holiday} have no run.`,
  );

  const first = Math.min(...(await runsOf(stage, large)).map(({ logicalDate }) => logicalDate));
  const samples = await sampled(stage, async () => {
    const from = new Date(first - 30 * day).toISOString();
    const to = new Date(first - day / 4).toISOString();
    return followBackfill(stage, large, { from, to }, { backfillId: "gateway", maxActive: largeMaxActive, tell });
  });
  const memory = samples.taken.map(({ memoryBytes }) => memoryBytes);
  const stored = samples.taken.map(({ storeBytes }) => storeBytes);
  tell(
    `Memory lay between ${bytes(Math.min(...memory))} and ${bytes(Math.max(...memory))}, at most ${Math.max(...samples.taken.map(({ activeRuns }) => activeRuns))} runs were active, and Millrace's database grew by ${bytes(Math.max(0, stored[stored.length - 1] - stored[0]))}.`,
  );
  const resources = {
    title: `What ${count(samples.result.done, "run")} cost`,
    activeLimit: largeMaxActive,
    samples: samples.taken,
  };
  return { chapter: end(), found: { selective, dates, holiday, large: samples.result, resources } };
}

/** Looks at the process and the files whenever a run of the backfill begins or ends. */
async function sampled<T>(stage: Stage, work: () => Promise<T>): Promise<{ result: T; taken: ResourceSample[] }> {
  const taken: ResourceSample[] = [];
  const active = new Set<string>();
  let runsDone = 0;
  const take = (): void => {
    taken.push({
      runsDone,
      activeRuns: active.size,
      memoryBytes: process.memoryUsage.rss(),
      storeBytes: stage.storeBytes(),
      targetBytes: sizeOf(targetFile(stage.world)),
    });
  };
  const stop = stage.simulation.test.engine.observe(({ kind, dagId, runId }) => {
    if (dagId !== large || !runId?.startsWith("backfill__")) return;
    if (kind === "run.running") active.add(runId);
    else if (/^run\.(success|failed|cancelled)$/.test(kind)) {
      active.delete(runId);
      runsDone++;
    } else return;
    take();
  });
  take();
  try {
    return { result: await work(), taken };
  } finally {
    stop();
  }
}

/** A SQLite database with its write-ahead log. */
export function sizeOf(database: string): number {
  return [database, `${database}-wal`].reduce(
    (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
