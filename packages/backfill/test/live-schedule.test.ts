import type { RunRow } from "@millrace/core/plugin";
import { expect, test } from "vitest";
import { minuteDag, newFate, openedEngine } from "./opened.ts";
import { hourly, hourMs } from "./schedules.ts";

const hours = process.env.MILLRACE_SOAK ? 10_000 : 300;

test("beside a backfill the schedule goes first: one run at once, in order, and never late by more than a run takes", async () => {
  const start = Date.UTC(2026, 2, 1);
  const live = minuteDag(newFate(), {
    schedule: hourly,
    startDate: "2026-03-01",
    catchup: true,
    paused: false,
    maxActiveRuns: 1,
  });
  await using opened = await openedEngine({ dags: [live], now: "2026-03-01T00:00:00Z" });
  const { test: engine, backfills, drive } = opened;
  const from = new Date(start - hours * hourMs).toISOString();
  const { backfillId } = await drive(backfills.create("sales", { from, to: "2026-02-28T23:00:00Z" }, { maxActive: 5 }));
  for (let passed = 0; passed <= hours / 50; passed++) await engine.advance("1h");
  expect(await backfills.show(backfillId)).toMatchObject({ state: "completed", success: hours });

  const runs = new Map<number, RunRow>();
  for (let before = Number.MAX_SAFE_INTEGER; ; ) {
    const page = await engine.engine.runs({ limit: 10_000, before });
    for (const run of page) runs.set(run.runNo, run);
    const last = page.at(-1);
    if (!last) break;
    before = last.runNo;
  }
  const events: { readonly kind: string; readonly at: number; readonly runNo: number }[] = [];
  for (let after = 0; ; ) {
    const page = await engine.store.events.list({ after, limit: 10_000 });
    for (const { kind, at, runNo } of page) if (runNo !== null) events.push({ kind, at, runNo });
    const last = page.at(-1);
    if (!last) break;
    after = last.seq;
  }
  let running = 0;
  const begun = { scheduled: [] as number[], backfill: [] as number[] };
  for (const { kind, at, runNo } of events) {
    const run = runs.get(runNo);
    if (kind === "run.running") {
      expect(++running).toBeLessThanOrEqual(1);
      const { type, logicalDate, intervalEnd } = run as NonNullable<typeof run>;
      begun[type as "backfill"].push(logicalDate);
      if (type === "scheduled") expect(at - intervalEnd).toBeLessThanOrEqual(60_000);
    } else if (kind === "run.success") running--;
  }
  const ascending = (list: readonly number[]) => [...list].sort((a, b) => a - b);
  expect(begun.backfill).toEqual(ascending(begun.backfill));
  expect(begun.scheduled).toEqual(ascending(begun.scheduled));
  expect(begun.backfill).toHaveLength(hours);
  // A run for every hour of the clock that has passed.
  expect(begun.scheduled).toHaveLength(Math.floor(hours / 50) + 1);
});
