import { join } from "node:path";
import { backfillService, backfills } from "@millrace/backfill";
import { type Clock, cron, dag } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { sqlite } from "@millrace/store-sqlite";
import { concurrency } from "./bench-engine.ts";
import { runBeside } from "./child-process.ts";
import type { Figure } from "./figure.ts";
import { take } from "./measure.ts";
import type { Sizes } from "./sizes.ts";

interface Planned {
  readonly firstMs: number;
  readonly medianMs: number;
  readonly dates: number;
}

/** Plans of ten years, and how fast a backfill is worked off. */
export async function measureBackfill(folder: string, sizes: Sizes): Promise<readonly Figure[]> {
  const { backfillYears, rounds } = sizes;
  const { daily, hourly, peakMb } = await runBeside<{
    readonly daily: Planned;
    readonly hourly: Planned;
    readonly peakMb: number;
  }>("./backfill-plan-child.ts", String(backfillYears), String(rounds.counted));
  const plan = (id: string, of: string, planned: Planned, atMost: number): Figure => ({
    id,
    name: `a backfill of ${backfillYears} years by the ${of} planned: ${planned.dates.toLocaleString("en-US")} dates`,
    value: planned.medianMs,
    unit: "ms",
    target: { atMost },
    note: `the first one of a process took ${Math.round(planned.firstMs)} ms`,
    more: { firstMs: planned.firstMs },
  });
  return [
    plan("backfillPlanDaily", "day", daily, 50),
    plan("backfillPlanHourly", "hour", hourly, 300),
    {
      id: "backfillPlanMemory",
      name: "memory that both plans took, beyond what the process had",
      value: peakMb,
      unit: "MB",
      target: { atMost: 50 },
      note: "the most that it ever had; no garbage collection was forced",
    },
    await workedOff(folder, sizes),
  ];
}

/** Time stands where all the dates have passed. */
async function workedOff(folder: string, { backfillRuns }: Sizes): Promise<Figure> {
  const begin = Date.UTC(2016, 0, 1);
  const now = begin + (backfillRuns + 1) * 3_600_000;
  const clock: Clock = {
    now: () => now,
    sleep: (_, signal) => new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true })),
  };
  const filled = dag(
    "filled",
    { schedule: cron("@hourly"), paused: true, maxActiveRuns: concurrency, maxActiveTasks: 1_000_000 },
    (d) => {
      d.chain(
        d.task("one", () => undefined),
        d.task("two", () => undefined),
        d.task("three", () => undefined),
      );
    },
  );
  const store = sqlite({ path: join(folder, "backfill.db") });
  const pools = { default_pool: 1_000_000 };
  const engine = await createEngine({
    dags: [filled],
    store,
    clock,
    concurrency,
    pools,
    services: [backfillService()],
  });
  await engine.start();
  const range = { from: "2016-01-01", to: new Date(begin + (backfillRuns - 1) * 3_600_000).toISOString() };
  const tasks = backfillRuns * 3;
  const { wallMs } = await take(async () => {
    const events = engine.follow();
    const { backfillId } = await backfills(engine).create(filled, range, { maxActive: concurrency });
    for await (const { kind } of events) if (kind === "backfill.completed") break;
    const { success } = await backfills(engine).show(backfillId);
    if (success !== backfillRuns) throw new Error(`${success} of ${backfillRuns} runs of the backfill succeeded`);
  });
  await engine.close();
  return {
    id: "backfillRuns",
    name: `a backfill of ${backfillRuns.toLocaleString("en-US")} runs × 3 tasks worked off`,
    value: (tasks / wallMs) * 1_000,
    unit: "tasks/s",
    target: { atLeast: 25_000 },
    note: `from its creation to its end, ${concurrency} runs at once`,
  };
}
