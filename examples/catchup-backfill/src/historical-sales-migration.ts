import { cron, type Dag, dag, fail, skip } from "@millrace/core";
import { checkDay } from "./cleaning/check-day.ts";
import { cleanOrders } from "./cleaning/clean-orders.ts";
import { type DagTiming, minutes, scheduleOf } from "./dag-timing.ts";
import { shortInstant, windowOf } from "./data-window.ts";
import { closeOf, linesOrderedIn } from "./source-system/read-shop.ts";
import { loadDay } from "./target/load-day.ts";
import { noteLoad } from "./target/load-log.ts";
import { transferOf, type World, withShop, withTarget } from "./world.ts";

/** What the last task of a run says about it. */
export interface DaySummary {
  readonly dayStart: number;
  readonly outcome: "loaded" | "replaced" | "unchanged" | "rolled_back" | "no_data";
  readonly extracted: number;
  readonly loaded: number;
  readonly rejected: number;
  readonly duplicates: number;
  readonly superseded: number;
  readonly revenueCents: number;
  readonly remark: string;
}

/**
 * Moves the shop's sales into the warehouse, a business day at a time, from thirty days ago on and three days at once. A day
 * is loaded in one transaction and checked against the close of its books before it commits.
 */
export function historicalSalesMigration(world: World, timing: DagTiming = {}): Dag {
  return dag(
    "historical_sales_migration",
    {
      description: "Loads the sales of each business day, thirty days back, three days at a time",
      schedule: cron("0 2 * * *"),
      startDate: "-30d",
      catchup: true,
      maxActiveRuns: 3,
      ...scheduleOf(timing),
      runState: "any_failed",
      notify: "people",
      defaults: {
        retries: { max: 3, delay: minutes(5, timing), backoff: "exponential", maxDelay: minutes(60, timing) },
        executionTimeout: "10m",
      },
      tags: ["sales", "catchup"],
    },
    (d) => {
      const validate = d.task("validate_data_availability", async (context) => {
        const { start } = windowOf(context.interval);
        const close = withShop(world, (shop) => closeOf(shop, start));
        if (!close) throw skip(`the shop has sent nothing about the day from ${shortInstant(start)}`);
        context.log.info("the books of the day are closed", { orders: close.orders });
        return close;
      });

      const extract = d.task("extract_sales_data", { input: validate }, async (context) => {
        const seenAt = world.clock.now();
        const lines = withShop(world, (shop) => linesOrderedIn(shop, windowOf(context.interval)));
        await transferOf(world, lines.length, context.signal);
        context.log.info("lines read", { lines: lines.length });
        return { seenAt, lines };
      });

      const transform = d.task("transform_sales_data", { input: extract }, ({ input, log }) => {
        const cleaned = cleanOrders(input.lines);
        for (const { orderId, reason } of cleaned.rejected) log.warn("line set aside", { order: orderId, reason });
        return cleaned;
      });

      const load = d.task("load_sales_data", { input: { validate, extract, transform } }, async (context) => {
        const interval = windowOf(context.interval);
        const { validate: close, extract: read, transform: cleaned } = context.input;
        await transferOf(world, cleaned.orders.length, context.signal);
        const result = withTarget(world, (target) => {
          const done = loadDay(target, { interval, ...cleaned }, (loaded) => checkDay(loaded, close));
          const isBack = done.outcome === "rolled_back";
          noteLoad(target, {
            dagId: context.dag.id,
            runId: context.run.id,
            interval,
            seenAt: read.seenAt,
            outcome: done.outcome,
            rows: done.outcome === "loaded" || done.outcome === "replaced" ? done.totals.orders : 0,
            detail: isBack ? done.findings.join("; ") : "",
          });
          return done;
        });
        // The same data would be refused again: a retry helps nobody until the shop has sent better.
        if (result.outcome === "rolled_back") throw fail(`rolled back: ${result.findings.join("; ")}`);
        context.log.info(`day ${result.outcome}`, { orders: result.totals.orders });
        return result;
      });

      d.task(
        "generate_processing_summary",
        { input: { extract, transform, load }, triggerRule: "all_done" },
        ({ interval, input, log }): DaySummary => {
          const { extract: read, transform: cleaned, load: loaded } = input;
          const summary: DaySummary = {
            dayStart: interval.start.epochMilliseconds,
            outcome: loaded ? loaded.outcome : cleaned ? "rolled_back" : "no_data",
            extracted: read?.lines.length ?? 0,
            loaded: loaded?.totals.orders ?? 0,
            rejected: cleaned?.rejected.length ?? 0,
            duplicates: cleaned?.duplicates ?? 0,
            superseded: cleaned?.superseded ?? 0,
            revenueCents: loaded?.totals.revenueCents ?? 0,
            remark: loaded ? "" : cleaned ? "the load did not pass its validation" : "no data was there",
          };
          log.info("day done", { ...summary });
          return summary;
        },
      );
    },
  );
}
