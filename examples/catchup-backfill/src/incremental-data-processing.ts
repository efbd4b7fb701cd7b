import { cron, type Dag, dag, fail } from "@millrace/core";
import { z } from "zod";
import {
  type Checkpoint,
  checkpointKey,
  checkpointSchema,
  decideMode,
  fullEveryMs,
  suspicionKey,
} from "./checkpoint/checkpoint.ts";
import { findChanges } from "./checkpoint/find-changes.ts";
import { cleanOrders } from "./cleaning/clean-orders.ts";
import { type DagTiming, minutes, scheduleOf } from "./dag-timing.ts";
import { shortInstant, stretchOf } from "./data-window.ts";
import { linesOfOrders, linesOrderedIn, linesWrittenIn, newestLineAt } from "./source-system/read-shop.ts";
import { noteLoad } from "./target/load-log.ts";
import { hashesOf, orderTotals, putOrders } from "./target/order-state.ts";
import { type World, withShop, withTarget } from "./world.ts";

const params = z.object({
  /** `auto` compares everything once a week, after a failed validation, and when there is no checkpoint. */
  mode: z.enum(["auto", "full", "incremental"]).default("auto"),
});

/** So much older than the end of its window may the newest line be, in minutes: the shop never sells nothing for so long. */
const stalestMinutes = 180;
/** How many days back a run compares the target with the source. */
const comparedDays = 3;

/**
 * Keeps the warehouse's orders as the shop has them, hour by hour, and touches only those that changed. The checkpoint says
 * how far the ledger was taken in; so the first run after an outage takes in all that was written meanwhile, and hours that
 * were missed need no runs of their own.
 */
export function incrementalDataProcessing(world: World, timing: DagTiming = {}): Dag<z.input<typeof params>> {
  return dag(
    "incremental_data_processing",
    {
      description: "Takes in the orders that changed since the last run, or compares all of them",
      schedule: cron("@hourly"),
      startDate: "-1d",
      catchup: { window: "6h" },
      maxActiveRuns: 1,
      ...scheduleOf(timing),
      runState: "any_failed",
      notify: "people",
      params,
      defaults: {
        retries: { max: 3, delay: minutes(2, timing), backoff: "exponential" },
        executionTimeout: "10m",
      },
      tags: ["incremental", "catchup"],
    },
    (d) => {
      const determine = d.task("determine_processing_mode", async ({ params: { mode }, dagState, log, interval }) => {
        const { end } = stretchOf(interval);
        const decision = decideMode({
          asked: mode,
          checkpoint: await readCheckpoint(dagState),
          suspicion: (await dagState.get(suspicionKey)) as string | undefined,
          until: end,
          fullEveryMs,
        });
        log.info(`${decision.mode}: ${decision.reason}`, {
          after: decision.after === null ? "the beginning" : shortInstant(decision.after),
          until: shortInstant(decision.until),
        });
        return decision;
      });

      const identify = d.task("identify_data_changes", { input: determine }, ({ input, log }) => {
        const lines = withShop(world, (shop) => {
          const written = linesWrittenIn(shop, input.after ?? 0, input.until);
          // An order is judged by all its lines: the newest that came may be broken, or an old one that came late.
          return linesOfOrders(shop, [...new Set(written.map(({ order_id }) => order_id))], input.until);
        });
        const ids = [...new Set(lines.map(({ order_id }) => order_id))];
        const changes = withTarget(world, (target) => findChanges(lines, hashesOf(target, ids)));
        log.info("changes found", { lines: lines.length, changed: changes.changed.length, same: changes.unchanged });
        return { seenAt: input.until, ...changes };
      });

      const process = d.task("process_changed_data", { input: identify }, ({ input, log, dag, run, interval }) =>
        withTarget(world, (target) => {
          const { inserted, updated } = putOrders(target, input.changed);
          noteLoad(target, {
            dagId: dag.id,
            runId: run.id,
            interval: stretchOf(interval),
            seenAt: input.seenAt,
            outcome: inserted + updated === 0 ? "unchanged" : "loaded",
            rows: inserted + updated,
            detail: `${inserted} new, ${updated} changed`,
          });
          log.info("orders written", { inserted, updated });
          return { inserted, updated };
        }),
      );

      const update = d
        .task("update_processing_checkpoints", { input: determine }, async ({ input, dagState, run, log }) => {
          const known = await readCheckpoint(dagState);
          const next: Checkpoint = {
            writtenUntil: Math.max(input.until, known?.writtenUntil ?? 0),
            fullUntil: input.mode === "full" ? Math.max(input.until, known?.fullUntil ?? 0) : (known?.fullUntil ?? 0),
            runId: run.id,
          };
          if (!(await dagState.compareAndSet(checkpointKey, known, next)))
            throw new Error("another run has moved the checkpoint meanwhile");
          if (input.mode === "full") await dagState.delete(suspicionKey);
          log.info("checkpoint", { writtenUntil: shortInstant(next.writtenUntil) });
          return next;
        })
        .after(process);

      d.task("validate_data_consistency", { input: determine }, async ({ input, dagState, log, interval }) => {
        const { end } = stretchOf(interval);
        const { until } = input;
        const newest = withShop(world, (shop) => newestLineAt(shop, end));
        const staleMs = newest === undefined ? Number.POSITIVE_INFINITY : end - newest;
        if (staleMs > minutes(stalestMinutes, timing).milliseconds)
          throw fail(
            `the newest line of the shop was written ${Math.round(staleMs / 60_000)} min before the window's end`,
          );

        const start = until - comparedDays * world.calendar.dayMs;
        const { orders } = withShop(world, (shop) =>
          cleanOrders(linesOrderedIn(shop, { start, end: until }).filter(({ updated_at }) => updated_at <= until)),
        );
        const expected = { orders: orders.length, revenueCents: orders.reduce((sum, o) => sum + o.amountCents, 0) };
        const found = withTarget(world, (target) => orderTotals(target, start, until));
        if (found.orders !== expected.orders || found.revenueCents !== expected.revenueCents) {
          const difference = `${found.orders} orders where the shop has ${expected.orders}, ${found.revenueCents} cents where it has ${expected.revenueCents}`;
          await dagState.set(suspicionKey, difference);
          throw fail(`${difference}; the next run compares everything`);
        }
        log.info("consistent", { orders: found.orders, staleMinutes: Math.round(staleMs / 60_000) });
        return { ...found, staleMs };
      }).after(update);
    },
  );
}

async function readCheckpoint(state: { get(key: string): Promise<unknown> }): Promise<Checkpoint | undefined> {
  const stored = await state.get(checkpointKey);
  return stored === undefined ? undefined : checkpointSchema.parse(stored);
}
