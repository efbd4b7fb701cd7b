import { memoryStore } from "@millrace/core/plugin";
import { type FaultPlan, faultyStore, seededNumbers } from "@millrace/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { codeOf, minuteDag, miscounted, newFate, type Opened, openedEngine, wishes } from "./opened.ts";

const day = (number: number): string => new Date(Date.UTC(2026, 0, number)).toISOString().slice(0, 10);

const deeds = fc.oneof(
  fc.constant({ kind: "pause" } as const),
  fc.constant({ kind: "resume" } as const),
  fc.constant({ kind: "retryFailed" } as const),
  fc.record({ kind: fc.constant("setMaxActive" as const), to: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ kind: fc.constant("cancel" as const), keepRunning: fc.boolean() }),
  fc.record({
    kind: fc.constant("again" as const),
    reprocess: fc.constantFrom("failed" as const, "completed" as const),
  }),
);

const stories = fc.record({
  dates: fc.integer({ min: 1, max: 12 }),
  order: fc.constantFrom("forward" as const, "backward" as const),
  maxActive: fc.integer({ min: 1, max: 6 }),
  maxActiveRuns: fc.integer({ min: 1, max: 5 }),
  failing: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 5 }),
  mends: fc.boolean(),
  deeds: fc.array(fc.record({ afterSeconds: fc.nat(200), deed: deeds }), { maxLength: 5 }),
  faults: fc.record({ seed: fc.nat(1_000_000), percent: fc.constantFrom(0, 0, 5, 20) }),
});

/** Some commits fail before anything is stored, of others the answer is lost. */
function faultsOf(seed: number, percent: number): FaultPlan {
  const random = seededNumbers(seed);
  return {
    commit: () => {
      if (random() * 100 >= percent) return "none";
      return random() < 0.5 ? "refused" : "answer lost";
    },
  };
}

/** How many runs of backfills and of the DAG were ever active at once, by the events. */
async function mostActive({ test: { store } }: Opened): Promise<{ readonly running: number }> {
  let running = 0;
  let most = 0;
  const runs = new Set<number>();
  for (const { kind, runNo } of await store.events.list({ limit: 10_000 })) {
    if (runNo === null) continue;
    if (kind === "run.running") runs.add(runNo);
    else if (/^run\.(success|failed|cancelled|queued)$/.test(kind)) runs.delete(runNo);
    running = runs.size;
    most = Math.max(most, running);
  }
  return { running: most };
}

test("whatever is done to a backfill, and whichever commits fail, each date has one run and the counters are right", async () => {
  await fc.assert(
    fc.asyncProperty(stories, async ({ dates, order, maxActive, maxActiveRuns, failing, mends, deeds, faults }) => {
      const fate = newFate();
      for (const number of failing) fate.failing.add(day(number));
      const faulty = faultyStore(memoryStore());
      await using opened = await openedEngine({
        dags: [minuteDag(fate, { maxActiveRuns })],
        store: faulty.store,
        storePatience: "1d",
      });
      const { backfills, drive, test: engine } = opened;
      faulty.plan = faultsOf(faults.seed, faults.percent);
      const spec = { from: day(1), to: day(dates), order } as const;
      const { backfillId } = await drive(backfills.create("sales", spec, { maxActive }));
      let limit = maxActive;
      let isCancelled = false;
      for (const { afterSeconds, deed } of deeds) {
        await engine.advance(`${afterSeconds}s`);
        const { active, state } = await backfills.show(backfillId);
        expect(active).toBeLessThanOrEqual(limit);
        if (deed.kind === "again") {
          await codeOf(drive(backfills.create("sales", { ...spec, reprocess: deed.reprocess }, { maxActive })));
          continue;
        }
        if (deed.kind === "setMaxActive") limit = Math.max(limit, deed.to);
        if (deed.kind === "cancel" && state !== "completed") isCancelled = true;
        const step =
          deed.kind === "setMaxActive"
            ? backfills.setMaxActive(backfillId, deed.to)
            : deed.kind === "cancel"
              ? backfills.cancel(backfillId, deed)
              : backfills[deed.kind](backfillId);
        const code = await codeOf(drive(step));
        expect([undefined, "BACKFILL_STATE", "BACKFILL_NOTHING_FAILED", "BACKFILL_CONFLICT"]).toContain(code);
      }
      if (mends) fate.failing.clear();
      if ((await backfills.show(backfillId)).state === "paused") await drive(backfills.resume(backfillId));
      await engine.advance("3h");
      faulty.plan = {};
      const all = await backfills.list();
      for (const { state, pending, active } of all)
        expect([state, active, state === "completed" && pending > 0]).toEqual([
          expect.stringMatching(/^(completed|cancelled)$/),
          0,
          false,
        ]);
      if (!isCancelled) expect((await backfills.show(backfillId)).state).toBe("completed");
      expect(await miscounted(engine.store)).toEqual([]);
      const runs = await opened.runs();
      expect(new Set(runs.map(({ logicalDate }) => logicalDate)).size).toBe(runs.length);
      if (!isCancelled) expect(runs.length).toBe(dates);
      expect((await mostActive(opened)).running).toBeLessThanOrEqual(maxActiveRuns);
      expect(await wishes(engine.store)).toEqual([]);
    }),
    { numRuns: process.env.MILLRACE_SOAK ? 5_000 : 150 },
  );
});
