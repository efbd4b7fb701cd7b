import { existsSync } from "node:fs";
import { join } from "node:path";
import { catchupFromFile, cron, type Dag, type DurationInput, dag, skip } from "@millrace/core";
import { cleanOrders } from "./cleaning/clean-orders.ts";
import { type DagTiming, minutes, scheduleOf } from "./dag-timing.ts";
import { shortInstant, windowOf } from "./data-window.ts";
import { askGateway } from "./source-system/ask-gateway.ts";
import { deliverPartnerFiles, weeksPromisedBy } from "./source-system/partner-files.ts";
import { readStock } from "./source-system/read-events.ts";
import { readPartnerFile } from "./source-system/read-partner-file.ts";
import { linesOrderedIn } from "./source-system/read-shop.ts";
import { noteLoad } from "./target/load-log.ts";
import { compareSources, keepStock, loadedWeeks, putDailyTotals, putParcels } from "./target/sync-tables.ts";
import { partnerFolder, type World, withShop, withTarget } from "./world.ts";

/**
 * Brings three sources together, a calendar day at a time. Each has its own way with the past: the shop's ledger is asked for
 * every day that was missed; stock levels only exist now, so missed days stay empty; the partner's file comes once a week,
 * and whichever run finds it first takes the whole week in.
 */
export function multiSourceSync(
  world: World,
  { settingsEvery = "1m", ...timing }: DagTiming & { readonly settingsEvery?: DurationInput } = {},
): Dag {
  return dag(
    "multi_source_sync",
    {
      description: "Brings the shop, the stock and the partner's parcels together and compares them",
      schedule: cron("0 0 * * *"),
      startDate: "-14d",
      catchup: catchupFromFile(world.catchupFile, { every: settingsEvery, default: true }),
      maxActiveRuns: 2,
      ...scheduleOf(timing),
      runState: "any_failed",
      notify: "people",
      defaults: {
        retries: { max: 2, delay: minutes(5, timing), backoff: "exponential" },
        executionTimeout: "10m",
      },
      tags: ["sync", "catchup"],
    },
    (d) => {
      const check = d.task("check_source_availability", async ({ signal, log, interval }) => {
        const { end } = windowOf(interval);
        const now = world.clock.now();
        const stock = await askGateway(world, "/health", {}, signal).then(
          () => "available",
          (error: Error) => error.message,
        );
        const loaded = withTarget(world, loadedWeeks);
        withShop(world, (shop) => deliverPartnerFiles(partnerFolder(world), shop, world.calendar, now));
        const promised = weeksPromisedBy(world.calendar, now).filter(({ name }) => !loaded.has(name));
        const there = promised.filter(({ name }) => existsSync(join(partnerFolder(world), `${name}.csv`)));
        const found = {
          stock,
          isNewestDay: now - end < world.calendar.dayMs,
          weeks: there.map(({ name }) => name),
          overdue: promised.filter((week) => !there.includes(week)).map(({ name }) => name),
        };
        log.info("sources looked at", found);
        return found;
      });

      const reliable = d
        .task("process_reliable_source", ({ log, dag, run, interval }) => {
          const day = windowOf(interval);
          const seenAt = world.clock.now();
          const lines = withShop(world, (shop) => linesOrderedIn(shop, day));
          const { orders } = cleanOrders(lines);
          const totals = {
            orders: orders.length,
            shipped: orders.filter(({ status }) => status === "shipped").length,
            revenueCents: orders.reduce((sum, { amountCents }) => sum + amountCents, 0),
          };
          withTarget(world, (target) => {
            putDailyTotals(target, day.start, totals);
            noteLoad(target, {
              dagId: dag.id,
              runId: run.id,
              interval: day,
              seenAt,
              outcome: "loaded",
              rows: 1,
              detail: "totals of the day",
            });
          });
          log.info("totals of the day", totals);
          return totals;
        })
        .after(check);

      const unreliable = d.task(
        "process_unreliable_source",
        { input: check },
        async ({ input, log, signal, interval }) => {
          const { start } = windowOf(interval);
          if (!input.isNewestDay) throw skip("stock levels of the past cannot be asked for");
          if (input.stock !== "available") throw skip(`the stock was not available: ${input.stock}`);
          const stock = await readStock(world, signal);
          const kept = withTarget(world, (target) => keepStock(target, start, stock));
          log.info("stock levels", { products: stock.length, kept });
          return { products: stock.length, kept };
        },
      );

      const batch = d.task("process_batch_source", { input: check }, ({ input, log, dag, run, interval }) => {
        if (input.weeks.length === 0)
          throw skip(input.overdue.length === 0 ? "no file is due" : `overdue: ${input.overdue.join(", ")}`);
        const taken: string[] = [];
        const refused: string[] = [];
        for (const week of input.weeks) {
          try {
            const days = readPartnerFile(join(partnerFolder(world), `${week}.csv`));
            withTarget(world, (target) => {
              putParcels(target, week, days);
              noteLoad(target, {
                dagId: dag.id,
                runId: run.id,
                interval: windowOf(interval),
                seenAt: world.clock.now(),
                outcome: "loaded",
                rows: days.length,
                detail: week,
              });
            });
            taken.push(week);
          } catch (error) {
            refused.push(`${week}: ${(error as Error).message}`);
            log.warn("a file is refused until it is sent again", { week, why: (error as Error).message });
          }
        }
        if (taken.length === 0) throw skip(refused.join("; "));
        return { taken, refused };
      });

      d.task("synchronize_and_validate", { triggerRule: "none_failed" }, ({ log, interval }) => {
        const { days, findings } = withTarget(world, compareSources);
        for (const finding of findings) log.warn("the sources disagree", { finding });
        log.info("sources compared", { day: shortInstant(windowOf(interval).start), days, findings: findings.length });
        return { days, findings };
      }).after(reliable, unreliable, batch);
    },
  );
}
