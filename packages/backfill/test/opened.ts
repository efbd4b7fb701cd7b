import { cron, type Dag, type DagBuilder, type DagOptions, dag } from "@millrace/core";
import { isMillraceError, type RunRow, type Store } from "@millrace/core/plugin";
import { createTestEngine, type TestEngine, type TestEngineOptions } from "@millrace/testing";
import { type Backfills, backfillService, backfills } from "../src/index.ts";

/** What the runs of a test's DAG do. */
export interface Fate {
  /** Local dates on which the task fails, as often as it is attempted. */
  readonly failing: Set<string>;
  /** Logical dates in the order in which their tasks began. */
  readonly begun: string[];
}

/** A daily DAG, paused unless told otherwise, whose runs take a minute of the clock, without anything that waits in real time. */
export function minuteDag(fate: Fate, options: DagOptions = {}, id = "sales"): Dag {
  return dag(
    id,
    { schedule: cron("@daily"), startDate: "2026-01-01", paused: true, ...options },
    (d: DagBuilder<unknown>) => {
      d.task(
        "load",
        { retries: { max: 1, delay: "60s", backoff: "fixed", jitter: false } },
        ({ logicalDate, attempt }) => {
          const date = logicalDate.toString().slice(0, 10);
          if (attempt % 2 === 1) fate.begun.push(date);
          if (attempt % 2 === 1) throw new Error("a minute, please");
          if (fate.failing.has(date)) throw new Error("no data");
        },
      );
    },
  ) as Dag;
}

export function newFate(): Fate {
  return { failing: new Set(), begun: [] };
}

/** An engine with a service for backfills, whose schedules do not run. */
export interface Opened extends AsyncDisposable {
  readonly test: TestEngine;
  readonly backfills: Backfills;
  /** Lets a promise settle while the clock goes on as far as it must. */
  drive<T>(promise: Promise<T>): Promise<T>;
  runs(): Promise<readonly RunRow[]>;
}

export async function openedEngine(options: TestEngineOptions): Promise<Opened> {
  const test = await createTestEngine({
    now: "2026-03-01T00:00:00Z",
    services: [backfillService()],
    ...options,
    schedule: true,
  });
  return {
    test,
    backfills: backfills(test.engine),
    drive: (promise) => test.clock.drive(promise),
    runs: async () => [...(await test.engine.runs({ type: "backfill", limit: 10_000 }))].reverse(),
    [Symbol.asyncDispose]: () => test.close(),
  };
}

export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
  } catch (error) {
    return isMillraceError(error) ? error.code : String(error);
  }
  return undefined;
}

/** What the counters of every backfill would be, counted from its items and their runs. */
export async function miscounted(store: Store): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const row of await store.backfills.list({ limit: 10_000 })) {
    const items = await store.backfills.items({ backfillNo: row.backfillNo, limit: 10_000 });
    const runs = await Promise.all(items.flatMap(({ runNo }) => (runNo === null ? [] : [store.runs.get(runNo)])));
    const own = runs.filter((run) => run?.backfillNo === row.backfillNo);
    const inState = (...states: readonly string[]) => own.filter((run) => states.includes(run?.state ?? "")).length;
    const told = row.active + row.success + row.failed + row.cancelled;
    const counted = {
      total: [row.total, items.length],
      skipped: [row.skipped, items.filter(({ action }) => action === "skip").length],
      started: [row.started, runs.length],
      told: [told, runs.length],
      active: [row.active, inState("queued", "running")],
      // Runs that another backfill has taken over count here as they were.
      ...(own.length === runs.length && {
        success: [row.success, inState("success")],
        failed: [row.failed, inState("failed")],
        cancelled: [row.cancelled, inState("cancelled")],
      }),
    };
    for (const [name, [kept, count]] of Object.entries(counted))
      if (kept !== count) wrong.push(`${row.backfillId}: ${name} is ${kept}, counted ${count}`);
  }
  return wrong;
}

/** What is remembered that backfills have still to do. */
export async function wishes(store: Store): Promise<readonly unknown[]> {
  const lists = await Promise.all(["cancel", "retry"].map((wish) => store.state.list(`millrace/backfills/${wish}`)));
  return lists.flat();
}
